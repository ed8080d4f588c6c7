"""SCR501 missing-regularization."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule, RunReport
from scram_analyzers.rules.symptoms import OVERFITTING_ALIKE, alike_overfitting, judged_by_a_handful
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import success
from scram_analyzers.run.overfitting import overfitting
from scram_analyzers.run.records import LayerInfo, RunInfo, Subject, SubjectKind
from scram_analyzers.run.wording import rounded
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.keras_api.layers import ACTIVATIONS, AUGMENTING, REGULARIZING
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.reading.parents import added_to, is_element
from scram_analyzers.source.shapes import ModelShapes
from scram_analyzers.source.values import is_none

USUAL_RATE = "0.3"
STOPPING = frozenset(("EarlyStopping",))
DECAYING = frozenset(("AdamW", "Lion", "Lamb"))
"""Optimizers that shrink weights by default."""
VALIDATED_EPOCHS = 5
RISEN = 1.05
"""A run of so many epochs whose validation loss stays this close to its best did not overfit."""

REGULARIZERS = frozenset(
    (
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "recurrent_regularizer",
        "embeddings_regularizer",
        "dropout",
        "recurrent_dropout",
        "kernel_constraint",
    )
)


class MissingRegularization(Rule):
    """A model large enough to memorize its data, with nothing to keep it from doing so."""

    code = "SCR501"
    name = "missing-regularization"
    severity = Severity.HINT
    confidence = Confidence.LOW
    summary = "a model with many more weights than training samples and nothing that keeps it from memorizing them"
    why = (
        "A model with far more weights than samples can learn every sample by heart. The training loss then looks "
        "perfect while predictions on new data get worse: it overfits."
    )
    how = (
        "Add Dropout(0.3) after the largest layers, a weight decay (AdamW, or kernel_regularizer), or EarlyStopping "
        "on the validation loss. Or make the model smaller, or get more data."
    )
    references = (
        Reference("Srivastava et al.: Dropout (JMLR 2014)", "https://jmlr.org/papers/v15/srivastava14a.html"),
        Reference("Keras: EarlyStopping", "https://keras.io/api/callbacks/early_stopping/"),
        Reference("SCRAM (CHI 2020 Extended Abstracts)", "https://doi.org/10.1145/3334480.3382879"),
    )
    symptom_of = OVERFITTING_ALIKE
    false_alarms = "Large networks often generalize all the same: this is a hint until a run shows overfitting."
    options = (
        Option(
            "weights-per-sample",
            10.0,
            "more weights than this for each training sample",
            "Google tuning playbook; TheDeepChecker",
        ),
    )
    bad = (
        Example(
            "Half a million weights for a thousand samples",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            x, y = x[:1000] / 255, y[:1000]

            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Flatten(),
                    »layers.Dense(512, activation="relu")«,
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=30, validation_data=(x_val / 255, y_val))
            """,
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            x, y = x[:1000] / 255, y[:1000]

            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Flatten(),
                    layers.Dense(512, activation="relu"),
                    layers.Dropout(0.3),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=30, validation_data=(x_val / 255, y_val))
            """,
        ),
    )
    good = (
        Example(
            "Training stops when validation gets worse",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            x, y = x[:1000] / 255, y[:1000]
            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Flatten(),
                    layers.Dense(512, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            stop = keras.callbacks.EarlyStopping(patience=3)
            model.fit(x, y, epochs=30, validation_data=(x_val / 255, y_val), callbacks=[stop])
            """,
        ),
        Example(
            "Few weights for many samples",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.Input(shape=(28, 28)),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, epochs=30, validation_data=(x_val / 255, y_val))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the largest layer of each trained model that could memorize its data."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        found = self._memorizing(fit)
        if found is None:
            return
        largest, weights, samples = found
        dropout = program.imports.spell("keras.layers.Dropout").text
        yield Report(
            place=largest.place,
            message=(
                f"This model has {weights:,} weights for {samples:,} training samples and nothing that keeps "
                "it from memorizing them, so it may overfit; most of the weights are in this layer."
            ),
            recipe=f"{dropout}({USUAL_RATE})  # after this layer",
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by overfitting in a run whose model has no regularization."""
        info = history.info
        if not info.layers or _is_regularized(info):
            return
        seen = overfitting(history)
        if seen is None:
            return
        largest = max(info.layers, key=lambda layer: layer.parameters)
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, largest.name),
            message=(
                "This model overfits, and nothing keeps it from memorizing its data: the validation loss rose from "
                f"{rounded(seen.best_val_loss)} (epoch {seen.best_epoch}) to {rounded(seen.val_loss)} while the "
                f"training loss fell to {rounded(seen.loss)}. Most of its weights are in this layer."
            ),
            step=seen.step,
            epoch=seen.epoch,
            severity=Severity.INFO if seen.is_mild or judged_by_a_handful(history) else Severity.WARNING,
            symptom_of=alike_overfitting(history),
        )

    def refutation(self, finding: Finding, history: RunHistory) -> str | None:
        """A run of several epochs with validation that did not overfit."""
        validated = history.metric("val_loss")
        if len(validated) < VALIDATED_EPOCHS or overfitting(history) is not None or success(history) is None:
            return None
        if min(validated[-3:]) > RISEN * min(validated):
            return None
        return (
            f"{len(validated)} epochs were trained without overfitting: the validation loss ended at "
            f"{rounded(validated[-1])}"
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Dropout after the layer that holds most of the weights."""
        layer = next((each for each in program.layers if program.range_of(each.place) == finding.range), None)
        if layer is None or any(_is_normalized_next(model, layer) for model in program.models):
            return None
        spelling = program.imports.spell("keras.layers.Dropout")
        content = f"{spelling.text}({USUAL_RATE})"
        model = added_to(layer.place)
        if model is not None:
            edit = fixes.statement_after(program, layer.place, f"{model}.add({content})")
        elif is_element(layer.place):
            edit = fixes.element_after(program, layer.place, content)
        else:
            return None
        edits = (edit, *fixes.import_edits(program, (spelling,)))
        return Fix(f"Add Dropout({USUAL_RATE}) after this layer", Applicability.UNSAFE, edits)

    def _memorizing(self, fit: Fit) -> tuple[Layer, int, int] | None:
        """The largest layer, the weights and the samples of a training without regularization."""
        model, data = fit.model, fit.inputs
        if model is None or not model.complete or data is None or data.samples is None or data.batched:
            return None
        if fit.callbacks is None or _regularizes(fit, model) or model.kind is ModelKind.SUBCLASSED:
            return None
        if fit.method == "train_on_batch":
            return None  # what it is given is one batch of many
        shapes = ModelShapes(model, data.shape[1:] if data.shape else None)
        counts = {layer.identity: shapes.parameters(layer) for layer in model.layers}
        known = {identity: count for identity, count in counts.items() if count}
        weights = sum(known.values())
        if not known or weights <= self.option("weights-per-sample") * data.samples:
            return None
        largest = max(model.layers[:-1] or model.layers, key=lambda layer: known.get(layer.identity, 0))
        return largest, weights, data.samples


def _is_normalized_next(model: Model, layer: Layer) -> bool:
    """Whether a normalization follows, which would learn the noise of a dropout before it."""
    following = itertools.dropwhile(lambda each: each.identity != layer.identity, model.layers)
    after = (each for each in itertools.islice(following, 1, None) if each.class_name not in ACTIVATIONS)
    return next((each.class_name == "BatchNormalization" for each in after), False)


def _regularizes(fit: Fit, model: Model) -> bool:
    """Whether anything in this training keeps the model from memorizing, or may do so unseen."""
    if any(callback.kind is None or callback.kind.rpartition(".")[2] in STOPPING for callback in fit.callbacks or ()):
        return True
    compiled = fit.compile
    if compiled is None or compiled.optimizer is None or compiled.optimizer.class_name in DECAYING:
        return True
    decay = compiled.optimizer.arguments.value("weight_decay")
    if decay is not None and not is_none(decay):
        return True
    return any(_layer_regularizes(layer) for layer in model.layers)


def _layer_regularizes(layer: Layer) -> bool:
    if layer.class_name in REGULARIZING or layer.class_name in AUGMENTING or layer.arguments.open:
        return True
    return any(name in REGULARIZERS for name in layer.arguments.keywords)


def _is_regularized(info: RunInfo) -> bool:
    stops = any(name in STOPPING for name in info.callbacks)
    decays = info.optimizer is not None and info.optimizer.name in DECAYING
    return stops or decays or any(_info_regularizes(layer) for layer in info.layers)


def _info_regularizes(layer: LayerInfo) -> bool:
    return layer.regularized or layer.class_name in REGULARIZING or layer.class_name in AUGMENTING
