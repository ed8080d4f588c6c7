"""Random numbers that TensorFlow and Keras draw, and data that they are added to.

What a dataset's function draws is drawn anew for each row and in each epoch. Added to a whole array it is added once,
which is another thing: so noise counts as augmentation only behind `map`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Unknown, Value

_PACKAGES = ("tensorflow.random", "keras.random")
_DISTRIBUTIONS = frozenset(
    (
        *("normal", "uniform", "truncated_normal", "gamma"),
        *("stateless_normal", "stateless_uniform", "stateless_truncated_normal"),
    )
)
NOISE = "noise"
"""The name of the step that adds random numbers."""


@dataclass(frozen=True, slots=True)
class Drawn(Unknown):
    """Random numbers, drawn anew wherever the call is made."""


def drawn(name: str, place: Place) -> Value:
    """What the function gives: random numbers, or nobody knows what."""
    package, _, last = name.rpartition(".")
    return Drawn(place) if package in _PACKAGES and last in _DISTRIBUTIONS else Unknown(place)


def is_drawn(left: Value, right: Value) -> bool:
    """Whether one of two operands that are no data is random numbers (`0.1 * drawn`), and so what they give."""
    return isinstance(left, Drawn) or isinstance(right, Drawn)


def added(data: Data, operator: str, place: Place) -> Data:
    """Data with random numbers added, which stay about where they were."""
    return data.after(DataStep(StepKind.OTHER, NOISE if operator in ("Add", "Subtract") else operator, place))


def drawn_anew(before: Data, inputs: Data, targets: Data | None) -> Data:
    """What `map` made of a dataset's `inputs`: the noise it adds is other noise each time.

    Where the target is the same row without it, to take the noise away is the task.
    """
    if targets is None or (targets.labels is None and targets.roots & inputs.roots):
        return inputs
    done = len(before.steps)
    steps = (
        replace(step, kind=StepKind.AUGMENTED) if step.name == NOISE and place >= done else step
        for place, step in enumerate(inputs.steps)
    )
    return replace(inputs, steps=tuple(steps))
