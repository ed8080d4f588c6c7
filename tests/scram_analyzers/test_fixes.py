from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet
from scram_lsp.fixing import apply_edits

PROGRAM = """import keras

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation={})])
model.compile(loss="binary_crossentropy")
"""


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("'softmax'", "'sigmoid'"),
        ('"softmax"', '"sigmoid"'),
        ("keras.activations.softmax", '"sigmoid"'),
    ],
)
def test_a_text_is_replaced_in_the_quotes_it_has(was: str, becomes: str) -> None:
    text = PROGRAM.format(was)
    analysis = analyze_source(text, "train.py", RuleSet.default())
    (fix,) = (analysis.fix(each) for each in analysis.findings if each.code == "SCR405")
    assert fix is not None
    assert apply_edits(text, fix.edits) == PROGRAM.format(becomes)
