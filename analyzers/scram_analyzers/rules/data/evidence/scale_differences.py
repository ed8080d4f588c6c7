"""On what different scales two data sets are, in words."""

from __future__ import annotations

import itertools

from scram_analyzers import fixes
from scram_analyzers.rules.data.evidence.half_scaled import lacks_division
from scram_analyzers.source.data import Data, DataStep, Interval, StepKind
from scram_analyzers.source.libraries.changing_objects import SCALED_RANGE
from scram_analyzers.source.libraries.data_items import ENCODED_COLUMN
from scram_analyzers.source.libraries.image_generators import FROM_FILES, GENERATOR


def difference(trained: Data, judged: Data, most: float) -> str | None:
    """What differs, in words, where one range is more than `most` times the other; None when nothing does."""
    pictures = trained.images and judged.images
    if _is_typed_raw(trained, judged, most) and judged.range is not None:
        return f"{_words(judged.range)}, {{trained}} was scaled by {_scaler_of(trained)}"
    if not trained.source or (trained.source != judged.source and not pictures):
        return None
    if pictures and (prepared := _prepared_alone(trained, judged)) is not None:
        return prepared
    if trained.range is not None and judged.range is not None and _covers(trained) and _covers(judged):
        small, large = sorted((trained.range.magnitude, judged.range.magnitude))
        apart = small > 0 and large / small > most and (trained.scaled or judged.scaled)
        if any(_may_be_scaled(data) for data in (trained, judged)):
            return None  # its range holds what both of two paths give
        if apart or (pictures and (_centred_apart(trained, judged) or _divided_apart(trained, judged))):
            return f"{_words(judged.range)}, {{trained}} from {_words(trained.range)}"
        if trained.images or not _scaler_of(trained) or trained.source != judged.source or not _is_raw(judged, trained):
            return None
        return "is as it was read, but {trained} is scaled"  # by numbers of its columns, however small these are
    if trained.source != judged.source:
        return None
    if _by_program(trained) and _is_raw(judged, trained):
        return "is as it was read, but {trained} is scaled"
    if _by_program(judged) and _is_raw(trained, judged):
        return "is scaled, but {trained} is as it was read"
    if _is_moved_further(trained, judged):
        return "is divided alike, but from {trained} something was subtracted as well"
    if lacks_division(trained, judged):
        return "is what a subtraction left, but {trained} was divided after that as well"
    return None


def _may_be_scaled(data: Data) -> bool:
    """Whether one path through the program scales it and another does not."""
    return any(step.kind is StepKind.SCALED and not step.certain for step in data.steps)


def _is_moved_further(trained: Data, judged: Data) -> bool:
    """Whether after the same scaling of both something was taken off the training data alone: their mean, say."""
    ours, theirs = ([step for step in data.steps if step.kind is StepKind.SCALED] for data in (trained, judged))
    if not theirs or len(ours) != len(theirs) + 1 or ours[-1].name != "Subtract" or trained.range is not None:
        return False
    if any(not step.certain or step.learned is not None for step in (*ours, *theirs)):
        return False
    alike = all(one.name == other.name and one.number == other.number for one, other in zip(ours, theirs, strict=False))
    rest = [step for data in (trained, judged) for step in data.steps if step.kind is not StepKind.SCALED]
    return alike and all(step.kind in _NEUTRAL or step.name in _PLAIN for step in rest)


def _is_typed_raw(trained: Data, judged: Data, most: float) -> bool:
    """Whether a row is written out in the program as it was measured, for a model that was trained on scaled ones.

    By a scaler that saw every column: no value would be as large after it.
    """
    if judged.source != "literal" or judged.steps or judged.range is None or trained.range is None:
        return False
    every_column = trained.shape is not None and len(trained.shape) == len(judged.shape or ()) == 2
    scaled = bool(_scaler_of(trained)) and every_column
    return scaled and judged.range.magnitude > most * trained.range.magnitude


def _words(interval: Interval) -> str:
    return f"{fixes.number_text(interval.low)} to {fixes.number_text(interval.high)}"


def _scaler_of(data: Data) -> str:
    """The class of the scaler that the data went through last of all; "" for none."""
    last = data.steps[-1] if data.steps else None
    kind = last.learned.kind.rpartition(".")[2] if last is not None and last.learned is not None else ""
    return kind if kind in SCALED_RANGE else ""


def _prepared_alone(trained: Data, judged: Data) -> str | None:
    """What differs where one went through a network's own preprocessing and the other was brought to 0 to 1."""
    for data, other in ((trained, judged), (judged, trained)):
        scaling = [step for step in data.steps if step.kind is StepKind.SCALED]
        if len(scaling) != 1 or not scaling[0].certain or not _prepares(scaling[0].name):
            continue
        if other.range is None or not other.scaled or other.range.low < 0 or other.range.high > 1:
            continue
        if any(_prepares(step.name) or (step.kind is StepKind.SCALED and not step.certain) for step in other.steps):
            continue
        by = ".".join(scaling[0].name.split(".")[-2:])
        if data is trained:
            return f"{_words(other.range)}, {{trained}} was prepared by {by}"
        return f"is prepared by {by}, {{trained}} holds values from {_words(other.range)}"
    return None


def _centred_apart(trained: Data, judged: Data) -> bool:
    """Whether pixels were moved to both sides of zero in one of them only, and scaled by numbers in both."""
    if trained.range is None or judged.range is None or not (trained.scaled and judged.scaled):
        return False
    steps = [step for data in (trained, judged) for step in data.steps]
    if any(step.number is None or not step.certain for step in steps if step.kind is StepKind.SCALED):
        return False
    if any(step.name == "Add" and step.number is None for step in steps):
        return False  # noise goes to both sides as well
    return (trained.range.low < 0) != (judged.range.low < 0)


def _divided_apart(trained: Data, judged: Data) -> bool:
    """Whether pixels of one data set were divided by one number each, and by different ones."""
    if trained.source != judged.source or not trained.source.startswith("keras.datasets."):
        return False
    scaling = [[step for step in data.steps if step.kind is StepKind.SCALED] for data in (trained, judged)]
    if any(len(steps) != 1 or steps[0].name != "Divide" or not steps[0].certain for steps in scaling):
        return False
    one, other = (steps[0].number or 0 for steps in scaling)
    return min(one, other) > 0 and max(one, other) / min(one, other) > NEARLY


NEARLY = 1.1
"""Divisors closer than this, such as 255 and 256, do no harm. Ours."""


def _covers(data: Data) -> bool:
    """Whether the range speaks of all columns (that of a whole table says little of one)."""
    return data.images or not any(step.kind is StepKind.SELECTED and step.name == "column" for step in data.steps)


def _by_program(data: Data) -> bool:
    """Whether a scaler or a division by a constant scaled all of the data, rather than what only looks like it."""
    scaling = [step for step in data.steps if step.kind is StepKind.SCALED and step.certain]
    return [step.name for step in scaling][-2:] == ["Subtract", "Divide"] or any(
        step.learned is not None
        or step.name == "rescale"
        or _prepares(step.name)
        or (step.name == "Divide" and step.number is not None)
        for step in scaling
    )


def _prepares(name: str) -> bool:
    """Whether this is a network's own preprocessing, of one that does not leave pixels as they are."""
    return name.startswith("keras.applications.") and not any(each in name for each in _LEAVING_PIXELS)


_LEAVING_PIXELS = ("efficientnet", "mobilenet_v3", "convnext", "regnet")
"""Networks whose `preprocess_input` does nothing: they scale by themselves."""


_NEUTRAL = (
    StepKind.SELECTED,
    StepKind.SPLIT,
    StepKind.CONVERTED,
    StepKind.SHUFFLED,
    StepKind.ENCODED,
    StepKind.AUGMENTED,
)
_PLAIN = (
    ENCODED_COLUMN,
    "drop",
    "fit_resample",  # rows more, between those that are there
    "fillna",
    "dropna",
    "reshape",
    "to_numpy",
    "vstack",
    "stack",
    "copy",
    "flatten",
    "expand_dims",
    "transpose",
    "reset_index",
    "from_tensor_slices",
    "batch",
    "cache",
    "prefetch",
    GENERATOR,
    "flow",
    *FROM_FILES,
)


def _is_raw(data: Data, other: Data) -> bool:
    """Whether nothing was done to the values that was not done to the other's, as far as every step is understood."""
    pairs = zip(data.steps, other.steps, strict=False)
    together = itertools.takewhile(lambda pair: _is_one_step(*pair), pairs)
    alone = data.steps[sum(1 for _ in together) :]
    return not data.scaled and all(
        step.kind in _NEUTRAL or step.name in _PLAIN or _is_written_alike(step, other) for step in alone
    )


def _is_written_alike(step: DataStep, other: Data) -> bool:
    """Whether a step writes what was made of a column in its place, and the same was done to the other's."""
    if step.put is None or not step.certain:
        return False
    column, value = step.put
    made = _asked_of(value)
    return any(
        each.put is not None and each.put[0] == column and None not in made and _asked_of(each.put[1]) == made
        for each in other.steps
    )


def _asked_of(value: Data) -> list[str | None]:
    """What was last done to a column, in the words of the program: `apply(float)`."""
    calls = [(step.name, step.place.text if step.place is not None else "") for step in value.steps[-1:]]
    return [f"{name}({text.partition(f'.{name}(')[2]}" if f".{name}(" in text else None for name, text in calls]


def _is_one_step(ours: DataStep, theirs: DataStep) -> bool:
    """Whether both came of the same expression, such as what was done to a table before it was split."""
    return ours.place is not None and theirs.place is not None and ours.place.key == theirs.place.key
