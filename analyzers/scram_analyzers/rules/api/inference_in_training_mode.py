"""SCR872 inference-in-training-mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import judged_while_training
from scram_analyzers.rules.api.evidence.training_argument import RANDOM_LAYERS, says
from scram_analyzers.rules.architecture.evidence.paths import models_of
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import evaluations_of
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name

_ON_PURPOSE = re.compile(r"monte|mc_?drop|bayes|uncertain|posterior|range\(\s*n(um)?_samples", re.IGNORECASE)
"""Words of programs that draw several predictions from dropout on purpose."""


class InferenceInTrainingMode(Rule):
    """Dropout that is never off, or BatchNormalization that never learns its averages."""

    code = "SCR872"
    name = "inference-in-training-mode"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "predictions or validation in which Dropout still drops and BatchNormalization goes by the batch"
    why = (
        "In training mode Dropout removes values at random and BatchNormalization goes by the batch at hand. Results "
        "are then worse than the model is, and other ones each time."
    )
    how = "Hand on the training argument of call, and call the model with training=False where it is judged."
    references = (
        Reference(
            "Keras: Writing a training loop from scratch",
            "https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/",
        ),
        Reference("Keras: Dropout", "https://keras.io/api/layers/regularization_layers/dropout/"),
    )
    false_alarms = (
        "Dropout in predictions is also a way to see how sure a model is: a program that speaks of uncertainty, of "
        "samples or of Monte Carlo is left alone."
    )
    bad = (
        Example(
            "Dropout of a functional model that is never off",
            """
            import keras
            from keras import layers
            from project import x, x_new, y

            inputs = keras.Input((20,))
            hidden = layers.Dense(64, activation="relu")(inputs)
            hidden = »layers.Dropout(0.2)(hidden, training=True)«
            model = keras.Model(inputs, layers.Dense(1)(hidden))
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, validation_split=0.2)
            answers = model.predict(x_new)
            """,
            """
            import keras
            from keras import layers
            from project import x, x_new, y

            inputs = keras.Input((20,))
            hidden = layers.Dense(64, activation="relu")(inputs)
            hidden = layers.Dropout(0.2)(hidden)
            model = keras.Model(inputs, layers.Dense(1)(hidden))
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, validation_split=0.2)
            answers = model.predict(x_new)
            """,
        ),
        Example(
            "A layer that always drops",
            """
            import keras
            from keras import layers

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64, activation="relu")
                    self.drop = layers.Dropout(0.3)
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x, training=False):
                    return self.head(»self.drop(self.hidden(x), training=True)«)

            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
            """
            import keras
            from keras import layers

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64, activation="relu")
                    self.drop = layers.Dropout(0.3)
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x, training=False):
                    return self.head(self.drop(self.hidden(x), training=training))

            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
        ),
        Example(
            "Validation with dropout",
            """
            import tensorflow as tf

            (x_train, y_train), (x_val, y_val) = tf.keras.datasets.mnist.load_data()
            x_val = x_val.reshape(-1, 784) / 255
            pairs = tf.data.Dataset.from_tensor_slices((x_train.reshape(-1, 784) / 255, y_train))
            batches = pairs.shuffle(10_000).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for epoch in range(20):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        loss = loss_fn(y, model(x, training=True))
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            val_loss = loss_fn(y_val, »model(x_val, training=True)«)
            """,
            """
            import tensorflow as tf

            (x_train, y_train), (x_val, y_val) = tf.keras.datasets.mnist.load_data()
            x_val = x_val.reshape(-1, 784) / 255
            pairs = tf.data.Dataset.from_tensor_slices((x_train.reshape(-1, 784) / 255, y_train))
            batches = pairs.shuffle(10_000).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for epoch in range(20):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        loss = loss_fn(y, model(x, training=True))
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            val_loss = loss_fn(y_val, model(x_val, training=False))
            """,
        ),
        Example(
            "The test_step of a model with steps of its own",
            """
            import keras
            from project import x, y

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = keras.layers.Dense(64, activation="relu")
                    self.drop = keras.layers.Dropout(0.3)
                    self.head = keras.layers.Dense(1, activation="sigmoid")

                def call(self, rows, training=False):
                    return self.head(self.drop(self.hidden(rows), training=training))

                def test_step(self, data):
                    rows, answers = data
                    predicted = »self(rows, training=True)«
                    self.compute_loss(y=answers, y_pred=predicted)
                    return self.compute_metrics(rows, answers, predicted)

            model = Net()
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=20)
            """,
            """
            import keras
            from project import x, y

            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = keras.layers.Dense(64, activation="relu")
                    self.drop = keras.layers.Dropout(0.3)
                    self.head = keras.layers.Dense(1, activation="sigmoid")

                def call(self, rows, training=False):
                    return self.head(self.drop(self.hidden(rows), training=training))

                def test_step(self, data):
                    rows, answers = data
                    predicted = self(rows, training=False)
                    self.compute_loss(y=answers, y_pred=predicted)
                    return self.compute_metrics(rows, answers, predicted)

            model = Net()
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=20)
            """,
        ),
        Example(
            "A validation step of its own",
            """
            import tensorflow as tf
            from project import batches, val_batches

            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            losses = tf.keras.metrics.Mean()

            @tf.function
            def train_step(model, loss_fn, optimizer, x, y):
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            @tf.function
            def val_step(model, loss_fn, losses, x, y):
                scores = »model(x, training=True)«
                losses.update_state(loss_fn(y, scores))

            for epoch in range(20):
                for x, y in batches:
                    train_step(model, loss_fn, optimizer, x, y)
                for x, y in val_batches:
                    val_step(model, loss_fn, losses, x, y)
                print(losses.result())
                losses.reset_state()
            """,
            """
            import tensorflow as tf
            from project import batches, val_batches

            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            losses = tf.keras.metrics.Mean()

            @tf.function
            def train_step(model, loss_fn, optimizer, x, y):
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            @tf.function
            def val_step(model, loss_fn, losses, x, y):
                scores = model(x, training=False)
                losses.update_state(loss_fn(y, scores))

            for epoch in range(20):
                for x, y in batches:
                    train_step(model, loss_fn, optimizer, x, y)
                for x, y in val_batches:
                    val_step(model, loss_fn, losses, x, y)
                print(losses.result())
                losses.reset_state()
            """,
        ),
        Example(
            "Normalization that always trains, in a function for blocks",
            """
            import keras
            from keras import layers
            from project import x, x_val, y, y_val

            def block(x, units):
                x = layers.Dense(units, use_bias=False)(x)
                return layers.ReLU()(»layers.BatchNormalization()(x, training=True)«)

            inputs = keras.Input((30,))
            outputs = layers.Dense(1, activation="sigmoid")(block(block(inputs, 48), 24))
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
            """
            import keras
            from keras import layers
            from project import x, x_val, y, y_val

            def block(x, units):
                x = layers.Dense(units, use_bias=False)(x)
                return layers.ReLU()(layers.BatchNormalization()(x))

            inputs = keras.Input((30,))
            outputs = layers.Dense(1, activation="sigmoid")(block(block(inputs, 48), 24))
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
        ),
        Example(
            "A part that always trains",
            """
            import keras
            from keras import layers

            base = keras.Sequential(
                [keras.Input((28, 28, 1)), layers.Conv2D(16, 3), layers.BatchNormalization(), layers.ReLU()]
            )
            inputs = keras.Input((28, 28, 1))
            features = layers.GlobalAveragePooling2D()(»base(inputs, training=True)«)
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
            """
            import keras
            from keras import layers

            base = keras.Sequential(
                [keras.Input((28, 28, 1)), layers.Conv2D(16, 3), layers.BatchNormalization(), layers.ReLU()]
            )
            inputs = keras.Input((28, 28, 1))
            features = layers.GlobalAveragePooling2D()(base(inputs))
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
        ),
    )
    good = (
        Example(
            "Many predictions of the same rows",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import x, x_new, y

            inputs = keras.Input((20,))
            hidden = layers.Dropout(0.2)(layers.Dense(64, activation="relu")(inputs), training=True)
            model = keras.Model(inputs, layers.Dense(1)(hidden))
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, validation_split=0.2)
            answers = np.stack([model.predict(x_new) for _ in range(50)])
            print(answers.mean(axis=0), answers.std(axis=0))
            """,
        ),
        Example(
            "A frozen part, which does not listen",
            """
            import keras
            from keras import layers

            base = keras.Sequential(
                [keras.Input((28, 28, 1)), layers.Conv2D(16, 3), layers.BatchNormalization(), layers.ReLU()]
            )
            base.load_weights("base.weights.h5")
            base.trainable = False
            inputs = keras.Input((28, 28, 1))
            features = layers.GlobalAveragePooling2D()(base(inputs, training=True))
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
        ),
        Example(
            "Predictions drawn from dropout",
            """
            import keras
            from keras import layers

            class MonteCarloNet(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(64, activation="relu")
                    self.drop = layers.Dropout(0.3)
                    self.head = layers.Dense(1)

                def call(self, x, training=False):
                    return self.head(self.drop(self.hidden(x), training=True))

            model = MonteCarloNet()
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, validation_data=(x_val, y_val))
            """,
        ),
        Example(
            "Each in its place",
            """
            import tensorflow as tf

            (x_train, y_train), (x_val, y_val) = tf.keras.datasets.mnist.load_data()
            x_val = x_val.reshape(-1, 784) / 255
            pairs = tf.data.Dataset.from_tensor_slices((x_train.reshape(-1, 784) / 255, y_train))
            batches = pairs.shuffle(10_000).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(10)]
            )
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for epoch in range(20):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        loss = loss_fn(y, model(x, training=True))
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            val_loss = loss_fn(y_val, model(x_val, training=False))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report layers and inner models that are told training=True once for all, and models where they are judged."""
        if not program.mentions("training"):
            return
        reports = [
            *program.each_of(models_of, _of_model),
            *program.each_of(every_fit, _of_parts),
            *program.each_of(every_fit, _of_random_layers),
            *judged_while_training.by_tapes(program),
            *judged_while_training.by_own_steps(program),
        ]
        if reports and not program.matches(_ON_PURPOSE):
            yield from reports

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Hand on the argument of `call`; leave it to Keras inside a model; where a model is judged, say False."""
        parts = ((*_training_parts(fit), *_random_layers(program, fit)) for fit in program.fits)
        for place in (place for found in parts for place, _ in found):
            if program.range_of(place) == finding.range:
                edit = fixes.remove_argument(program, place, "training")
                return Fix("Leave it to Keras", Applicability.UNSAFE, (edit,)) if edit else None
        for call, place in search.found(program, cst.Call, "training"):
            if program.range_of(place) != finding.range or not says(call, True):
                continue
            within = dotted_name(call.func) or ""
            value = "training" if within.startswith("self.") else "False"
            edit = fixes.set_argument(program, place, "training", value)
            return Fix(f"Say training={value}", Applicability.UNSAFE, (edit,)) if edit else None
        return None


def _of_model(program: Program, model: Model) -> Iterator[Report]:
    """Dropout in the `call` of a model of the program's own, where that knows of training."""
    if model.kind is not ModelKind.SUBCLASSED:
        return
    for tensor in model.tensors():
        layer, place = tensor.producer, tensor.place
        if not isinstance(layer, Layer) or layer.class_name not in RANDOM_LAYERS or place is None:
            continue
        if isinstance(place.node, cst.Call) and says(place.node, True) and _knows_of_training(place):
            yield Report(
                place,
                f"This {layer.class_name} is always told that it trains, so it drops values in predictions and in "
                "validation too.",
                (Related(layer.place, "The layer is made here."),),
                recipe="training=training",
            )


def _of_parts(program: Program, fit: Fit) -> Iterator[Report]:
    """A model or layer inside the functional one that is trained, which works as in training whatever that one does."""
    said = set()
    for place, layer in _training_parts(fit):
        if place.key in said:  # a function for each of several blocks
            continue
        said.add(place.key)
        is_own = isinstance(place.node, cst.Call) and place.node.func is layer.place.node
        what = f"This {layer.class_name} is" if is_own else "The model in here is"
        goes = "it goes" if is_own else f"its {layer.class_name} goes"
        yield Report(
            place,
            f"{what} always told that it trains, so {goes} by the batch at hand in predictions and in validation too: "
            "the answer for a row depends on the rows beside it.",
            () if is_own else (Related(layer.place, "This layer works as in training."),),
        )


def _training_parts(fit: Fit) -> Iterator[tuple[Place, Layer]]:
    """Where the trained model runs another one in training mode once for all, and what in it listens to that."""
    model = fit.model
    if model is None or model.kind is not ModelKind.FUNCTIONAL:
        return
    for tensor in model.tensors():
        part, place = tensor.producer, tensor.place
        if place is None or not isinstance(place.node, cst.Call) or not says(place.node, True):
            continue
        if isinstance(part, Model):
            layer = next((each for each in part.layers if _goes_by_batch(model, each)), None)
            if layer is not None:
                yield place, layer
        elif isinstance(part, Layer) and _goes_by_batch(model, part) and fit.method == "fit" and _is_plain(place):
            yield place, part


def _of_random_layers(program: Program, fit: Fit) -> Iterator[Report]:
    """Dropout in a functional model that never stops dropping."""
    for place, layer in _random_layers(program, fit):
        yield Report(
            place,
            f"This {layer.class_name} is always told that it trains, so it drops values in predictions and in "
            "validation too.",
            recipe=f"{layer.class_name}(...)(x)  # without training=True",
        )


def _random_layers(program: Program, fit: Fit) -> Iterator[tuple[Place, Layer]]:
    """Where a trained model runs Dropout in training mode once for all, and each row is predicted once."""
    if fit.model is None or fit.method != "fit" or fit.model.kind is not ModelKind.FUNCTIONAL:
        return
    found = list(_told_to_train(fit.model))
    asked = [each.place for each in evaluations_of(program, fit)] if found else []
    around = parents.ancestors(fit.place) if asked else []
    within = (node for place in asked for node in parents.ancestors(place) if node not in around)
    if asked and not any(isinstance(node, _REPEATING) for node in within):
        yield from found  # of many predictions of one row, the mean and the spread may be wanted


def _told_to_train(model: Model) -> Iterator[tuple[Place, Layer]]:
    for tensor in model.tensors():
        layer, place = tensor.producer, tensor.place
        if not isinstance(layer, Layer) or layer.class_name not in RANDOM_LAYERS or place is None:
            continue
        if isinstance(place.node, cst.Call) and says(place.node, True) and _is_plain(place):
            yield place, layer


_REPEATING = (cst.For, cst.While, cst.CompFor, cst.ListComp, cst.GeneratorExp, cst.Lambda, cst.FunctionDef)
"""What may ask for predictions several times."""


def _is_plain(place: Place) -> bool:
    """Whether it stands in no generator or judge of two models that train against each other: there it is usual."""
    return not any(
        isinstance(each, cst.FunctionDef) and _ADVERSARIES.search(each.name.value) for each in parents.ancestors(place)
    )


_ADVERSARIES = re.compile(r"generator|discriminator|critic|encoder|gan", re.IGNORECASE)


def _goes_by_batch(model: Model, layer: Layer) -> bool:
    """Whether a layer takes averages of the batch when it is told that it trains: frozen, it does not listen."""
    return layer.class_name == "BatchNormalization" and not model.is_frozen(layer)


def _knows_of_training(place: Place) -> bool:
    """Whether the function around takes an argument `training` that it could hand on."""
    function = parents.function_around(place)
    known = [*function.params.params, *function.params.kwonly_params] if function is not None else []
    return any(each.name.value == "training" for each in known)
