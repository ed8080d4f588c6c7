"""Whether validation was cut off rows that stood in the order of their targets."""

from __future__ import annotations

from collections.abc import Sequence

from scram_analyzers.run.data_parts import (
    have_the_same_form,
    is_no_chance,
    shares_by_label,
    target_pair,
    total_variation,
    unit_ratio,
)
from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.records import DataArray, LabelForm
from scram_analyzers.run.wording import rounded, share

APART = 0.5
"""Labels with a total variation distance above this, and classes of training that validation has none of. Ours."""

ROWS_OF_NUMBERS = 30
"""Rows below which two ranges of numbers may lie apart by chance."""


@asked_once
def sorted_apart(history: RunHistory) -> str | None:
    """The sentence for validation rows whose targets are not those of training; None when a draw explains them."""
    train, validation = target_pair(history)
    if train is not None and validation is not None and validation.rows is not None and train.rows is not None:
        known, seen = shares_by_label(train), shares_by_label(validation)
        alike = have_the_same_form(train, validation)
        apart = _classes_apart(known, seen, train.rows, validation.rows) if alike else None
        return apart or _ranges_apart(train, validation)
    stream = history.stream
    if stream is None or not stream.is_validation_fair:
        return None
    return _classes_apart(
        _shares(stream.labels),
        _shares(stream.validation_labels),
        sum(count for _, count in stream.labels),
        sum(count for _, count in stream.validation_labels),
    )


def _shares(counts: Sequence[tuple[float, int]]) -> dict[float, float]:
    total = sum(count for _, count in counts)
    return {label: count / total for label, count in counts if count}


def _classes_apart(known: dict[float, float], seen: dict[float, float], others: int, rows: int) -> str | None:
    """`others` rows of training and `rows` of validation, with the shares of their classes."""
    if len(known) < 2 or not seen:
        return None
    # Where a class is missing, its share of all rows is what a draw would have had to miss.
    lost = [label for label in known if label not in seen and is_no_chance(known[label] * _part(others, rows), rows)]
    if not lost or total_variation(known, seen) <= APART:
        return None
    label = max(known.keys() | seen.keys(), key=lambda each: abs(known.get(each, 0.0) - seen.get(each, 0.0)))
    return (
        f"Class {label:g} is {share(known.get(label, 0.0))} of training and {share(seen.get(label, 0.0))} of validation"
    )


def _part(training: int, validation: int) -> float:
    return training / (training + validation) if training else 1.0


def _ranges_apart(train: DataArray, validation: DataArray) -> str | None:
    """What is said of measured targets of which those of validation begin where those of training end."""
    if not (train.label_form is validation.label_form is LabelForm.CONTINUOUS) or validation.rows is None:
        return None
    if train.rows is None or min(train.rows, validation.rows) < ROWS_OF_NUMBERS or unit_ratio(train, validation):
        return None
    known, seen = _range(train), _range(validation)
    if known is None or seen is None or (seen[0] < known[1] and seen[1] > known[0]):
        return None
    return (
        f"The targets run from {rounded(known[0])} to {rounded(known[1])} in training and from "
        f"{rounded(seen[0])} to {rounded(seen[1])} in validation"
    )


def _range(array: DataArray) -> tuple[float, float] | None:
    return (array.minimum, array.maximum) if array.minimum is not None and array.maximum is not None else None
