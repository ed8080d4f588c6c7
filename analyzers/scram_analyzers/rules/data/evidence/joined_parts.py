"""Scalers fitted to training and test parts that were put together again: `fit(np.concatenate([x_train, x_test]))`."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.judging import judged_by
from scram_analyzers.source.data import Data, Learned, StepKind
from scram_analyzers.source.program import Fit, Program

_ADAPT = "keras.layers.Normalization.adapt"


def of_parts_joined(program: Program, fit: Fit) -> Iterator[Report]:
    """What scales the training data and has learned from them and from others of the same split, which judge them."""
    data = fit.inputs
    if data is None or not data.origins:
        return
    judging = [each for each in judged_by(program, fit) if each.data.roots and not each.use.startswith("predict")]
    for learned in _learned(program, data):
        if not learned.data.roots > data.roots or not learned.data.origins & data.origins:
            continue
        others = learned.data.roots - data.roots
        judged = next((each for each in judging if each.data.roots <= others), None)
        if judged is not None:
            kind = learned.kind.rpartition(".")[2]
            yield Report(
                learned.place,
                f"This {kind} is fitted to training data and to data that judge the model, put together: it has seen "
                "the test part as well.",
                (Related(judged.place, "These judge the model."),),
            )
            return


def _learned(program: Program, data: Data) -> Iterator[Learned]:
    """What the data were scaled by, and what layers of normalization were adapted to."""
    for step in data.steps:
        if step.learned is not None and step.kind is StepKind.SCALED:
            yield step.learned
    for call in program.method_calls:
        given = call.arguments.value("data", 0)
        if call.name == _ADAPT and isinstance(given, Data):
            yield Learned("keras.layers.Normalization", 0, given, call.place)
