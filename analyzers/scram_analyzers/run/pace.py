"""Whether a run was still getting better when it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scram_analyzers.run.history import Moment, RunHistory, asked_once
from scram_analyzers.run.trends import slope

FALL = 0.01
"""Share of its value by which the loss still falls in an epoch (catalogue C6); and, ours, of the value that it
began with: a loss of almost nothing can halve for ever."""

SHARE = 0.2
AT_LEAST = 3
"""Of the epochs are looked at, and no fewer than these (catalogue C6)."""

SHORTEST = 5
"""Shorter runs are trials: the source shows how short they are. Ours."""


@dataclass(frozen=True, slots=True)
class StillFalling:
    """Over the last `window` epochs the "validation" or "training" loss fell by `pace` of its value in each."""

    epochs: int
    window: int
    where: str
    before: float
    loss: float
    pace: float


@asked_once
def still_falling(history: RunHistory) -> StillFalling | None:
    """At the end of a run that made all of its epochs; None when it was stopped early or has settled."""
    planned = history.info.epochs
    if history.moment is not Moment.END or planned is None or history.last_epoch < planned:
        return None
    where = "validation" if history.metric("val_loss") else "training"
    losses = history.metric("val_loss") or history.metric("loss")
    window = max(AT_LEAST, round(SHARE * len(losses)))
    last = losses[-window:]
    if len(losses) < SHORTEST or not all(map(math.isfinite, last)) or last[-1] <= 0:
        return None
    pace = -slope(last) / last[-1]
    if pace <= FALL or pace * last[-1] <= FALL * losses[0] or last[-1] > min(last):
        return None
    return StillFalling(len(history.epochs), window, where, last[0], last[-1], pace)
