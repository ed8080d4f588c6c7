"""SCR869 unprotected-square-root."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import guards
from scram_analyzers.rules.api.evidence.guards import EPSILON, Computation, FunctionCall
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section


class UnprotectedSquareRoot(Rule):
    """A square root of what is 0 when two things are alike."""

    code = "SCR869"
    name = "unprotected-square-root"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a loss or layer that takes the square root of a sum of squares that may be 0"
    why = (
        "The slope of the square root is infinite at 0. A distance is 0 when both sides are alike: the value is right, "
        "but its gradient is infinity times 0, which is NaN, and after that step so is every weight."
    )
    how = "Keep the argument above 0: add a small number, or use maximum(..., epsilon)."
    references = (
        Reference("Keras: custom losses", "https://keras.io/api/losses/#creating-custom-losses"),
        Reference(
            "DEBAR: Detecting Numerical Bugs in Neural Network Architectures (ESEC/FSE 2020)",
            "https://doi.org/10.1145/3368089.3409720",
        ),
    )
    false_alarms = "A root over a whole batch of noisy numbers, which are never all right at once."
    bad = (
        Example(
            "A distance of two rows",
            """
            import keras
            from keras import ops

            def distance(y_true, y_pred):
                return »ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1))«

            model = keras.Sequential([keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss=distance)
            """,
            """
            import keras
            from keras import ops

            def distance(y_true, y_pred):
                return ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1) + 1e-7)

            model = keras.Sequential([keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss=distance)
            """,
        ),
        Example(
            "A distance in a layer",
            """
            import tensorflow as tf

            class Distance(tf.keras.layers.Layer):
                def call(self, pair):
                    squares = tf.reduce_sum((pair[0] - pair[1]) ** 2, axis=1)
                    return »tf.sqrt(squares)«
            """,
            """
            import tensorflow as tf

            class Distance(tf.keras.layers.Layer):
                def call(self, pair):
                    squares = tf.reduce_sum((pair[0] - pair[1]) ** 2, axis=1)
                    return tf.sqrt(squares + 1e-7)
            """,
        ),
        Example(
            "The distance of two vectors that may be the same",
            """
            import keras
            from keras import backend as K
            from keras import layers
            from project import contrastive, pairs, same

            def euclidean_distance(vectors):
                x, y = vectors
                return »K.sqrt(K.sum(K.square(x - y), axis=1, keepdims=True))«

            net = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(16)])
            first, second = keras.Input((100,)), keras.Input((100,))
            apart = layers.Lambda(euclidean_distance)([net(first), net(second)])
            model = keras.Model([first, second], apart)
            model.compile(optimizer="adam", loss=contrastive)
            model.fit(pairs, same)
            """,
            """
            import keras
            from keras import backend as K
            from keras import layers
            from project import contrastive, pairs, same

            def euclidean_distance(vectors):
                x, y = vectors
                return K.sqrt(K.sum(K.square(x - y), axis=1, keepdims=True) + 1e-7)

            net = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(16)])
            first, second = keras.Input((100,)), keras.Input((100,))
            apart = layers.Lambda(euclidean_distance)([net(first), net(second)])
            model = keras.Model([first, second], apart)
            model.compile(optimizer="adam", loss=contrastive)
            model.fit(pairs, same)
            """,
        ),
    )
    good = (
        Example(
            "A distance that numpy works out",
            """
            import keras
            import numpy as np
            from project import model

            def euclidean_distance(x, y):
                return np.sqrt(np.sum(np.square(x - y)))

            print(euclidean_distance(model.predict([1]), model.predict([2])))
            """,
        ),
        Example(
            "Kept above 0",
            """
            import keras
            from keras import ops

            def distance(y_true, y_pred):
                squares = ops.sum(ops.square(y_true - y_pred), axis=-1)
                return ops.sqrt(ops.maximum(squares, keras.config.epsilon()))
            """,
        ),
        Example(
            "A small number is added",
            """
            import tensorflow as tf

            def distance(y_true, y_pred):
                return tf.sqrt(tf.reduce_mean(tf.square(y_true - y_pred)) + 1e-9)
            """,
        ),
        Example(
            "The root of a number of features",
            """
            from keras import layers, ops

            class Attention(layers.Layer):
                def call(self, query, key):
                    return ops.matmul(query, key) / ops.sqrt(ops.cast(ops.shape(key)[-1], "float32"))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each root of a plain sum or mean of squares in a loss or layer."""
        for root in _roots(program):
            used = guards.trained_with(program, root.computation)
            yield Report(
                place=root.place,
                message=f"Where {root.argument.text} is 0, the gradient of its square root is not a number.",
                related=(Related(used, "The model is trained with this loss."),) if used is not None else (),
                recipe=f"{root.function}({root.argument.text} + {EPSILON})",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Add a small number to the argument."""
        for root in _roots(program):
            if program.range_of(root.place) == finding.range:
                edit = fixes.insert(program.range_of(root.argument).end, f" + {EPSILON}")
                return Fix(f"Add {EPSILON} under the root", Applicability.UNSAFE, (edit,))
        return None


def _roots(program: Program) -> Iterator[FunctionCall]:
    for section in search.parts(program, "sqrt("):
        yield from _roots_of(section)


@once
def _roots_of(section: Section) -> tuple[FunctionCall, ...]:
    of_distances = guards.calls(section, "sqrt", _is_sum_of_squares, guards.distances(section))
    of_tensors = [root for root in of_distances if root.function.startswith(_OF_TENSORS)]
    found = guards.calls(section, "sqrt", _is_sum_of_squares)
    return (*found, *(root for root in of_tensors if root.place.key not in {each.place.key for each in found}))


_OF_TENSORS = ("K.", "tf.", "ops.", "backend.", "keras.", "tensorflow.")
"""How functions of Keras and TensorFlow are called: what numpy works out has no gradient."""


_SUMS = ("sum", "reduce_sum", "mean", "reduce_mean")


def _is_sum_of_squares(computation: Computation, node: cst.BaseExpression) -> bool:
    node = computation.value_of(node)
    if guards.called(node) not in _SUMS or not isinstance(node, cst.Call) or not node.args:
        return False
    return _is_square(computation.value_of(node.args[0].value))


def _is_square(node: cst.BaseExpression) -> bool:
    if guards.called(node) in ("square", "squared_difference"):
        return True
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
        return True
    return guards.called(node) in ("pow", "power")
