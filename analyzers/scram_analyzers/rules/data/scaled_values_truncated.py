"""SCR232 scaled-values-truncated."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.reading import search

_WHOLE = re.compile(r"u?int(8|16|32|64)?\b")
_MADE_WHOLE = re.compile(r"[<>]|[!=]=|round|rint|floor|ceil|digitize|where|greater|less|binar|thresh", re.IGNORECASE)
"""How values become whole numbers, or true and false, on purpose."""

SMALL = 10.0
"""Scaled data stay within this; of larger numbers whole ones keep enough."""


class ScaledValuesTruncated(Rule):
    """Scaled inputs whose fractions are cut off."""

    code = "SCR232"
    name = "scaled-values-truncated"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "inputs that are scaled to small numbers and then made whole, so that next to nothing is left of them"
    why = (
        "A conversion to integers, and the division //, cut fractions off: of pixels from 0 to 1 nothing but 0 and a "
        "few ones is left. Training runs on as if nothing had happened and has hardly anything to learn from."
    )
    how = 'Divide with / and keep real numbers: x.astype("float32") / 255.'
    references = (
        Reference("numpy: floor_divide", "https://numpy.org/doc/stable/reference/generated/numpy.floor_divide.html"),
        Reference("numpy: astype", "https://numpy.org/doc/stable/reference/generated/numpy.ndarray.astype.html"),
    )
    false_alarms = "Inputs that are made black and white by it on purpose."
    bad = (
        Example(
            "Whole numbers after the division",
            """
            import keras
            from sklearn.datasets import load_digits

            digits = load_digits()
            x = »(digits.images / 16.0).astype("uint8")«
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, digits.target, epochs=20)
            """,
        ),
        Example(
            "A division that cuts off",
            """
            import keras
            from project import photographs

            x = »photographs("summer") // 255.0«
            model = keras.Sequential([keras.layers.Dense(48, activation="relu"), keras.layers.Dense(768)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, x, epochs=20)
            """,
            """
            import keras
            from project import photographs

            x = photographs("summer") / 255.0
            model = keras.Sequential([keras.layers.Dense(48, activation="relu"), keras.layers.Dense(768)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, x, epochs=20)
            """,
        ),
        Example(
            "Divided by the largest of each column",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            x = »(x / np.abs(x).max(axis=0)).astype("int32")«
            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(3)])
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
            model.fit(x, y, epochs=40)
            """,
        ),
    )
    good = (
        Example(
            "Whole numbers before the division",
            """
            import keras
            from sklearn.datasets import load_digits

            digits = load_digits()
            x = digits.images.astype("uint8") / 16
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, digits.target, epochs=20)
            """,
        ),
        Example(
            "Black and white on purpose",
            """
            import keras
            from sklearn.datasets import load_digits

            digits = load_digits()
            x = (digits.images / 16 > 0.5).astype("uint8")
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, digits.target, epochs=20)
            """,
        ),
        Example(
            "Masks that hold nothing but 0 and 255",
            """
            import keras
            from project import masks, photographs

            x, y = photographs() / 255, masks() // 255
            model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Pixels of four levels, which are scaled after that",
            """
            import keras
            from keras import layers

            (images, _), _ = keras.datasets.mnist.load_data()
            levels = (images / (256 / 4)).astype(int)
            inputs = levels.astype("float32") / 4
            model = keras.Sequential([layers.Flatten(), layers.Dense(4, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(inputs, levels[:, 14, 14])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report where the inputs of a training lose their fractions, and divisions by 255.0 that cut them off."""
        yield from program.each_of(every_fit, _of_fit)
        if program.fits or program.compiles:
            for node, place in search.found(program, cst.BinaryOperation, "//"):
                if isinstance(node.operator, cst.FloorDivide) and _is_full_scale(node.right):
                    yield Report(place, "The division // cuts fractions off: numbers up to 255 become 0 or 1.")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Divide with /."""
        for node, place in search.found(program, cst.BinaryOperation, "//"):
            if isinstance(node.operator, cst.FloorDivide) and program.range_of(place) == finding.range:
                written = f"{Place(place.section, node.left).text} / {Place(place.section, node.right).text}"
                return Fix("Divide with /", Applicability.UNSAFE, (fixes.replace(program, place, written),))
        return None


def _is_full_scale(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Float) and float(node.value) == 255.0


def _of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    data = fit.inputs
    cut = (_divided_whole(data) or _cut_off(data)) if data is not None else None
    if data is None or cut is None or cut.place is None or fit.x is None or fit.x.place is None:
        return
    yield Report(
        cut.place,
        "The inputs are scaled to small numbers and then made whole here: their fractions are lost.",
        (Related(fit.x.place, "The model is trained on what is left."),),
    )


def _divided_whole(data: Data) -> DataStep | None:
    """`x // 255` on the way to a model's inputs, of which nothing but zeros and a few ones are left."""
    for step in data.steps:
        if step.name == "FloorDivide" and step.number in (255.0, 256.0):
            return step
    return None


def _cut_off(data: Data) -> DataStep | None:
    """The conversion to whole numbers of data that had just been scaled, if that is what the model gets."""
    if data.range is None or data.range.magnitude > SMALL or all(step.name != "astype" for step in data.steps):
        return None
    scaled = False
    for number, step in enumerate(data.steps):
        scaled = scaled or step.kind is StepKind.SCALED
        if scaled and step.name == "astype" and _WHOLE.search(_written(step).rpartition("astype")[2]):
            made_whole = any(_MADE_WHOLE.search(f"{each.name} {_written(each)}") for each in data.steps[: number + 1])
            # Scaled once more: what is left are the few levels that somebody counts in.
            again = any(each.kind is StepKind.SCALED for each in data.steps[number:])
            return step if not made_whole and not again else None
    return None


def _written(step: DataStep) -> str:
    return step.place.text if step.place is not None else ""
