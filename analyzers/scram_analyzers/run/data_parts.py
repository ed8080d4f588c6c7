"""Training and validation data of a run, side by side."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import DataArray, LabelForm

_NUMBERED = (LabelForm.CLASS_INDICES, LabelForm.BINARY)

CHANCE = 1e-6
"""A class that is missing from rows with less than this chance was not lost by drawing them."""


def input_pair(history: RunHistory) -> tuple[DataArray | None, DataArray | None]:
    """The only input of training and of validation; None where there is none, or several."""
    return _pair(history, "input")


def target_pair(history: RunHistory) -> tuple[DataArray | None, DataArray | None]:
    """The only target of training and of validation; None where there is none, or several."""
    return _pair(history, "target")


def _pair(history: RunHistory, role: str) -> tuple[DataArray | None, DataArray | None]:
    if history.data is None:
        return None, None
    return history.data.array("training", role), history.data.array("validation", role)


def magnitude(array: DataArray) -> float:
    """The largest absolute value; 0.0 when unknown."""
    return max((abs(end) for end in (array.minimum, array.maximum) if end is not None), default=0.0)


def validation_rows(history: RunHistory) -> int | None:
    """How many rows the run validates on; None when unknown."""
    if history.data is None:
        return None
    rows = [array.rows for array in history.data.arrays if array.part == "validation" and array.rows is not None]
    if rows:
        return rows[0]
    split, samples = history.data.validation_split, history.info.training_samples
    return round(samples * split / (1 - split)) if split and samples else None


def shares_by_label(array: DataArray | None) -> dict[float, float]:
    """The share of each class in a target array, be it the only one; empty when it holds none, or they are unknown."""
    if array is None or array.label_form not in (*_NUMBERED, LabelForm.ONE_HOT):
        return {}
    total = sum(count for _, count in array.classes)
    return {label: count / total for label, count in array.classes if count} if total else {}


def have_the_same_form(one: DataArray, other: DataArray) -> bool:
    """Whether two arrays write labels alike: class numbers of which a part only has 0 and 1 are class numbers still."""
    return one.label_form is other.label_form or {one.label_form, other.label_form} <= set(_NUMBERED)


def is_no_chance(share: float, rows: int) -> bool:
    """Whether `rows` rows drawn at random would certainly hold a class with this share of all rows."""
    return (1 - share) ** rows < CHANCE


def total_variation(one: dict[float, float], other: dict[float, float]) -> float:
    """Half the sum of absolute differences of two distributions: 0 for equal ones, 1 for disjoint ones."""
    return sum(abs(one.get(label, 0.0) - other.get(label, 0.0)) for label in one.keys() | other.keys()) / 2
