"""Accuracies that count the entries of one-hot rows instead of the rows."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.fixes import number_text
from scram_analyzers.source.data import DataStep, LabelForm, StepKind
from scram_analyzers.source.program import Pairing
from scram_analyzers.source.reading import parents

FEWEST_CLASSES = 3
"""Of two classes one entry is right exactly when the other is."""


def entries_counted(pairing: Pairing) -> str | None:
    """What a mean over `answers == labels` counts, where the labels are one-hot rows, mostly of zeros."""
    labels, made = pairing.labels, pairing.made
    if made is None or pairing.operator != "Equal" or labels.labels is not LabelForm.ONE_HOT or not made.steps:
        return None
    classes = labels.classes
    if classes is None or classes < FEWEST_CLASSES or not all(map(_answers, made.steps)) or not _is_averaged(pairing):
        return None
    share = number_text(round(100 * (classes - 1) / classes))
    return (
        f"This counts entries, not rows: {classes - 1} of the {classes} entries of each one-hot row are 0, and a model "
        f"that answers 0 to everything is right in {share} %."
    )


def _answers(step: DataStep) -> bool:
    """Whether a step makes an answer of each output for itself."""
    return step.name in ("compare", "round", "numpy.round", "rint") or step.kind is StepKind.CONVERTED


def _is_averaged(pairing: Pairing) -> bool:
    """Whether all entries go into one mean: `np.mean(answers == labels)`, `(answers == labels).mean()`."""
    above = [node for node in parents.ancestors(pairing.place) if not isinstance(node, cst.Arg)]
    if above and isinstance(above[0], cst.Attribute):
        return above[0].attr.value == "mean" and isinstance(above[1], cst.Call) and not above[1].args
    call = above[0] if above else None
    named = call.func if isinstance(call, cst.Call) else None
    is_mean = isinstance(named, cst.Attribute) and named.attr.value in ("mean", "average", "reduce_mean")
    return isinstance(call, cst.Call) and is_mean and len(call.args) == 1
