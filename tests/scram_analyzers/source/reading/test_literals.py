r"""Strings that libcst reads and Python refuses, as each is for a moment while an escape is typed."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


@pytest.mark.parametrize("string", [r'"\N"', r'"\x"', r'"\u12"', r'"a" "\x"', r'b"\x"', r'"\N{nothing}"'])
def test_an_unfinished_escape_stops_nothing(string: str) -> None:
    text = f"""import keras

model = keras.Sequential([keras.layers.Dense(1, activation={string}, kernel_initializer={string})])
model.compile(optimizer={string}, loss={string}, metrics=[{string}])
model.fit({{{string}: 1}}, [1], callbacks=[keras.callbacks.EarlyStopping(monitor={string}, mode={string})])
print({string})
model.compile(optimizer=keras.optimizers.SGD(1e10), loss="mse")
"""
    found = {each.code for each in analyze_source(text, "train.py", RuleSet.default()).findings}
    assert "SCR101" in found
    assert not any(code.startswith("SCR9") for code in found)
