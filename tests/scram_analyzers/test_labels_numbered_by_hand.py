"""Class numbers in the ways that tables, lists and conditions give them, one beyond what the last layer knows."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

START = """
import keras
import numpy as np
import pandas as pd
from keras import layers

NAMES = ["ash", "birch", "cedar"]
x, table = np.load("leaves.npy") / 255.0, pd.read_csv("leaves.csv")

def net(classes):
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(classes, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def said(lines: str, classes: int) -> set[str]:
    text = f"{START}\n{textwrap.dedent(lines)}\nnet({classes}).fit(x, y, epochs=20, validation_split=0.1)\n"
    return {each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings}


FROM_ZERO = {
    "the place of a name in a list": 'y = table["kind"].map(NAMES.index).to_numpy()',
    "a dict of pairs": 'numbers = dict(zip(NAMES, range(3)))\ny = table["kind"].map(numbers.get).values',
    "some rows of a table": 'part = table[table.fold.isin([1, 2])]\ny = part["kind"].map(NAMES.index).values',
    "conditions in turn": "y = np.select([table.v < 1, table.v < 2], [0, 1], default=2)",
    "zeros, and more by conditions": "y = np.zeros(len(table))\ny[table.v > 1] = 1\ny[table.v > 2] = 2",
}
FROM_ONE = {
    "an enumeration": (
        'numbers = {n: i for i, n in enumerate(NAMES, 1)}\ny = np.array([numbers[k] for k in table["kind"]])'
    ),
    "bins": "y = pd.cut(table.v, bins=[0, 1, 2, 3], labels=[1, 2, 3]).astype(int)",
    "conditions in turn": "y = np.select([table.v < 1, table.v < 2], [1, 2], default=3)",
    "a column and parts of it": (
        'table["y"] = 1\ntable.loc[table.v > 1, "y"] = 2\ntable["y"][table.v > 2] = 3\ny = table["y"]'
    ),
    "cases": (
        "def number(kind):\n    match kind:\n        case 'ash': return 1\n        case 'birch': return 2\n"
        "        case _: return 3\ny = table['kind'].apply(number)"
    ),
}


@pytest.mark.parametrize(("classes", "wrong"), [(2, True), (3, False)])
@pytest.mark.parametrize("lines", FROM_ZERO.values(), ids=FROM_ZERO)
def test_numbers_from_zero_need_a_unit_each(lines: str, classes: int, wrong: bool) -> None:
    assert (not said(lines, classes).isdisjoint({"label-out-of-range", "output-units-mismatch"})) is wrong


@pytest.mark.parametrize("lines", FROM_ONE.values(), ids=FROM_ONE)
@pytest.mark.parametrize(("later", "wrong"), [("", True), ("\ny = y - 1", False)])
def test_numbers_from_one_are_beyond_as_many_units(lines: str, later: str, wrong: bool) -> None:
    assert ("label-out-of-range" in said(lines + later, 3)) is wrong


@pytest.mark.parametrize("later", ['table.at[0, "y"] = number(0)', 'table.loc[:, "y"] = numbers()', "table.v = 9"])
def test_a_column_that_others_write_into_is_not_told(later: str) -> None:
    lines = f'table["y"] = 1\ntable.loc[table.v > 1, "y"] = 7\n{later}\ny = table["y"]'
    assert ("label-out-of-range" in said(lines, 3)) is (later == "table.v = 9")


def test_a_dict_that_is_wholly_written_counts_the_classes() -> None:
    lines = 'numbers = {"ash": 1, "birch": 2, "cedar": 3}\ny = table["kind"].map(numbers).astype("int32")'
    text = f"{START}\n{lines}\nnet(len(numbers)).fit(x, y, epochs=20, validation_split=0.1)\n"
    names = {each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings}
    assert "label-out-of-range" in names


@pytest.mark.parametrize(("high", "wrong"), [(3, True), (2, False)])
@pytest.mark.parametrize("column", ['table["kind"]', "table.kind"])
def test_words_are_replaced_by_numbers_in_place(column: str, high: int, wrong: bool) -> None:
    lines = f'{column}.replace({{"ash": 0, "birch": 1, "cedar": {high}}}, inplace=True)\ny = table["kind"].values'
    assert ("label-out-of-range" in said(lines, 3)) is wrong


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("[1 if i == k else 0 for i in range(3)]", True),
        ("[int(k == name) for name in NAMES]", True),
        ("[1 if i == k else 2 for i in range(3)]", False),
    ],
)
def test_rows_with_a_one_at_their_class_are_no_numbers(row: str, wrong: bool) -> None:
    lines = f'y = np.array([{row} for k in table["kind"]])'
    assert ("label-encoding-mismatch" in said(lines, 3)) is wrong
