"""Whether validation was cut off rows that stood in the order of their targets."""

from __future__ import annotations

from scram_analyzers.run.data_parts import (
    have_the_same_form,
    is_no_chance,
    shares_by_label,
    target_pair,
    total_variation,
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
    if train is None or validation is None:
        return None
    return _ranges_apart(train, validation) or _classes_apart(train, validation)


def _classes_apart(train: DataArray, validation: DataArray) -> str | None:
    known, seen = shares_by_label(train), shares_by_label(validation)
    if len(known) < 2 or not seen or not have_the_same_form(train, validation):
        return None
    # Where a class is missing, its share of all rows is what a draw would have had to miss.
    rows, others = validation.rows or 0, train.rows or 0
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
    if train.rows is None or min(train.rows, validation.rows) < ROWS_OF_NUMBERS:
        return None
    if None in (train.minimum, train.maximum, validation.minimum, validation.maximum):
        return None
    if validation.minimum < train.maximum and validation.maximum > train.minimum:  # type: ignore[operator]
        return None
    return (
        f"The targets run from {rounded(train.minimum or 0.0)} to {rounded(train.maximum or 0.0)} in training and from "
        f"{rounded(validation.minimum or 0.0)} to {rounded(validation.maximum or 0.0)} in validation"
    )
