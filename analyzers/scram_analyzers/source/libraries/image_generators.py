"""Batches of pictures from an `ImageDataGenerator`: what its arguments say of their scale, shape and labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.libraries.datasets import FOLDER_LABELS
from scram_analyzers.source.libraries.loaders import UNSHUFFLED, folder_root, new_root, picture_shape
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Symbol, Value, boolean, is_none, number, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def generated(
    interpreter: Interpreter,
    thing: Created,
    method: str,
    arguments: Arguments,
    given: Data | None,
    place: Place,
) -> Data:
    """Batches of images from an `ImageDataGenerator`, scaled as its arguments say."""
    data = (
        given
        if method == "flow" and given is not None
        else Data(
            f"{thing.kind}.{method}",
            place,
            range=Interval(0, 255) if method in FROM_FILES else None,  # arrays may well be scaled already
            images=True,
            shape=_shape_of_files(interpreter, method, arguments),
            roots=folder_root(interpreter, arguments) if method == "flow_from_directory" else new_root(interpreter),
        )
    )
    data = data.after(DataStep(StepKind.OTHER, GENERATOR, thing.place))
    rescale = number(thing.arguments.value("rescale"))
    if rescale is not None:
        before = data.range
        moved = Interval(before.low * rescale, before.high * rescale) if before is not None else None
        data = data.after(DataStep(StepKind.SCALED, "rescale", place), range=moved)
    normalizes = (
        "preprocessing_function",
        "featurewise_center",
        "samplewise_center",
        "featurewise_std_normalization",
    )
    if any(_is_given(thing.arguments.value(name)) for name in normalizes) or thing.arguments.open:
        function = thing.arguments.value("preprocessing_function")
        by = function.name if isinstance(function, Symbol) else "preprocessing"
        data = data.after(DataStep(StepKind.SCALED, by, place), range=None)
    if "rescale" in thing.arguments.keywords and rescale is None and not is_none(thing.arguments.value("rescale")):
        data = data.after(DataStep(StepKind.SCALED, "rescale", place), range=None)
    if any(_augments(interpreter, thing.arguments.value(name)) for name in AUGMENTATIONS):
        data = data.after(DataStep(StepKind.AUGMENTED, thing.kind, place))
    if boolean(arguments.value("shuffle")) is False:
        data = data.after(DataStep(StepKind.OTHER, UNSHUFFLED, place))
    size = arguments.value("batch_size", 2 if method == "flow" else None)
    batch = number(size) if size is not None else DEFAULT_BATCH
    data = data.after(DataStep(StepKind.OTHER, method, place, batch))
    targets = _targets(interpreter, method, arguments)
    return replace(data, batched=True, targets=targets)


GENERATED_SIZE = (256, 256)
"""The size that a generator brings pictures from files to when it is told none."""

GENERATING = ("flow", "flow_from_directory", "flow_from_dataframe")
"""Methods of a generator that give batches of pictures, shuffled unless they are told otherwise."""

FROM_FILES = ("flow_from_directory", "flow_from_dataframe")
"""Methods of a generator that read pictures from files, all in one shape."""


def is_generated(data: Data) -> bool:
    """Whether these are pictures that an `ImageDataGenerator` gives batch by batch."""
    return any(step.name == GENERATOR for step in data.steps)


BEFORE_SIZE = 5
"""How many arguments of `flow_from_dataframe` come before the size: the table, the folder, and three columns."""


def _shape_of_files(interpreter: Interpreter, method: str, arguments: Arguments) -> tuple[int | None, ...] | None:
    """The shape of the pictures that a generator reads, with an axis for the samples."""
    by_name = method == "flow_from_dataframe" and "target_size" in arguments.keywords
    most = BEFORE_SIZE if by_name else 1
    if method not in FROM_FILES or len(arguments.positional) > most:
        return None
    shape = picture_shape(interpreter, arguments, GENERATED_SIZE)
    return (None, *shape) if shape is not None else None


GENERATOR = "generator"
"""The step of images that a generator takes in, placed where the generator was made."""

DEFAULT_BATCH = 32.0
"""The batch size of a generator that is given none."""

AUGMENTATIONS = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "horizontal_flip",
    "vertical_flip",
)
"""The arguments of `ImageDataGenerator` that change images at random."""


def _augments(interpreter: Interpreter, value: Value | None) -> bool:
    """Whether an argument leaves something to chance: not where it is 0, or a range of one number (`(0.9, 0.9)`)."""
    ends = [number(each) for each in interpreter.items_of(value) or ()]
    if len(ends) == 2 and ends[0] is not None and ends[0] == ends[1]:
        return False
    return _is_given(value) and number(value) != 0


def _is_given(value: Value | None) -> bool:
    return value is not None and not is_none(value) and boolean(value) is not False


def _targets(interpreter: Interpreter, method: str, arguments: Arguments) -> Data | None:
    if method == "flow":
        value = arguments.value("y", 1)
        return data_operations.as_data(value)
    mode = arguments.value("class_mode")
    if is_none(mode):
        return None
    form = LabelForm.ONE_HOT if mode is None else FOLDER_LABELS.get(text(mode) or "")  # "input" gives the images again
    listed = interpreter.items_of(arguments.value("classes"))
    return Data(method, labels=form, classes=len(listed) if listed else None, batched=True)
