"""SCR402 probabilities-with-from-logits."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import heads
from scram_analyzers.source.heads import Head
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES, FOCAL
from scram_analyzers.source.program import Loss, Program


class ProbabilitiesWithFromLogits(Rule):
    """A head that makes probabilities under a loss that makes them once more."""

    code = "SCR402"
    name = "probabilities-with-from-logits"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a last layer with softmax or sigmoid under a loss that was told from_logits=True"
    why = (
        "With from_logits=True the loss applies softmax or sigmoid itself. Applied twice, the probabilities are "
        "squeezed together: the loss can't fall far, gradients are small, and the model stays unsure. Keras on JAX "
        "and PyTorch says nothing; on TensorFlow it may only warn."
    )
    how = (
        "Keep one of the two: drop from_logits=True, or drop the activation of the last layer and keep "
        "from_logits=True (the more stable way)."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "NeuraLint: Nikanjam et al., Automatic Fault Detection for Deep Learning Programs (TOSEM 2021)",
            "https://arxiv.org/abs/2105.08095",
        ),
    )
    false_alarms = "None known."
    bad = (
        Example(
            "Softmax twice",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss=»keras.losses.SparseCategoricalCrossentropy(from_logits=True)«)
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy())
            """,
        ),
        Example(
            "The flag by position",
            """
            import tensorflow as tf

            inputs = tf.keras.Input(shape=(20,))
            outputs = tf.keras.layers.Dense(1, activation=tf.nn.sigmoid)(inputs)
            model = tf.keras.Model(inputs, outputs)
            loss = »tf.keras.losses.BinaryCrossentropy(True)«
            model.compile("adam", loss)
            """,
            """
            import tensorflow as tf

            inputs = tf.keras.Input(shape=(20,))
            outputs = tf.keras.layers.Dense(1, activation=tf.nn.sigmoid)(inputs)
            model = tf.keras.Model(inputs, outputs)
            loss = tf.keras.losses.BinaryCrossentropy(False)
            model.compile("adam", loss)
            """,
        ),
        Example(
            "In a training loop of its own",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
            loss_fn = »tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)«
            optimizer = tf.keras.optimizers.Adam()
            for images, labels in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(labels, model(images, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy()
            optimizer = tf.keras.optimizers.Adam()
            for images, labels in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(labels, model(images, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "A ready-made network with its own softmax",
            """
            import keras

            model = keras.applications.MobileNetV2(weights=None, classes=10, input_shape=(32, 32, 3))
            loss = »keras.losses.SparseCategoricalCrossentropy(from_logits=True)«
            model.compile(optimizer="adam", loss=loss)
            """,
            """
            import keras

            model = keras.applications.MobileNetV2(weights=None, classes=10, input_shape=(32, 32, 3))
            loss = keras.losses.SparseCategoricalCrossentropy()
            model.compile(optimizer="adam", loss=loss)
            """,
        ),
        Example(
            "TensorFlow's own function, which always takes logits",
            """
            import tensorflow as tf
            from project import images, labels

            model = tf.keras.Sequential([tf.keras.layers.Dense(10), tf.keras.layers.Softmax()])
            loss = »tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=model(images))«
            """,
        ),
    )
    good = (
        Example(
            "Logits, and a loss that knows",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input(shape=(20,)), layers.Dense(10)])
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            """,
        ),
        Example(
            "Softmax is added after training",
            """
            import keras
            from keras import layers

            model = keras.Sequential([keras.Input(shape=(20,)), layers.Dense(10)])
            model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(from_logits=True))
            predictor = keras.Sequential([model, layers.Softmax()])
            """,
        ),
        Example(
            "A ready-made network without softmax",
            """
            import keras

            model = keras.applications.MobileNetV2(weights=None, classes=10, classifier_activation=None)
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer="adam", loss=loss)
            """,
        ),
        Example(
            "A flag that can't be known",
            """
            import keras
            from keras import layers
            from settings import logits

            model = keras.Sequential([keras.Input(shape=(20,)), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(from_logits=logits))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each loss that takes a head's probabilities for logits."""
        return program.each_of(heads.heads_and_losses, self._of_head)

    def _of_head(self, program: Program, pair: tuple[Head, Loss]) -> Iterator[Report]:
        head, loss = pair
        place = head.activation_place or head.place
        if head.activation not in ("softmax", "sigmoid") or loss.name not in CROSS_ENTROPIES | FOCAL or place is None:
            return
        if loss.from_logits is not True:
            return
        yield Report(
            place=loss.place,
            message=(
                f"{_taking(loss)}, but {heads.layer_words(head)} already ends in {head.activation}: it is applied "
                "twice."
            ),
            related=(Related(place, f"The head applies {head.activation} here."),),
            recipe=f"loss={program.imports.spell(f'keras.losses.{heads.CLASSES[loss.name]}').text}()",
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Tell the loss the truth: it gets probabilities."""
        pair = heads.pair_at(program, finding.range)
        edit = _edit(program, pair[1]) if pair is not None else None
        return Fix("Don't tell the loss that it gets logits", Applicability.UNSAFE, (edit,)) if edit else None


def _taking(loss: Loss) -> str:
    told = loss.arguments.get("from_logits") is not None
    return "The loss has from_logits=True" if told else "This loss takes logits"


def _edit(program: Program, loss: Loss) -> TextEdit | None:
    argument = loss.arguments.get("from_logits")
    if argument is None or argument.place is None:
        return None
    return fixes.remove_argument(program, loss.place, "from_logits") or fixes.replace(program, argument.place, "False")
