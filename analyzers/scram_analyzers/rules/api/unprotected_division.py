"""SCR868 unprotected-division."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source import search
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program

_EPSILON = "1e-7"
_MODULES = frozenset(("ops", "tf", "math", "linalg", "K", "backend", "jnp", "torch"))
_REDUCTIONS = frozenset(("max", "amax", "sum", "norm", "std", "var", "reduce_max", "reduce_sum", "reduce_std"))
"""What is 0 for a row of zeros, or for a row whose values are all the same."""

_POSITIVE = frozenset(("exp", "softmax", "sigmoid", "softplus", "ones_like", "maximum", "clip", "clip_by_value"))
"""Functions whose values stay above 0, or are kept there."""


class UnprotectedDivision(Rule):
    """A layer of the user's own that divides by a largest value, sum, norm or deviation which may be 0."""

    code = "SCR868"
    name = "unprotected-division"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a layer's call that divides by a maximum, sum, norm or standard deviation without keeping it from 0"
    why = (
        "Behind relu or a mask a whole row can be 0, and so can its maximum, sum and norm. 0 divided by 0 is NaN: one "
        "such row, which may come after many epochs, makes the loss NaN and every weight after it."
    )
    how = "Add a small number to the divisor, or use keras.ops.normalize or a normalization layer, which do."
    references = (
        Reference(
            "DEBAR: Detecting Numerical Bugs in Neural Network Architectures (ESEC/FSE 2020)",
            "https://doi.org/10.1145/3368089.3409720",
        ),
    )
    false_alarms = "Values that the layers before keep above 0 in every row."
    bad = (
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
            from keras import layers, ops

            class Scale(layers.Layer):
                def call(self, inputs):
                    return inputs / (ops.max(inputs, axis=-1, keepdims=True) + 1e-6)
            """,
        ),
        Example(
            "A sum of exponentials",
            """
            from keras import layers, ops

            class Softmax(layers.Layer):
                def call(self, inputs):
                    weights = ops.exp(inputs)
                    return weights / ops.sum(weights, axis=-1, keepdims=True)
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
        """Report each division in a `call` by what may be 0 for a row."""
        for division in _divisions(program):
            yield Report(
                place=division.place,
                message=f"This division gives NaN for a row of zeros, whose {division.place.text} is 0.",
                recipe=f"({division.place.text} + {_EPSILON})",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Add a small number to the divisor."""
        for division in _divisions(program):
            if division.place.range == finding.range:
                edits = (
                    fixes.insert(division.place.range.start, "("),
                    fixes.insert(division.place.range.end, f" + {_EPSILON})"),
                )
                return Fix(f"Add {_EPSILON} to the divisor", Applicability.UNSAFE, edits)
        return None


@dataclass(frozen=True, slots=True)
class _Division:
    place: Place


def _divisions(program: Program) -> Iterator[_Division]:
    for function, place in search.found(program, cst.FunctionDef, "def call("):
        if function.name.value != "call" or not _is_method(function):
            continue
        values = _assigned(function)
        for operation in search.nodes(function.body, cst.BinaryOperation):
            if isinstance(operation.operator, cst.Divide) and _may_be_zero(operation.right, values):
                yield _Division(Place(place.chunk, operation.right))


def _is_method(function: cst.FunctionDef) -> bool:
    parameters = function.params.params
    return bool(parameters) and parameters[0].name.value == "self"


def _assigned(function: cst.FunctionDef) -> dict[str, cst.BaseExpression | None]:
    """The value of each name that is given one once; None for those given several."""
    values: dict[str, cst.BaseExpression | None] = {}
    for node in search.nodes(function.body, cst.Assign):
        for target in node.targets:
            if isinstance(target.target, cst.Name):
                name = target.target.value
                values[name] = None if name in values else node.value
    return values


def _may_be_zero(divisor: cst.BaseExpression, values: dict[str, cst.BaseExpression | None]) -> bool:
    written = values.get(divisor.value) if isinstance(divisor, cst.Name) else divisor
    if not isinstance(written, cst.Call) or _function(written) not in _REDUCTIONS or not written.args:
        return False
    reduced = written.args[0].value
    if isinstance(reduced, cst.Name):
        if reduced.value in values and values[reduced.value] is None:
            return False
        reduced = values.get(reduced.value) or reduced
    return not any(_function(call) in _POSITIVE for call in search.nodes(reduced, cst.Call)) and not _adds(reduced)


def _function(call: cst.Call) -> str | None:
    """The name of a function of a module of tensor operations ("max" of `ops.max`, "norm" of `tf.linalg.norm`)."""
    function = call.func
    if not isinstance(function, cst.Attribute):
        return None
    module = function.value.attr if isinstance(function.value, cst.Attribute) else function.value
    is_known = isinstance(module, cst.Name) and module.value in _MODULES
    return function.attr.value if is_known else None


def _adds(expression: cst.BaseExpression) -> bool:
    """Whether something is added to the values before they are reduced."""
    return isinstance(expression, cst.BinaryOperation) and isinstance(expression.operator, cst.Add)
