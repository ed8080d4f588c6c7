"""Has the learning rate risen by much before something went wrong?"""

from __future__ import annotations

from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.wording import rounded

MUCH = 10.0
"""Rates are tried in steps of ten times: one of them decides whether a run diverges (tuning playbook)."""


@dataclass(frozen=True, slots=True)
class RateRise:
    """The lowest rate of the run's epochs and the highest that came after it, in which epoch."""

    low: float
    high: float
    epoch: int

    @property
    def clause(self) -> str:
        """To stand inside a sentence."""
        return f"the learning rate had risen from {rounded(self.low)} to {rounded(self.high)} by epoch {self.epoch}"


def highest_rate(history: RunHistory) -> float | None:
    """The highest learning rate that is known of the run, given to its optimizer or seen at the end of an epoch."""
    info = history.info.optimizer
    rates = [info.learning_rate if info is not None else None, *(record.learning_rate for record in history.epochs)]
    return max((rate for rate in rates if rate is not None), default=None)


def rate_rise(history: RunHistory, step: int) -> RateRise | None:
    """The rise in the epochs that were over by `step`; None unless it is tenfold at least."""
    info = history.info.optimizer
    low = info.learning_rate if info is not None else None
    rise: RateRise | None = None
    for record in history.epochs:
        rate = record.learning_rate
        if rate is None or record.step > step:
            continue
        if low is None or 0 < rate < low:
            low = rate
        if low > 0 and rate >= MUCH * low and (rise is None or rate > rise.high):
            rise = RateRise(low, rate, record.epoch)
    return rise
