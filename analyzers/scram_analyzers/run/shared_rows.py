"""How many rows a run both trains on and is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.wording import share

RUN_SHARED = 0.05
"""Share of the validation rows that are training rows as well (deepchecks: train-test samples mix)."""

RUN_NATURAL = 3.0
"""Tables of few different values repeat themselves within the training data too: up to so many times more is chance.

So it is where so many validation rows come to each different row of training: most are repeats of each other.
"""


RUN_MOST = 0.5
"""Where most validation rows are rows of training, chance or not, they say little of others. Ours."""


@dataclass(frozen=True, slots=True)
class SharedRows:
    """What is seen, in a sentence; it `may_be_natural` where rows repeat each other within training as well."""

    message: str
    may_be_natural: bool


def shared_rows(history: RunHistory) -> SharedRows | None:
    """Validation rows that are rows of training, where they are more than chance or tables of few values explain."""
    counted = counted_rows(history)
    if counted is None:
        return None
    common, rows, repeats, distinct = counted
    shared = common / rows
    may_be_natural = shared < 1 and shared <= RUN_NATURAL * repeats
    if shared <= RUN_SHARED or rows >= RUN_NATURAL * distinct or (may_be_natural and shared <= RUN_MOST):
        return None
    seen = f"{common:,} of {rows:,} validation rows ({share(shared)}) are also in the training data"
    if not may_be_natural:
        return SharedRows(f"{seen}: the validation results are too good.", may_be_natural)
    copied = f"{share(repeats)} of the training rows repeat others as well: were rows copied before the split?"
    return SharedRows(f"{seen}, and {copied} Of rows never seen such a validation says little.", may_be_natural)


def counted_rows(history: RunHistory) -> tuple[int, int, float, int] | None:
    """Validation rows that are also rows of training, all that were compared, and what training rows there are.

    Of these the share that repeats others, and how many different ones there are.
    """
    data, stream = history.data, history.stream
    if data is not None and data.shared_rows is not None and data.validation_rows_hashed:
        repeats = (data.duplicate_rows or 0) / max(data.training_rows_hashed, 1)
        distinct = data.training_rows_hashed - (data.duplicate_rows or 0)
        return data.shared_rows, data.validation_rows_hashed, repeats, distinct
    if stream is None or not stream.validation_rows:
        return None
    return stream.shared_rows, stream.validation_rows, stream.repeated_rows / max(stream.rows, 1), stream.rows
