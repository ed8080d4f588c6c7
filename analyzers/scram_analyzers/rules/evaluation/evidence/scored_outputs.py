"""Outputs of a model that are handed to a score which counts classes."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Report
from scram_analyzers.rules.evaluation.evidence.predicted import are_classes, case_of, head_related
from scram_analyzers.source.data import PREDICTION, Data, StepKind
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES
from scram_analyzers.source.program import Call, Program

COUNTING = frozenset(
    f"sklearn.metrics.{name}"
    for name in ("accuracy_score", "confusion_matrix", "classification_report", "f1_score", "precision_score")
)
"""Scores that take predictions for classes."""

_SHAPING = ("reshape", "flatten", "ravel", "squeeze")


def of_score(program: Program, call: Call) -> Iterator[Report]:
    """Outputs given to a score that counts classes, as they come from a model."""
    given = call.arguments.get("y_pred", 1)
    made = given.value if given is not None else None
    if not isinstance(made, Data) or made.source != PREDICTION or given is None or given.place is None:
        return
    case = case_of(program, made)
    if case is None or case.loss.name not in CROSS_ENTROPIES or are_classes(program, made):
        return
    several = case.several
    recipe = "np.argmax(predictions, axis=-1)" if several else "(predictions > 0.5).astype(int)"
    if _is_cut_off(made) and case.head.activation in ("sigmoid", "softmax"):
        message = f"As whole numbers without rounding, all probabilities below 1 are 0 (astype({made.dtype}))."
        yield Report(given.place, message, head_related(case), severity=Severity.ERROR, recipe=recipe)
    elif all(step.name in _SHAPING for step in made.steps):
        last = call.name.rpartition(".")[2]
        outputs = "a row of numbers for each example" if several else "numbers such as 0.83"
        message = f"The {last} compares classes, but these are a model's outputs, {outputs}: scikit-learn stops."
        yield Report(given.place, message, head_related(case), severity=Severity.ERROR, recipe=recipe)


def _is_cut_off(made: Data) -> bool:
    """Whether nothing is done to outputs but that their fractions are cut off: `model.predict(x).astype(int)`."""
    done = [step for step in made.steps if step.name not in _SHAPING]
    return len(done) == 1 and done[0].kind is StepKind.CONVERTED and (made.dtype or "").startswith(("int", "uint"))
