"""SCR210 class-imbalance."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, SAGEMAKER, THE_DEEP_CHECKER
from scram_analyzers.run.batches import sorted_batches
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import is_classification
from scram_analyzers.run.missed_class import missed_class
from scram_analyzers.run.records import LabelForm, Subject, SubjectKind
from scram_analyzers.run.task import class_shares, targets
from scram_analyzers.run.wording import counted

MOST_CLASSES = 20
"""Of many classes (the letters or words of a text) some are always rare."""

MOST_WEIGHTS = 6
"""Classes that a recipe writes out."""

ENOUGH_ROWS = 500
"""Of a stream, whose rows are counted as they pass by. Ours."""


class ClassImbalance(Rule):
    """One class is many times rarer than another, and nothing makes up for it."""

    code = "SCR210"
    name = "class-imbalance"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "classes of very different frequency in a training without class or sample weights"
    why = (
        "The loss is a mean over all rows: a model that never answers with the rare class loses little, and may "
        "never learn it. A high accuracy then means nothing."
    )
    how = (
        "Give fit a class_weight that weighs each class by the inverse of its frequency, watch recall or AUC "
        "instead of accuracy, and split with stratify=y."
    )
    references = (
        DEEP_CHECKS,
        SAGEMAKER,
        THE_DEEP_CHECKER,
    )
    false_alarms = "Rare classes that are easy to tell: an info, until the run shows a class that is never right."
    options = (Option("ratio", 0.1, "rarest class against the most frequent one", "deepchecks; SageMaker Debugger"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """An info from the labels, a warning when the predictions leave a rare class out."""
        data, labels = history.data, targets(history)
        if data is None and not history.info.is_on_batches:
            return  # not looked at yet, or a loop that may weigh its loss in ways nobody sees
        if data is not None and (data.has_class_weight or data.has_sample_weight):
            return
        if not is_classification(history) and not _are_yes_or_no(history):
            return
        shares = class_shares(labels)
        every = labels.classes if labels is not None and shares else _of_stream(history)
        classes = tuple(filter(_count, every))  # a column that no row has is no rare class
        if not 0 < len(classes) <= MOST_CLASSES:
            return
        rare, common = min(classes, key=_count), max(classes, key=_count)
        if rare[1] >= self.option("ratio") * common[1]:
            return
        missed = missed_class(history)
        confirmed = f" Confirmed in this run: {missed.clause}." if missed is not None else ""
        trainer = "train_on_batch" if history.info.is_on_batches else "fit"
        seen = "" if shares else f"Of {sum(map(_count, classes)):,} rows that were looked at, "
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"{seen}{'class' if seen else 'Class'} {rare[0]:g} has {counted(rare[1], 'row')} and class "
                f"{common[0]:g} has {common[1]:,}, and {trainer} gets no class_weight.{confirmed}"
            ),
            step=missed.step if missed is not None else None,
            epoch=missed.epoch if missed is not None else None,
            severity=Severity.WARNING if missed is not None and missed.is_severe else None,
            recipe=_recipe(classes),
        )


def _are_yes_or_no(history: RunHistory) -> bool:
    """Whether a model that works out its loss itself is given one 0 or 1 for each row."""
    labels = targets(history)
    return not history.info.losses and labels is not None and labels.label_form is LabelForm.BINARY


def _of_stream(history: RunHistory) -> tuple[tuple[float, int], ...]:
    """The classes of the rows of a stream, once enough of them were seen, and in no order."""
    stream = history.stream
    if stream is None or stream.is_weighted or len(stream.labels) < 2 or sorted_batches(history) is not None:
        return ()
    return stream.labels if sum(map(_count, stream.labels)) >= ENOUGH_ROWS else ()


def _count(pair: tuple[float, int]) -> int:
    return pair[1]


def _recipe(counts: tuple[tuple[float, int], ...]) -> str:
    total, classes = sum(map(_count, counts)), len(counts)
    if classes > MOST_WEIGHTS:
        return "class_weight={label: len(y) / (classes * count) for label, count in enumerate(np.bincount(y))}"
    weights = ", ".join(f"{label:g}: {total / (classes * count):.3g}" for label, count in counts if count)
    return f"class_weight={{{weights}}}"
