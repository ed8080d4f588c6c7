"""Training and validation data of a run, side by side."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import DataArray
from scram_analyzers.run.task import class_shares


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
    """The share of each class in a target array; empty when it holds none, or they are unknown."""
    shares = class_shares(array)
    return {label: share for (label, _), share in zip(array.classes, shares, strict=False)} if array is not None else {}


def total_variation(one: dict[float, float], other: dict[float, float]) -> float:
    """Half the sum of absolute differences of two distributions: 0 for equal ones, 1 for disjoint ones."""
    return sum(abs(one.get(label, 0.0) - other.get(label, 0.0)) for label in one.keys() | other.keys()) / 2
