"""Whether a run learns: stands still, crawls, or has learned well, measured against a blind guess."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import Moment, RunHistory, asked_once
from scram_analyzers.run.records import EpochRecord
from scram_analyzers.run.task import Baseline, Task, baseline
from scram_analyzers.run.wording import rounded

ENOUGH_EPOCHS = 3
ENOUGH_STEPS = 100
"""Before a run is judged (catalogue F4: two epochs and 200 steps; small tables have fewer)."""

MOVED = 0.01
"""A loss that fell by less than this share over the last epochs stands still (catalogue F4)."""

NO_BETTER = 0.97
"""A loss above this share of the blind guess's is no better than it. Ours."""

HARDLY_BETTER = 0.9
"""A loss above this share of the blind guess's has learned next to nothing. Ours."""

ACCURACY_MARGIN = 0.03
"""An accuracy this close to the most frequent class's share is at chance, or within two standard errors."""

LEARNED = 0.5
"""Half of the way from a blind guess to perfection: the run trained well."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands after its last epoch, in training.

    `since` is the first epoch of those over which the loss has not moved. `loss_before` and `loss` are the best
    of the epochs up to `since` and after. `projected` is the loss at the last planned epoch if it goes on so.
    """

    epoch: int
    step: int
    since: int
    loss_before: float
    loss: float
    accuracy: float | None
    baseline: Baseline
    projected: float | None = None

    @property
    def clause(self) -> str:
        """What is seen, to stand inside a sentence."""
        return f"{self._motion}{self._against}"

    @property
    def _motion(self) -> str:
        epochs = self.epoch - self.since
        during = f"{epochs} epoch{'s' if epochs > 1 else ''}"
        before, now = rounded(self.loss_before, 4), rounded(self.loss, 4)
        if before == now:
            return f"the training loss has stood at {now} for {during}"
        return f"the training loss has hardly moved in {during} ({before} to {now})"

    @property
    def _against(self) -> str:
        if self.accuracy is not None and self.baseline.accuracy is not None:
            return f", and an accuracy of {self.accuracy:.0%} is what always guessing the same class gives"
        if self.baseline.loss is not None:
            return f", and a constant guess would reach {rounded(self.baseline.loss, 4)}"
        return ""


@asked_once
def standstill(history: RunHistory) -> Standing | None:
    """The loss does not move although it is no better than a blind guess's; None when it does, or is unknown."""
    standing = _standing(history)
    if standing is None or not is_at_chance(standing):
        return None
    fell = standing.loss_before - standing.loss
    return standing if fell < MOVED * abs(standing.loss_before) else None


@asked_once
def crawl(history: RunHistory) -> Standing | None:
    """The loss falls, but so slowly that the planned epochs would not take it away from a blind guess's."""
    standing = _standing(history)
    if standing is None or standstill(history) is not None or standing.baseline.loss is None:
        return None
    bound = HARDLY_BETTER * standing.baseline.loss
    if standing.loss < bound or standing.projected is None or standing.projected < bound:
        return None
    return standing if standing.accuracy is None or _gain(standing) < 1 - HARDLY_BETTER else None


@asked_once
def success(history: RunHistory) -> str | None:
    """The phrase for a run that trained well ("validation accuracy came to 97%"); None when it didn't, or unknown."""
    known = baseline(history)
    if known is None or not history.epochs or divergence(history) is not None:
        return None
    last = history.epochs[-1]
    name = accuracy_name(last)
    if known.accuracy is not None and name is not None:
        where = "validation" if last.value(f"val_{name}") is not None else "training"
        value = last.value(f"val_{name}") if where == "validation" else last.value(name)
        if value is not None and value >= known.accuracy + LEARNED * (1 - known.accuracy):
            return f"{where} accuracy came to {value:.0%}"
        return None
    loss = last.value("val_loss")
    where = "validation" if loss is not None else "training"
    loss = last.value("loss") if loss is None else loss
    if loss is not None and known.loss and loss <= (1 - LEARNED) * known.loss:
        return f"the {where} loss came to {rounded(loss)}, where a constant guess would have {rounded(known.loss)}"
    return None


def accuracy_name(record: EpochRecord) -> str | None:
    """The first logged training accuracy ("accuracy", "acc", "binary_accuracy"), but no top-k accuracy."""
    names = (name for name, _ in record.logs if not name.startswith("val_"))
    return next((name for name in names if "acc" in name and "top_k" not in name), None)


def is_at_chance(standing: Standing) -> bool:
    """Whether accuracy (where it is logged) and loss are those of a blind guess; False when neither is known."""
    known = standing.baseline
    if standing.accuracy is not None and known.accuracy is not None:
        error = math.sqrt(known.accuracy * (1 - known.accuracy) / known.rows) if known.rows else 0.0
        return standing.accuracy <= known.accuracy + max(ACCURACY_MARGIN, 2 * error)
    return known.loss is not None and standing.loss >= NO_BETTER * known.loss


def _gain(standing: Standing) -> float:
    """The share of the way from a blind guess to a perfect accuracy."""
    guess = standing.baseline.accuracy
    if standing.accuracy is None or guess is None or guess >= 1:
        return 0.0
    return (standing.accuracy - guess) / (1 - guess)


@asked_once
def _standing(history: RunHistory) -> Standing | None:
    known = baseline(history)
    epochs = [epoch for epoch in history.epochs if _is_finite(epoch.value("loss"))]
    if known is None or len(epochs) < 2 or len(epochs) < len(history.epochs):
        return None
    if not _is_long_enough(history, epochs):
        return None
    losses = [epoch.value("loss") or 0.0 for epoch in epochs]
    recent = min(max(ENOUGH_EPOCHS - 1, len(epochs) // 2), len(epochs) - 1)
    before, now = min(losses[:-recent]), min(losses[-recent:])
    last = epochs[-1]
    name = accuracy_name(last)
    return Standing(
        epoch=last.epoch,
        step=last.step,
        since=epochs[-recent - 1].epoch,
        loss_before=before,
        loss=now,
        accuracy=last.value(name) if name is not None else None,
        baseline=known,
        projected=_projected(history, losses),
    )


def _projected(history: RunHistory, losses: list[float]) -> float | None:
    """The last loss carried on at the pace of the last two epochs."""
    planned = history.info.epochs
    if planned is None or len(losses) < ENOUGH_EPOCHS:
        return None
    pace = max((losses[-ENOUGH_EPOCHS] - losses[-1]) / (ENOUGH_EPOCHS - 1), 0.0)
    return losses[-1] - pace * max(planned - len(losses), 0)


def _is_long_enough(history: RunHistory, epochs: list[EpochRecord]) -> bool:
    ended = history.moment is Moment.END
    enough = len(epochs) >= ENOUGH_EPOCHS or ended
    return enough and (epochs[-1].step >= ENOUGH_STEPS or len(epochs) >= 10)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def is_classification(history: RunHistory) -> bool:
    """Whether the run sorts its rows into exclusive classes, as far as is known."""
    known = baseline(history)
    return known is not None and known.task is Task.CLASSIFICATION
