"""Data of which the mean was taken off and that were not divided after it, as those to train on were."""

from __future__ import annotations

import itertools

from scram_analyzers.source.data import Data, DataStep, StepKind

_BY_HAND = ["Subtract", "Divide"]


def lacks_division(trained: Data, judged: Data) -> bool:
    """Whether both had something subtracted, and the training data alone were then divided: `x - mean / std`."""
    ours, theirs = ([step for step in data.steps if step.kind is StepKind.SCALED] for data in (trained, judged))
    if len(theirs) + 1 != len(ours) or [step.name for step in ours[-2:]] != _BY_HAND or theirs[-1].name != "Subtract":
        return False
    if any(not step.certain or step.learned is not None for step in (*ours, *theirs)):
        return False
    alike = all(one.name == other.name and one.number == other.number for one, other in zip(ours, theirs, strict=False))
    return alike and _rest(trained) == _rest(judged)


def _rest(data: Data) -> list[DataStep]:
    """What else was done to the data, but to pick rows of them."""
    apart = (StepKind.SCALED, StepKind.SPLIT, StepKind.SELECTED, StepKind.SHUFFLED)
    return list(itertools.filterfalse(lambda step: step.kind in apart, data.steps))
