"""SCR247 axes-mixed-by-reshape."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.program import MixingReshape, Program
from scram_analyzers.source.reading import parents, search


class AxesMixedByReshape(Rule):
    """A reshape that was to swap axes, and mixes their values instead."""

    code = "SCR247"
    name = "axes-mixed-by-reshape"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a reshape to the same sizes in another order, which cuts the values anew instead of swapping axes"
    why = (
        "A reshape leaves all values in the order in which they stand one after another, and only cuts this row of "
        "values in other places. Three series of 100 values become 100 steps of three values that follow each other in "
        "the first series: what belongs to one moment is torn apart. The shape is the one that the model asks for, so "
        "nothing stops."
    )
    how = "Swap axes with np.transpose, np.swapaxes or np.moveaxis, or stack the parts along the axis they are for."
    references = (
        Reference("NumPy: numpy.reshape", "https://numpy.org/doc/stable/reference/generated/numpy.reshape.html"),
        Reference("NumPy: numpy.transpose", "https://numpy.org/doc/stable/reference/generated/numpy.transpose.html"),
    )
    false_alarms = "An array whose axes were named in the wrong order by an earlier reshape, which this one takes back."
    only_with = ("reshape",)
    bad = (
        Example(
            "Three series side by side, to be steps of three values",
            """
            import keras
            import numpy as np
            import pandas as pd
            from project import labels

            STEPS = 100
            table = pd.read_csv("walks.csv")
            parts = []
            for start in range(0, len(table) - STEPS, 20):
                xs = table["x"].values[start : start + STEPS]
                ys = table["y"].values[start : start + STEPS]
                zs = table["z"].values[start : start + STEPS]
                parts.append([xs, ys, zs])
            x = »np.asarray(parts, dtype="float32").reshape(-1, STEPS, 3)«
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(6, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, labels, epochs=20)
            """,
        ),
        Example(
            "Channels from first to last",
            """
            import keras
            import numpy as np
            from project import labels

            images = np.zeros((500, 3, 64, 64))
            images = »np.reshape(images, (500, 64, 64, 3))«
            model = keras.Sequential([keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.Flatten()])
            model.add(keras.layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Axes that are swapped",
            """
            import keras
            import numpy as np
            import pandas as pd
            from project import labels

            STEPS = 100
            table = pd.read_csv("walks.csv")
            parts = []
            for start in range(0, len(table) - STEPS, 20):
                xs = table["x"].values[start : start + STEPS]
                ys = table["y"].values[start : start + STEPS]
                parts.append([xs, ys])
            x = np.asarray(parts, dtype="float32").transpose(0, 2, 1).reshape(-1, STEPS, 2)
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(6, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, labels, epochs=20)
            """,
        ),
        Example(
            "An axis of one, and rows cut in other sizes",
            """
            import keras
            from keras import layers

            (x, y), _ = keras.datasets.mnist.load_data()
            images = x.reshape(-1, 28, 28, 1).reshape(60000, 1, 28, 28)
            quarters = x.reshape(-1, 14, 56)
            rows = x.reshape(60000, 784).reshape(60000, 28, 28)
            model = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            for each in (images, quarters, rows):
                model.fit(each / 255, y, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each reshape of data that puts sizes in another order."""
        said = set()
        for each in program.mixing_reshapes:
            if each.place.key not in said and not _in_other_order(each) and not _is_for_other_layout(each):
                said.add(each.place.key)
                yield Report(
                    each.place,
                    f"This turns {_by(each.before)} into {_by(each.after)} without moving an axis: the values are cut "
                    "anew in the order they stand in, and what belongs together is torn apart.",
                    recipe=_instead(each),
                )


def _in_other_order(each: MixingReshape) -> bool:
    """Whether the values are told to be read in another order than they stand in: `order="F"`."""
    node = each.place.node
    return isinstance(node, cst.Call) and any(
        argument.keyword is not None and argument.keyword.value == "order" for argument in node.args
    )


def _is_for_other_layout(each: MixingReshape) -> bool:
    """Whether it stands where the program asks for channels that come first, as its data do then."""
    inside_out = itertools.pairwise(parents.ancestors(each.place))
    tests = (around.test for inner, around in inside_out if isinstance(around, cst.If) and around.body is inner)
    words = (word.raw_value for test in tests for word in search.nodes(test, cst.SimpleString))
    return any(word in ("channels_first", "th") for word in words)


def _by(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('rows' if size is None else str(size) for size in shape)})"


def _instead(each: MixingReshape) -> str:
    """What swaps the axes that were meant, where that is plain."""
    before, after = each.before, each.after
    if len(before) == 2:
        return "x.T"
    if before[0] not in (None, after[0]) and after[0] is not None:
        return ""
    if len(before) == 3:
        return "np.swapaxes(x, 1, 2)"
    return "np.moveaxis(x, 1, -1)" if (*before[2:], before[1]) == after[1:] else ""
