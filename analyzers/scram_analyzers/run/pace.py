"""Whether a run was still getting better when it ended."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from scram_analyzers.run.history import Moment, RunHistory, asked_once
from scram_analyzers.run.learning import success
from scram_analyzers.run.trends import slope
from scram_analyzers.run.wording import rounded, share

FALL = 0.01
"""Share of its value by which the loss still falls in an epoch (catalogue C6); and, ours, of the value that it
began with: a loss of almost nothing can halve for ever."""

SHARE = 0.2
AT_LEAST = 3
"""Of the epochs are looked at, and no fewer than these (catalogue C6)."""

SHORTEST = 5
FAST_FALL = 0.05
"""Runs shorter than `SHORTEST` epochs are judged by all they have, and only when the loss falls so fast. Ours."""

LAST_STEPS = 0.25
FEWEST_STEPS = 20
POOR_FALL = 0.02
"""A run of one epoch is judged by the last two quarters of its steps, of which it needs so many; one that has not
come far is still learning when its loss falls by so much from one to the other. Ours."""


@dataclass(frozen=True, slots=True)
class StillFalling:
    """Over the last `window` epochs the "validation" or "training" loss fell by `pace` of its value in each.

    A `window` of 0 stands for the last quarter of the only epoch's steps, against the quarter before.
    """

    epochs: int
    window: int
    where: str
    before: float
    loss: float
    pace: float

    @property
    def clause(self) -> str:
        """To stand inside a sentence."""
        numbers = f"{rounded(self.before)} to {rounded(self.loss)}"
        fall = share(self.pace * self.loss / self.before if self.before > self.loss > 0 else self.pace)
        if self.window == 0:
            return f"the {self.where} loss still fell by {fall} in its last quarter ({numbers})"
        over = f"over the last {self.window}" if self.window < self.epochs else "over all"
        return f"the {self.where} loss still fell by {fall} an epoch ({numbers} {over})"

    @property
    def is_fast(self) -> bool:
        """Whether more epochs would certainly have made a better model."""
        return self.pace > FAST_FALL


@asked_once
def still_falling(history: RunHistory) -> StillFalling | None:
    """At the end of a run that made all of its epochs; None when it was stopped early or has settled.

    What a loop of the program's own had planned is not known: it is taken to be what it made.
    """
    planned = len(history.epochs) if history.info.is_own_loop else history.info.epochs
    if history.moment is not Moment.END or planned is None or history.last_epoch < planned:
        return None
    where = "validation" if history.metric("val_loss") else "training"
    losses = history.metric("val_loss") or history.metric("loss")
    if len(losses) == 1:
        return _in_one_epoch(history)
    is_short = len(losses) < SHORTEST
    window = len(losses) if is_short else max(AT_LEAST, round(SHARE * len(losses)))
    last = losses[-window:]
    if not last or not all(map(math.isfinite, last)) or last[-1] <= 0:
        return None
    pace = -slope(last) / last[-1]
    if pace <= (FAST_FALL if is_short else FALL) or pace * last[-1] <= FALL * losses[0] or last[-1] > min(last):
        return None
    return StillFalling(len(history.epochs), window, where, last[0], last[-1], pace)


def _in_one_epoch(history: RunHistory) -> StillFalling | None:
    quarter = LAST_STEPS * history.last_step
    before = _mean_loss(history, history.last_step - 2 * quarter, history.last_step - quarter)
    last = _mean_loss(history, history.last_step - quarter, history.last_step)
    if history.last_step < FEWEST_STEPS or before is None or last is None or last <= 0:
        return None
    pace = (before - last) / last
    if pace <= (FAST_FALL if success(history) is not None else POOR_FALL):
        return None
    return StillFalling(1, 0, "training", before, last, pace)


def _mean_loss(history: RunHistory, begin: float, end: float) -> float | None:
    """Of the batches between two steps; where not every step was read, a loss is the mean since the one before."""
    losses, weights = 0.0, 0
    for (since, _), (step, loss) in itertools.pairwise([(0, 0.0), *history.losses()]):
        if begin < (since + step) / 2 <= end:
            losses, weights = losses + loss * (step - since), weights + step - since
    return losses / weights if weights and math.isfinite(losses) else None
