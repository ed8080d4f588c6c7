"""SCR874 metric-not-reset."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
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
    summary = "a metric that a training loop shows after each epoch and never sets back"
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
    only_with = ("update_state",)
    bad = (
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
        """Report the first look at such a metric in a loop over epochs."""
        if program.mentions("reset_metrics"):
            return
        shown = {name: each for section in program.sections_with("poch") for name, each in reversed(_shown(section))}
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
        if not _EPOCH.search(loop.target.value) or not any(search.nodes(loop.body, cst.For)):
            continue
        for call in search.nodes(loop.body, cst.Call):
            asked = call.func if isinstance(call.func, cst.Attribute) else None
            if asked is not None and asked.attr.value == "result" and isinstance(asked.value, cst.Name):
                found.append((asked.value.value, Place(section, call)))
    return tuple(found)
