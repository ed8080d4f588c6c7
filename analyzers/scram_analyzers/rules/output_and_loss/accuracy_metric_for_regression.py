"""SCR416 accuracy-metric-for-regression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.places_in_pictures import are_places
from scram_analyzers.source.data import Data, LabelForm
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.heads import heads_of
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.program import Compile, Fit, Loss, Metric, Program

CLASS_METRICS = cases.ACCURACIES | {"precision", "recall", "auc", "f1_score"}
INSTEAD = "mean_absolute_error"


class AccuracyMetricForRegression(Rule):
    """Numbers judged by a metric for classes."""

    code = "SCR416"
    name = "accuracy-metric-for-regression"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "accuracy, or another metric for classes, beside a regression loss or of inputs that are given back"
    why = (
        "Accuracy counts predictions that name the right class. A predicted number such as 3.07 is never exactly "
        "3.1, so accuracy stays near 0 (or says something by chance) however good the model is."
    )
    how = (
        'Use a metric in the unit of the targets: metrics=["mae"] says how far off the predictions are on average. '
        "If these are classes after all, the loss is wrong: use cross-entropy."
    )
    references = (
        Reference("Keras: Regression metrics", "https://keras.io/api/metrics/regression_metrics/"),
        Reference("TensorFlow: Basic regression", "https://www.tensorflow.org/tutorials/keras/regression"),
    )
    false_alarms = "Targets that are 0 and 1 where it can't be seen, as in a least-squares GAN."
    bad = (
        Example(
            "One of two outputs, whose losses stand in a list and whose metrics go by names",
            """
            import keras
            from keras import layers
            from project import ages, genders, photos

            inputs = keras.Input((64, 64, 1))
            x = layers.Flatten()(layers.Conv2D(8, 3, activation="relu")(inputs))
            gender = layers.Dense(1, activation="sigmoid", name="gender")(x)
            age = layers.Dense(1, name="age")(x)
            model = keras.Model(inputs, [gender, age])
            metrics = {"gender": "accuracy", "age": »"accuracy"«}
            model.compile("adam", ["binary_crossentropy", "mae"], metrics=metrics)
            model.fit(photos, [genders, ages], epochs=20)
            """,
        ),
        Example(
            "Grey levels that an autoencoder gives back",
            """
            import keras
            from keras import layers

            (x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(-1, 784).astype("float32") / 255
            coder = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")])
            coder.compile(optimizer="adam", loss="binary_crossentropy", metrics=[»"accuracy"«])
            coder.fit(x_train, x_train, epochs=20)
            """,
            """
            import keras
            from keras import layers

            (x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(-1, 784).astype("float32") / 255
            coder = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")])
            coder.compile(optimizer="adam", loss="binary_crossentropy", metrics=["mean_absolute_error"])
            coder.fit(x_train, x_train, epochs=20)
            """,
        ),
        Example(
            "House prices",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse", metrics=[»"accuracy"«])
            model.fit(x_train, y_train, epochs=50)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse", metrics=["mean_absolute_error"])
            model.fit(x_train, y_train, epochs=50)
            """,
        ),
        Example(
            "The metric as an object",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            model.compile("sgd", tf.keras.losses.Huber(), metrics=[»tf.keras.metrics.Accuracy()«])
            """,
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
            model.compile("sgd", tf.keras.losses.Huber(), metrics=[tf.keras.metrics.MeanAbsoluteError()])
            """,
        ),
    )
    good = (
        Example(
            "Zeros and ones to be given back",
            """
            import keras
            from keras import layers
            from project import marks

            coder = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(64, activation="sigmoid")])
            coder.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            coder.fit(marks, marks, epochs=20)
            """,
        ),
        Example(
            "A metric for numbers",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            """,
        ),
        Example(
            "Classes: there the loss is wrong, not the metric",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
            """,
        ),
        Example(
            "A judge of a least-squares GAN",
            """
            import keras
            import numpy as np
            from keras import layers

            judge = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
            judge.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
            judge.train_on_batch(np.random.rand(64, 10), np.ones((64, 1)))
            """,
        ),
        Example(
            "As many sigmoid units as there are classes",
            """
            import keras
            from project import features, labels, number_of_classes

            inputs = keras.Input((60, 1))
            x = keras.layers.Flatten()(keras.layers.Conv1D(6, 7, activation="sigmoid")(inputs))
            model = keras.Model(inputs, keras.layers.Dense(number_of_classes, activation="sigmoid")(x))
            model.compile(optimizer="adam", loss="mean_squared_error", metrics=["accuracy"])
            model.fit(features, labels)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each metric for classes in a compile whose every loss is one for numbers."""
        for compiled in program.compiles:
            for metric in compiled.metrics or ():
                losses = _losses_beside(compiled, metric) if metric.name in CLASS_METRICS else []
                if not _predicts_numbers(program, compiled, losses) or _classify(program, losses):
                    continue
                yield Report(
                    place=metric.place,
                    message=f"The metric {metric.name} counts right classes, but {_taught(losses[0])}.",
                    related=(Related(losses[0].place, "The loss beside it."),),
                    recipe='metrics=["mae"]',
                )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The mean absolute error in its place."""
        for compiled in program.compiles:
            for metric in compiled.metrics or ():
                if metric.name in CLASS_METRICS and program.range_of(metric.place) == finding.range:
                    return _fix(program, compiled, metric)
        return None


def _taught(loss: Loss) -> str:
    """What a model is trained to give that is no class."""
    if loss.name is None:
        return "the targets are measured numbers"
    if loss.name == PIXEL_LOSS:
        return "the targets are the inputs, which are measured numbers"
    return f"the loss {loss.name} trains the model to predict numbers"


PIXEL_LOSS = "binary_crossentropy"
"""A loss for classes that autoencoders take for values from 0 to 1 as well."""


def _classify(program: Program, losses: Sequence[Loss]) -> bool:
    """Whether one of these losses trains a classifier, which other rules speak of."""
    places = {loss.place.key for loss in losses}
    return any(
        case.loss.place.key in places and cases.classifies_with_regression_loss(case) is not None
        for case in cases.cases(program)
    )


def _losses_beside(compiled: Compile, metric: Metric) -> list[Loss]:
    """The losses of what a metric judges: of its output, or of all."""
    of_output = [loss for loss in compiled.losses if metric.output in (loss.output, _name_of_output(compiled, loss))]
    return of_output if metric.output is not None and len(compiled.losses) > 1 else list(compiled.losses)


def _name_of_output(compiled: Compile, loss: Loss) -> str | None:
    """The name of the output that a loss of a list is for: its own, or that of the layer it comes from."""
    outputs = compiled.model.outputs if compiled.model is not None else ()
    if compiled.model is None or not isinstance(loss.output, int) or loss.output >= len(outputs):
        return None
    names, producer = compiled.model.output_names, outputs[loss.output].producer
    return names[loss.output] if names else producer.name if isinstance(producer, Layer) else None


def _predicts_numbers(program: Program, compiled: Compile, losses: Sequence[Loss]) -> bool:
    """Whether every loss is one for numbers, and no labels are seen to be classes.

    Where nothing is known of the loss, the labels must be seen to be measured.
    """
    if not losses or (compiled.model is not None and compiled.model.trains_itself):
        return False
    fits = [fit for fit in program.fits if fit.compile is compiled]
    if not fits and compiled.model is not None and all(head.layer is None for head in heads_of(compiled.model)):
        return False  # it ends in something made elsewhere, and nothing here trains it
    if len(losses) == 1 and losses[0].output is not None:
        return losses[0].name in REGRESSION and not any(
            _classes(fit.targets_by_output.get(losses[0].output)) for fit in fits
        )
    if [loss.name for loss in losses] == [None]:
        return bool(fits) and all(_continuous(fit.targets) for fit in fits)
    if [loss.name for loss in losses] == [PIXEL_LOSS]:
        return bool(fits) and all(_reproduces(fit) and _is_measured(fit.targets) for fit in fits)
    if any(loss.name not in REGRESSION for loss in losses):
        return False
    if fits and all(fit.method == "train_on_batch" and not _continuous(fit.targets) for fit in fits):
        return False
    if any(_classes(fit.targets) for fit in fits):
        return False
    return _are_places(program, losses) or not _may_classify(compiled, fits)


def _are_places(program: Program, losses: Sequence[Loss]) -> bool:
    """Whether one of these losses measures how far off places in pictures are."""
    keys = {loss.place.key for loss in losses}
    return any(case.loss.place.key in keys and are_places(program, case) for case in cases.cases(program))


def _may_classify(compiled: Compile, fits: Sequence[Fit]) -> bool:
    """Whether the outputs may well be one sigmoid a class: there are several, and what the targets are is not told."""
    heads = heads_of(compiled.model) if compiled.model is not None else ()
    by_class = heads and all(
        head.activation == "sigmoid" and head.units != 1 and head.layer is not None and head.layer.class_name == "Dense"
        for head in heads
    )
    return bool(by_class) and not any(_is_told(fit.targets) or _reproduces(fit) for fit in fits)


def _is_told(targets: Data | None) -> bool:
    return targets is not None and (targets.range is not None or cases.label_form(targets) is not None)


def _reproduces(fit: Fit) -> bool:
    """Whether a training is written to give back its inputs: `fit(x, x)`."""
    x, y = (each.place.text if each is not None and each.place is not None else None for each in (fit.x, fit.y))
    return x is not None and x == y


def _is_measured(targets: Data | None) -> bool:
    """Whether targets were scaled and hold more than 0 and 1."""
    return targets is not None and targets.labels is None and targets.scaled and not cases.counted(targets)


def _continuous(targets: Data | None) -> bool:
    return cases.label_form(targets) is LabelForm.CONTINUOUS


def _classes(targets: Data | None) -> bool:
    """Whether the targets are classes, or whole numbers no larger than 1, which may be."""
    if targets is None:
        return False
    form, interval = cases.label_form(targets), targets.range
    if form is not None:
        return form in cases.CLASS_FORMS
    return interval is not None and interval.low >= 0 and interval.high <= 1 and cases.counted(targets)


def _fix(program: Program, compiled: Compile, metric: Metric) -> Fix | None:
    others = [each for each in compiled.metrics or () if each is not metric]
    if any(each.name == INSTEAD or each.name in CLASS_METRICS for each in others):
        return None
    if metric.kind is None:
        edits = [fixes.replace(program, metric.place, f'"{INSTEAD}"')]
    else:
        spelling = program.imports.spell("keras.metrics.MeanAbsoluteError")
        edits = [fixes.replace(program, metric.place, f"{spelling.text}()"), *fixes.import_edits(program, (spelling,))]
    return Fix("Measure the mean absolute error", Applicability.UNSAFE, tuple(edits))
