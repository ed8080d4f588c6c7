"""SCR244 class-weight-extreme."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import targets
from scram_analyzers.run.wording import counted, rounded, share
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit

ENOUGH = 200
"""Rows of a stream from which it tells how frequent its classes are. Ours."""

RARE = 0.5
"""Times the rows of the most frequent class: a class with fewer is one that weights are for. Ours."""


class ClassWeightExtreme(Rule):
    """Class weights that take the balance away instead of bringing it."""

    code = "SCR244"
    name = "class-weight-extreme"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = (
        "class weights that favour the frequent class, or weights that leave a class, or all rows, out of the loss"
    )
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

    bad = (
        Example(
            "A class that counts nothing",
            """
            import keras
            from project import x_train, y_train

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20, class_weight={0: 1.0, 1: 1.0, »2: 0.0«})
            """,
        ),
    )
    good = (
        Example(
            "A frequent class that counts less, and a background that is left out",
            """
            import keras
            from project import masks, photos, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20, class_weight={0: 0.2, 1: 1.0, 2: 3.0})
            painter = keras.Sequential([keras.layers.Conv2D(3, 1, activation="softmax")])
            painter.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            painter.fit(photos, masks, epochs=20, class_weight={0: 0.0, 1: 1.0, 2: 1.0})
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report a weight of 0 that is written out, unless it is that of class 0, which may be background."""
        return program.each_of(every_fit, _of_fit)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """From the labels and weights given to fit, or those of a stream's rows."""
        yield from _of_rows(history)
        weights = dict(history.data.class_weights) if history.data is not None else {}
        rows = _rows_of_classes(history)
        if not weights or len(rows) < 2 or any(weights.get(label, 1.0) < 0 for label in rows):
            return
        if any(weights.get(label) == 0 for label in rows):
            told = _left_out(rows, weights)
        else:
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


def _rows_of_classes(history: RunHistory) -> dict[float, int]:
    """How many rows each class has: of all in arrays, of those looked at in a stream, once there are enough."""
    labels = targets(history)
    counts = labels.classes if labels is not None else ()
    if not counts and history.stream is not None and history.stream.rows >= ENOUGH:
        counts = history.stream.labels
    return {label: count for label, count in counts if count}


def _of_fit(_: Program, fit: Fit) -> Iterator[Report]:
    given = fit.arguments.get("class_weight")
    place = given.place if given is not None else None
    if place is None or not isinstance(place.node, cst.Dict):
        return
    for entry in place.node.elements:
        if not isinstance(entry, cst.DictElement) or not isinstance(entry.key, cst.Integer):
            continue
        is_zero = isinstance(entry.value, cst.Integer | cst.Float) and entry.value.evaluated_value == 0
        if is_zero and entry.key.evaluated_value != 0:
            message = f"Class {entry.key.value} has a weight of 0: its rows count nothing, and it is never learned."
            yield Report(Place(place.section, entry), message, recipe="1.0")


def _of_rows(history: RunHistory) -> Iterator[RunReport]:
    """Report weights of samples that are 0 for every row, of all outputs or of one."""
    arrays = history.data.arrays if history.data is not None else ()
    given = [each for each in arrays if (each.part, each.role) == ("training", "weight")]
    names = [each.name for each in given if each.minimum == each.maximum == 0 and not each.nonfinite]
    names += history.stream.weights_of_zero if history.stream is not None else ()
    if names:
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"All weights in {names[0]} are 0: what they weigh adds nothing to the loss, and is never learned.",
        )


def _left_out(rows: dict[float, int], weights: dict[float, float]) -> str | None:
    """A class of which no row counts, other than class 0, which may be background."""
    label = next((each for each in sorted(rows) if weights.get(each) == 0 and each != 0), None)
    if label is None:
        return None
    return f"Class {label:g} has a weight of 0: its {counted(rows[label], 'row')} count nothing; it is never learned."
