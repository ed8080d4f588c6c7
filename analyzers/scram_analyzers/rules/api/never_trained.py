"""SCR867 never-trained."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.api.evidence.untaught_layers import untaught_layers
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.program import Compile, Evaluation, Program, every_fit

_TRAINED_OTHERWISE = re.compile(
    r"""
    load_weights | set_weights | load_model | from_pretrained | GradientTape | train_step | train_on_batch
    | \bminimize\b | apply_gradients | \.search\( | \bfit(_generator)?\( | \.restore\( | from_json | \.assign\(
    | adapt\( | value_and_grad | \.backward\(
    """,
    re.VERBOSE,
)
"""Anything by which weights may come to be other than random."""


class NeverTrained(Rule):
    """A model that is compiled and asked for results, and was never trained."""

    code = "SCR867"
    name = "never-trained"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = (
        "a model that is evaluated or asked for predictions without any training, or a layer that was never adapted"
    )
    why = "The weights are still the random numbers they began with, so the results are random too."
    how = "Call fit (of such a layer adapt) with the training data first, or load weights that were trained before."
    references = (Reference("Keras: Model.fit", "https://keras.io/api/models/model_training_apis/#fit-method"),)
    false_alarms = (
        "A program that only measures speed or shapes. Where this file trains, loads or sets weights in any way, or "
        "hands the model to something it imports, the rule is silent."
    )
    bad = (
        Example(
            "Words that no text was shown to",
            """
            import keras
            import numpy as np
            from keras import layers

            texts, labels = np.load("texts.npy"), np.load("labels.npy")
            model = keras.Sequential(
                [
                    »layers.TextVectorization(max_tokens=5000, output_sequence_length=80)«,
                    layers.Embedding(5000, 32),
                    layers.GlobalAveragePooling1D(),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(texts, labels, validation_split=0.2, epochs=5)
            """,
        ),
        Example(
            "Predictions of random weights",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(50, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            print(»model.predict(x)«)
            """,
        ),
        Example(
            "New layers behind a pretrained network",
            """
            import keras

            backbone = keras.applications.ResNet50(include_top=False, pooling="avg")
            answer = keras.layers.Dense(2, activation="softmax")(backbone.output)
            model = keras.Model(backbone.input, answer)
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            print(»model.predict(photograph)«)
            """,
        ),
    )
    good = (
        Example(
            "Words that are given",
            """
            import keras
            import numpy as np
            from keras import layers

            texts, labels, words = np.load("texts.npy"), np.load("labels.npy"), np.load("words.npy")
            model = keras.Sequential(
                [
                    layers.TextVectorization(output_sequence_length=80, vocabulary=words),
                    layers.Embedding(len(words) + 2, 32),
                    layers.GlobalAveragePooling1D(),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(texts, labels, validation_split=0.2, epochs=5)
            """,
        ),
        Example(
            "What a pretrained network alone makes of pictures",
            """
            import keras

            backbone = keras.applications.ResNet50(include_top=False)
            features = keras.layers.GlobalAveragePooling2D()(backbone.output)
            model = keras.Model(backbone.input, features)
            model.compile(optimizer="adam", loss="mse")
            vectors = model.predict(photographs)
            """,
        ),
        Example(
            "Trained first",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(50, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=10)
            print(model.predict(x_test))
            """,
        ),
        Example(
            "Trained weights are loaded",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(50, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.load_weights("model.weights.h5")
            print(model.predict(x_test))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report layers without a vocabulary, and the first result asked of each model that nothing trains."""
        yield from program.each_of(every_fit, untaught_layers)
        if not program.compiles or program.fits or not program.evaluations:
            return
        if program.unread or program.matches(_TRAINED_OTHERWISE):  # what can't be read may train it
            return
        said: set[int] = set()
        for evaluation in program.evaluations:
            compiled = _compiled(program, evaluation)
            if compiled is None or evaluation.model is None or evaluation.model.identity in said:
                continue
            said.add(evaluation.model.identity)
            yield Report(
                place=evaluation.place,
                message=f"The model was never trained before this {evaluation.method}: its {_weights(evaluation)}.",
                related=(Related(compiled.place, "The model is compiled here; no fit follows."),),
                recipe="model.fit(x_train, y_train, epochs=10)",
            )


def _compiled(program: Program, evaluation: Evaluation) -> Compile | None:
    """The compile of a model made in this module from scratch."""
    model = evaluation.model
    if model is None or _has_weights(model):
        return None
    for compiled in program.compiles:
        if compiled.model is not None and compiled.model.identity == model.identity:
            return compiled
    return None


def _has_weights(model: Model) -> bool:
    """Whether the model may hold trained weights from elsewhere, or has no weights to train."""
    kinds = {model.kind, *(nested.kind for nested in model.nested)}
    if ModelKind.LOADED in kinds or model.kind is ModelKind.APPLICATION or not model.layers:
        return True
    if ModelKind.APPLICATION in kinds:
        return not model.outputs or not all(_is_new(output) for output in model.outputs)
    shown = sum(layer.class_name in WEIGHTED for layer in model.layers) == 1  # what one layer does, for the reader
    return shown or not model.complete


def _weights(evaluation: Evaluation) -> str:
    nested = evaluation.model.nested if evaluation.model is not None else ()
    return "new layers' weights are random" if nested else "weights are random"


def _is_new(output: Tensor) -> bool:
    """Whether an output is made by a dense layer of this module, behind whatever pretrained network."""
    return isinstance(output.producer, Layer) and output.producer.class_name == "Dense"
