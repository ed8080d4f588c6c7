"""SCR315 weight-without-gradient."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.architecture.evidence.paths import core
from scram_analyzers.rules.base import Example, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import listed, named
from scram_analyzers.source.graph import Layer, Operation, Tensor
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Fit, LossCall, Program, every_fit
from scram_analyzers.source.reading.literals import string_value

PROBES = 2

_WARNED = re.compile(r"[Gg]radients do not exist for variables (.*?)(?:when minimizing|$)", re.DOTALL)
_PATH = re.compile(r"path=([\w/.-]+)|'([\w/.-]+)'")


class WeightWithoutGradient(Rule):
    """Trainable weights that the loss does not depend on."""

    code = "SCR315"
    name = "weight-without-gradient"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "trainable weights that get no gradient"
    why = (
        "The loss does not depend on these weights as far as the backend can see, so training leaves them as "
        "they began."
    )
    how = (
        "Connect the layer to the output that the loss reads, and keep argmax, round, casts to integers and "
        "numpy out of the path between them."
    )
    references = (THE_DEEP_CHECKER,)
    false_alarms = "Layers that are kept for later, such as an unused pooling layer of a pretrained model."
    bad = (
        Example(
            "A Lambda layer that lets no gradient through",
            """
            import tensorflow as tf
            from tensorflow.keras import layers
            from project import x, y

            rows = layers.Input((8, 8))
            read = layers.GRU(24)(rows)
            seen = »layers.Lambda(tf.stop_gradient)(read)«
            model = tf.keras.Model(rows, layers.Dense(10, activation="softmax")(seen))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=20)
            """,
        ),
        Example(
            "Layers behind a stop_gradient",
            """
            import keras
            import tensorflow as tf
            from keras import layers

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64, activation="relu")
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x):
                    return self.head(»tf.stop_gradient(self.hidden(x))«)

            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "An output whose loss counts nothing",
            """
            import keras
            from keras import layers
            from project import colours, kinds, x

            inputs = keras.Input((64,))
            trunk = layers.Dense(32, activation="relu")(inputs)
            kind = layers.Dense(10, activation="softmax", name="kind")(trunk)
            colour = layers.Dense(1, name="colour")(trunk)
            model = keras.Model(inputs, [kind, colour])
            model.compile(
                optimizer="adam",
                loss={"kind": "sparse_categorical_crossentropy", "colour": "mse"},
                loss_weights={"kind": »0.0«, "colour": 1.0},
            )
            model.fit(x, {"kind": kinds, "colour": colours}, epochs=10)
            """,
        ),
        Example(
            "A loss that is cut off from the model",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in tf.data.Dataset.from_tensor_slices((x, y)).shuffle(178).batch(16):
                with tf.GradientTape() as tape:
                    loss = judge(labels, »tf.stop_gradient(model(batch, training=True))«)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )
    good = (
        Example(
            "Another output trains them",
            """
            import keras
            from keras import layers, ops

            inputs = keras.Input((64,))
            hidden = layers.Dense(64, activation="relu")(inputs)
            digit = layers.Dense(10, activation="softmax", name="digit")(hidden)
            ink = layers.Dense(1, name="ink")(ops.stop_gradient(hidden))
            model = keras.Model(inputs, {"digit": digit, "ink": ink})
            model.compile(optimizer="adam", loss={"digit": "sparse_categorical_crossentropy", "ink": "mse"})
            model.fit(x, {"digit": y, "ink": z}, epochs=20)
            """,
        ),
        Example(
            "An output without weights of its own, which is only looked at",
            """
            import keras
            from keras import layers
            from project import kinds, x

            inputs = keras.Input((64,))
            trunk = layers.Dense(10, name="scores")(inputs)
            kind = layers.Softmax(name="kind")(trunk)
            model = keras.Model(inputs, [kind, trunk])
            model.compile(
                optimizer="adam",
                loss=["sparse_categorical_crossentropy", "mse"],
                loss_weights=[1.0, 0.0],
            )
            model.fit(x, [kinds, kinds], epochs=10)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report outputs with a loss weight of 0 that have layers of their own, and layers behind a stop_gradient."""
        if program.mentions("stop_gradient") and not program.matches(_OTHER_LOSSES):
            yield from program.each_of(every_fit, _cut_off)
        if program.mentions("stop_gradient"):
            yield from program.each_of(own_loops, _teaches_nothing)
        for compiled in program.compiles:
            model = compiled.model
            again = sum(
                1 for each in program.compiles if each.model and model and each.model.identity == model.identity
            )
            if model is None or not model.complete or again > 1 or len(model.outputs) < 2:
                continue
            for output, place in _without_weight(compiled, model):
                lost = _only_for(model, output)
                if lost:
                    name = next(iter(_names(model, output)), str(output))
                    message = f"The loss of output {name!r} counts nothing: its own layers stay as they began."
                    yield Report(
                        place,
                        message,
                        (Related(lost[0].place, "Only this output reads the layer."),),
                        severity=Severity.WARNING,
                        confidence=Confidence.MEDIUM,
                        recipe="1.0",
                    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report layers that got no gradient at the newest probes while others did."""
        newest = list(history.probes)[-PROBES:]
        lost: set[str] | None = None
        for probe in newest:
            without = {weight.layer for weight in probe.weights if weight.gradient_norm is None}
            connected = {weight.layer for weight in probe.weights if weight.gradient_norm is not None}
            lost = without - connected if lost is None else lost & (without - connected)
            if not connected:
                return
        layers = (
            [layer for layer in dict.fromkeys(weight.layer for weight in newest[-1].weights) if layer in (lost or ())]
            if newest
            else []
        )
        if layers and len(newest) == PROBES:
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, layers[0]),
                message=(
                    f"The weights of {listed(map(named, layers))} get no gradient: the loss does not depend on them."
                ),
                step=newest[-1].step,
                epoch=newest[-1].epoch,
            )
            return
        yield from self._warned(history)

    def _warned(self, history: RunHistory) -> Iterator[RunReport]:
        """What Keras says of it, with a line of the program."""
        for warning in history.warnings:
            found = _WARNED.search(warning.message)
            if found is not None:
                paths = ["".join(groups) for groups in _PATH.findall(found.group(1))]
                layers = list(dict.fromkeys(path.split("/")[-2] if "/" in path else path for path in paths))
                named_layers = f" ({listed(map(named, layers))})" if layers else ""
                yield RunReport(
                    subject=Subject(SubjectKind.LAYER, layers[0]) if layers else Subject(SubjectKind.MODEL),
                    message=(
                        f"Keras reports weights without a gradient{named_layers}: the loss does not depend on them."
                    ),
                    step=warning.step,
                )
                return


_OTHER_LOSSES = re.compile(r"add_loss|compute_loss|GradientTape|train_step")
"""Ways by which what is behind a `stop_gradient` may learn from another loss."""


_IN_LAMBDA = re.compile(r"(lambda (\w+): )?[\w.]*\bstop_gradient(?(1)\(\2\))")


def _stops(producer: object) -> bool:
    """Whether no gradient goes through: `tf.stop_gradient(x)`, and a `Lambda` layer of it."""
    if isinstance(producer, Operation):
        return producer.name.endswith("stop_gradient")
    if not isinstance(producer, Layer) or producer.class_name != "Lambda":
        return False
    function = producer.arguments.get("function")
    return function is not None and function.place is not None and bool(_IN_LAMBDA.fullmatch(function.place.text))


def _cut_off(program: Program, fit: Fit) -> Iterator[Report]:
    """Layers of a trained model whose every way to an output is through `stop_gradient`."""
    model = fit.compile.model if fit.compile is not None else None
    if model is None or not model.complete or model.trains_itself:
        return
    learning: set[int] = set()
    stops: list[Tensor] = []
    waiting = list(model.outputs)
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in learning:
            continue
        learning.add(id(tensor))
        if _stops(tensor.producer):
            stops.append(tensor)
            continue
        waiting.extend(tensor.inputs)
    for stop in stops:
        behind = [tensor for tensor in stop.ancestors() if id(tensor) not in learning]
        lost = [tensor.producer for tensor in behind if _would_learn(model, tensor.producer)]
        layers = [layer for layer in lost if isinstance(layer, Layer)]
        if layers and stop.place is not None:
            names = listed(dict.fromkeys(core(layer).class_name for layer in reversed(layers)))
            yield Report(
                stop.place,
                f"No gradient goes through here, so what comes before ({names}) never learns anything.",
                (Related(layers[-1].place, "The weights of this layer stay as they began."),),
                severity=Severity.WARNING,
            )


def _teaches_nothing(program: Program, call: LossCall) -> Iterator[Report]:
    """A loss of a loop's own whose every way to the model's weights is through `stop_gradient`."""
    waiting, seen, stop = [call.output], set[int](), None
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        if _stops(tensor.producer):
            stop = tensor
        elif isinstance(tensor.producer, Operation):
            waiting.extend(tensor.inputs)
        else:
            return
    if stop is not None and stop.place is not None:
        yield Report(
            stop.place,
            "No gradient goes through here, so this loss teaches the model nothing.",
            (Related(call.place, "The loss."),),
            severity=Severity.WARNING,
        )


def _would_learn(model: Model, producer: object) -> bool:
    known = isinstance(producer, Layer) and core(producer).class_name in WEIGHTED
    return known and isinstance(producer, Layer) and not model.is_frozen(producer)


def _without_weight(compiled: Compile, model: Model) -> Iterator[tuple[int, Place]]:
    """The outputs whose `loss_weights` are written out as 0."""
    given = compiled.arguments.get("loss_weights")
    if given is None or given.place is None:
        return
    node, section = given.place.node, given.place.section
    if isinstance(node, (cst.List, cst.Tuple)) and len(node.elements) == len(model.outputs):
        for position, element in enumerate(node.elements):
            if _is_zero(element.value):
                yield position, Place(section, element.value)
    if isinstance(node, cst.Dict):
        for each in node.elements:
            if isinstance(each, cst.DictElement) and isinstance(each.key, cst.SimpleString) and _is_zero(each.value):
                key = string_value(each.key)
                called = [position for position in range(len(model.outputs)) if key in _names(model, position)]
                if len(called) == 1:
                    yield called[0], Place(section, each.value)


def _names(model: Model, position: int) -> tuple[str, ...]:
    """What an output is called: by the model, or by the layer that makes it."""
    own = model.output_names[position : position + 1]
    layer = model.outputs[position].producer
    return (*own, layer.name) if isinstance(layer, Layer) and layer.name is not None else own


def _is_zero(node: cst.BaseExpression) -> bool:
    return isinstance(node, (cst.Integer, cst.Float)) and float(node.evaluated_value) == 0


def _only_for(model: Model, position: int) -> list[Layer]:
    """Layers with weights that train and that no other output depends on."""
    others = {
        id(tensor.producer)
        for number, output in enumerate(model.outputs)
        if number != position
        for tensor in output.ancestors()
    }
    return [
        tensor.producer
        for tensor in model.outputs[position].ancestors()
        if isinstance(tensor.producer, Layer)
        and id(tensor.producer) not in others
        and core(tensor.producer).class_name in WEIGHTED
        and not model.is_frozen(tensor.producer)
    ]
