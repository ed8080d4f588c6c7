"""Rows that a program puts in the order of their labels, and cuts into stretches."""

from __future__ import annotations

from scram_analyzers.rules.data.evidence.judging import slice_of
from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, Program


def order_of_labels(program: Program, fit: Fit) -> Place | None:
    """The `argsort` of labels from which the targets of a training were made; None where other orders are made too."""
    calls = program.calls_where(_sorts)
    given = [call.arguments.value("a", 0) for call in calls]
    if fit.targets is None or not all(_is_of(labels, fit.targets) for labels in given):
        return None
    return calls[0].place if calls else None


def _sorts(call: Call) -> bool:
    return call.name.endswith(".argsort")


def are_stretches_of_one_order(fit: Fit, judged: Data) -> bool:
    """Whether training takes one stretch of rows put in order, and `judged` is another."""
    ours, theirs = _stretch(fit.inputs), _stretch(judged)
    if ours is None or theirs is None or ours[0] != theirs[0] or ours[1] == theirs[1]:
        return False
    known = fit.inputs.rows if fit.inputs is not None else None
    return known is None or judged.rows is None or not known.meets(judged.rows)


def _stretch(data: Data | None) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where rows were put in order, and where a stretch of them was taken before they were mixed again."""
    ordered: tuple[int, int] | None = None
    for step in data.steps if data is not None else ():
        if step.name == "argsort" and step.place is not None:
            ordered = step.place.key
        elif step.kind in (StepKind.SHUFFLED, StepKind.SPLIT):
            return None
        elif ordered is not None and step.place is not None and slice_of(step) is not None:
            return ordered, step.place.key
    return None


def _is_of(labels: object, targets: Data) -> bool:
    """Whether the targets were made from these labels, which are no inputs loaded beside them."""
    if not isinstance(labels, Data) or labels.labels is None:
        return False
    return bool(labels.roots & targets.roots or labels.origins & targets.origins)
