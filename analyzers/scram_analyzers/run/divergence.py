"""Whether a run's loss left the finite numbers or ran away, and since when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.nonfinite_weights import nonfinite_weights
from scram_analyzers.run.records import ArrayStatistics, StepRecord
from scram_analyzers.run.trends import WINDOW, rolling_median
from scram_analyzers.run.wording import rounded

DivergenceKind = Literal["nan", "inf", "diverging", "weights"]

RUNAWAY_CROSS_ENTROPY = 1e3
"""A cross-entropy this high gives the right class a probability of e^-1000 (TheDeepChecker, catalogue F3)."""

RUNAWAY_RATIO = 100.0
"""Against the first batch's loss. Ours: a healthy run is hardly ever worse than the untrained model, and
a run on unscaled inputs starts high and falls."""

CROSS_ENTROPY_RATIO = 10.0
"""A cross-entropy over 1e3 must also be this many times the first: unscaled inputs begin with losses in the
hundreds and recover."""

RUNAWAY_STEPS = 5
"""So many losses in a row must be beyond the bound: one broken batch is no divergence."""

OVERHEARD_RATIO = 1e4
"""Against the first loss, and 1, where nothing tells what the loss is: that of learning by reinforcement grows with
what is won. A loop that diverges gets there in a few steps more. Ours."""

RISE_RATIO = 3.0
"""The smoothed loss against its best so far (catalogue F3, after TheDeepChecker and AutoTrainer)."""

RISE_STEPS = 50
"""For so many steps in a row (catalogue F3)."""

LOST_SHARE = 0.5
"""And above this share of the loss that the run began with. Ours: a run that has nearly memorized its data
swings by far more than a factor of three around a loss of almost nothing."""

_CROSS_ENTROPIES = ("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy")


@dataclass(frozen=True, slots=True)
class Divergence:
    """When the loss became NaN or infinite or began to run away, or the weights are no longer finite.

    `before` is the last sound loss before it (None when there was none), `after` the loss that shows it
    (None when only the weights do).
    `nonfinite_arrays` names what held NaN or infinite values up to then: with one of these the data, not the
    optimizer, is the likely cause.
    """

    kind: DivergenceKind
    step: int
    epoch: int
    before: float | None
    after: float | None
    nonfinite_arrays: tuple[ArrayStatistics, ...] = ()

    @property
    def phrase(self) -> str:
        """What happened, to stand inside a sentence: "the loss became NaN at step 3"."""
        if self.kind == "nan":
            return f"the loss became NaN at step {self.step}"
        if self.kind == "inf":
            return f"the loss became infinite at step {self.step}"
        if self.kind == "weights" or self.after is None:
            return f"weights became NaN or infinite by step {self.step}"
        rise = f" from {rounded(self.before)}" if self.before is not None else ""
        return f"the loss rose{rise} to {rounded(self.after)} by step {self.step}"


@asked_once
def divergence(history: RunHistory) -> Divergence | None:
    """The first divergence that the steps held in memory show, or None."""
    found = (_not_finite_step(history), _not_finite_weights(history), _running_away(history))
    seen = [each for each in found if each is not None]
    return min(seen, key=lambda each: each.step) if seen else _not_finite_epoch(history)


def _not_finite_step(history: RunHistory) -> Divergence | None:
    before: float | None = None
    if all(math.isfinite(loss) for _, loss in history.losses()):
        return None
    for record in history.steps:
        if record.loss is None:
            continue
        if not math.isfinite(record.loss):
            return _divergence(history, _kind(record.loss), record.step, record.epoch, before, record.loss)
        before = record.loss
    return None


def _not_finite_weights(history: RunHistory) -> Divergence | None:
    found = nonfinite_weights(history)
    if found is None:
        return None
    return _divergence(history, "weights", found.step, found.epoch, history.first_loss, None)


def _not_finite_epoch(history: RunHistory) -> Divergence | None:
    """From the epochs' logs, for runs whose steps were not read or are no longer held."""
    before: float | None = None
    for record in history.epochs:
        loss = record.value("loss")
        if loss is None:
            continue
        if not math.isfinite(loss):
            return _divergence(history, _kind(loss), record.step, record.epoch, before, loss)
        before = loss
    return None


def _running_away(history: RunHistory) -> Divergence | None:
    records = [record for record in history.steps if record.loss is not None and math.isfinite(record.loss)]
    losses = [record.loss for record in records if record.loss is not None]
    first = history.first_loss
    if first is None or not losses:
        return None
    if history.info.is_overheard or (history.info.is_on_batches and not history.epochs):
        bound = OVERHEARD_RATIO * max(abs(first), 1.0)
        explosion, rise = _lasting([loss >= bound for loss in losses], RUNAWAY_STEPS), None
    else:
        explosion = _explosion(losses, first, _is_cross_entropy(history))
        rise = _rise(losses, _untrained_loss(first, history))
    if explosion is None and rise is None:
        return None
    onset, shown = min((each for each in (explosion, rise) if each is not None), key=lambda each: each[1])
    record: StepRecord = records[shown]
    return _divergence(history, "diverging", record.step, record.epoch, losses[max(onset - 1, 0)], losses[shown])


def _explosion(losses: Sequence[float], first: float, cross_entropy: bool) -> tuple[int, int] | None:
    """Places of the first loss beyond the bound and of the one that made it sure."""
    bound = RUNAWAY_RATIO * abs(first)
    if cross_entropy:
        bound = min(bound, max(RUNAWAY_CROSS_ENTROPY, CROSS_ENTROPY_RATIO * abs(first)))
    if bound == 0 or max(losses) < bound:
        return None
    return _lasting([loss >= bound for loss in losses], RUNAWAY_STEPS)


def _rise(losses: Sequence[float], untrained: float) -> tuple[int, int] | None:
    best = math.inf
    risen = []
    lost = LOST_SHARE * untrained
    high = next((place for place in range(len(losses) - 1, -1, -1) if losses[place] > lost), -1)
    for value in rolling_median(losses[: high + WINDOW]):  # behind those no median is as high
        best = min(best, value)
        risen.append(best > 0 and value > RISE_RATIO * best and value > lost)
    return _lasting(risen, RISE_STEPS)


def _lasting(marks: Sequence[bool], needed: int) -> tuple[int, int] | None:
    """Start and `needed`-th place of the first row of so many true marks."""
    row = 0
    for place, mark in enumerate(marks):
        row = row + 1 if mark else 0
        if row == needed:
            return place - needed + 1, place
    return None


def _untrained_loss(first: float, history: RunHistory) -> float:
    """The first batch's loss, for a cross-entropy no less than a guess's (a model may come trained)."""
    classes = history.info.classes
    if _is_cross_entropy(history) and classes is not None and classes > 1:
        return max(first, math.log(classes))
    return first


def _is_cross_entropy(history: RunHistory) -> bool:
    return bool(history.info.losses) and all(loss in _CROSS_ENTROPIES for loss in history.info.losses)


def _kind(loss: float) -> DivergenceKind:
    return "nan" if math.isnan(loss) else "inf"


def _divergence(
    history: RunHistory,
    kind: DivergenceKind,
    step: int,
    epoch: int,
    before: float | None,
    after: float | None,
) -> Divergence:
    seen = [array for record in history.steps if record.step <= step for array in record.arrays]
    bad = {(array.role, array.name): array for array in reversed(seen) if array.nonfinite}
    return Divergence(kind, step, epoch, before, after, tuple(bad[key] for key in sorted(bad)))
