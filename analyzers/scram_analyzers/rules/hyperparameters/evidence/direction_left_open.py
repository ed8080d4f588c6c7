"""Callbacks that are not told in which direction a metric of the program's own gets better."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.rules.hyperparameters.evidence import callbacks
from scram_analyzers.rules.hyperparameters.evidence.waiting import Problem
from scram_analyzers.source.program import Callback, Fit, Program
from scram_analyzers.source.values import boolean, text

_RISES = ("dice", "iou", "jaccard", "f1", "fscore", "f_score", "f2", "fbeta", "psnr", "ssim", "precision", "recall")
"""Words in the names of scores of which more is better, that Keras doesn't know: it looks for "acc" alone."""

_FALLS = ("loss", "error", "distance", "dist")
"""Words in the names of what should fall all the same: `dice_loss`."""


def problems(program: Program, fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    """Report a callback that goes by a score of the program's own, and leaves it to Keras to guess its direction.

    Keras 2 takes the lowest for the best, as its source says of all names without "acc"; Keras 3 stops.
    """
    given = callback.arguments
    mode, watched = text(given.value("mode")), text(given.value("monitor"))
    if watched is None or given.open or (given.get("mode") is not None and mode != "auto"):
        return
    if class_name == "ModelCheckpoint" and boolean(given.value("save_best_only")) is not True:
        return
    base = watched.removeprefix("val_")
    name = base.lower()
    if "acc" in name or not any(word in name for word in _RISES) or any(word in name for word in _FALLS):
        return
    metrics = (fit.compile.metrics or ()) if fit.compile is not None else ()
    if not any(each.function is not None and callbacks.logged_name(program, each) == base for each in metrics):
        return
    place = given.get("monitor")
    if place is not None and place.place is not None:
        yield Problem(
            fit,
            place.place,
            f'{class_name} can\'t tell that {watched} should rise: without mode="max" Keras 2 takes the lowest for the '
            "best, and Keras 3 stops.",
            how=f'Say so: {class_name}(..., monitor="{watched}", mode="max").',
        )
