"""SCR401 logits-without-from-logits."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import heads
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import not_probabilities
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.heads import Head
from scram_analyzers.source.keras_api.losses import CATEGORICAL, CROSS_ENTROPIES, FOCAL
from scram_analyzers.source.program import Loss, Program


class LogitsWithoutFromLogits(Rule):
    """A head without activation whose loss takes its outputs for probabilities."""

    code = "SCR401"
    name = "logits-without-from-logits"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a last layer without softmax or sigmoid under a cross-entropy that expects probabilities"
    why = (
        "Cross-entropy without from_logits=True takes the outputs for probabilities between 0 and 1. A "
        "layer without activation gives any number (logits): Keras clips or rescales them, the gradients "
        "are wrong or zero, and the model learns little or nothing without any error."
    )
    how = (
        "Tell the loss that it gets logits: from_logits=True keeps the numbers stable. Or give the last "
        "layer softmax (one class of many) or sigmoid (yes or no), and leave the loss as it is."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "TensorFlow: Basic classification tutorial, from_logits",
            "https://www.tensorflow.org/tutorials/keras/classification",
        ),
        Reference("UMLAUT (CHI 2021)", "https://doi.org/10.1145/3411764.3445538"),
    )
    false_alarms = "A custom layer or loss that turns logits into probabilities where it can not be seen."
    bad = (
        Example(
            "Ten classes, no softmax",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    »layers.Dense(10)«,
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10),
                ]
            )
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            """,
        ),
        Example(
            "The function form of the loss",
            """
            import tensorflow as tf

            inputs = tf.keras.Input(shape=(20,))
            outputs = »tf.keras.layers.Dense(1)«(inputs)
            model = tf.keras.Model(inputs, outputs)
            model.compile("adam", tf.keras.losses.binary_crossentropy)
            """,
            """
            import tensorflow as tf

            inputs = tf.keras.Input(shape=(20,))
            outputs = tf.keras.layers.Dense(1)(inputs)
            model = tf.keras.Model(inputs, outputs)
            model.compile("adam", tf.keras.losses.BinaryCrossentropy(from_logits=True))
            """,
        ),
        Example(
            "In a subclassed model's own training loop",
            """
            import tensorflow as tf
            from project import batches


            class Classifier(tf.keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = tf.keras.layers.Dense(64, activation="relu")
                    self.scores = »tf.keras.layers.Dense(5)«

                def call(self, inputs):
                    return self.scores(self.hidden(inputs))


            model = Classifier()
            optimizer = tf.keras.optimizers.Adam()
            for features, labels in batches:
                with tf.GradientTape() as tape:
                    losses = tf.keras.losses.sparse_categorical_crossentropy(labels, model(features))
                gradients = tape.gradient(losses, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
            """
            import tensorflow as tf
            from project import batches


            class Classifier(tf.keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = tf.keras.layers.Dense(64, activation="relu")
                    self.scores = tf.keras.layers.Dense(5)

                def call(self, inputs):
                    return self.scores(self.hidden(inputs))


            model = Classifier()
            optimizer = tf.keras.optimizers.Adam()
            for features, labels in batches:
                with tf.GradientTape() as tape:
                    losses = tf.keras.losses.sparse_categorical_crossentropy(labels, model(features), from_logits=True)
                gradients = tape.gradient(losses, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "A language model that gives a number for each class",
            """
            import tensorflow as tf
            from transformers import TFBertForSequenceClassification

            model = »TFBertForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=4)«
            loss = tf.keras.losses.SparseCategoricalCrossentropy()
            model.compile(optimizer=tf.keras.optimizers.Adam(2e-5), loss=loss, metrics=["accuracy"])
            """,
            """
            import tensorflow as tf
            from transformers import TFBertForSequenceClassification

            model = TFBertForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=4)
            loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer=tf.keras.optimizers.Adam(2e-5), loss=loss, metrics=["accuracy"])
            """,
        ),
    )
    good = (
        Example(
            "The loss knows",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10),
                ]
            )
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            """,
        ),
        Example(
            "Softmax as a layer of its own",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10),
                    layers.Softmax(),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Something between that can not be understood",
            """
            import keras
            from keras import layers
            from project import Calibrate

            model = keras.Sequential([layers.Dense(10), Calibrate()])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each linear head under a cross-entropy that was not told of logits."""
        return program.each_of(heads.heads_and_losses, self._of_head)

    def _of_head(self, program: Program, pair: tuple[Head, Loss]) -> Iterator[Report]:
        head, loss = pair
        place = head.place
        if place is None or loss.name is None or not _expects_probabilities(head, loss):
            return
        spelled = program.imports.spell(f"keras.losses.{heads.CLASSES[loss.name]}").text
        named = heads.layer_words(head)
        yield Report(
            place=place,
            message=(
                f"{named[:1].upper()}{named[1:]} has no activation, but {loss.name} takes its outputs for "
                "probabilities."
            ),
            related=(Related(loss.place, "This loss expects probabilities unless told from_logits=True."),),
            recipe=f"loss={spelled}(from_logits=True)",
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by predictions that are no probabilities, from a last layer without activation."""
        seen = not_probabilities(history)
        if seen is None or seen.output.activation not in (None, "linear"):
            return
        yield RunReport(
            subject=Subject(SubjectKind.LOSS),
            message=(
                f"{seen.output.loss} takes the outputs of this model for probabilities, and they are none: "
                f"{seen.clause}."
            ),
            step=seen.panel.step,
            epoch=seen.panel.epoch,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Tell every loss that reads this head that it gets logits."""
        edits: dict[TextEdit, None] = {}
        for head, loss in heads.heads_and_losses(program):
            if (
                head.place is None
                or program.range_of(head.place) != finding.range
                or not _expects_probabilities(head, loss)
            ):
                continue
            own = heads.logits_edits(program, loss)
            if not own:
                return None
            edits |= dict.fromkeys(own)
        return Fix("Tell the loss that it gets logits", Applicability.UNSAFE, tuple(edits)) if edits else None


def _expects_probabilities(head: Head, loss: Loss) -> bool:
    """Whether a loss that wants probabilities reads a linear head."""
    wants = loss.name in CROSS_ENTROPIES | FOCAL and loss.from_logits is False
    return wants and head.activation == "linear" and not _is_single_unit_categorical(head, loss)


def _is_single_unit_categorical(head: Head, loss: Loss) -> bool:
    """One output under a categorical loss is another rule's: from_logits would not mend it."""
    return head.units == 1 and loss.name in CATEGORICAL
