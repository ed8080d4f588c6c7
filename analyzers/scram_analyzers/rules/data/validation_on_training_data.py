"""SCR209 validation-on-training-data."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence import copied_rows, made_alike, own_validation, shuffled_anew
from scram_analyzers.rules.data.evidence.judging import (
    Judged,
    cut_alike,
    name_of,
    trained_on,
    validation_of,
    validations_of,
)
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.shared_rows import shared_rows
from scram_analyzers.source.data import shares_rows
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import Tuple, Unknown


class ValidationOnTrainingData(Rule):
    """Validation data that the model is also trained on."""

    code = "SCR209"
    name = "validation-on-training-data"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "validation data that hold examples of the training data"
    why = (
        "The model has seen these examples, so the validation loss falls with the training loss: overfitting can't be "
        "seen, and early stopping or a kept checkpoint goes by a number that says nothing about new data."
    )
    how = "Hold back examples that training never sees: validation_split=0.2, or a part made by train_test_split."
    references = (
        Reference(
            "Keras: Training and evaluation with the built-in methods",
            "https://keras.io/guides/training_with_built_in_methods/",
        ),
        Reference("UMLAUT (CHI 2021)", "https://doi.org/10.1145/3411764.3445538"),
    )
    false_alarms = "A test of the code on a few examples, in which the model is meant to learn them by heart."
    bad = (
        Example(
            "The first rows of the training data",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(»x_train[:100]«, y_train[:100]))
            """,
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_split=0.2)
            """,
        ),
        Example(
            "Split, and then trained on everything",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, validation_data=(»x_test«, y_test))
            """,
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, validation_split=0.2)
            """,
        ),
        Example(
            "The same slice twice",
            """
            import keras
            import numpy as np

            archive = np.load("signals.npz")
            x, y = archive["x"], archive["y"]
            n = int(0.8 * len(x))
            x_train, y_train = x[:n], y[:n]
            x_val, y_val = x[:n], y[:n]
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(»x_val«, y_val), epochs=20)
            """,
            """
            import keras
            import numpy as np

            archive = np.load("signals.npz")
            x, y = archive["x"], archive["y"]
            n = int(0.8 * len(x))
            x_train, y_train = x[:n], y[:n]
            x_val, y_val = x[:n], y[:n]
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_split=0.2, epochs=20)
            """,
        ),
        Example(
            "Rows copied before the split",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            x, y = »np.repeat(x, 3, axis=0)«, np.repeat(y, 3, axis=0)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Parted after a shuffle that draws anew",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            rows = »tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000)«
            train, val = rows.skip(40).batch(32), rows.take(40).batch(32)
            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(train, validation_data=val, epochs=20)
            """,
        ),
        Example(
            "In a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(178).batch(16):
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            val_loss = float(»judge(y_train, model(x_train, training=False))«)
            """,
        ),
        Example(
            "In the validation step of a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2)
            train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(178).batch(16)
            val_ds = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(16)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            val_loss = keras.metrics.Mean()

            def train_step(model, judge, optimizer, batch, labels):
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            def val_step(model, judge, val_loss, batch, labels):
                val_loss.update_state(judge(labels, model(batch, training=False)))

            for epoch in range(20):
                for batch, labels in train_ds:
                    train_step(model, judge, optimizer, batch, labels)
                for batch, labels in »train_ds«:
                    val_step(model, judge, val_loss, batch, labels)
            """,
        ),
        Example(
            "The first rows of a dataset, twice",
            """
            import keras
            import numpy as np
            import tensorflow as tf

            archive = np.load("signals.npz")
            rows = tf.data.Dataset.from_tensor_slices((archive["x"], archive["y"]))
            n = int(0.8 * len(archive["x"]))
            train = rows.take(n).shuffle(1000).batch(32)
            val = rows.take(len(archive["x"]) - n).batch(32)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, validation_data=»val«, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "The first rows of a dataset, and those after them",
            """
            import keras
            import numpy as np
            import tensorflow as tf

            archive = np.load("signals.npz")
            rows = tf.data.Dataset.from_tensor_slices((archive["x"], archive["y"]))
            n = int(0.8 * len(archive["x"]))
            train = rows.take(n).shuffle(1000).batch(32)
            val = rows.skip(n).take(100).batch(32)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, validation_data=val, epochs=20)
            """,
        ),
        Example(
            "The same step on both parts",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2)
            train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(178).batch(16)
            val_ds = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(16)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            val_loss = keras.metrics.Mean()

            def train_step(model, judge, optimizer, batch, labels):
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))

            def val_step(model, judge, val_loss, batch, labels):
                val_loss.update_state(judge(labels, model(batch, training=False)))

            for batch, labels in train_ds:
                train_step(model, judge, optimizer, batch, labels)
            for batch, labels in train_ds.take(5):
                val_step(model, judge, val_loss, batch, labels)
            for batch, labels in val_ds:
                val_step(model, judge, val_loss, batch, labels)
            """,
        ),
        Example(
            "The losses of both parts in a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(178).batch(16):
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            train_loss = float(judge(y_train, model(x_train, training=False)))
            val_loss = float(judge(y_val, model(x_val, training=False)))
            """,
        ),
        Example(
            "Parted after a shuffle that keeps its order",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000, reshuffle_each_iteration=False)
            train, val = rows.skip(40).batch(32), rows.take(40).batch(32)
            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(train, validation_data=val, epochs=20)
            """,
        ),
        Example(
            "Grey images with three channels",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            digits = load_digits()
            x = np.repeat(digits.images[..., np.newaxis] / 16, 3, axis=-1)
            x_train, x_test, y_train, y_test = train_test_split(x, digits.target, test_size=0.2)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "The two sides of a cut",
            """
            import keras
            import numpy as np

            archive = np.load("signals.npz")
            x, y = archive["x"], archive["y"]
            n = int(0.8 * len(x))
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[:n], y[:n], validation_data=(x[n:], y[n:]), epochs=20)
            """,
        ),
        Example(
            "Rows apart",
            """
            import keras

            (x, y), _ = keras.datasets.mnist.load_data()
            x = x / 255
            x_val, y_val = x[:10000], y[:10000]
            x_train, y_train = x[10000:], y[10000:]
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_val, y_val))
            """,
        ),
        Example(
            "A split by scikit-learn",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Rows counted from the end",
            """
            import keras

            (x, y), _ = keras.datasets.cifar10.load_data()
            x = x / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[:-5000], y[:-5000], validation_data=(x[-5000:], y[-5000:]))
            """,
        ),
        Example(
            "One graph, of which masks tell the nodes to train on",
            """
            from project import graph, kinds, make_model, training_mask, validation_mask

            model = make_model()
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(
                graph,
                kinds,
                sample_weight=training_mask,
                validation_data=(graph, kinds, validation_mask),
            )
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report validation data that share rows with the training data."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(every_fit, shuffled_anew.of_fit)
        yield from own_validation.judged_by_training_rows(program)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        if _weighed(fit):
            return
        yield from _by_name(fit)
        yield from copied_rows.of_fit(program, fit)
        yield from made_alike.of_fit(program, fit)
        pairs = [(one, other) for one in trained_on(fit) for other in validations_of(fit) if one.entry is other.entry]
        if not pairs or not all(_is_shared(*pair) for pair in pairs):  # one input may hold the same for all rows
            return
        trained, judged = pairs[0]
        validation, training = name_of(judged.place, ""), name_of(trained.place, "")
        if validation and validation == training:
            message = f"The validation data are the training data themselves: {validation} in both places."
        else:
            named = (f" ({name})" if name else "" for name in (validation, training))
            message = f"The validation data{next(named)} are among the training data{next(named)}."
        related = (Related(trained.place, "The model is trained on these."), *_taken(program, judged))
        yield Report(judged.place, message, related, recipe="validation_split=0.2" if _is_array(fit) else "")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by validation rows that are also in the training data."""
        found = shared_rows(history)
        if found is not None:
            severity = Severity.INFO if found.may_be_natural else None
            yield RunReport(Subject(SubjectKind.VALIDATION), found.message, severity=severity)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Let Keras hold back a fifth of the arrays."""
        for fit in program.fits:
            judged = validation_of(fit)
            if judged is None or program.range_of(judged.place) != finding.range or not _is_array(fit):
                continue
            argument = fixes.argument_of(fit.place, "validation_data")
            if argument is not None:
                edit = fixes.replace(program, argument, "validation_split=0.2")
                return Fix("Validate on 20% of the data, held back by Keras", Applicability.UNSAFE, (edit,))
        return None


def _taken(program: Program, judged: Judged) -> Iterator[Related]:
    """Where the validation rows were cut out or loaded, if that is not where they are passed."""
    cuts = [step.place for step in judged.data.steps if step.name == "getitem" and step.place is not None]
    place = cuts[-1] if cuts else judged.data.place
    if place is not None and not program.range_of(judged.place).contains(program.range_of(place)):
        yield Related(place, "The validation data are taken here.")


def _is_shared(trained: Judged, judged: Judged) -> bool:
    return shares_rows(trained.data, judged.data) or cut_alike(trained.data, judged.data)


def _weighed(fit: Fit) -> bool:
    """Whether weights of their own may tell the rows of both parts apart, as the masks of a graph's nodes do."""
    given = fit.arguments.value("validation_data")
    weighs_validation = isinstance(given, Tuple) and len(given.items) == 3
    return weighs_validation and fit.arguments.get("sample_weight") is not None


def _by_name(fit: Fit) -> Iterator[Report]:
    """Training data of which nothing is known, and which are passed under the same name for validation."""
    given, x = fit.validation, fit.x
    if given is None or x is None or given.place is None or x.place is None:
        return
    unknown = isinstance(given.value, Unknown) and isinstance(x.value, Unknown)
    unknown &= bool(x.place.text.strip("_"))  # an exercise's blank to fill in: `____`
    if unknown and isinstance(given.place.node, (cst.Name, cst.Attribute)) and given.place.text == x.place.text:
        yield Report(
            given.place,
            f"The validation data are the training data themselves: {x.place.text} in both places.",
            (Related(x.place, "The model is trained on these."),),
            recipe="validation_split=0.2" if fit.y is not None else "",
        )


def _is_array(fit: Fit) -> bool:
    """`validation_split` works for arrays only, not for datasets and generators."""
    from_dataset = fit.inputs is not None and any(step.name == "from_tensor_slices" for step in fit.inputs.steps)
    return (
        fit.method == "fit"
        and fit.y is not None
        and fit.inputs is not None
        and not (fit.inputs.batched or from_dataset)
    )
