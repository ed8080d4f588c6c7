"""SCR433 loss-without-gradient."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.rules.output_and_loss.evidence.gradient_stops import stops
from scram_analyzers.rules.output_and_loss.evidence.own_losses import Definition, definitions, own_losses
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.graph import Operation
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, LossCall, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_STEPS = frozenset(
    [
        *("round", "rint", "argmax", "argmin", "sign", "floor", "ceil"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
    ]
)
"""Functions that jump from value to value, and are flat in between."""

_NONE_AT_ALL = "No gradients provided for any variable"
"""What the optimizers of Keras 2 and 3 raise."""

_ASIDE = frozenset(("shape", "int_shape", "ndim", "print", "zeros_like", "ones_like", "dtype"))
MAX_DEPTH = 4


class LossWithoutGradient(Rule):
    """A loss of the program's own that no prediction can make a little smaller."""

    code = "SCR433"
    name = "loss-without-gradient"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a loss function that rounds, compares or takes the argmax of all predictions that it looks at"
    why = (
        "Training follows the slope of the loss. A rounded number, a comparison and an argmax are flat everywhere and "
        "then jump: their slope is 0 or not there, so no weight learns which way to go."
    )
    how = "Work with the probabilities themselves in the loss; round only in metrics."
    references = (Reference("Keras: Losses", "https://keras.io/api/losses/"),)
    bad = (
        Example(
            "Rounded predictions",
            """
            import keras
            from keras import backend as K


            def f1_loss(y_true, y_pred):
                hits = K.sum(y_true * »K.round(y_pred)«)
                precision = hits / (K.sum(K.round(y_pred)) + K.epsilon())
                recall = hits / (K.sum(y_true) + K.epsilon())
                return 1 - 2 * precision * recall / (precision + recall + K.epsilon())


            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=f1_loss)
            """,
        ),
        Example(
            "The share of wrong classes",
            """
            import keras
            import tensorflow as tf


            def wrong(y_true, y_pred):
                classes = »tf.argmax(y_pred, axis=-1)«
                return tf.reduce_mean(tf.cast(tf.not_equal(tf.argmax(y_true, axis=-1), classes), tf.float32))


            model = keras.Sequential([keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss=wrong)
            """,
        ),
        Example(
            "Rounded predictions in a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            squared = keras.losses.MeanSquaredError()
            optimizer = keras.optimizers.Adam(0.01)
            for x, prices in batches:
                with tf.GradientTape() as tape:
                    prediction = »tf.round(model(x, training=True))«
                    loss = squared(prices, prediction)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Rounded predictions in a step of one's own",
            """
            import keras
            import tensorflow as tf
            from project import x, y

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = keras.layers.Dense(32, activation="relu")
                    self.out = keras.layers.Dense(1, activation="sigmoid")

                def call(self, rows):
                    return self.out(self.hidden(rows))

                def train_step(self, data):
                    rows, answers = data
                    with tf.GradientTape() as tape:
                        predicted = self(rows, training=True)
                        loss = self.compute_loss(y=answers, y_pred=»tf.round(predicted)«)
                    gradients = tape.gradient(loss, self.trainable_variables)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                    return {"loss": loss}

            model = Net()
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, validation_split=0.2, epochs=20)
            """,
        ),
        Example(
            "A loss of decisions",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
            optimizer = keras.optimizers.Adam()
            for rows, answers in batches:
                with tf.GradientTape() as tape:
                    decided = tf.cast(»model(rows) > 0.5«, tf.float32)
                    loss = tf.reduce_mean(tf.square(decided - answers))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "Decisions that are only counted",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
            optimizer, right = keras.optimizers.Adam(), keras.metrics.Mean()
            judge = keras.losses.BinaryCrossentropy()
            for rows, answers in batches:
                with tf.GradientTape() as tape:
                    predicted = model(rows, training=True)
                    right.update_state(tf.cast(predicted > 0.5, tf.float32) == answers)
                    loss = judge(answers, predicted)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Rounded forwards, but not backwards",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
            optimizer = keras.optimizers.Adam()
            for rows, answers in batches:
                with tf.GradientTape() as tape:
                    predicted = model(rows, training=True)
                    decided = predicted + tf.stop_gradient(tf.round(predicted) - predicted)
                    loss = tf.reduce_mean(tf.square(decided - answers))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Rounded for the reader, not for the loss",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            squared = keras.losses.MeanSquaredError()
            optimizer = keras.optimizers.Adam(0.01)
            for x, prices in batches:
                with tf.GradientTape() as tape:
                    prediction = model(x, training=True)
                    loss = squared(prices, prediction)
                    straight_through = squared(prices, prediction + tf.stop_gradient(tf.round(prediction) - prediction))
                gradients = tape.gradient(loss + straight_through, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                print(float(squared(prices, tf.round(prediction))))
            """,
        ),
        Example(
            "Probabilities in the loss, rounded ones in the metric",
            """
            import keras
            import tensorflow as tf
            from keras import backend as K


            def soft_f1(y_true, y_pred):
                hits = K.sum(y_true * y_pred)
                return 1 - 2 * hits / (K.sum(y_true) + K.sum(y_pred) + K.epsilon())


            def f1(y_true, y_pred):
                return 1 - soft_f1(y_true, K.round(y_pred))


            def asymmetric(y_true, y_pred):
                return K.mean(tf.where(y_pred > y_true, 2.0, 1.0) * K.square(y_true - y_pred))


            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=soft_f1, metrics=[f1])
            model.compile(optimizer="adam", loss=asymmetric)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the first step that cuts the predictions off, where there is no way around such steps."""
        told = set()
        for call in own_loops(program):
            cut = _cut_in_tape(program, call)
            if cut is not None:
                told.add(id(cut.node))
                related = (Related(call.place, "The model is trained with it here."),)
                yield Report(
                    cut, f"All that this loss sees went through {_name_of(cut)}, which passes no gradient.", related
                )
        for found in stops(program):
            if id(found.stop.node) not in told:
                message = f"All that this loss sees went through {_name_of(found.stop)}, which passes no gradient."
                yield Report(found.stop, message, (Related(found.forward, "The model's only answer in this step."),))
        yield from program.each(own_losses(program), _of_own)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the error that says so."""
        error = history.error
        if error is not None and _NONE_AT_ALL in error.message:
            message = "No weight gets a gradient: as far as can be followed back, the loss depends on none of them."
            yield RunReport(subject=Subject(SubjectKind.LOSS), message=message, step=error.step, epoch=error.epoch)


def _of_own(program: Program, own: tuple[Loss, Definition]) -> Iterator[Report]:
    loss, definition = own
    cuts = _cuts(program, definition, definition.parameters[1], MAX_DEPTH)
    if cuts:
        related = (Related(loss.use or loss.place, "The model is trained with it here."),)
        message = (
            f"Whatever this loss sees of the predictions went through {_name_of(cuts[0])}, which passes no gradient."
        )
        yield Report(cuts[0], message, related)


def _cut_in_tape(program: Program, call: LossCall) -> Place | None:
    """The step that a tape's loss sees all predictions through: `tf.round(model(x))`."""
    if not any(call.place.node is each for tape in tapes.tapes(program) for each in tapes.calls_under(tape)):
        return None
    waiting, seen, cut = [call.output], set[int](), None
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        if not isinstance(tensor.producer, Operation):
            return None
        if tensor.producer.name.rpartition(".")[2] in _STEPS:
            cut = tensor.place
        else:
            waiting.extend(tensor.inputs)
    return cut


def _name_of(cut: Place) -> str:
    return Place(cut.section, cut.node.func).text if isinstance(cut.node, cst.Call) else "a comparison"


def _cuts(program: Program, definition: Definition, parameter: str, depth: int) -> list[Place]:
    """Where each use of a parameter is cut off; nothing where one of them is not, or where it has no use."""
    found: list[Place] = []
    if depth == 0 or _is_assigned(definition, parameter):
        return []
    for name in search.nodes(definition.node.body, cst.Name):
        if name.value != parameter:
            continue
        above = list(definition.section.parsed.ancestors(name))
        if isinstance(above[0], cst.Arg) and above[0].keyword is name:
            continue
        if _is_aside(name, above):
            continue
        cut = _cut(program, definition, name, above, depth)
        if not cut:
            return []
        found += cut
    return found


def _is_assigned(definition: Definition, parameter: str) -> bool:
    """Whether the body gives the parameter's name to something else."""
    targets = (each.target for each in search.nodes(definition.node.body, cst.AssignTarget))
    return any(isinstance(each, cst.Name) and each.value == parameter for each in targets)


def _is_aside(name: cst.Name, above: list[cst.CSTNode]) -> bool:
    """Whether only the shape or the type is asked for."""
    first = above[0]
    if isinstance(first, cst.Attribute) and first.value is name:
        return first.attr.value in _ASIDE
    call = above[1] if isinstance(first, cst.Arg) and len(above) > 1 else None
    return isinstance(call, cst.Call) and (dotted_name(call.func) or "").rpartition(".")[2] in _ASIDE


def _cut(program: Program, definition: Definition, name: cst.Name, above: list[cst.CSTNode], depth: int) -> list[Place]:
    """What cuts one use off: a step around it, or all that a function of the module does with it."""
    for place, node in enumerate(above):
        if isinstance(node, cst.Comparison):
            return [Place(definition.section, node)]
        if isinstance(node, cst.Call) and (dotted_name(node.func) or "").rpartition(".")[2] in _STEPS:
            return [Place(definition.section, node)]
        called = _called(program, node)
        if called is not None and isinstance(node, cst.Call) and called.node is not definition.node:
            given = above[place - 1] if place else None
            position = next((n for n, each in enumerate(node.args) if each is given), None)
            plain = isinstance(given, cst.Arg) and given.value is name and given.keyword is None
            parameters = [each.name.value for each in called.node.params.params]
            if not plain or position is None or position >= len(parameters):
                return []
            return _cuts(program, called, parameters[position], depth - 1)
        if isinstance(node, cst.BaseCompoundStatement):
            break
    return []


def _called(program: Program, node: cst.CSTNode) -> Definition | None:
    """The function of the module that a call names."""
    function = node.func if isinstance(node, cst.Call) else None
    return definitions(program).get(function.value) if isinstance(function, cst.Name) else None
