"""What parts inputs from their labels: a shuffle or a split that only the one of them went through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from scram_analyzers.rules.data.evidence.calls_of_steps import call_of
from scram_analyzers.rules.data.evidence.judging import PICKING, slice_of, stretch
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.interpreting.containers import NUMBERING
from scram_analyzers.source.libraries.image_generators import GENERATING, is_generated
from scram_analyzers.source.libraries.joint_inputs import UNSEEN
from scram_analyzers.source.libraries.loaders import IMAGE_READERS, UNSHUFFLED
from scram_analyzers.source.libraries.numpy_functions import GENERATOR
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import Constant, boolean, constant, is_none

OWN_SHUFFLE = f"{GENERATOR}.shuffle"

ROWS_ONE_BY_ONE = ("csv.reader", "csv.DictReader")
"""The sources of rows that a loop goes through, often to read a file that each of them names."""


def parted(program: Program, inputs: Data | None, targets: Data | None) -> DataStep | None:
    """The mixing step that only the labels, or only the inputs, went through."""
    if inputs is None or targets is None:
        return None
    if inputs.source != targets.source and any(each.source in ROWS_ONE_BY_ONE for each in (inputs, targets)):
        return None  # what is read beside them comes in their order
    if NUMBERING in (inputs.source, targets.source) and not _were_together(inputs, targets):
        return None  # numbers looked up one by one come in the order of the words, wherever those are from
    if (drawn := _generated_apart(program, inputs, targets)) is not None:
        return drawn
    if UNSEEN in (inputs.source, targets.source):
        return None  # the inputs may have gone through the very same
    if not (inputs.roots | inputs.origins) or not (targets.roots | targets.origins):
        return None
    if _were_together(inputs, targets) and (zipped := _zipped(inputs, targets)) is not None:
        return zipped
    mixed = _mixing(inputs if _is_dataset(targets) else _before_dataset(inputs)), _mixing(targets)
    shared = {id(step.node) for step in mixed[0]} & {id(step.node) for step in mixed[1]}
    ours, theirs = ([step for step in steps if id(step.node) not in shared] for steps in mixed)
    if not ours and (not theirs or _is_read_by_rows(inputs, targets)):
        return None
    if _split_by_other_seeds(program, ours, theirs):
        return theirs[-1]
    if not _are_dealt_anew(inputs, targets, ours, theirs):
        if (inputs.rows is None or targets.rows is None) and not _cut_alike(inputs, targets):
            return None
        if any(_has_seed(program, step) for step in (*ours, *theirs)) or _seeded_between(program, ours, theirs):
            return None
    return next(iter((*reversed(theirs), *reversed(ours))), None)


def _split_by_other_seeds(program: Program, ours: list[DataStep], theirs: list[DataStep]) -> bool:
    """Whether rows and labels went through one random split each, which are told to draw in different ways."""
    if len(ours) != 1 or len(theirs) != 1:
        return False
    seeds = []
    for step in (ours[0], theirs[0]):
        call = call_of(program, step)
        if call is None or not call.name.endswith(".train_test_split") or call.arguments.open:
            return False
        given = call.arguments.value("random_state")
        ordered = boolean(call.arguments.value("shuffle")) is False
        if ordered or (given is not None and not isinstance(given, Constant)):
            return False
        seeds.append(constant(given))
    return seeds[0] != seeds[1]


def _zipped(inputs: Data, targets: Data) -> DataStep | None:
    """The shuffle of a stream of labels that is zipped with a stream of inputs shuffled by itself."""
    joined = next((place for place, step in enumerate(inputs.steps) if step.name == "zip"), None)
    if joined is None:
        return None
    ours, theirs = (
        [step for step in steps if step.name == "shuffle"] for steps in (inputs.steps[:joined], targets.steps)
    )
    if not ours or not theirs or not all(map(_is_stream_without_seed, (*ours, *theirs))):
        return None
    return theirs[-1] if {id(step.node) for step in ours}.isdisjoint(id(step.node) for step in theirs) else None


def _generated_apart(program: Program, inputs: Data, targets: Data) -> DataStep | None:
    """The generator of label pictures that draws them in another order than another one does the inputs."""
    ours, theirs = map(_generating, (inputs, targets))
    if ours is None or theirs is None or ours.node is theirs.node:
        return None
    calls = [call_of(program, step) for step in (ours, theirs)]
    seeds = [call.arguments.value("seed") for call in calls if call is not None and not call.arguments.open]
    if len(seeds) != 2 or not all(seed is None or isinstance(seed, Constant) for seed in seeds):
        return None
    first, second = map(constant, seeds)
    return theirs if first is None or second is None or first != second else None


def _generating(data: Data) -> DataStep | None:
    """The step by which an `ImageDataGenerator` gives these pictures in an order that it draws; None for all other."""
    is_drawn = is_generated(data) and not any(step.name == UNSHUFFLED for step in data.steps)
    return next((step for step in data.steps if step.name in GENERATING), None) if is_drawn else None


def _is_read_by_rows(inputs: Data, targets: Data) -> bool:
    """Whether inputs may be pictures that a mixed table names row by row, which come in its order then."""
    return inputs.images and targets.is_table and inputs.source in IMAGE_READERS


def _are_dealt_anew(inputs: Data, targets: Data, ours: list[DataStep], theirs: list[DataStep]) -> bool:
    """Whether of rows that were loaded together one side alone is put in a drawn order: no seed, and no choice of
    rows after that, finds the pairs again.
    """
    if (
        not _were_together(inputs, targets)
        or bool(ours) == bool(theirs)
        or any(step.name != "permutation" for step in (*ours, *theirs))
    ):
        return False
    if not ours or targets.rows is not None or any(step.name == "window" for step in targets.steps[-1:]):
        return True
    picked = [step for step in targets.steps if step.kind in PICKING]
    return all(slice_of(step) is not None or step.node in {each.node for each in inputs.steps} for step in picked)


def _cut_alike(inputs: Data, targets: Data) -> bool:
    """Whether one side alone is mixed in its place, and both are cut at the same bound, whatever number that is.

    Nothing else may have taken rows, which could have put them in order again.
    """
    cuts = []
    for data in (inputs, targets):
        picked = [step for step in data.steps if step.kind in PICKING and not step.name.endswith("random.shuffle")]
        bounds = [stretch(step) for step in picked]
        if not picked or None in bounds or any(step.name not in _IN_PLACE_OF for step in _others(data)):
            return False
        cuts.append([step.place.text.partition("[")[2] for step in picked if step.place is not None])
    return cuts[0] == cuts[1]


def _others(data: Data) -> Iterator[DataStep]:
    return (step for step in data.steps if step.kind is StepKind.OTHER)


_IN_PLACE_OF = ("cv2.resize", "cv2.cvtColor", "reshape", "numpy.reshape", "expand_dims", "numpy.expand_dims")
"""What makes other rows of rows, one of each and in their order."""


def _were_together(inputs: Data, targets: Data) -> bool:
    """Whether both come from one call that loaded them."""
    return inputs.place is not None and targets.place is not None and inputs.place.key == targets.place.key


def _is_dataset(data: Data) -> bool:
    return any(step.name == "from_tensor_slices" for step in data.steps)


def _before_dataset(data: Data) -> Data:
    """The data as they were before they became a dataset, which is mixed row by row with all its parts."""
    first = next((place for place, step in enumerate(data.steps) if step.name == "from_tensor_slices"), None)
    return data if first is None else replace(data, steps=data.steps[:first])


def _mixing(data: Data) -> list[DataStep]:
    return [step for step in data.steps if step.kind in (StepKind.SHUFFLED, StepKind.SPLIT)]


def _has_seed(program: Program, step: DataStep) -> bool:
    """Whether the step draws a fixed order, or none at all, or one that can't be told."""
    call = call_of(program, step)
    if call is None:
        return True
    seed = call.arguments.value("random_state")
    fixed_order = call.arguments.value("shuffle") is not None and step.kind is StepKind.SPLIT
    return call.arguments.open or fixed_order or (seed is not None and not is_none(seed))


def _is_stream_without_seed(step: DataStep) -> bool:
    """`dataset.shuffle(1000)`: two such orders differ even after a seed for the whole program."""
    node = step.node
    if step.name != "shuffle" or not isinstance(node, cst.Call) or not node.args:
        return False
    named = {argument.keyword.value for argument in node.args if argument.keyword is not None}
    plain = [argument for argument in node.args if argument.keyword is None and not argument.star]
    return len(plain) <= 1 and not any(argument.star for argument in node.args) and "seed" not in named


def _seeded_between(program: Program, ours: list[DataStep], theirs: list[DataStep]) -> bool:
    """Whether both sides are mixed and a seed is set anew before the second."""
    if not ours or not theirs:
        return False
    if ours[-1].name == theirs[-1].name == OWN_SHUFFLE:
        return True  # by two generators of one seed, it may be
    seeds = [program.line_of(call.place) for call in program.calls if call.name.endswith((".seed", ".set_state"))]
    lines = sorted(program.line_of(step.place) for step in (ours[-1], theirs[-1]) if step.place is not None)
    return len(lines) == 2 and any(lines[0] < line <= lines[1] for line in seeds)
