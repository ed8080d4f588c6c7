"""SCR610 layer-not-learning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Option, Related, Report, Rule, RunReport
from scram_analyzers.rules.dynamics.evidence.part_of_the_weights import one_layer_alone
from scram_analyzers.rules.hyperparameters.evidence.optimizers import usual_lowest
from scram_analyzers.rules.references import SAGEMAKER, THE_DEEP_CHECKER
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.layers import is_kernel
from scram_analyzers.run.records import ProbeRecord, Subject, SubjectKind
from scram_analyzers.run.wording import listed, named
from scram_analyzers.source.program import Program

PROBES = 3


class LayerNotLearning(Rule):
    """A trainable layer whose weights stay as they are while others move."""

    code = "SCR610"
    name = "layer-not-learning"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a trainable layer whose weights do not move while those of other layers do"
    why = "The layer keeps its first, random weights: what it hands on is noise to the layers after it."
    how = (
        "See whether the tape is asked for the gradients of its weights, whether the loss depends on the layer at all, "
        "whether dead units or an all-zero input cut it off, and whether it was unfrozen after compile (compile again)."
    )
    references = (THE_DEEP_CHECKER, SAGEMAKER)
    false_alarms = (
        "A branch that only some batches use, when none of the probed ones did. In a loop of the program's own, which "
        "may leave layers out on purpose, it is for information."
    )
    options = (
        Option("still", 1e-8, "a step moves the weights by a smaller share of their norm", "SageMaker Debugger"),
        Option("moving", 1e-6, "while the median over all layers is above this", "scram"),
    )
    symptom_of = ("SCR610", "SCR202", "SCR601", "SCR315", "SCR316", "SCR319", "SCR331", "SCR606", "SCR607", "SCR608")

    bad = (
        Example(
            "Gradients of the last layer alone",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.Input((20,)), tf.keras.layers.Dense(64, activation="relu")])
            model.add(tf.keras.layers.Dense(5))
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                weights = model.layers[-1].trainable_variables
                gradients = »tape.gradient(loss, weights)«
                optimizer.apply_gradients(zip(gradients, weights))
            """,
        ),
        Example(
            "Of a loss that is worked out by hand",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.Input((20, 1)), tf.keras.layers.GRU(16), tf.keras.layers.Dense(1)])
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
                gradients = »tape.gradient(loss, model.layers[-1].trainable_variables)«
                optimizer.apply_gradients(zip(gradients, model.layers[-1].trainable_variables))
            """,
        ),
        Example(
            "In a step of the model's own",
            """
            import keras
            import tensorflow as tf
            from project import x_train, y_train

            class Detector(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = keras.layers.Dense(32, activation="relu")
                    self.out = keras.layers.Dense(1, activation="sigmoid")

                def call(self, x):
                    return self.out(self.hidden(x))

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        loss = self.compute_loss(y=y, y_pred=self(x, training=True))
                    gradients = »tape.gradient(loss, self.out.trainable_weights)«
                    self.optimizer.apply_gradients(zip(gradients, self.out.trainable_weights))
                    return {"loss": loss}

            model = Detector()
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=10)
            """,
        ),
    )
    good = (
        Example(
            "All weights of the model",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.Input((20,)), tf.keras.layers.Dense(64, activation="relu")])
            model.add(tf.keras.layers.Dense(5))
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
            "A new head on layers that have learned before",
            """
            import tensorflow as tf
            from project import batches

            base = tf.keras.models.load_model("digits.keras")
            model = tf.keras.Sequential([*base.layers[:-1], tf.keras.layers.Dense(5)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                weights = model.layers[-1].trainable_variables
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            """,
        ),
        Example(
            "A generator and its judge, each by its own gradients",
            """
            import tensorflow as tf
            from project import batches, judge, loss_of, loss_of_judge, maker

            first, second = tf.keras.optimizers.Adam(), tf.keras.optimizers.Adam()
            for x in batches:
                with tf.GradientTape() as one, tf.GradientTape() as other:
                    made = maker(tf.random.normal((32, 16)))
                    loss, loss_judge = loss_of(judge(made)), loss_of_judge(judge(x), judge(made))
                gradients = one.gradient(loss, maker.trainable_variables)
                first.apply_gradients(zip(gradients, maker.trainable_variables))
                gradients = other.gradient(loss_judge, judge.trainable_variables)
                second.apply_gradients(zip(gradients, judge.trainable_variables))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report a step that asks for the gradients of one layer alone, of a model that begins at random."""
        for found in one_layer_alone(program):
            names = listed(dict.fromkeys(each.class_name for each in found.left_out))
            related = (Related(found.left_out[0].place, "This layer stays as it began."),)
            yield Report(
                found.place,
                f"Only {found.asked} gets gradients: all other layers ({names}) keep the random weights they have.",
                related,
                recipe="model.trainable_variables",
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report layers whose kernels stood still at each of the newest probes."""
        yield from _none_moves(history)
        newest = [probe for probe in list(history.probes)[-PROBES:] if _ratios(probe)]
        if len(newest) < PROBES or not all(self._others_move(probe) for probe in newest):
            return
        still = self._still(newest)
        if not still:
            return
        clause = (
            f"the weights of {listed(map(named, still))} have not moved since step {newest[0].step} while those of "
            "other layers have"
        )
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, still[0]),
            message=f"T{clause[1:]}.",
            clause=clause,
            step=newest[-1].step,
            epoch=newest[-1].epoch,
            severity=Severity.INFO if newest[-1].loss is None else None,
        )

    def _others_move(self, probe: ProbeRecord) -> bool:
        ratios = sorted(ratio for _, ratio in _ratios(probe))
        return ratios[-1] > self.option("moving")

    def _still(self, probes: Sequence[ProbeRecord]) -> list[str]:
        """Layers all of whose kernels stood still at every probe; one without a gradient is another rule's."""
        still: set[str] | None = None
        for probe in probes:
            here = {layer for layer, ratio in _ratios(probe) if ratio < self.option("still")}
            here -= {layer for layer, ratio in _ratios(probe) if ratio >= self.option("still")}
            still = here if still is None else still & here
        order = dict.fromkeys(layer for layer, _ in _ratios(probes[-1]))
        return [layer for layer in order if layer in (still or ())]


def _ratios(probe: ProbeRecord) -> list[tuple[str, float]]:
    return [
        (weight.layer, weight.update_ratio)
        for weight in probe.weights
        if is_kernel(weight)
        and weight.update_ratio is not None
        and (weight.gradient_norm is not None or probe.loss is None)
    ]


FELL = 0.02
"""Of its first value: a mean loss that fell by more shows weights that moved between the probes. Ours."""


def _none_moves(history: RunHistory) -> Iterator[RunReport]:
    """At the end of a run in which no weight was ever seen to move, by an optimizer whose rate would move it."""
    optimizer, losses = history.info.optimizer, history.metric("loss")
    ratios = [
        weight.update_ratio for probe in history.probes for weight in probe.weights if weight.update_ratio is not None
    ]
    is_slow = optimizer is None or not optimizer.learning_rate or optimizer.learning_rate < usual_lowest(optimizer.name)
    if history.moment is not Moment.END or is_slow or not losses or len(history.probes) < PROBES or not ratios:
        return
    if any(ratios) or min(losses) < (1 - FELL) * losses[0]:
        return
    yield RunReport(
        subject=Subject(SubjectKind.LOSS if history.probes[-1].loss is not None else SubjectKind.TRAIN_STEP),
        message=(
            f"No weight was seen to move in {history.last_step:,} steps: no gradient reaches them, or none is applied."
        ),
        step=history.last_step,
        epoch=history.last_epoch,
        why="A model whose weights stay as they began answers at the end as it did at first.",
    )
