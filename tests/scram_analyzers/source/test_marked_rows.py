"""One-hot rows that a program writes by itself, with a 1 at a time into an array of zeros."""

from __future__ import annotations

import pytest

from scram_analyzers.source.data import Data, LabelForm
from tests.scram_analyzers.source.programs import program_of

PROGRAM = """
import keras
import numpy as np

text = open("poems.txt").read()
letters = sorted(set(text))
number = {letter: i for i, letter in enumerate(letters)}
windows = [text[i : i + 40] for i in range(len(text) - 40)]
kinds = ["a", "b", "c"]
"""
TRAINING = """
model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
model.compile("adam", "mse")
model.fit(x, y)
"""


def targets(lines: str) -> Data:
    fit = program_of(f"{PROGRAM}{lines}{TRAINING}").fits[0]
    assert isinstance(fit.targets, Data)
    return fit.targets


@pytest.mark.parametrize(
    "lines",
    [
        "y = np.zeros((len(windows), 30))\nfor i, w in enumerate(windows):\n    y[i, number[w[0]]] = 1\n",
        "y = np.zeros((len(windows), 30))\nfor i, w in enumerate(windows):\n    y[i][number[w[0]]] = 1.0\n",
        "y = np.zeros((9, 40, 30))\nfor i, w in enumerate(windows):\n    for t, c in enumerate(w):\n"
        "        y[i, t, number[c]] = 1\n",
        "y = np.zeros((9, 3))\nrow = 0\nfor k, kind in enumerate(kinds):\n    for _ in files(kind):\n"
        "        y[row, k] = 1\n        row += 1\n",
        "y = np.zeros((9, 3))\nfor i in range(9):\n    y[i, int(names[i][0])] = 1\n",
        "y = np.zeros((9, 3))\nfor i, name in enumerate(names):\n    y[i, kinds.index(name)] = 1\n",
        "y = np.zeros((9, 3))\ny[np.arange(9), names] = 1\n",
        "y = []\nfor name in names:\n    row = [0] * 3\n    row[kinds.index(name)] = 1\n"
        "    y.append(row)\ny = np.array(y)\n",
        "blank = [0] * len(letters)\ny = []\nfor w in windows:\n    row = list(blank)\n    row[number[w[0]]] = 1\n"
        "    y.append([w, row])\ny = np.array([each[1] for each in y])\n",
        "def row_of(k):\n    row = np.zeros(3)\n    row[k] = 1\n    return row\n"
        "y = np.array([row_of(int(n)) for n in names])\n",
    ],
)
def test_a_single_mark_in_each_row_makes_one_hot_rows(lines: str) -> None:
    assert targets(lines).labels is LabelForm.ONE_HOT


@pytest.mark.parametrize(
    "lines",
    [
        "y = np.zeros((9, 30))\nfor i, w in enumerate(windows):\n    for c in w:\n        y[i, number[c]] = 1\n",
        "y = np.zeros((9, 30))\nfor i, w in enumerate(windows):\n    y[i, number[w[0]]] = 1\n"
        "    y[i, number[w[1]]] = 1\n",
        "y = np.zeros((9, 30))\nfor i, w in enumerate(windows):\n    y[i, number[w[0]]] = 5\n",
        "y = np.zeros((9, 30))\nfor i, some in enumerate(tags):\n    y[i, some] = 1\n",
        "y = np.zeros((9, 30))\nfor i, w in enumerate(windows):\n    y[i, 0] = 1\n",
        "y = []\nfor w in windows:\n    bag = [0] * len(letters)\n    for c in w:\n        bag[number[c]] = 1\n"
        "    y.append(bag)\ny = np.array(y)\n",
        "y = []\nfor w in windows:\n    bag = np.zeros(30)\n    for c in w:\n        bag[number[c]] = 1\n"
        "    y.append(bag)\ny = np.array(y)\n",
        "y = np.zeros((9, 40, 30))\nfor i, w in enumerate(windows):\n    y[i, number[w[0]]] = 1\n",
    ],
)
def test_several_marks_in_a_row_or_other_numbers_do_not(lines: str) -> None:
    fit = program_of(f"{PROGRAM}{lines}{TRAINING}").fits[0]
    assert fit.targets is None or fit.targets.labels is None
