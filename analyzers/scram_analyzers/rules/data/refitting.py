"""Scalers and encoders that are fitted anew to the data which judge the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.rules.data.judging import judged_by
from scram_analyzers.source.data import Data, Learned, Part, shares_rows
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
    training = [learned for data in trained for learned in _learned(data, kinds) if _from(learned, trained)]
    for judged, used in _judging(program, fit):
        for step in judged.learned_steps():
            learned = step.learned
            if learned is None or learned.kind.rpartition(".")[2] not in kinds or _from(learned, trained):
                continue
            at_once = step.place is not None and step.place.node is learned.place.node  # fit_transform
            if not at_once and not shares_rows(learned.data, judged):
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


def _learned(data: Data, kinds: tuple[str, ...]) -> Iterator[Learned]:
    for step in data.learned_steps():
        if step.learned is not None and step.learned.kind.rpartition(".")[2] in kinds:
            yield step.learned


def _from(learned: Learned, trained: list[Data]) -> bool:
    part_of_several = learned.data.rows is None and len(learned.data.roots) > 1  # the end of train and test together
    return not part_of_several and any(shares_rows(learned.data, data) for data in trained)
