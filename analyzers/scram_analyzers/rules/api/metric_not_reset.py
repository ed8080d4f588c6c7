"""SCR874 metric-not-reset."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api.evidence.unlisted_metrics import unlisted_metrics
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.usage import bound_to

_EPOCH = re.compile(r"epoch", re.IGNORECASE)


class MetricNotReset(Rule):
    """A metric that counts through all epochs of a training loop."""

    code = "SCR874"
    name = "metric-not-reset"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a metric that a training loop, or a train_step, shows after each epoch and nothing sets back"
    why = (
        "A metric of Keras adds up whatever it is told until it is reset. From the second epoch on the number is a "
        "mean over all epochs so far: it lags behind, and hides that training has stopped or got worse."
    )
    how = "Call reset_state() on the metric at the beginning of each epoch."
    references = (
        Reference(
            "Keras: Writing a training loop from scratch",
            "https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/",
        ),
    )
    only_with = (".result()",)
    bad = (
        Example(
            "A metric that the model's own list leaves out",
            """
            import keras
            import tensorflow as tf
            from project import x, y

            class Regressor(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.body, self.head = keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)
                    self.loss_mean = keras.metrics.Mean(name="loss")
                    self.error = keras.metrics.MeanAbsoluteError(name="error")

                @property
                def metrics(self):
                    return »[self.loss_mean]«

                def call(self, inputs):
                    return self.head(self.body(inputs))

                def train_step(self, data):
                    inputs, wanted = data
                    with tf.GradientTape() as tape:
                        answers = self(inputs, training=True)
                        loss = tf.reduce_mean(tf.square(wanted - answers))
                    gradients = tape.gradient(loss, self.trainable_variables)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                    self.loss_mean.update_state(loss)
                    self.error.update_state(wanted, answers)
                    return {"loss": self.loss_mean.result(), "error": self.error.result()}

            model = Regressor()
            model.compile(optimizer="adam")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "An accuracy of all epochs so far",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
            for epoch in range(10):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        scores = model(x, training=True)
                        loss = loss_fn(y, scores)
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                    accuracy.update_state(y, scores)
                print(epoch, float(»accuracy.result()«))
            """,
        ),
        Example(
            "A mean that the step calls",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            train_loss = tf.keras.metrics.Mean(name="train_loss")


            @tf.function
            def train_step(x, y):
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                train_loss(loss)


            for epoch in range(5):
                for x, y in batches:
                    train_step(x, y)
                print(f"Epoch {epoch + 1}, loss: {»train_loss.result()«}")
            """,
        ),
        Example(
            "One of two is forgotten",
            """
            import tensorflow as tf
            from project import batches, step, val_batches, val_step

            losses = tf.keras.metrics.Mean()
            val_losses = tf.keras.metrics.Mean()
            for epoch in range(10):
                for x, y in batches:
                    losses.update_state(step(x, y))
                for x, y in val_batches:
                    val_losses.update_state(val_step(x, y))
                print(epoch, float(losses.result()), float(»val_losses.result()«))
                losses.reset_state()
            """,
        ),
    )
    good = (
        Example(
            "A list of all metrics",
            """
            import keras
            import tensorflow as tf
            from project import x, y

            class Regressor(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.body, self.head = keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)
                    self.loss_mean = keras.metrics.Mean(name="loss")
                    self.error = keras.metrics.MeanAbsoluteError(name="error")

                @property
                def metrics(self):
                    return [self.loss_mean, self.error]

                def call(self, inputs):
                    return self.head(self.body(inputs))

                def train_step(self, data):
                    inputs, wanted = data
                    with tf.GradientTape() as tape:
                        answers = self(inputs, training=True)
                        loss = tf.reduce_mean(tf.square(wanted - answers))
                    gradients = tape.gradient(loss, self.trainable_variables)
                    self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                    self.loss_mean.update_state(loss)
                    self.error.update_state(wanted, answers)
                    return {"loss": self.loss_mean.result(), "error": self.error.result()}

            model = Regressor()
            model.compile(optimizer="adam")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A mean that is shown as it goes",
            """
            import tensorflow as tf
            from project import batches, step

            losses = tf.keras.metrics.Mean()
            for epoch in range(10):
                for number, (x, y) in enumerate(batches):
                    losses(step(x, y))
                    if number % 100 == 0:
                        print(number, float(losses.result()))
            """,
        ),
        Example(
            "All of a list are set back",
            """
            import tensorflow as tf
            from project import batches, step, val_batches, val_step

            losses = tf.keras.metrics.Mean()
            val_losses = tf.keras.metrics.Mean()
            for epoch in range(10):
                for metric in (losses, val_losses):
                    metric.reset_state()
                for x, y in batches:
                    losses.update_state(step(x, y))
                for x, y in val_batches:
                    val_losses.update_state(val_step(x, y))
                print(epoch, float(losses.result()), float(val_losses.result()))
            """,
        ),
        Example(
            "Set back in each epoch",
            """
            import tensorflow as tf
            from project import batches

            model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
            loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = tf.keras.optimizers.Adam()
            accuracy = tf.keras.metrics.SparseCategoricalAccuracy()
            for epoch in range(10):
                for x, y in batches:
                    with tf.GradientTape() as tape:
                        scores = model(x, training=True)
                        loss = loss_fn(y, scores)
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                    accuracy.update_state(y, scores)
                print(epoch, float(accuracy.result()))
                accuracy.reset_state()
            """,
        ),
        Example(
            "Made anew in each epoch",
            """
            import tensorflow as tf
            from project import batches, step

            for epoch in range(10):
                mean = tf.keras.metrics.Mean()
                for x, y in batches:
                    mean.update_state(step(x, y))
                print(epoch, float(mean.result()))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the first look at such a metric in a loop over epochs, and lists of metrics that leave one out."""
        yield from unlisted_metrics(program)
        if program.mentions("reset_metrics"):
            return
        shown = {name: each for section in program.sections_with("poch") for name, each in reversed(_shown(section))}
        if not shown:
            return
        made = {name: call for call in program.calls if (name := _metric_made_once(call)) is not None}
        reset = set(_reset(program))
        if not reset <= made.keys():  # such as each of a list
            return
        for name, call in made.items():
            place = shown.get(name) if name not in reset else None
            if place is not None:
                related = (Related(call.place, "The metric is made only once, here."),)
                message = f"Nothing resets {name}: from the second epoch on this is a mean over all epochs so far."
                yield Report(place, message, related)


def _metric_made_once(call: Call) -> str | None:
    """The name of a metric that is made outside of any loop."""
    if not call.name.startswith("keras.metrics.") or _in_loop(call):
        return None
    return bound_to(parents.ancestors(call.place))


def _reset(program: Program) -> Iterator[str]:
    """What is reset anywhere, as the program names it; "" where it has no plain name, or more than a call resets it."""
    for node, place in search.found(program, cst.Attribute, "reset_state"):
        if node.attr.value in ("reset_state", "reset_states"):
            is_call = isinstance(next(iter(parents.ancestors(place)), None), cst.Call)
            yield node.value.value if is_call and isinstance(node.value, cst.Name) else ""


def _in_loop(call: Call) -> bool:
    return any(isinstance(each, (cst.For, cst.While)) for each in parents.ancestors(call.place))


@once
def _shown(section: Section) -> tuple[tuple[str, Place], ...]:
    """What loops over epochs that hold a loop of their own ask metrics for: `accuracy.result()`, outside the inner."""
    found = []
    for loop in section.parsed.nodes.get(cst.For, ()):
        if not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name):
            continue
        inner = [*search.nodes(loop.body, cst.For)] if _EPOCH.search(loop.target.value) else []
        among_batches = {id(call) for each in inner for call in search.nodes(each, cst.Call)}
        for call in search.nodes(loop.body, cst.Call) if inner else ():
            if id(call) in among_batches:
                continue  # a mean that is shown as it goes
            asked = call.func if isinstance(call.func, cst.Attribute) else None
            if asked is not None and asked.attr.value == "result" and isinstance(asked.value, cst.Name):
                found.append((asked.value.value, Place(section, call)))
    return tuple(found)
