"""Embeddings with as many rows as the largest id of the column that they look up, or as different ids."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.libraries.data_operations import LARGEST
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import DIFFERENT_VALUES, Argument, Statistic

_KEEPING = (StepKind.SPLIT, StepKind.SELECTED, StepKind.SHUFFLED, StepKind.CONVERTED)
_PLAIN = ("to_numpy", "reshape", "flatten", "ravel", "tolist", "copy", "expand_dims", "dropna")


def ids_without_rows(program: Program, ids: Data, layer: Layer, rows: Argument) -> Iterator[Report]:
    """Report an Embedding with no row for the largest of `ids`, or for those that a count of them does not reach."""
    counted = rows.value if isinstance(rows.value, Statistic) else None
    column = _column(ids)
    if counted is None or counted.data is None or counted.place is None or column is None:
        return
    if column != _column(counted.data) or ids.place != counted.data.place:
        return
    related = (Related(counted.place, "The rows are counted here."),)
    place = rows.place if rows.place is not None else layer.place
    if counted.name in LARGEST:
        yield Report(
            place,
            f"This Embedding has {counted.place.text} rows, numbered from 0: the largest id of {column} has no row.",
            related,
            recipe=f"{counted.place.text} + 1",
        )
    elif counted.name == DIFFERENT_VALUES and not program.mentions("inplace"):  # that may have numbered them anew
        yield Report(
            place,
            f"This Embedding has a row for each different {column}, numbered from 0, and gets the ids as they were "
            "read: if these begin at 1 or leave numbers out, the last ones have no row.",
            related,
            severity=Severity.WARNING,
            recipe=f"{ids.steps[-1].place.text}.max() + 1" if ids.steps[-1].place is not None else "",
        )


def _column(data: Data) -> str | None:
    """The one column of a table that was read, whose values are still those of the file; None for all else."""
    names = [step.column for step in data.steps if step.column is not None]
    if not data.is_table or len(names) != 1 or any(_may_put(step, names[0]) for step in data.steps):
        return None
    others = (step for step in data.steps if step.put is None)
    kept = all(step.kind in _KEEPING or step.name in _PLAIN for step in others)
    return names[0] if kept else None


def _may_put(step: DataStep, column: str) -> bool:
    """Whether a step put something in the column, or in one that it does not name, as in a loop over several."""
    written = step.place.text if step.place is not None else ""
    return step.put is not None and (step.put[0] == column or step.put[0] not in written)
