"""Columns that a program fills with numbers by conditions: `table["y"] = 0`, then `table.loc[table.v > 9, "y"] = 1`."""

from __future__ import annotations

from scram_analyzers.source.data import Data, DataStep, Interval

WRITTEN = "setitem"
"""The step that writes values into some rows or a column."""


def written_range(table: Data, name: str | None, keeping: tuple[str, ...]) -> Interval | None:
    """Where the whole numbers lie that a column was filled with; None where anything else may be in it.

    `keeping` names the steps that leave in a column what was written there.
    """
    numbers: list[float] = []
    for step in reversed(table.steps):
        if step.name not in keeping:
            return None
        if step.name != WRITTEN or (step.put is not None and step.put[0] != name):
            continue
        if not _is_number_for(step, name):
            if step.put is not None or step.wrote is None or step.wrote[0] == name:
                return None
            continue
        assert step.number is not None
        assert step.wrote is not None
        numbers.append(step.number)
        if step.wrote[1]:
            return Interval(min(numbers), max(numbers)) if len(set(numbers)) > 1 else None
    return None


def _is_number_for(step: DataStep, name: str | None) -> bool:
    return step.wrote is not None and step.wrote[0] == name and step.number is not None and step.number.is_integer()
