"""How many rows a run both trains on and is judged by."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory

RUN_SHARED = 0.05
"""Share of the validation rows that are training rows as well (deepchecks: train-test samples mix)."""

RUN_NATURAL = 3.0
"""Tables of few different values repeat themselves within the training data too: up to so many times more is chance.

So it is where so many validation rows come to each different row of training: most are repeats of each other.
"""


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
