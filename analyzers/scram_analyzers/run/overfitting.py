"""Whether a run learns its training data by heart: validation gets worse while training gets better."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from scram_analyzers.run.data_parts import validation_rows, validation_rows_seen
from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import Moment, RunHistory, asked_once
from scram_analyzers.run.inference_gap import inference_gap
from scram_analyzers.run.records import EpochRecord
from scram_analyzers.run.task import baseline, constant_huber, targets
from scram_analyzers.run.trends import slope
from scram_analyzers.run.wording import rounded

RISE = 1.05
"""The validation loss against its best (catalogue G1: 5%)."""

EPOCHS = 3
"""For so many epochs in a row (catalogue G1; UMLAUT's one epoch and SCRAM's two cry wolf on noise)."""

EPOCHS_IN_LONG_RUN = 5
LONG_RUN = 15
"""While a run of so many planned epochs goes on, a rise must last longer: a healthy one was seen to come back after
three. Ours."""

ACCURACY_GAP = 0.10
HIGH_ACCURACY = 0.90
HIGH_ACCURACY_GAP = 0.07
"""Training accuracy minus validation accuracy; the smaller gap counts above 90% (catalogue G1)."""

LEARNED = 0.97
"""The best validation loss is below this share of a blind guess's. Ours."""

MILD_RISE = 1.2
STEADY = 0.01
"""A smaller rise, with a validation accuracy that is still about its best, is mild: the model grows overconfident
rather than worse. Of few rows two standard errors of that accuracy are about its best as well. Ours."""

LOSS_ONLY_SHARE = 0.02
"""Without an accuracy, the rise against a constant guess's loss: what is solved can double its tiny loss. Ours."""

LOSS_ONLY_RISE = 1.2
LOSS_ONLY_RATIO = 1.5
"""Without an accuracy there is no gap to look at. Ours, for regression: the validation loss is 20% above its
best and 1.5 times the training loss."""


@dataclass(frozen=True, slots=True)
class Overfitting:
    """Since `best_epoch` the validation loss rose from `best_val_loss` to `val_loss`.

    `loss` is the training loss now. `accuracy` and `val_accuracy` are None when the run logs no accuracy;
    `metric` is its name in the logs, `best_val_accuracy` the best of all epochs, of `rows` to validate on, if known.
    """

    best_epoch: int
    epoch: int
    step: int
    best_val_loss: float
    val_loss: float
    loss: float
    metric: str | None = None
    accuracy: float | None = None
    val_accuracy: float | None = None
    best_val_accuracy: float | None = None
    rows: int | None = None

    @property
    def is_mild(self) -> bool:
        """Whether validation finds the model a little less sure of itself, and its answers as good as ever."""
        if self.val_accuracy is None or self.best_val_accuracy is None:
            return False
        best = min(self.best_val_accuracy, 1.0)
        error = math.sqrt(best * (1 - best) / self.rows) if self.rows else 0.0
        is_steady = self.val_accuracy >= best - max(STEADY, 2 * error)
        return is_steady and self.val_loss < MILD_RISE * self.best_val_loss

    @property
    def phrase(self) -> str:
        """What happened, to stand inside a sentence."""
        text = (
            f"the validation loss rose from {rounded(self.best_val_loss)} (epoch {self.best_epoch}) to "
            f"{rounded(self.val_loss)} (epoch {self.epoch}) while the training loss fell to {rounded(self.loss)}"
        )
        if self.accuracy is None or self.val_accuracy is None:
            return text
        return f"{text}; accuracy is {self.accuracy:.0%} in training and {self.val_accuracy:.0%} in validation"


@dataclass(frozen=True, slots=True)
class _Epoch:
    record: EpochRecord
    loss: float
    val_loss: float


@asked_once
def overfitting(history: RunHistory) -> Overfitting | None:
    """Overfitting as of the last epoch, or None.

    A model that does as badly on its training rows in inference mode has not learned them by heart: validation only
    shows that averages of batch statistics lag behind. Nor has one whose training loss ran away.
    """
    epochs = [epoch for record in history.epochs if (epoch := _validated(record)) is not None]
    if len(epochs) <= EPOCHS:
        return None
    best = min(range(len(epochs)), key=lambda place: epochs[place].val_loss)
    since, needed = epochs[best:], _epochs_needed(history)
    if since[0].val_loss <= 0 or not _rises(since, needed) or not _training_improves(since):
        return None
    if _is_wobble(since, needed) or divergence(history) is not None:
        return None
    if not _had_learned(since[0], history) or inference_gap(history) is not None:
        return None
    found = _described(since[0], since[-1], history)
    return found if _gap_is_wide(found, _blind_loss(history)) else None


def _validated(record: EpochRecord) -> _Epoch | None:
    loss, val_loss = record.value("loss"), record.value("val_loss")
    if loss is None or val_loss is None or not (math.isfinite(loss) and math.isfinite(val_loss)):
        return None
    return _Epoch(record, loss, val_loss)


def _had_learned(best: _Epoch, history: RunHistory) -> bool:
    """Whether validation was ever better than a blind guess: what rises from there was never learned.

    So it is with BatchNormalization in the first epochs of a short run, until its averages have caught up.
    """
    known = baseline(history)
    return known is None or known.loss is None or best.val_loss < LEARNED * known.loss


def _epochs_needed(history: RunHistory) -> int:
    goes_on = history.moment is not Moment.END and (history.info.epochs or 0) >= LONG_RUN
    return EPOCHS_IN_LONG_RUN if goes_on else EPOCHS


def _rises(since: Sequence[_Epoch], epochs: int) -> bool:
    last = since[1:][-epochs:]
    return len(last) == epochs and all(epoch.val_loss >= RISE * since[0].val_loss for epoch in last)


def _is_wobble(since: Sequence[_Epoch], epochs: int) -> bool:
    """Whether a single step down, as large as one that was seen since the best epoch, would undo the rise.

    A validation loss that jumps stands above its best epoch nearly always: that one was its luckiest.
    """
    losses = [epoch.val_loss for epoch in since]
    largest_fall = max(before - after for before, after in itertools.pairwise(losses))
    return min(losses[1:][-epochs:]) - losses[0] <= largest_fall


def _training_improves(since: Sequence[_Epoch]) -> bool:
    losses = [epoch.loss for epoch in since]
    return losses[-1] < losses[0] and slope(losses) < 0


def _described(best: _Epoch, last: _Epoch, history: RunHistory) -> Overfitting:
    metric = _accuracy_name(last.record)
    accuracies = [record.value(f"val_{metric}") for record in history.epochs] if metric else []
    return Overfitting(
        best_epoch=best.record.epoch,
        epoch=last.record.epoch,
        step=last.record.step,
        best_val_loss=best.val_loss,
        val_loss=last.val_loss,
        loss=last.loss,
        metric=metric,
        accuracy=last.record.value(metric) if metric else None,
        val_accuracy=last.record.value(f"val_{metric}") if metric else None,
        best_val_accuracy=max((value for value in accuracies if value is not None), default=None),
        rows=validation_rows(history) or validation_rows_seen(history),
    )


def _accuracy_name(record: EpochRecord) -> str | None:
    """The first logged accuracy that validation logs too ("accuracy", "acc", "head_sparse_..._accuracy")."""
    names = [name for name, _ in record.logs]
    return next((name for name in names if "acc" in name and f"val_{name}" in names), None)


def _blind_loss(history: RunHistory) -> float | None:
    """A constant guess's loss; of a Huber loss whose delta is not known, that of the usual one."""
    known, target = baseline(history), targets(history)
    if known is not None and known.loss:
        return known.loss
    if history.info.losses != ("huber",) or target is None or not target.deviation:
        return None
    return constant_huber(target.deviation)


def _gap_is_wide(found: Overfitting, blind: float | None) -> bool:
    if found.accuracy is None or found.val_accuracy is None:
        if blind is not None and found.val_loss - found.best_val_loss < LOSS_ONLY_SHARE * blind:
            return False
        return found.val_loss >= LOSS_ONLY_RISE * found.best_val_loss and found.val_loss >= LOSS_ONLY_RATIO * found.loss
    needed = HIGH_ACCURACY_GAP if found.accuracy > HIGH_ACCURACY else ACCURACY_GAP
    return found.accuracy - found.val_accuracy >= needed
