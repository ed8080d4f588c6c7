"""Which inputs look like numbered words that a layer takes for quantities."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.input_range import WEIGHING_LAYERS
from scram_analyzers.run.records import DataArray

FILLED = 0.1
"""Of the rows, at least, are filled up with zeros: texts differ in length. Ours."""

VOCABULARY = 50.0
"""Words have larger numbers than that; counts and marks that are filled up have smaller ones. Ours."""


@asked_once
def word_numbers(history: RunHistory) -> tuple[DataArray, ...]:
    """Inputs of training that are rows of whole numbers, filled up at one end, before a layer that weighs them."""
    readers = dict(history.probes[-1].readers) if history.probes else {}
    arrays = history.data.arrays if history.data is not None else ()
    return tuple(
        each
        for each in arrays
        if (each.part, each.role) == ("training", "input")
        and (each.consumer or readers.get(each.name)) in WEIGHING_LAYERS
        and (each.filled_share or 0.0) >= FILLED
        and (each.maximum or 0.0) >= VOCABULARY
    )
