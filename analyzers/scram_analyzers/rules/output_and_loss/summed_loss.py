"""SCR420 summed-loss."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.hyperparameters.evidence.optimizers import ADAPTIVE
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Compile, Loss, Program, every_compile
from scram_analyzers.source.reading.walk import children
from scram_analyzers.source.values import Argument, Function, Symbol, Value, is_none, text

MEAN = '"sum_over_batch_size"'

SUMS = frozenset(
    [
        "keras.ops.sum",
        "keras.backend.sum",
        "tensorflow.reduce_sum",
        "tensorflow.math.reduce_sum",
        "jax.numpy.sum",
        "numpy.sum",
        "torch.sum",
    ]
)


class SummedLoss(Rule):
    """A loss that grows with the batch."""

    code = "SCR420"
    name = "summed-loss"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = 'a loss that adds up the errors of the whole batch: a function of the program\'s own, or reduction="sum"'
    why = (
        "A sum grows with the batch: a batch twice as large takes steps twice as large. The learning rate then fits "
        "one batch size only, the last, smaller batch counts less, and losses of different batches can't be compared."
    )
    how = (
        "Return the mean, or one loss for each example (a sum over axis=-1 only): Keras averages over the batch by "
        "itself."
    )
    references = (
        Reference("Keras: Creating custom losses", "https://keras.io/api/losses/#creating-custom-losses"),
        Reference("TheDeepChecker (TSE 2022): loss reduction", "https://arxiv.org/abs/2204.00694"),
    )
    false_alarms = "A learning rate that was tuned for the sum, with a batch size that never changes."
    bad = (
        Example(
            "Squared errors added up",
            """
            import keras
            from keras import layers, ops


            def squared_error(y_true, y_pred):
                return »ops.sum(ops.square(y_true - y_pred))«


            model = keras.Sequential([layers.Dense(1)])
            model.compile(optimizer="adam", loss=squared_error)
            """,
            """
            import keras
            from keras import layers, ops


            def squared_error(y_true, y_pred):
                return ops.mean(ops.square(y_true - y_pred))


            model = keras.Sequential([layers.Dense(1)])
            model.compile(optimizer="adam", loss=squared_error)
            """,
        ),
        Example(
            "By way of a name",
            """
            import tensorflow as tf


            def weighted(y_true, y_pred):
                error = tf.abs(y_true - y_pred)
                total = »tf.reduce_sum(error)«
                return total


            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            model.compile("sgd", weighted)
            """,
            """
            import tensorflow as tf


            def weighted(y_true, y_pred):
                error = tf.abs(y_true - y_pred)
                total = tf.reduce_mean(error)
                return total


            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            model.compile("sgd", weighted)
            """,
        ),
        Example(
            "A built-in loss that is told to",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="sgd", loss=keras.losses.MeanSquaredError(reduction=»"sum"«))
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="sgd", loss=keras.losses.MeanSquaredError(reduction="sum_over_batch_size"))
            """,
        ),
    )
    good = (
        Example(
            "One loss for each example",
            """
            import keras
            from keras import layers, ops


            def squared_error(y_true, y_pred):
                return ops.sum(ops.square(y_true - y_pred), axis=-1)


            model = keras.Sequential([layers.Dense(3)])
            model.compile(optimizer="adam", loss=squared_error)
            """,
        ),
        Example(
            "A sum divided by another",
            """
            import keras
            from keras import layers, ops


            def dice(y_true, y_pred):
                return 1 - 2 * ops.sum(y_true * y_pred) / (ops.sum(y_true) + ops.sum(y_pred))


            model = keras.Sequential([layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
            model.compile(optimizer="adam", loss=dice)
            """,
        ),
        Example(
            "A sum of weighted samples",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(7, activation="softmax")])
            model.compile(
                optimizer="adam",
                loss=keras.losses.CategoricalCrossentropy(reduction="sum"),
                weighted_metrics=["accuracy"],
            )
            model.fit(x, y, sample_weight=in_training_set / in_training_set.sum(), batch_size=len(x))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each loss function of this module, and each built-in loss, that is a sum over everything."""
        for argument in _reductions(program):
            yield Report(
                place=argument,
                message=f"With reduction={argument.text} this loss adds up a batch's errors and does not average them.",
                recipe=f"reduction={MEAN}",
            )
        for call, loss_place, function in _sums(program):
            yield Report(
                place=call.place,
                message=f"The loss {function.name} adds up the errors of the whole batch instead of averaging them.",
                related=(Related(loss_place, "The model is trained with it here."),),
                severity=Severity.INFO if _only_scales(program, loss_place) else None,
                recipe=_mean_of(call) or "",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The mean of the same values."""
        for argument in _reductions(program):
            if program.range_of(argument) == finding.range:
                return Fix("Take the mean", Applicability.UNSAFE, (fixes.replace(program, argument, MEAN),))
        for call, _, _ in _sums(program):
            content = _mean_of(call)
            if (
                program.range_of(call.place) == finding.range
                and content is not None
                and isinstance(call.place.node, cst.Call)
            ):
                edit = fixes.replace(program, Place(call.place.section, call.place.node.func), content)
                return Fix("Take the mean", Applicability.UNSAFE, (edit,))
        return None


def _only_scales(program: Program, loss: Place) -> bool:
    """Whether every optimizer that minimizes the loss takes steps of the same size however large it is."""
    using = [each for each in program.compiles if any(one.place.key == loss.key for one in each.losses)]
    return bool(using) and all(each.optimizer is not None and each.optimizer.class_name in ADAPTIVE for each in using)


def _reductions(program: Program) -> Iterator[Place]:
    """Where a built-in loss that a model is trained with is told to add up what no weights bring to a mean."""
    found: dict[tuple[int, int], Place] = {}
    for compiled, loss, place in program.each_of(every_compile, _added_up):
        weighing = (fit for fit in program.fits if fit.compile is compiled)
        if not any(_is_given(fit.arguments.get("sample_weight")) for fit in weighing):
            found[loss.place.key] = place
    yield from found.values()


def _added_up(_: Program, compiled: Compile) -> Iterator[tuple[Compile, Loss, Place]]:
    """The built-in losses of one compile that are told to add up."""
    for loss in () if _is_given(compiled.arguments.get("weighted_metrics")) else compiled.losses:
        reduction = loss.arguments.get("reduction") if loss.name is not None else None
        if reduction is not None and reduction.place is not None and _is_sum(reduction.value):
            yield compiled, loss, reduction.place


def _is_given(weights: Argument | None) -> bool:
    """Whether samples have weights, which may add up to 1: some are given to fit, or a metric is to heed them."""
    return weights is not None and not is_none(weights.value)


def _is_sum(value: Value) -> bool:
    return text(value) == "sum" or (isinstance(value, Symbol) and value.name.endswith("Reduction.SUM"))


def _sums(program: Program) -> Iterator[tuple[Call, Place, Function]]:
    losses = [loss for compiled in program.compiles for loss in compiled.losses if loss.function is not None]
    if not losses:
        return
    by_key = {call.place.key: call for call in program.calls_of(SUMS)}
    for loss, function, returned in program.each(losses, _results):
        call = by_key.get(returned.key)
        if call is not None and _over_everything(call):
            yield call, loss.use or loss.place, function


def _results(_: Program, loss: Loss) -> Iterator[tuple[Loss, Function, Place]]:
    """What a loss function of this module returns."""
    if loss.function is not None:
        for returned in _returned(loss.function.node):
            yield loss, loss.function, Place(loss.function.section, _without_factor(returned))


def _without_factor(node: cst.CSTNode) -> cst.CSTNode:
    """What a sign or a number is put before: `-K.sum(...)`, `0.5 * K.sum(...)`."""
    while True:
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            node = node.expression
        elif (
            isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply) and _is_number(node.left)
        ):
            node = node.right
        else:
            return node


def _is_number(node: cst.BaseExpression) -> bool:
    bare = node.expression if isinstance(node, cst.UnaryOperation) else node
    return isinstance(bare, (cst.Integer, cst.Float))


def _over_everything(call: Call) -> bool:
    axis = call.arguments.get("axis", 1) or call.arguments.get("dim", 1)
    return not call.arguments.open and (axis is None or is_none(axis.value))


def _returned(function: cst.FunctionDef | cst.Lambda) -> Iterator[cst.CSTNode]:
    """The expressions a function returns, and those that a returned name was last given."""
    if isinstance(function, cst.Lambda):
        yield function.body
        return
    assigned: dict[str, cst.CSTNode] = {}
    for node in _own_nodes(function.body):
        if isinstance(node, cst.Assign) and len(node.targets) == 1 and isinstance(node.targets[0].target, cst.Name):
            assigned[node.targets[0].target.value] = node.value
        elif isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name):
            assigned.pop(node.target.value, None)
        elif isinstance(node, cst.Return) and node.value is not None:
            yield assigned.get(node.value.value, node.value) if isinstance(node.value, cst.Name) else node.value


def _own_nodes(body: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below in the order of the text, without those of inner functions."""
    for child in children(body):
        yield child
        if not isinstance(child, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            yield from _own_nodes(child)


def _mean_of(call: Call) -> str | None:
    """How the author would spell the mean in the place of the sum."""
    node = call.place.node
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    written = Place(call.place.section, node.func).text
    return f"{written.removesuffix('sum')}mean" if written.endswith("sum") else None
