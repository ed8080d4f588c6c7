"""The base of every rule: one class says what goes wrong, why, how to mend it, and finds it.

A rule lives alone in its module, in the folder of its family. Its examples are its tests and its page under
`docs/rules/`. Look at `hyperparameters/learning_rate_too_high.py` before you write the next one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scram_analyzers.findings import Confidence, Finding, Fix, Severity, SourcePosition, SourceRange
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import Subject

if TYPE_CHECKING:
    from scram_analyzers.run.history import RunHistory
    from scram_analyzers.source.places import Place
    from scram_analyzers.source.program import Program

MARK_BEGIN, MARK_END = "»", "«"

DOCUMENTATION_URL = "https://github.com/scram-lsp/scram-lsp/blob/main/docs/rules/{name}.md"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule comes from: a paper, a course, the Keras documentation."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A threshold that users can set in `[tool.scram.rules.<code>]`.

    `source` says where the default comes from.
    """

    name: str
    default: float
    meaning: str
    source: str


class Example:
    """A program that a rule reports (`bad`) or must leave alone (`good`).

    In a bad program the text to be marked stands between `»` and `«` (they are removed before analysis);
    `fixed` is the program after the rule's fix, when it has one. Programs may be indented as the class is: that is
    taken off when they are asked for, which in most processes nobody does.
    """

    __slots__ = ("_fixed", "_program", "title")

    def __init__(self, title: str, program: str, fixed: str | None = None) -> None:
        self.title = title
        self._program = program
        self._fixed = fixed

    @property
    def program(self) -> str:
        """The program with its marks."""
        return _dedented(self._program)

    @property
    def fixed(self) -> str | None:
        """The program after the fix."""
        return _dedented(self._fixed) if self._fixed is not None else None

    @property
    def source(self) -> str:
        """The program as it is analyzed, without marks."""
        return self.program.replace(MARK_BEGIN, "").replace(MARK_END, "")

    @property
    def marked(self) -> tuple[SourceRange, ...]:
        """The ranges of the marked texts in `source`, in order. Marks don't nest."""
        ranges = []
        line, column = 1, 0
        begin = SourcePosition(line, column)
        for character in self.program:
            if character == MARK_BEGIN:
                begin = SourcePosition(line, column)
            elif character == MARK_END:
                ranges.append(SourceRange(begin, SourcePosition(line, column)))
            elif character == "\n":
                line, column = line + 1, 0
            else:
                column += 1
        return tuple(ranges)


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that takes part in the mistake."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check on the source says. Fields left None take the rule's own text or level."""

    place: Place
    message: str
    related: tuple[Related, ...] = ()
    severity: Severity | None = None
    confidence: Confidence | None = None
    why: str | None = None
    how: str | None = None
    recipe: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What an observation of the run says of where a symptom comes from.

    `text` follows "most likely: " ("the inputs reach 255"); `subject` is the part of the program to change; `code` is
    the rule whose mistake it is, which then gives the finding its name.
    """

    text: str
    subject: Subject
    code: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a check on a run says: about which part of the program, and since which step and epoch.

    Of a symptom, `clause` says what is seen, to stand inside a sentence about its cause ("the loss has not moved
    for 3 epochs"), and `causes` what the run itself shows of where it comes from, the likeliest first. `symptom_of`
    stands for the rule's own where what was seen rules some of those causes out.
    """

    subject: Subject
    message: str
    step: int | None = None
    epoch: int | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    why: str | None = None
    how: str | None = None
    recipe: str = ""
    clause: str = ""
    causes: tuple[Cause, ...] = ()
    symptom_of: tuple[str, ...] | None = None


def _dedented(program: str) -> str:
    return inspect.cleandoc(program) + "\n"


class Rule:
    """One kind of mistake.

    `summary` finishes the sentence "This rule reports ..."; `why`, `how` speak to a beginner. `name` reads
    well after "allow" and is never reused.

    A rule that sees a symptom names in `symptom_of` the codes of rules that know causes of it, the likeliest
    first: when one of them speaks of the same run, this one is silent. When one of them spoke of the script
    instead, the run confirms it. A rule that says one thing of a run at most may name itself, to confirm what it said
    of the script. With `needs_cause` a symptom that neither they nor its own `causes` explain is not reported.

    Nobody uses what a unit test trains, so only a rule with `matters_in_tests` speaks there: one whose mistake stops
    the program, or makes a check mean nothing.

    Of a model whose target moves (a GAN's, one that learns from its own answers) a run tells little: only a rule that
    `holds_for_moving_targets` is asked there.

    What a model is asked once its training is over is only put to a rule that `hears_questions`.

    `only_with` holds words of which a program must have one for the rule to say anything of it: of any other it is not
    asked. After a keystroke that spares a rule about dropout all models without one.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    confidence: ClassVar[Confidence]
    summary: ClassVar[str]
    why: ClassVar[str]
    how: ClassVar[str]
    references: ClassVar[tuple[Reference, ...]] = ()
    false_alarms: ClassVar[str] = ""
    options: ClassVar[tuple[Option, ...]] = ()
    only_with: ClassVar[tuple[str, ...]] = ()
    enabled_by_default: ClassVar[bool] = True
    symptom_of: ClassVar[tuple[str, ...]] = ()
    needs_cause: ClassVar[bool] = False
    prevents_learning: ClassVar[bool] = False
    matters_in_tests: ClassVar[bool] = False
    holds_for_moving_targets: ClassVar[bool] = False
    hears_questions: ClassVar[bool] = False
    bad: ClassVar[tuple[Example, ...]] = ()
    good: ClassVar[tuple[Example, ...]] = ()

    def __init__(self, options: Mapping[str, float] | None = None, severity: Severity | None = None) -> None:
        self._options = {option.name: option.default for option in self.options} | dict(options or {})
        self.severity_override = severity

    @property
    def url(self) -> str:
        """The rule's documentation page."""
        return DOCUMENTATION_URL.format(name=self.name)

    def option(self, name: str) -> float:
        """The value in force for one of this rule's `options`."""
        return self._options[name]

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what the source shows. A rule that only reads runs leaves this alone."""
        yield from ()

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report what the run shows so far. Asked at the begin, at steps, epochs and the end of a run.

        And once it is over, see `hears_questions`.
        """
        yield from ()

    def refutation(self, finding: Finding, history: RunHistory) -> str | None:
        """Why a run shows that `finding`, which the source gave rise to, does no harm; None if it doesn't.

        Asked while a run goes on too: a finding that it refutes is the cause of no symptom.
        Of a rule with `prevents_learning`, a run that trained well refutes what was only likely.
        """
        if self.prevents_learning and finding.confidence is not Confidence.HIGH:
            return success(history)
        return None

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The edit that mends `finding` in the current text, or None where no single edit is right."""
        return None
