"""What scales training data and had learned from all rows, before those that judge the model were taken away."""

from __future__ import annotations

from scram_analyzers.rules.data.evidence.judging import cut_rows
from scram_analyzers.rules.data.evidence.scaled_before_cut import scales
from scram_analyzers.rules.data.evidence.scaled_by_hand import has_all, split_of
from scram_analyzers.source.data import Data, DataStep, Learned, StepKind
from scram_analyzers.source.program import Program

ADAPTED = frozenset(f"keras.layers.{name}" for name in ("Normalization", "Discretization", "TextVectorization"))
"""Layers that learn from what their `adapt` is given."""

FOLD = "fold"
"""The step that takes the rows of one fold of a cross-validation."""


def leak_by_rows(data: Data, cut: DataStep | None) -> tuple[Learned, DataStep] | None:
    """A scaler fitted to all rows of which those to train on are some, cut out before or after that."""
    for step in data.steps if cut is not None else ():
        learned = step.learned
        if learned is not None and step.kind is StepKind.SCALED and scales(learned) and has_all(learned.data, data):
            assert cut is not None
            return learned, cut
    return None


def leak(data: Data) -> tuple[Learned, DataStep] | None:
    """A scaler that had learned from all of the data that a split or folds took apart."""
    for position, step in enumerate(data.steps):
        learned = step.learned
        if learned is None or step.kind is not StepKind.SCALED or not scales(learned):
            continue
        if not cut_rows(learned.data) <= cut_rows(data):
            continue  # fitted to some of the rows
        split = next((later for later in data.steps[position + 1 :] if later.kind is StepKind.SPLIT), None)
        if split is not None and learned.data.roots & (data.origins | data.roots):
            if split_of(learned.data) is not None:
                continue  # the test part had been set aside before; this split is for validation
            return learned, split
        earlier = split_of(data)
        if earlier is not None and learned.data.roots & data.origins:  # fitted to all, applied to the parts
            return learned, earlier
        of_all_folds = learned.data.roots & data.roots and split_of(learned.data) is None
        if earlier is not None and earlier.name == FOLD and of_all_folds:
            return learned, earlier
    return None


def adapted(program: Program, data: Data, cut: DataStep | None) -> tuple[Learned, DataStep] | None:
    """A layer that was adapted to what the training data were split from, or cut out of."""
    split = split_of(data)
    for call in program.method_calls if split is not None or cut is not None else ():
        given = call.arguments.value("data", 0)
        kind = (call.name or "").removesuffix(".adapt")
        if kind == call.name or kind not in ADAPTED or not isinstance(given, Data):
            continue
        learned = Learned(kind, 0, given, call.place)
        if split is not None and given.roots & data.origins and split_of(given) is None:
            return learned, split
        if cut is not None and (has_all(given, data) or _is_cut_from(given, data, cut)):
            return learned, cut
    return None


def _is_cut_from(whole: Data, data: Data, cut: DataStep) -> bool:
    """Whether the rows to train on were cut out of just these."""
    before = next(number for number, step in enumerate(data.steps) if step is cut)
    return whole.roots == data.roots and whole.steps == data.steps[:before]
