"""Between a layer and the next that takes its name, all statements count: those that nobody can read as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.architecture.layer_result_overwritten import LayerResultOverwritten
from scram_analyzers.rules.base import Report
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import ParseCache

PROGRAM = '''"""Tells digits apart."""
import keras
from keras import layers

inputs = keras.Input((28, 28, 1))
x = layers.MaxPooling2D()(inputs)

{between}

x = layers.Flatten()(inputs)
model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
'''


class Counted(LayerResultOverwritten):
    """Counts how often it is asked."""

    asked = 0

    def check_program(self, program: Program) -> Iterator[Report]:
        self.asked += 1
        return super().check_program(program)


@pytest.mark.parametrize(
    ("between", "falls_out"),
    [
        ("", True),
        ("# The head.", True),
        ("short = x", False),
        ("pass", False),
        ("short = (x,", False),
        ("print(", False),
    ],
)
def test_what_stands_between_may_read_the_result(between: str, falls_out: bool) -> None:
    rules = RuleSet({"SCR346": LayerResultOverwritten()})
    cache = ParseCache()
    for text in (PROGRAM.format(between=""), PROGRAM.format(between=between), PROGRAM.format(between=between + "\n")):
        analysis = analyze_source(text, "train.py", rules, cache)
    assert [each.code for each in analysis.findings if each.code == "SCR346"] == ["SCR346"] * falls_out


def test_an_edit_of_prose_leaves_it_unasked() -> None:
    rule, cache = Counted(), ParseCache()
    rules, text = RuleSet({rule.code: rule}), PROGRAM.format(between="short = x")
    reworded = text.replace("Tells digits", "Tells the digits")
    for edited in (text, reworded, f"# A model.\n{reworded}"):
        assert not analyze_source(edited, "train.py", rules, cache).findings
    assert rule.asked == 1
