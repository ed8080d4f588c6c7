"""How long the windows are that a loop takes out of a series, and what a reshape makes of them."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.source.data import Data
from scram_analyzers.source.interpreting.interpreter import interpret
from scram_analyzers.source.program import Program

SERIES = """
import keras
import numpy as np
import pandas as pd

LENGTH = 30
series = pd.read_csv("rain.csv")["mm"].values
x = []
for i in range({first}, len(series) - 30):
    {named}
    x.append(series[{bounds}])
x = np.array(x){then}
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x, x)
"""


def program_of(bounds: str, named: str = "pass", then: str = "") -> Program:
    text = SERIES.format(bounds=bounds, named=named, then=then, first=30)
    return interpret(textwrap.dedent(text), "train.py")


def shape_of(program: Program) -> tuple[int | None, ...] | None:
    (fit,) = program.fits
    assert isinstance(fit.inputs, Data)
    return fit.inputs.shape


@pytest.mark.parametrize(
    ("bounds", "named"),
    [
        ("i : i + 30", "pass"),
        ("i : i + LENGTH", "pass"),
        ("i - LENGTH : i", "pass"),
        ("i : end", "end = i + LENGTH"),
        ("begin : i", "begin = i - LENGTH"),
        ("i + 2 : i + 2 + LENGTH", "pass"),
    ],
)
def test_a_window_knows_how_many_rows_it_holds_once_it_is_one_of_many(bounds: str, named: str) -> None:
    assert shape_of(program_of(bounds, named)) == (None, 30)


@pytest.mark.parametrize(
    ("bounds", "named"),
    [
        ("i : 2 * i", "pass"),
        ("i : i + len(series) // 9", "pass"),
        ("i : i + LENGTH : 2", "pass"),
        ("i : end", "end = min(i + LENGTH, 900)"),
        ("i : i - LENGTH", "pass"),
    ],
)
def test_the_length_of_any_other_stretch_is_not_known(bounds: str, named: str) -> None:
    assert shape_of(program_of(bounds, named)) in (None, (None, None))


def test_sizes_in_another_order_are_noted_and_other_sizes_are_not() -> None:
    (mixing,) = program_of("i : i + 30", then=".reshape(-1, 5, 6).reshape(-1, 6, 5)").mixing_reshapes
    assert (mixing.before, mixing.after) == ((None, 5, 6), (None, 6, 5))
    for then in (".reshape(-1, 5, 6).reshape(-1, 3, 10)", ".reshape(-1, 30, 1).reshape(-1, 1, 30)", ".reshape(-1, 30)"):
        assert not program_of("i : i + 30", then=then).mixing_reshapes
