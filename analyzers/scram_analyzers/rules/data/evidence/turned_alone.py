"""Pictures that are turned at random while their masks stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Report
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.program import Fit

_MOVING = (
    *("random_flip_left_right", "random_flip_up_down", "random_crop", "stateless_random_flip_left_right"),
    *("stateless_random_flip_up_down", "stateless_random_crop"),
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop"),
)
"""What moves a picture's contents to other places; brightness and noise leave them there."""


def turned_alone(fit: Fit) -> Iterator[Report]:
    """Report the step that moves the contents of the inputs alone, where the targets are pictures as well."""
    inputs, targets = fit.inputs, fit.targets
    if inputs is None or targets is None or not inputs.images or not targets.images or fit.y is not None:
        return
    step = _moving(inputs)
    if step is None or step.place is None or any(each.kind is StepKind.AUGMENTED for each in targets.steps):
        return
    yield Report(
        step.place,
        "This turns or shifts the picture and leaves its mask as it is: they no longer lie on one another.",
        severity=Severity.WARNING,
        why="For each pixel the model is told the class of another: half of its training examples are wrong.",
        how="Do the same to both: one random step for picture and mask together (tf.concat), or one seed for both.",
    )


def _moving(data: Data) -> DataStep | None:
    steps = (each for each in data.steps if each.kind is StepKind.AUGMENTED and each.certain)
    return next((each for each in steps if each.name.rpartition(".")[2] in _MOVING or _is_moving_generator(each)), None)


def _is_moving_generator(step: DataStep) -> bool:
    """Whether this is a generator of pictures that does more to them than to change their colours."""
    call = step.node if step.name.endswith("ImageDataGenerator") else None
    named = [each.keyword.value for each in call.args if each.keyword is not None] if isinstance(call, cst.Call) else []
    return not _COLOURS.intersection(named) and isinstance(call, cst.Call)


_COLOURS = frozenset(("brightness_range", "channel_shift_range", "preprocessing_function"))
"""Arguments of a generator that may change colours alone."""
