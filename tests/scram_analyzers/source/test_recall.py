"""What a rule said of a text is said of the next one, as long as what the rule looked at is the same."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from scram_analyzers.engine import Analysis, analyze_source
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Report, Rule
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Fit, Program, every_fit
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import ParseCache

TEXT = """import keras

model = keras.Sequential([keras.layers.Dense(1)])

model.compile("sgd", "mse")


def describe(words):
    print(words)


model.fit([1], [2])
"""


DENSE = frozenset(("keras.layers.Dense", "keras.layers.EinsumDense"))


class Counting(Rule):
    """Says of every training what a question about the program says."""

    code, name, severity, confidence = "SCR998", "counting", Severity.WARNING, Confidence.HIGH
    summary = why = how = "."

    def __init__(self, question: Callable[[Program], object]) -> None:
        super().__init__()
        self.question = question
        self.asked = 0

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training."""
        self.asked += 1
        said = self.question(program)
        for fit in program.fits:
            yield Report(fit.place, f"This is {said}.")


@once
def _losses(program: Program) -> str:
    return str([loss.name for compiled in program.compiles for loss in compiled.losses])


def _of_keras(call: Call) -> bool:
    return call.name.startswith("keras.")


def _sums(call: Call) -> bool:
    return call.name == "keras.ops.sum"


def _asked(question: Callable[[Program], object], *texts: str) -> tuple[int, Analysis]:
    """How often the rule was asked of all texts after the first, and the last analysis."""
    rule, cache = Counting(question), ParseCache()
    rules = RuleSet({rule.code: rule})
    analysis = analyze_source(TEXT, "train.py", rules, cache)
    before = rule.asked
    for text in texts:
        analysis = analyze_source(text, "train.py", rules, cache)
        fresh = analyze_source(text, "train.py", RuleSet({rule.code: Counting(question)}))
        assert analysis.findings == fresh.findings
    return rule.asked - before, analysis


@pytest.mark.parametrize(
    ("question", "old", "new", "again"),
    [
        (lambda program: 1, "print(words)", "print(word)", False),
        (lambda program: 1, "[1], [2]", "[1], [3]", True),
        (lambda program: 1, "import keras", "# Trains.\nimport keras", False),
        (lambda program: program.imports.spell("keras.Model").text, "import keras", "\nimport keras", False),
        (lambda program: program.imports.spell("keras.Model").text, "import keras", "import keras, sys", True),
        (lambda program: len(program.compiles), '"mse"', '"mae"', True),
        (lambda program: len(program.calls), "print(words)", "keras.ops.sum(words)", True),
        (lambda program: len(program.calls_of(DENSE)), "print(words)", "keras.ops.sum(words)", False),
        (lambda program: len(program.calls_of(DENSE)), "print(words)", "keras.layers.Dense(words)", True),
        (lambda program: len(program.calls_where(_of_keras)), "print(words)", "print(words, 1)", False),
        (lambda program: len(program.calls_where(_sums)), "print(words)", "keras.ops.mean(words)", False),
        (lambda program: len(program.calls_where(_sums)), "print(words)", "keras.ops.sum(words)", True),
        (lambda program: len(program.calls_where(_of_keras)), "[keras.layers.Dense(1)]", "[]", True),
        (lambda program: program.mentions("word"), "print(words)", "print(words, 1)", False),
        (lambda program: program.mentions("word"), "words", "texts", True),
        (lambda program: len(program.text), "print(words)", "print(word)", True),
        (lambda program: len(list(search.parts(program, "print"))), "print(words)", "print(word)", True),
        (lambda program: len(list(search.parts(program, "print"))), "import keras", "import keras\n", False),
        (lambda program: program.line_of(program.compiles[0].place), "print(words)", "print()\n", False),
        (lambda program: program.line_of(program.compiles[0].place), "import keras\n", "import keras\n\n\n", True),
    ],
)
def test_a_rule_is_asked_again_only_when_it_would_see_something_else(
    question: Callable[[Program], object], old: str, new: str, again: bool
) -> None:
    asked, _ = _asked(question, TEXT.replace(old, new))
    assert asked == again


class AboutWords(Counting):
    """Has something to say only where words are spoken of."""

    only_with = ("sentence", "words")


def test_a_rule_that_needs_a_word_is_not_asked_without_it() -> None:
    rule, cache = AboutWords(lambda program: 1), ParseCache()
    rules, without = RuleSet({rule.code: rule}), TEXT.replace("words", "texts")
    texts = (without, without.replace("[2]", "[3]"), TEXT, TEXT.replace("[2]", "[3]"))
    asked = [(len(analyze_source(text, "train.py", rules, cache).findings), rule.asked) for text in texts]
    assert asked == [(0, 0), (0, 0), (1, 1), (1, 2)]


def test_what_is_said_again_stands_where_the_code_is_now() -> None:
    asked, analysis = _asked(lambda program: 1, f"# Trains a model.\n{TEXT}")
    assert asked == 0
    (finding,) = analysis.findings
    assert finding.range.start.line == TEXT.count("\n") + 1


def test_an_answer_that_others_share_still_rests_on_what_it_looked_at() -> None:
    first, second = Counting(_losses), Counting(_losses)
    rules, cache = RuleSet({"SCR997": first, "SCR998": second}), ParseCache()
    analyze_source(TEXT, "train.py", rules, cache)
    analysis = analyze_source(TEXT.replace("mse", "mae"), "train.py", rules, cache)
    assert (first.asked, second.asked) == (2, 2)
    assert "mean_absolute_error" in analysis.findings[0].message


def test_a_question_about_calls_is_asked_of_new_ones_alone() -> None:
    seen: list[str] = []

    def wanted(call: Call) -> bool:
        seen.append(call.name)
        return call.name.startswith("keras.ops.")

    rule, cache = Counting(lambda program: [call.name for call in program.calls_where(wanted)]), ParseCache()
    rules = RuleSet({rule.code: rule})
    analyze_source(TEXT, "train.py", rules, cache)
    seen.clear()
    analysis = analyze_source(TEXT.replace("print(words)", "keras.ops.sum(words)"), "train.py", rules, cache)
    assert seen == ["keras.ops.sum"]
    assert "keras.ops.sum" in analysis.findings[0].message
    assert "keras.ops" not in analyze_source(TEXT, "train.py", rules, cache).findings[0].message


TWO = TEXT.replace("[1], [2])", "[1], [2])\n\nmodel.fit([3], [4])")


def test_of_many_things_only_those_are_asked_about_that_are_new_or_look_elsewhere() -> None:
    asked: list[str] = []

    def about(program: Program, fit: Fit) -> Iterator[str]:
        asked.append(fit.place.text)
        yield str(program.mentions("print")) if "3" in fit.place.text else ""

    rule, cache = Counting(lambda program: list(program.each_of(every_fit, about))), ParseCache()
    rules = RuleSet({rule.code: rule})
    analyze_source(TWO, "train.py", rules, cache)
    assert len(asked) == 2
    analyze_source(TWO.replace("[2]", "[5]"), "train.py", rules, cache)
    assert asked[2:] == ["model.fit([1], [5])"]
    analysis = analyze_source(TWO.replace("[2]", "[5]").replace("print", "show"), "train.py", rules, cache)
    assert asked[3:] == ["model.fit([3], [4])"]
    assert "False" in analysis.findings[0].message


JUDGED = """import keras
from keras import layers

first = keras.Sequential([layers.Dense(1)])
first.compile("sgd", "mse")
first.fit([1], [2])

second = keras.Sequential([layers.Dense(1)])
second.compile("sgd", "mse")
second.fit([3], [4])

first.evaluate([5], [6])

second.evaluate([7], [8])
"""


def test_what_another_model_is_asked_leaves_a_training_alone() -> None:
    asked: list[str] = []

    def about(program: Program, fit: Fit) -> Iterator[str]:
        asked.append(fit.place.text)
        assert fit.model is not None
        yield " ".join(each.place.text for each in program.evaluations_of(fit.model.identity))

    rule, cache = Counting(lambda program: list(program.each_of(every_fit, about))), ParseCache()
    rules = RuleSet({rule.code: rule})
    analysis = analyze_source(JUDGED, "train.py", rules, cache)
    assert "first.evaluate([5], [6])" in analysis.findings[0].message
    analysis = analyze_source(JUDGED.replace("[8]", "[9]"), "train.py", rules, cache)
    assert asked[2:] == ["second.fit([3], [4])"]
    assert "second.evaluate([7], [9])" in analysis.findings[0].message


def test_of_things_of_which_nothing_is_said_only_new_ones_are_asked_about() -> None:
    asked: list[str] = []

    def about(_: Program, fit: Fit) -> Iterator[str]:
        asked.append(fit.place.text)
        yield from ("said",) if "9" in fit.place.text else ()

    rule, cache = Counting(lambda program: list(program.each_of(every_fit, about))), ParseCache()
    rules = RuleSet({rule.code: rule})
    for text in (JUDGED, JUDGED.replace("[4]", "[9]"), JUDGED.replace("[4]", "[0]")):
        analysis = analyze_source(text, "train.py", rules, cache)
        assert ("said" in analysis.findings[0].message) is ("[9]" in text)
    assert asked == ["first.fit([1], [2])", "second.fit([3], [4])", "second.fit([3], [9])", "second.fit([3], [0])"]


class OfNine(Counting):
    """Says of each training that it is of a nine, and of nothing else."""

    def __init__(self) -> None:
        super().__init__(lambda program: None)
        self.about: list[str] = []

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training of a nine."""
        self.asked += 1
        yield from program.each_of(every_fit, self._of_fit)

    def _of_fit(self, _: Program, fit: Fit) -> Iterator[Report]:
        self.about.append(fit.place.text)
        if "9" in fit.place.text:
            yield Report(fit.place, "Of a nine.")


@pytest.mark.parametrize(
    ("edits", "asked"),
    [
        (["[0]"], [1, 1]),
        (["[0]", "[8]"], [1, 1, 1]),
        (["[9]"], [1, 2]),
        (["[9]", "[0]"], [1, 2, 3]),
        (["[0] +", "[9]"], [1, 1, 2]),
    ],
)
def test_a_rule_is_asked_as_a_whole_only_where_something_is_said_of_a_new_thing(
    edits: list[str], asked: list[int]
) -> None:
    rule, cache = OfNine(), ParseCache()
    rules = RuleSet({rule.code: rule})
    for edit, times in zip(["[4]", *edits], asked, strict=True):
        text = JUDGED.replace("[4]", edit)
        analysis, fresh = analyze_source(text, "train.py", rules, cache), analyze_source(text, "train.py", _of_nine())
        assert [each for each in analysis.findings if each.code == rule.code] == [
            each for each in fresh.findings if each.code == rule.code
        ]
        assert rule.asked == times
    assert rule.about.count("first.fit([1], [2])") == 1


def _of_nine() -> RuleSet:
    rule = OfNine()
    return RuleSet({rule.code: rule})


def test_a_rule_that_fails_is_asked_again() -> None:
    asked, analysis = _asked(lambda program: 1 / 0, f"{TEXT}\n", TEXT)
    assert asked == 2
    assert "division by zero" in analysis.findings[0].message


def test_what_other_rules_said_is_not_kept() -> None:
    cache, asked = ParseCache(), []
    for _ in range(3):
        rule = Counting(lambda program: program.mentions("print"))
        asked.append(weakref.ref(rule))
        analyze_source(TEXT, "train.py", RuleSet({rule.code: rule}), cache)
        assert rule.asked == 1
    del rule
    gc.collect()
    assert [each() is not None for each in asked] == [False, False, True], "settings change all day"


def _nothing(program: Program, fit: Fit) -> Iterator[str]:
    return iter(())


def test_what_was_said_of_a_file_goes_as_soon_as_it_is_not_kept() -> None:
    rule = Counting(lambda program: list(program.each_of(every_fit, _nothing)))
    rules, cache = RuleSet({rule.code: rule}), ParseCache()
    for text in (TEXT, TEXT + "\nmodel.fit([3], [4])\n"):
        analyze_source(text, "train.py", rules, cache)
    recall = weakref.ref(cache.memory("train.py").recall)
    gc.disable()
    try:
        del cache
        assert recall() is None, "a server with a hundred open files has no room for those that wait for a collection"
    finally:
        gc.enable()
