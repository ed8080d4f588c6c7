"""Toy functions: inputs and targets that loops and comprehensions make of the numbers they go through."""

from __future__ import annotations

import pytest

from scram_analyzers.source.data import Data, Interval, LabelForm
from tests.scram_analyzers.source.programs import program_of

MODEL = """
import math
import random

import keras
import numpy as np

model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""


def trained_on(lines: str) -> tuple[Data, Data]:
    fit = program_of(f"{MODEL}{lines}\nmodel.fit(np.array(x), np.array(y))\n").fits[0]
    assert isinstance(fit.inputs, Data)
    assert isinstance(fit.targets, Data)
    return fit.inputs, fit.targets


@pytest.mark.parametrize("count", [100, 1000])
def test_a_loop_over_a_range_tells_range_and_number_of_what_it_appends(count: int) -> None:
    x, y = trained_on(f"x, y = [], []\nfor i in range({count}):\n    x.append([i, 2 * i])\n    y.append(3 * i + 1)")
    assert (x.shape, x.range) == ((count, 2), Interval(0, 2 * (count - 1)))
    assert (y.shape, y.range, y.labels) == ((count,), Interval(1, 3 * count - 2), None)


def test_a_comprehension_tells_the_same() -> None:
    x, y = trained_on("x = [[i] for i in range(-500, 500)]\ny = [i**2 for i in range(-500, 500)]")
    assert (x.shape, x.range) == ((1000, 1), Interval(-500, 499))
    assert (y.shape, y.range) == ((1000,), Interval(0, 250_000))


def test_odd_or_even_is_one_of_two_classes() -> None:
    _, y = trained_on("x, y = [], []\nfor i in range(1000):\n    x.append(i)\n    y.append(i % 2)")
    assert (y.labels, y.range) == (LabelForm.BINARY, Interval(0, 1))


def test_numbers_that_each_come_once_are_no_classes() -> None:
    for lines in (
        "x, y = [], []\nfor i in range(100):\n    x.append(i)\n    y.append(i)",
        "x, y = [], []\nfor i in range(100):\n    x.append([i])\n    y.append([i])",
        "x = [i for i in range(1000)]\ny = [i for i in range(1000)]",
    ):
        assert trained_on(lines)[1].labels is None


def test_functions_of_the_numbers() -> None:
    _, waves = trained_on("x, y = [], []\nfor i in range(300):\n    x.append(i / 10)\n    y.append(math.sin(i / 10))")
    assert (waves.range, waves.dtype) == (Interval(-1, 1), "float64")
    _, roots = trained_on("x = [i for i in range(900)]\ny = [math.sqrt(i + 1) for i in range(900)]")
    assert roots.range == Interval(1, 30)


def test_how_many_is_not_told_where_only_some_turns_add() -> None:
    x, _ = trained_on("x, y = [], []\nfor i in range(100):\n    if model:\n        x.append(i)\n    y.append(i)")
    assert x.samples == 100
    for condition in ("if i % 3:", "if random.random() > 0.5:"):
        x, _ = trained_on(f"x, y = [], []\nfor i in range(100):\n    {condition}\n        x.append(i)\n    y.append(i)")
        assert x.samples is None
    x, _ = trained_on("x = [i for i in range(100) if random.random() > 0.5]\ny = [i for i in range(1000)]")
    assert x.samples is None


def test_a_loop_that_may_end_early_tells_no_number() -> None:
    early = "    if random.random() > 0.9:\n        break\n"
    x, _ = trained_on(f"x, y = [], []\nfor i in range(100):\n{early}    x.append(i)\n    y.append(i)")
    assert x.samples is None


def test_a_list_that_grows_again_tells_no_number() -> None:
    x, _ = trained_on("x = [i for i in range(1000)]\ny = [i for i in range(1000)]\nx.append(random.random())")
    assert x.samples is None


def test_what_is_the_same_on_both_sides_is_not_guessed() -> None:
    _, y = trained_on("x = [i for i in range(1000)]\ny = [i - i // 2 * 2 for i in range(1000)]")
    assert y.range is None


def test_numbers_written_in_bits_and_one_of_a_few_rows() -> None:
    x, y = trained_on(
        "def kind(i):\n    if i % 3 == 0:\n        return [0, 1]\n    return [1, 0]\n\n"
        "x = [[i >> bit & 1 for bit in range(10)] for i in range(1000)]\ny = [kind(i) for i in range(1000)]"
    )
    assert (x.shape, x.range) == ((1000, 10), Interval(0, 1))
    assert (y.shape, y.labels) == ((1000, 2), LabelForm.ONE_HOT)


def test_a_stretch_and_an_item_of_a_list_of_numbers() -> None:
    x, y = trained_on(
        "series = [i / 100 for i in range(1000)]\n"
        "x = [series[i : i + 10] for i in range(990)]\ny = [series[i + 10] for i in range(990)]"
    )
    assert x.range == y.range == Interval(0, 9.99)
