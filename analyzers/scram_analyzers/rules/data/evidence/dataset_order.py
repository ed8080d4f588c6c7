"""In what order a dataset hands out its examples, and whether that may be meant."""

from __future__ import annotations

import re

from scram_analyzers.source.data import Data, LabelForm, StepKind
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import boolean

BATCHES = frozenset(("batch", "padded_batch"))
"""Steps that put examples together."""


def may_be_mixed(program: Program, data: Data) -> bool:
    """Whether the program may have mixed a list of files, of which less is known than of arrays."""
    return data.source.startswith("tensorflow.") and program.matches(MIXING)


MIXING = re.compile(r"\bshuffle\((?!\d)\w|permutation\(|\.sample\(|train_test_split|Fold\(|random\.choice")
"""What puts lists of files in random order; a dataset's own shuffle is given a number, as a rule."""


def shuffled_one_by_one(data: Data) -> Place | None:
    """Where a dataset is shuffled with a buffer of one element, and no other way while it is a dataset."""
    made = next((n for n, step in enumerate(data.steps) if step.name == "from_tensor_slices"), len(data.steps))
    shuffles = [step for step in data.steps[made:] if step.kind is StepKind.SHUFFLED]
    only = shuffles[0] if len(shuffles) == 1 else None
    return only.place if only is not None and only.name == "shuffle" and only.number == 1 and only.certain else None


def shuffles(data: Data) -> bool:
    """Whether anything puts the examples in random order."""
    return any(step.kind is StepKind.SHUFFLED for step in data.steps)


def is_series(model: Model | None, data: Data) -> bool:
    """Whether the order of the rows may be meant."""
    if any(step.name == "window" for step in data.steps):
        return True
    texts = model is not None and any(layer.class_name == "Embedding" for layer in model.layers)
    return bool(_recurrent(model)) and (is_stateful(model) or not texts)


def is_stateful(model: Model | None) -> bool:
    """Whether a recurrent layer goes on from batch to batch."""
    return any(boolean(each.value("stateful")) is not False for each in _recurrent(model) if each.value("stateful"))


def _recurrent(model: Model | None) -> list[Layer]:
    return [layer for layer in model.layers if layer.class_name in RECURRENT] if model is not None else []


def holds_classes(data: Data) -> bool:
    """Whether each row of a dataset that no window moves over has a class of its own."""
    labels = data.targets.labels if data.targets is not None else None
    return labels in CLASSES and all(step.name != "window" for step in data.steps)


CLASSES = (LabelForm.INTEGER, LabelForm.BINARY, LabelForm.ONE_HOT)


RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN")
