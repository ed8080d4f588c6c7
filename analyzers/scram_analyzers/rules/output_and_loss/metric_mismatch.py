"""SCR422 metric-mismatch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.rules.output_and_loss.evidence.updated_metrics import misread
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.keras_api.losses import CATEGORICAL, CROSS_ENTROPIES
from scram_analyzers.source.program import Metric, Program

THRESHOLDED = frozenset(
    [
        "binary_accuracy",
        "precision",
        "recall",
        "true_positives",
        "true_negatives",
        "false_positives",
        "false_negatives",
    ]
)
"""Metrics that turn an output into yes or no at a threshold, 0.5 unless told otherwise."""

SPARSE = frozenset(("sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"))
ROW_WISE = frozenset(("categorical_accuracy", "top_k_categorical_accuracy"))
TWINS = {
    "sparse_categorical_accuracy": "categorical_accuracy",
    "sparse_top_k_categorical_accuracy": "top_k_categorical_accuracy",
    "categorical_accuracy": "sparse_categorical_accuracy",
    "top_k_categorical_accuracy": "sparse_top_k_categorical_accuracy",
}


@dataclass(frozen=True, slots=True)
class _Mismatch:
    """Why a metric says nothing here, and as code, where they are plainly right, the metric that would say something
    or the argument that this one lacks."""

    reason: str
    instead: str | None = None
    argument: str | None = None
    severity: Severity | None = None


class MetricMismatch(Rule):
    """A metric that can't mean anything for this head, loss or labels."""

    code = "SCR422"
    name = "metric-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a metric that does not fit the outputs, the loss or the form of the labels"
    why = (
        "A metric only means something for the outputs and labels that it was made for. Given others, it doesn't "
        "stop: it shows a number that looks like quality and is none, and early stopping or the choice of a model "
        "follow it."
    )
    how = (
        'Write "accuracy" as a string: Keras then picks the version that fits the labels and outputs. For logits '
        "under binary cross-entropy use BinaryAccuracy(threshold=0.0); for several labels at once binary_accuracy, "
        "AUC or F1."
    )
    references = (
        Reference("Keras: Accuracy metrics", "https://keras.io/api/metrics/accuracy_metrics/"),
        Reference("Keras: Classification metrics", "https://keras.io/api/metrics/classification_metrics/"),
    )
    false_alarms = "Labels or outputs that are changed by a metric or a model of the program's own."
    bad = (
        Example(
            "Accuracy of logits: yes begins at 0, not at 0.5",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
            model.compile(
                optimizer="adam",
                loss=keras.losses.BinaryCrossentropy(from_logits=True),
                metrics=[»keras.metrics.BinaryAccuracy()«],
            )
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
            model.compile(
                optimizer="adam",
                loss=keras.losses.BinaryCrossentropy(from_logits=True),
                metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
            )
            """,
        ),
        Example(
            "Numbered labels, read as rows",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=[»"categorical_accuracy"«])
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
            """,
        ),
        Example(
            "Right noes are counted as well",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile("adam", "categorical_crossentropy", metrics=[»"binary_accuracy"«])
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Precision and AUC of logits",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
            model.compile(
                optimizer="adam",
                loss=keras.losses.BinaryCrossentropy(from_logits=True),
                metrics=[»keras.metrics.Precision()«, »keras.metrics.AUC(name="auc")«],
            )
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
            model.compile(
                optimizer="adam",
                loss=keras.losses.BinaryCrossentropy(from_logits=True),
                metrics=[keras.metrics.Precision(thresholds=0.0), keras.metrics.AUC(name="auc", from_logits=True)],
            )
            """,
        ),
        Example(
            "The class Accuracy compares outputs with labels exactly",
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=[»tf.keras.metrics.Accuracy()«])
            """,
            """
            import tensorflow as tf

            model = tf.keras.Sequential([tf.keras.layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Classes that are picked already, in a loop",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
            loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            right = tf.keras.metrics.SparseCategoricalAccuracy()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    scores = model(x, training=True)
                    loss = loss_of(y, scores)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                »right.update_state(y, tf.argmax(scores, axis=1))«
            print(right.result())
            """,
        ),
        Example(
            "Labels in the other form, in a loop",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
            loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            right = tf.keras.metrics.CategoricalAccuracy()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    scores = model(x, training=True)
                    loss = loss_of(y, scores)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                »right(y, scores)«
            print(right.result())
            """,
        ),
        Example(
            "Precision of classes by number",
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            metrics = ["accuracy", »keras.metrics.Precision()«]
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=metrics)
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Masks that are counted as class numbers",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Conv2D(8, 3, activation="relu")])
            model.add(layers.Conv2D(4, 1, activation="softmax"))
            iou = »keras.metrics.MeanIoU(num_classes=4)«
            model.compile("adam", "sparse_categorical_crossentropy", metrics=[iou])
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Conv2D(8, 3, activation="relu")])
            model.add(layers.Conv2D(4, 1, activation="softmax"))
            iou = keras.metrics.MeanIoU(num_classes=4, sparse_y_pred=False)
            model.compile("adam", "sparse_categorical_crossentropy", metrics=[iou])
            """,
        ),
    )
    good = (
        Example(
            "Class numbers for both, in a loop",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
            loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            right = tf.keras.metrics.SparseCategoricalAccuracy()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    scores = model(x, training=True)
                    loss = loss_of(y, scores)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                right.update_state(y, scores)
            print(right.result())
            """,
        ),
        Example(
            "Classes compared with classes, in a loop",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
            loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            right = tf.keras.metrics.Accuracy()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    scores = model(x, training=True)
                    loss = loss_of(y, scores)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                right.update_state(y, tf.argmax(scores, axis=1))
            print(right.result())
            """,
        ),
        Example(
            "Keras picks the accuracy that fits",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "The largest logit is the largest probability",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10)])
            model.compile(
                optimizer="adam",
                loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=[keras.metrics.SparseCategoricalAccuracy()],
            )
            """,
        ),
        Example(
            "A threshold for logits",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
            model.compile(
                optimizer="adam",
                loss=keras.losses.BinaryCrossentropy(from_logits=True),
                metrics=[keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.AUC(from_logits=True)],
            )
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each metric that says nothing beside its loss."""
        yield from program.each_of(cases.cases, self._of_case)
        for each in misread(program) if program.mentions("GradientTape") else ():
            spelled = program.imports.spell(f"keras.metrics.{each.instead}").text
            yield Report(each.place, f"The metric {each.kind} {each.reason}.", recipe=f"{spelled}()")

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        for metric in case.metrics or ():
            found = _mismatch(program, case, metric)
            if found is None:
                continue
            head = case.head.activation_place or case.head.place
            yield Report(
                place=metric.place,
                message=f"The metric {_words(metric)} {found.reason}.",
                related=(
                    Related(case.loss.place, "The loss beside it."),
                    *((Related(head, "The outputs it judges."),) if head is not None else ()),
                ),
                severity=found.severity,
                recipe=f"metrics=[{found.instead}]" if found.instead is not None else found.argument or "",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The metric that fits."""
        for case in cases.cases(program):
            for metric in case.metrics or ():
                if program.range_of(metric.place) != finding.range:
                    continue
                found = _mismatch(program, case, metric)
                if found is None:
                    return None
                added = fixes.add_argument(program, metric.place, found.argument) if found.argument else None
                if added is not None:
                    return Fix(f"Add {found.argument}", Applicability.UNSAFE, (added,))
                if found.instead is None or _has_arguments(metric):
                    return None
                edit = fixes.replace(program, metric.place, found.instead)
                return Fix(f"Use {found.instead}", Applicability.UNSAFE, (edit,))
        return None


def _mismatch(program: Program, case: Case, metric: Metric) -> _Mismatch | None:
    if case.loss.name not in CROSS_ENTROPIES or metric.name is None:
        return None
    return (
        _of_equality(metric)
        or _of_whole_numbers(case, metric)
        or _of_logits(program, case, metric)
        or _of_head(case, metric)
        or _of_labels(case, metric)
        or _of_counts(case, metric)
    )


def _of_equality(metric: Metric) -> _Mismatch | None:
    if metric.kind != "keras.metrics.Accuracy":
        return None
    return _Mismatch("asks whether outputs such as 0.93 equal the labels exactly, which is never so", '"accuracy"')


def _of_whole_numbers(case: Case, metric: Metric) -> _Mismatch | None:
    """A metric that wants the number of a class for each place, and gets chances."""
    if metric.kind != "keras.metrics.MeanIoU" or case.head.activation is None:
        return None
    if metric.arguments.open or "sparse_y_pred" in metric.arguments.keywords:
        return None
    reason = "takes outputs for class numbers: it cuts chances such as 0.93 off to 0, whatever the model answers"
    if case.head.activation == "softmax":
        return _Mismatch(reason, argument="sparse_y_pred=False")
    return _Mismatch(reason, "keras.metrics.BinaryIoU()" if case.head.units == 1 else None)


def _of_logits(program: Program, case: Case, metric: Metric) -> _Mismatch | None:
    """Metrics with a threshold for probabilities, given logits."""
    if case.loss.from_logits is not True or case.head.activation != "linear":
        return None
    plain = metric.kind is None and metric.name == "accuracy" and case.loss.name == "binary_crossentropy"
    thresholded = metric.name in THRESHOLDED and not _given(metric, "threshold", "thresholds", "top_k")
    if metric.name == "auc" and not _given(metric, "from_logits", "thresholds"):
        return _Mismatch(
            "moves its threshold from 0 to 1, but these outputs are logits, most of which lie outside",
            argument="from_logits=True",
        )
    if not plain and not thresholded:
        return None
    reason = "says yes from 0.5 on, but these outputs are logits, where yes begins at 0"
    if metric.name not in ("accuracy", "binary_accuracy"):
        return _Mismatch(reason, argument="thresholds=0.0")
    spelling = program.imports.spell("keras.metrics.BinaryAccuracy")
    instead = None if spelling.needs_import else f"{spelling.text}(threshold=0.0)"
    # what is learned stays the same, and a little of the accuracy is lost: those near the threshold
    return _Mismatch(reason, instead, "threshold=0.0", Severity.INFO)


def _of_head(case: Case, metric: Metric) -> _Mismatch | None:
    units, activation = case.head.units, case.head.activation
    if metric.name == "binary_accuracy" and activation == "softmax" and units is not None and units > 2:
        return _Mismatch(
            f"judges each of the {units} outputs by itself, and most of them are right to say no", '"accuracy"'
        )
    if metric.name not in SPARSE | ROW_WISE:
        return None
    if units == 1:
        return _Mismatch("looks for the largest of several outputs, but there is one: it is always right", '"accuracy"')
    many = case.loss.name == "binary_crossentropy" and activation == "sigmoid"
    if many and case.form is not LabelForm.ONE_HOT:
        return _Mismatch(
            "looks for the one largest output, but each output is a question of its own", '"binary_accuracy"'
        )
    return None


def _of_labels(case: Case, metric: Metric) -> _Mismatch | None:
    """A metric for the other form of labels; where the labels aren't known the loss tells their form."""
    if case.loss.name not in CATEGORICAL or metric.name not in TWINS:
        return None
    rows = case.form in cases.ROWS if case.form is not None else case.loss.name == "categorical_crossentropy"
    if case.form is None or case.form in cases.CLASS_FORMS:
        if rows and metric.name in SPARSE:
            return _Mismatch("reads the number of a class, but the labels are one-hot rows", f'"{TWINS[metric.name]}"')
        if not rows and metric.name in ROW_WISE:
            return _Mismatch("reads one-hot rows, but the labels are class numbers", f'"{TWINS[metric.name]}"')
    return None


def _of_counts(case: Case, metric: Metric) -> _Mismatch | None:
    """A metric that puts a label beside each output, where an example has one label for all of them."""
    several = case.head.activation == "softmax" or (case.head.units or 1) > 1
    numbered = case.loss.name == "sparse_categorical_crossentropy" and case.form not in cases.ROWS
    if metric.name not in COUNTING or metric.kind is None or not several or not numbered or metric.arguments.open:
        return None
    outputs = f"each of the {case.head.units} outputs" if case.head.units is not None else "each of several outputs"
    return _Mismatch(f"wants a label for {outputs}, as one-hot rows hold them, but the labels are class numbers")


COUNTING = frozenset(
    (
        *("precision", "recall", "auc", "f1_score", "fbeta_score", "f_beta_score"),
        *("true_positives", "true_negatives", "false_positives", "false_negatives"),
        *("precision_at_recall", "recall_at_precision", "sensitivity_at_specificity", "specificity_at_sensitivity"),
    )
)
"""Metrics that count right and wrong answers of each output."""


def _given(metric: Metric, *names: str) -> bool:
    arguments = metric.arguments
    return arguments.open or bool(arguments.positional) or any(name in arguments.keywords for name in names)


def _has_arguments(metric: Metric) -> bool:
    return isinstance(metric.place.node, cst.Call) and bool(metric.place.node.args)


def _words(metric: Metric) -> str:
    return metric.kind.rpartition(".")[2] if metric.kind is not None else metric.name or "here"
