"""SCR871 training-in-inference-mode."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.api.evidence.training_argument import RANDOM_LAYERS, says, training_argument
from scram_analyzers.rules.architecture.evidence.paths import models_of
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import number


class TrainingInInferenceMode(Rule):
    """A training loop that calls its model as if for predictions."""

    code = "SCR871"
    name = "training-in-inference-mode"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a forward pass of training in which Dropout and BatchNormalization behave as in predictions"
    why = (
        "Outside of fit a model is called in inference mode unless it is told otherwise: Dropout lets everything "
        "through, and BatchNormalization uses averages that nothing ever updates, so it normalizes nothing."
    )
    how = "Call the model with training=True in the step that trains, and with training=False everywhere else."
    references = (
        Reference(
            "Keras: Writing a training loop from scratch",
            "https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/",
        ),
        Reference("Keras: Transfer learning, training=False", "https://keras.io/guides/transfer_learning/"),
    )
    false_alarms = (
        "Averages that are kept as they are on purpose: freeze the layer then (trainable = False). Where nothing is "
        "said of training at all, the finding is for information."
    )
    bad = (
        Example(
            "A layer that never learns its averages",
            """
            import keras
            from keras import layers

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64, activation="relu")
                    self.norm = layers.BatchNormalization()
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x, training=False):
                    return self.head(»self.norm(self.hidden(x), training=False)«)

            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Dropout is off",
            """
            import tensorflow as tf

            (x_train, y_train), _ = tf.keras.datasets.mnist.load_data()
            pairs = tf.data.Dataset.from_tensor_slices((x_train.reshape(-1, 784) / 255, y_train))
            batches = pairs.shuffle(10_000).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()

            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, »model(x, training=False)«)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
            """
            import tensorflow as tf

            (x_train, y_train), _ = tf.keras.datasets.mnist.load_data()
            pairs = tf.data.Dataset.from_tensor_slices((x_train.reshape(-1, 784) / 255, y_train))
            batches = pairs.shuffle(10_000).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()

            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "A training step of its own",
            """
            import keras
            import tensorflow as tf
            from keras import layers


            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64)
                    self.norm = layers.BatchNormalization()
                    self.head = layers.Dense(10)

                def call(self, x, training=False):
                    return self.head(self.norm(self.hidden(x), training=training))

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        y_pred = »self(x, training=False)«
                        loss = self.compute_loss(x, y, y_pred)
                    gradients = tape.gradient(loss, self.trainable_variables)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                    return {"loss": loss}


            model = Net()
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            model.fit(x, y)
            """,
            """
            import keras
            import tensorflow as tf
            from keras import layers


            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64)
                    self.norm = layers.BatchNormalization()
                    self.head = layers.Dense(10)

                def call(self, x, training=False):
                    return self.head(self.norm(self.hidden(x), training=training))

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        y_pred = self(x, training=True)
                        loss = self.compute_loss(x, y, y_pred)
                    gradients = tape.gradient(loss, self.trainable_variables)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                    return {"loss": loss}


            model = Net()
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            model.fit(x, y)
            """,
        ),
    )
    good = (
        Example(
            "Averages of a part that is frozen",
            """
            import keras
            from keras import layers

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.norm = layers.BatchNormalization()
                    self.norm.trainable = False
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x, training=False):
                    return self.head(self.norm(x, training=False))

            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Nothing in the model behaves differently",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dense(10)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Gradients of the inputs, to see what the model looks at",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)])
            with tf.GradientTape() as tape:
                tape.watch(image)
                score = model(image, training=False)[0, 3]
            saliency = tape.gradient(score, image)
            """,
        ),
        Example(
            "Averages of a pretrained part are frozen",
            """
            import tensorflow as tf

            norm = tf.keras.layers.BatchNormalization(trainable=False)
            model = tf.keras.Sequential([tf.keras.layers.Dense(64), norm, tf.keras.layers.Dense(10)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=False))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the forward pass of each tape that asks for the gradients of a model it only calls for inference."""
        for tape in tapes.tapes(program):
            for model in dict.fromkeys(each.model for each in tapes.asked_of(tape)):
                yield from self._of_model(program, tape, model)
        if program.mentions("training"):
            yield from program.each_of(models_of, _of_call)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Say training=True."""
        for tape in tapes.tapes(program):
            for call in tapes.calls_under(tape):
                place = Place(tape.section, call)
                if program.range_of(place) == finding.range:
                    edit = fixes.set_argument(program, place, "training", "True")
                    return Fix("Call it with training=True", Applicability.UNSAFE, (edit,)) if edit else None
        return None

    def _of_model(self, program: Program, tape: tapes.Tape, model: str) -> Iterator[Report]:
        calls = [call for call in tapes.calls_under(tape) if dotted_name(call.func) == model]
        if not calls or not all(_is_inference(call) for call in calls):
            return
        changed = _what_changes(program, tape, model)
        if changed is None:
            return
        said = training_argument(calls[0]) is not None
        idle = "lets everything through" if changed.class_name in RANDOM_LAYERS else "never updates its averages"
        told = "is told training=False" if said else "says nothing of training"
        yield Report(
            place=Place(tape.section, calls[0]),
            message=f"The step that trains {told}, so {changed.class_name} {idle}.",
            related=(Related(changed.place, f"This {changed.class_name} works as in predictions."),),
            severity=None if said else Severity.INFO,
            recipe="training=True",
        )


def _of_call(program: Program, model: Model) -> Iterator[Report]:
    """BatchNormalization that the `call` of a model of the program's own runs in inference mode, whatever it does."""
    for tensor in model.tensors() if model.kind is ModelKind.SUBCLASSED else ():
        layer, place = tensor.producer, tensor.place
        if not isinstance(layer, Layer) or layer.class_name != "BatchNormalization" or model.is_frozen(layer):
            continue
        if place is not None and isinstance(place.node, cst.Call) and says(place.node, False):
            yield Report(
                place,
                "This BatchNormalization is always told that it does not train: it never learns its averages, and "
                "normalizes nothing.",
                (Related(layer.place, "The layer is made here."),),
                recipe="training=training",
            )


def _is_inference(call: cst.Call) -> bool:
    """Whether a call runs a model as for predictions: it says so, or has its inputs and nothing else."""
    if training_argument(call) is None:
        return len(call.args) == 1 and not call.args[0].star
    return says(call, False)


def _what_changes(program: Program, tape: tapes.Tape, name: str) -> Layer | None:
    """The first layer of the called model that would behave differently in training, where that can be told."""
    models = _called(program, tape, name)
    if not models:
        return None
    found = [_sensitive(program, model) for model in models]
    return found[0] if all(found) else None


def _called(program: Program, tape: tapes.Tape, name: str) -> list[Model]:
    """The models that a name in a tape's block stands for: by the losses computed there, or by the class around."""
    if name == "self":
        around = tape.section.parsed.ancestors(tape.statement)
        cls = next((each.name.value for each in around if isinstance(each, cst.ClassDef)), None)
        models = {each.identity: each for each in program.models if each.kind is ModelKind.SUBCLASSED}
        return [model for model in models.values() if model.name == cls]
    inside = {id(call) for call in tapes.calls_under(tape)}
    judged = [each for each in program.loss_calls if id(each.place.node) in inside]
    models = {each.model.identity: each.model for each in judged if each.model is not None}
    return [*models.values()] if len(models) == 1 else []


def _sensitive(program: Program, model: Model) -> Layer | None:
    for layer in model.layers:
        if layer.class_name in RANDOM_LAYERS and _rate(layer) != 0:
            return layer
        if layer.class_name == "BatchNormalization" and not model.is_frozen(layer):
            return layer
    return None


def _rate(layer: Layer) -> float | None:
    argument = layer.arguments.get("rate", 0)
    return number(argument.value) if argument is not None else None
