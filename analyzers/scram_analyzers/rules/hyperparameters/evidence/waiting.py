"""Callbacks that can't do what they are there for, whatever they watch: they wait too long, or ask for too much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers import fixes
from scram_analyzers.findings import Severity
from scram_analyzers.rules.hyperparameters.evidence import trainings
from scram_analyzers.source.heads import heads_with_losses
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Callback, Fit
from scram_analyzers.source.values import number, text


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a callback, at which place of its call, and in which training, where that is known.

    `instead` is what belongs into the string there; `why` and `how` are given where those of the rule don't fit.
    """

    fit: Fit | None
    place: Place
    message: str
    instead: str = ""
    severity: Severity | None = None
    why: str | None = None
    how: str | None = None


def problems(fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    """What keeps the callback from acting in this training, or makes it act at once."""
    yield from _patience(fit, callback, class_name)
    yield from _least_gain(fit, callback, class_name)
    yield from _lowest_rate(fit, callback, class_name)
    yield from _stopped_first(fit, callback, class_name)


def _patience(fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    given = callback.arguments.get("patience")
    patience = number(given.value) if given is not None else None
    epochs = trainings.epochs(fit)
    place = given.written_at if given is not None else None
    if class_name == "ModelCheckpoint" or patience is None or place is None or epochs is None:
        return
    if 1 < epochs <= patience:
        message = f"{class_name} waits {patience:g} epochs, but the training has {epochs}: it never acts."
        why = "It acts when nothing has got better for so many epochs, and by then the training is over."
        how = "Give it a patience well below the number of epochs, such as 5 to 10, or train for more epochs."
        yield Problem(fit, place, message, severity=Severity.INFO, why=why, how=how)


def _least_gain(fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    """A `min_delta` that no epoch after the first can get better by."""
    given = callback.arguments.get("min_delta")
    asked = number(given.value) if given is not None else None
    place, watched = (given.written_at or callback.place) if given is not None else None, _monitor_of(callback)
    room = _room(fit, (watched or "").removeprefix("val_"))
    if asked is None or place is None or room is None or abs(asked) < room or callback.arguments.open:
        return
    does = "ends the training" if class_name == "EarlyStopping" else "lowers the rate"
    message = (
        f"No epoch can get {watched} better by {fixes.number_text(abs(asked))}: {class_name} counts each as one "
        f"without progress and {does} as soon as its patience is over."
    )
    why = "An epoch counts as progress only if it is better than the best so far by more than min_delta."
    how = "Leave min_delta out, or give a small share of what the number usually is, such as 0.001."
    yield Problem(fit, place, message, why=why, how=how)


def _room(fit: Fit, watched: str) -> float | None:
    """How much better than a guess a number can get: all of an accuracy, a cross-entropy's logarithm of the classes."""
    if watched.startswith(_SHARES) or watched.endswith("accuracy"):
        return 1.0
    compiled = fit.compile
    if watched != "loss" or compiled is None or len(compiled.losses) != 1 or compiled.model is None:
        return None
    heads = [head for head, _ in heads_with_losses(compiled)]
    units = heads[0].units if len(heads) == 1 else None
    if compiled.losses[0].name == "binary_crossentropy":
        return math.log(2)
    if compiled.losses[0].name not in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return None
    return math.log(units) if units is not None and units > 1 else None


_SHARES = ("acc", "auc", "precision", "recall", "f1_score")


def _stopped_first(fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    """A `ReduceLROnPlateau` that waits longer than an `EarlyStopping` which watches the same."""
    given = callback.arguments.get("patience")
    patience, place = _patience_of(callback, 10.0), (given.written_at if given is not None else None) or callback.place
    if class_name != "ReduceLROnPlateau" or patience is None or place is None:
        return
    for other in fit.callbacks or ():
        stops = _patience_of(other, 0.0) if other.kind == "keras.callbacks.EarlyStopping" else None
        if stops is None or _monitor_of(other) != _monitor_of(callback) or other.arguments.value("start_from_epoch"):
            continue
        if 0 < stops < patience:
            message = (
                f"EarlyStopping ends the training after {stops:g} epochs without a better {_monitor_of(callback)}; "
                f"ReduceLROnPlateau waits {patience:g}, so it hardly ever acts."
            )
            why = "The lower rate is to get the training over a stretch that does not get better: it never comes to it."
            how = "Give ReduceLROnPlateau a patience of a half or a third of that of EarlyStopping."
            yield Problem(fit, place, message, severity=Severity.INFO, why=why, how=how)
            return


def _patience_of(callback: Callback, default: float) -> float | None:
    given = callback.arguments.get("patience")
    if callback.arguments.open:
        return None
    return number(given.value) if given is not None else default


def _monitor_of(callback: Callback) -> str | None:
    given = callback.arguments.get("monitor", 0)
    return text(given.value) if given is not None else "val_loss"


def _lowest_rate(fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    optimizer = fit.compile.optimizer if fit.compile is not None else None
    rate = optimizer.learning_rate.value if optimizer is not None and not optimizer.learning_rate.schedule else None
    given = callback.arguments.get("min_lr")
    lowest = number(given.value) if given is not None else None
    place = given.written_at if given is not None else None
    if class_name != "ReduceLROnPlateau" or rate is None or lowest is None or place is None or rate <= 0:
        return
    if lowest >= rate:
        message = (
            f"The lowest rate, {fixes.number_text(lowest)}, is not below the one the training begins with "
            f"({fixes.number_text(rate)}), so the rate never falls."
        )
        why = (
            "The callback multiplies the rate by its factor, and never goes below min_lr: here it stops where it began."
        )
        how = "Give a min_lr a hundred times smaller than the first rate or less, or leave it out."
        yield Problem(fit, place, message, why=why, how=how)
