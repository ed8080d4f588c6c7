"""Scalers and encoders that are fitted anew to the data which judge the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.rules.data.judging import judged_by
from scram_analyzers.source.data import Data, DataStep, Learned, Part, shares_rows
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program

SCALERS = (
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "QuantileTransformer",
    "PowerTransformer",
    "PCA",
    "LinearDiscriminantAnalysis",
)
"""Transformers of scikit-learn that learn means, bounds or directions from the rows they are fitted to."""


@dataclass(frozen=True, slots=True)
class Refit:
    """A scaler or encoder fitted to judging data, and how the training data's one was fitted."""

    learned: Learned
    training: Learned
    used: Place


def refits(program: Program, fit: Fit, kinds: tuple[str, ...]) -> Iterator[Refit]:
    """What was fitted to validation or test data themselves, of the classes named `kinds`."""
    trained = [each for each in (fit.inputs, fit.targets) if each is not None]
    training = [
        step.learned
        for data in trained
        for step in data.learned_steps()
        if step.learned is not None and _is_of(step.learned, kinds) and (_at_once(step) or _from(step.learned, trained))
    ]
    for judged, used in _judging(program, fit):
        for step in judged.learned_steps():
            learned = step.learned
            if learned is None or not _is_of(learned, kinds) or _from(learned, trained):
                continue
            if not _at_once(step) and not shares_rows(learned.data, judged):
                continue
            other = next((each for each in training if each.kind == learned.kind), None)
            if other is not None and other.place.node is not learned.place.node:
                yield Refit(learned, other, used)


def _judging(program: Program, fit: Fit) -> Iterator[tuple[Data, Place]]:
    for judged in judged_by(program, fit):
        yield judged.data, judged.place
    for evaluation in program.evaluations:
        if evaluation.y is not None and isinstance(evaluation.y.value, Data) and evaluation.y.place is not None:
            yield evaluation.y.value, evaluation.y.place
    for call in program.method_calls:
        # A part that only a scaler ever sees (labels of the test part that a metric of scikit-learn compares)
        data = call.result
        if isinstance(data, Data) and data.part in (Part.TEST, Part.VALIDATION):
            yield data, call.place


def _is_of(learned: Learned, kinds: tuple[str, ...]) -> bool:
    return learned.kind.rpartition(".")[2] in kinds


def _at_once(step: DataStep) -> bool:
    """Whether data were fitted to and changed by one call: `fit_transform`."""
    return step.learned is not None and step.place is not None and step.place.node is step.learned.place.node


def _from(learned: Learned, trained: list[Data]) -> bool:
    part_of_several = learned.data.rows is None and len(learned.data.roots) > 1  # the end of train and test together
    return not part_of_several and any(shares_rows(learned.data, data) for data in trained)
