"""Whether the loss of a loop that nothing tells of stands still, judged by its steps alone."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.wording import rounded

STEPS = 200
"""Before a loop is judged. Ours."""

MOVED = 0.01
"""Or two standard errors of it: a median that changed by less than this share stands still (catalogue F4)."""

STEADY = 0.5
"""A loss that varies by more than this share of itself from step to step is none that stands still: one of learning by
reinforcement lies around zero. Ours."""


@dataclass(frozen=True, slots=True)
class StillLoss:
    """The loss lies at `loss` up to `step`, where it lay in the first of `steps` steps."""

    step: int
    steps: int
    loss: float

    @property
    def clause(self) -> str:
        """What is seen, to stand inside a sentence."""
        return f"the training loss has stood at about {rounded(self.loss, 3)} for {self.steps} steps"


@asked_once
def still_loss(history: RunHistory) -> StillLoss | None:
    """None where the loss moves, is too unsteady to tell, or is known by the ends of epochs too."""
    if not (history.info.is_overheard or history.info.is_on_batches) or history.epochs:
        return None
    losses = [loss for _, loss in history.losses() if math.isfinite(loss)]
    if len(losses) < STEPS:
        return None
    part = len(losses) // 4
    before, now = losses[:part], losses[-part:]
    first, last = statistics.median(before), statistics.median(now)
    deviation = max(statistics.pstdev(before), statistics.pstdev(now))
    if first <= 0 or deviation > STEADY * first:
        return None
    noise = 2 * 1.25 * deviation * math.sqrt(2 / part)  # a median's standard error is 1.25 times a mean's
    if abs(last - first) > max(MOVED * first, noise):
        return None
    return StillLoss(history.last_step, len(losses), last)
