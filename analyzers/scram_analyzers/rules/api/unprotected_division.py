"""SCR868 unprotected-division."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.api.evidence import guards
from scram_analyzers.rules.api.evidence.guards import EPSILON, Computation
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section


class UnprotectedDivision(Rule):
    """A division by what may be 0, in a loss, a metric or a layer."""

    code = "SCR868"
    name = "unprotected-division"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a loss, metric or layer that divides by labels, sums, maxima or spreads that may be 0"
    why = (
        "A batch without a single positive label has a sum of 0; behind relu or a mask a whole row can be 0, and so "
        "can its maximum, sum and norm. 0 divided by 0 is NaN: one such row, which may come after many epochs, makes "
        "the loss NaN and every weight after it."
    )
    how = "Add a small number to the divisor (keras.config.epsilon() is 1e-7), or use divide_no_nan."
    references = (
        Reference("Keras: custom losses", "https://keras.io/api/losses/#creating-custom-losses"),
        Reference(
            "DEBAR: Detecting Numerical Bugs in Neural Network Architectures (ESEC/FSE 2020)",
            "https://doi.org/10.1145/3368089.3409720",
        ),
    )
    false_alarms = "Data that can't be 0 by their nature, such as prices, or layers whose inputs are kept above 0."
    bad = (
        Example(
            "An overlap that is undefined for empty masks",
            """
            import keras
            from keras import ops

            def jaccard_loss(y_true, y_pred):
                overlap = ops.sum(y_true * y_pred)
                union = ops.sum(y_true) + ops.sum(y_pred) - overlap
                return 1 - overlap / »union«

            model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=jaccard_loss)
            """,
            """
            import keras
            from keras import ops

            def jaccard_loss(y_true, y_pred):
                overlap = ops.sum(y_true * y_pred)
                union = ops.sum(y_true) + ops.sum(y_pred) - overlap
                return 1 - overlap / (union + 1e-7)

            model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=jaccard_loss)
            """,
        ),
        Example(
            "Rows divided by their sum",
            """
            import keras
            from keras import ops

            class Shares(keras.layers.Layer):
                def call(self, inputs):
                    return inputs / »ops.sum(inputs, axis=-1, keepdims=True)«
            """,
            """
            import keras
            from keras import ops

            class Shares(keras.layers.Layer):
                def call(self, inputs):
                    return inputs / (ops.sum(inputs, axis=-1, keepdims=True) + 1e-7)
            """,
        ),
        Example(
            "Relative errors of targets that may be 0",
            """
            import keras
            import tensorflow as tf

            def relative_error(y_true, y_pred):
                return tf.reduce_mean(tf.abs(tf.divide(y_true - y_pred, »y_true«)))

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=relative_error)
            """,
            """
            import keras
            import tensorflow as tf

            def relative_error(y_true, y_pred):
                return tf.reduce_mean(tf.abs(tf.divide(y_true - y_pred, (y_true + 1e-7))))

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=relative_error)
            """,
        ),
        Example(
            "A row of zeros has a maximum of 0",
            """
            from keras import layers, ops

            class Scale(layers.Layer):
                def call(self, inputs):
                    return inputs / »ops.max(inputs, axis=-1, keepdims=True)«
            """,
            """
            from keras import layers, ops

            class Scale(layers.Layer):
                def call(self, inputs):
                    return inputs / (ops.max(inputs, axis=-1, keepdims=True) + 1e-7)
            """,
        ),
        Example(
            "A sum over what a mask may empty",
            """
            import tensorflow as tf

            class MaskedMean(tf.keras.layers.Layer):
                def call(self, inputs, mask=None):
                    total = tf.reduce_sum(mask, axis=1)
                    return tf.reduce_sum(inputs * mask, axis=1) / »total«
            """,
            """
            import tensorflow as tf

            class MaskedMean(tf.keras.layers.Layer):
                def call(self, inputs, mask=None):
                    total = tf.reduce_sum(mask, axis=1)
                    return tf.reduce_sum(inputs * mask, axis=1) / (total + 1e-7)
            """,
        ),
    )
    good = (
        Example(
            "A small number is added",
            """
            import keras
            from keras import ops

            def dice_loss(y_true, y_pred, smooth=1.0):
                overlap = ops.sum(y_true * y_pred)
                return 1 - (2 * overlap + smooth) / (ops.sum(y_true) + ops.sum(y_pred) + smooth)

            def recall(y_true, y_pred):
                return ops.sum(y_true * y_pred) / (ops.sum(y_true) + keras.config.epsilon())
            """,
        ),
        Example(
            "Softmax written out: the exponential is never 0",
            """
            import keras
            from keras import ops

            class Attention(keras.layers.Layer):
                def call(self, scores):
                    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
                    return weights / ops.sum(weights, axis=-1, keepdims=True)
            """,
        ),
        Example(
            "Divided by a number of things",
            """
            import keras
            from keras import ops

            def error(y_true, y_pred):
                return ops.sum(ops.square(y_true - y_pred)) / ops.cast(ops.shape(y_true)[0], "float32")
            """,
        ),
        Example(
            "A number of rows",
            """
            from keras import layers, ops

            class Mean(layers.Layer):
                def call(self, inputs):
                    return ops.sum(inputs, axis=1) / ops.shape(inputs)[1]
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each division by what is 0 for some batch or row."""
        for division in _divisions(program):
            used = guards.trained_with(program, division.computation) if division.computation.is_loss else None
            divisor = division.divisor.text
            yield Report(
                place=division.divisor,
                message=f"This division gives infinity or NaN as soon as {divisor} is 0, which {_when(division)}.",
                related=(Related(used, "The model is trained with this loss."),) if used is not None else (),
                recipe=f"({divisor} + {EPSILON})",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Add a small number to the divisor."""
        for division in _divisions(program):
            if program.range_of(division.divisor) == finding.range:
                return Fix(
                    f"Add {EPSILON} to the divisor", Applicability.UNSAFE, (_guarded(program, division.divisor),)
                )
        return None


@dataclass(frozen=True, slots=True)
class _Division:
    computation: Computation
    divisor: Place


def _divisions(program: Program) -> Iterator[_Division]:
    for section in dict.fromkeys((*search.parts(program, "/"), *search.parts(program, "divide("))):
        yield from _divisions_of(section)


@once
def _divisions_of(section: Section) -> tuple[_Division, ...]:
    return tuple(
        _Division(computation, Place(section, divisor))
        for computation in guards.computations(section)
        for node in search.nodes(computation.place.node, cst.BaseExpression)  # type: ignore[type-abstract]  # any expression
        if (divisor := _divisor(node)) is not None and guards.may_be_zero(computation, divisor)
    )


def _divisor(node: cst.BaseExpression) -> cst.BaseExpression | None:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
        return node.right
    if guards.called(node) in ("divide", "truediv", "true_divide") and isinstance(node, cst.Call):
        values = [argument.value for argument in node.args]
        return values[1] if len(values) == 2 else None
    return None


def _when(division: _Division) -> str:
    if not division.computation.is_loss:
        return "a row of zeros may make it"
    if division.computation.is_given(division.divisor.node, division.computation.truth):
        return "some labels may be"
    return "a batch without positive labels or with empty predictions may make it"


def _guarded(program: Program, divisor: Place) -> TextEdit:
    text = divisor.text
    if isinstance(divisor.node, cst.BinaryOperation) and divisor.node.lpar:
        return fixes.replace(program, divisor, f"{text[:-1]} + {EPSILON})")
    return fixes.replace(program, divisor, f"({text} + {EPSILON})")
