"""What a layer makes of shapes, and how its arguments are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from scram_analyzers.source.graph import Layer, Shape
from scram_analyzers.source.values import Tuple, boolean, integer, is_none, text


@dataclass(frozen=True, slots=True)
class Effect:
    """A layer's output `shape` and the number of its weights; None where it can't be told."""

    shape: Shape | None = None
    parameters: int | None = None


Inputs: TypeAlias = "tuple[Shape | None, ...]"
EffectOf: TypeAlias = Callable[[Layer, Inputs], Effect]

UNKNOWN = Effect()


def count(layer: Layer, name: str, default: int | None = None) -> int | None:
    """A whole number among the arguments; None when it can't be told."""
    value = layer.value(name)
    return default if value is None or is_none(value) else integer(value)


def flag(layer: Layer, name: str, default: bool) -> bool | None:
    """A switch among the arguments; None when it can't be told."""
    value = layer.value(name)
    return default if value is None or is_none(value) else boolean(value)


def word(layer: Layer, name: str, default: str) -> str | None:
    """A string among the arguments in lower case; None when it can't be told."""
    value = layer.value(name)
    if value is None or is_none(value):
        return default
    held = text(value)
    return held.lower() if held is not None else None


def given(layer: Layer, name: str) -> bool:
    """Whether an argument is there and not None."""
    value = layer.value(name)
    return value is not None and not is_none(value)


def sizes(layer: Layer, name: str, axes: int, default: int | None) -> Shape:
    """A size for each axis, which may be written once for all (`kernel_size=3`)."""
    value = layer.value(name)
    if value is None or is_none(value):
        return (default,) * axes
    if isinstance(value, Tuple):
        if len(value.items) == 1:
            return (integer(value.items[0]),) * axes
        return tuple(integer(item) for item in value.items) if len(value.items) == axes else (None,) * axes
    return (integer(value),) * axes


def numbers(layer: Layer, name: str) -> Shape | None:
    """A tuple of whole numbers; a lone number is a tuple of one."""
    value = layer.value(name)
    if isinstance(value, Tuple):
        return tuple(integer(item) for item in value.items)
    single = integer(value)
    return (single,) if single is not None else None


def product(factors: Shape | list[int | None]) -> int | None:
    """All factors multiplied; None when one of them is unknown."""
    known = [factor for factor in factors if factor is not None]
    return math.prod(known) if len(known) == len(factors) else None


def total(terms: list[int | None]) -> int | None:
    """All terms added; None when one of them is unknown."""
    known = [term for term in terms if term is not None]
    return sum(known) if len(known) == len(terms) else None


def bias(layer: Layer, units: int | None) -> int | None:
    """How many biases a layer of `units` has."""
    used = flag(layer, "use_bias", True)
    return None if used is None else (units if used else 0)


def width_of(shape: Shape | None) -> int | None:
    """The length of the last axis."""
    return shape[-1] if shape else None


def channels_first(layer: Layer) -> bool | None:
    """Whether channels come before the other axes; None when it can't be told."""
    layout = word(layer, "data_format", "channels_last")
    return {"channels_first": True, "th": True, "channels_last": False, "tf": False}.get(layout or "")


@dataclass(frozen=True, slots=True)
class Grid:
    """A map of `spatial` sizes with `channels`, whichever comes first in the shape."""

    spatial: Shape
    channels: int | None
    first: bool

    def shape(self, spatial: Shape, channels: int | None) -> Shape:
        """Another map laid out in the same way."""
        return (channels, *spatial) if self.first else (*spatial, channels)


def grid_of(layer: Layer, source: Shape | None, axes: int) -> Grid | None:
    """The shape as a map of so many axes; None when it isn't one."""
    first = channels_first(layer)
    if source is None or len(source) != axes + 1 or first is None:
        return None
    return Grid(source[1:], source[0], True) if first else Grid(source[:-1], source[-1], False)


def axes_of(layer: Layer) -> int:
    """The number of axes in a class's name ("Conv2D", "Conv2DTranspose")."""
    return next(int(character) for character in layer.class_name if character.isdigit())


def same_shape(layer: Layer, inputs: Inputs) -> Effect:
    """A layer without weights that changes values only."""
    return Effect(inputs[0], 0)
