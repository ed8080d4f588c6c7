"""Whether the inputs of a run hold one number and nothing else."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory, asked_once

ROWS = 32
"""Fewer rows, of whole arrays or of batches together, may be a try of one's program. Ours."""

BATCHES = 4
"""So many batches of a stream are looked at first: a rare mark may be in none of two. Ours."""


@asked_once
def blank_inputs(history: RunHistory) -> float | None:
    """The one number that all inputs of training hold in all rows looked at; None where any of them varies.

    One input among others may well be a placeholder; where there is no other, nothing tells rows apart.
    """
    arrays = history.data.arrays if history.data is not None else ()
    whole = [each for each in arrays if (each.part, each.role) == ("training", "input")]
    if any(each.minimum is not None for each in whole):
        ranges = [(each.minimum, each.maximum) for each in whole]
        return _only_number(ranges) if min(each.rows or 0 for each in whole) >= ROWS else None
    batches = [[each for each in record.arrays if each.role == "input"] for record in history.looked_at]
    seen = [each for batch in batches for each in batch]
    rows = sum(batch[0].shape[0] or 0 for batch in batches if batch and batch[0].shape)
    if len(batches) < BATCHES or rows < ROWS:
        return None
    return _only_number([(each.minimum, each.maximum) for each in seen])


def _only_number(ranges: list[tuple[float | None, float | None]]) -> float | None:
    ends = {end for pair in ranges for end in pair}
    return ends.pop() if len(ends) == 1 else None
