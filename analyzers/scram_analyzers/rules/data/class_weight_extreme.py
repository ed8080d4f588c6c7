"""SCR244 class-weight-extreme."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Reference, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import targets
from scram_analyzers.run.wording import counted, rounded, share

RARE = 0.5
"""Times the rows of the most frequent class: a class with fewer is one that weights are for. Ours."""


class ClassWeightExtreme(Rule):
    """Class weights that take the balance away instead of bringing it."""

    code = "SCR244"
    name = "class-weight-extreme"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "class weights that favour the frequent class, or leave one class next to nothing of the loss"
    why = (
        "A class counts in the loss by its rows times its weight. Weights are there to make up for few rows; these "
        "make one class nearly all of the loss, and the model answers with it."
    )
    how = "Weigh each class by len(y) / (number of classes * rows of the class), as scikit-learn's 'balanced' does."
    references = (
        Reference(
            "scikit-learn: compute_class_weight",
            "https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html",
        ),
        Reference("Keras: Model.fit", "https://keras.io/api/models/model_training_apis/"),
    )
    false_alarms = "Costs that differ so much on purpose, as where one kind of error is hundreds of times dearer."
    options = (
        Option("wrong-way", 1.5, "times the weight of a rare class that a frequent one may have", "scram"),
        Option("apart", 30.0, "times as much of the loss as another that a class may be by weights", "scram"),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """From the labels and weights given to fit."""
        labels = targets(history)
        weights = dict(history.data.class_weights) if history.data is not None else {}
        rows = {label: count for label, count in labels.classes if count} if labels is not None else {}
        if not weights or len(rows) < 2 or any(weights.get(label, 1.0) <= 0 for label in rows):
            return
        told = self._wrong_way(rows, weights) or self._apart(rows, weights)
        if told is not None:
            yield RunReport(subject=Subject(SubjectKind.FIT), message=told)

    def _wrong_way(self, rows: dict[float, int], weights: dict[float, float]) -> str | None:
        rare, common = min(rows, key=rows.__getitem__), max(rows, key=rows.__getitem__)
        ratio = weights.get(common, 1.0) / weights.get(rare, 1.0)
        if rows[rare] >= RARE * rows[common] or ratio < self.option("wrong-way"):
            return None
        return (
            f"The weights are the wrong way round: class {common:g} has {counted(rows[common], 'row')} and "
            f"{rounded(ratio, 2)} times the weight of class {rare:g}, which has {rows[rare]:,}."
        )

    def _apart(self, rows: dict[float, int], weights: dict[float, float]) -> str | None:
        parts = {label: count * weights.get(label, 1.0) for label, count in rows.items()}
        most, least = max(parts, key=parts.__getitem__), min(parts, key=parts.__getitem__)
        by_rows = rows[most] / rows[least]
        if parts[most] < self.option("apart") * parts[least] * max(1.0, by_rows):
            return None
        part = share(parts[most] / sum(parts.values()))
        return (
            f"With its weight of {weights.get(most, 1.0):g}, class {most:g} makes up {part} of the loss "
            f"({counted(rows[most], 'row')} of {sum(rows.values()):,})."
        )
