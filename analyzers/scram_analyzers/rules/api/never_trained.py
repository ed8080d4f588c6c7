"""SCR867 never-trained."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.program import Compile, Evaluation, Program

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
    summary = "a model that is compiled and then evaluated or asked for predictions without any training"
    why = "The weights are still the random numbers they began with, so the results are random too."
    how = "Call fit with the training data first, or load weights that were trained before."
    references = (Reference("Keras: Model.fit", "https://keras.io/api/models/model_training_apis/#fit-method"),)
    false_alarms = (
        "A program that only measures speed or shapes. Where this file trains, loads or sets weights in any way, or "
        "hands the model to something it imports, the rule is silent."
    )
    bad = (
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
    )
    good = (
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
        """Report the first result asked of each model that nothing in the module trains."""
        if not program.compiles or program.fits or not program.evaluations:
            return
        if program.matches(_TRAINED_OTHERWISE):
            return
        said: set[int] = set()
        for evaluation in program.evaluations:
            compiled = _compiled(program, evaluation)
            if compiled is None or evaluation.model is None or evaluation.model.identity in said:
                continue
            said.add(evaluation.model.identity)
            yield Report(
                place=evaluation.place,
                message=f"The model was never trained before this {evaluation.method}: its weights are random.",
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
    ready = (ModelKind.APPLICATION, ModelKind.LOADED)
    return (
        model.kind in ready
        or not model.complete
        or not model.layers
        or any(nested.kind in ready for nested in model.nested)
    )
