"""The shapes of arrays whose axes numpy's functions and methods add, take away, reorder, widen or put together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from scram_analyzers.source.data import Interval
from scram_analyzers.source.values import Arguments, Value, integer, is_none, number, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

Shape: TypeAlias = "tuple[int | None, ...]"


def rearranged(interpreter: Interpreter, name: str, shape: Shape | None, arguments: Arguments) -> Shape | None:
    """The shape after `np.<name>(x, ...)` or `x.<name>(...)`, where `arguments` are those beside the array itself."""
    if shape is None or arguments.open or name not in _REARRANGING:
        return None
    return _REARRANGING[name](interpreter, shape, arguments)


def _axes(interpreter: Interpreter, value: Value | None, rank: int) -> tuple[int, ...] | None:
    """One axis or several, counted from the front; None where that can't be told."""
    items = interpreter.items_of(value)
    numbers = [integer(item) for item in (items if items is not None else (value,))]
    known = [number + rank if number < 0 else number for number in numbers if number is not None]
    return tuple(known) if len(known) == len(numbers) and all(0 <= axis < rank for axis in known) else None


def _expanded(interpreter: Interpreter, shape: Shape, arguments: Arguments) -> Shape | None:
    axis = arguments.value("axis", 0)
    items = interpreter.items_of(axis)
    axes = _axes(interpreter, axis, len(shape) + (len(items) if items is not None else 1))
    after = list(shape)
    for each in sorted(axes or ()):
        after.insert(each, 1)
    return tuple(after) if axes is not None else None


def _squeezed(interpreter: Interpreter, shape: Shape, arguments: Arguments) -> Shape | None:
    axis = arguments.value("axis", 0)
    if axis is None or is_none(axis):
        return None if None in shape else tuple(size for size in shape if size != 1)
    axes = _axes(interpreter, axis, len(shape))
    return tuple(size for at, size in enumerate(shape) if at not in axes) if axes is not None else None


def _transposed(interpreter: Interpreter, shape: Shape, arguments: Arguments) -> Shape | None:
    given = arguments.value("axes", 0)
    if given is None or is_none(given):
        return tuple(reversed(shape))
    if len(arguments.positional) > 1:  # x.transpose(0, 2, 1)
        numbers = [integer(each.value) for each in arguments.positional]
        axes = tuple(at for at in numbers if at is not None and 0 <= at < len(shape))
    else:
        axes = _axes(interpreter, given, len(shape)) or ()
    return tuple(shape[at] for at in axes) if sorted(axes) == list(range(len(shape))) else None


def _swapped(interpreter: Interpreter, shape: Shape, arguments: Arguments) -> Shape | None:
    first, second = (_axes(interpreter, arguments.value(f"axis{at + 1}", at), len(shape)) for at in range(2))
    if first is None or second is None or len(first) != 1 or len(second) != 1:
        return None
    after, one, other = list(shape), first[0], second[0]
    after[one], after[other] = after[other], after[one]
    return tuple(after)


def _moved(interpreter: Interpreter, shape: Shape, arguments: Arguments) -> Shape | None:
    sources = _axes(interpreter, arguments.value("source", 0), len(shape))
    targets = _axes(interpreter, arguments.value("destination", 1), len(shape))
    if sources is None or targets is None or len(sources) != len(targets):
        return None
    after = [size for at, size in enumerate(shape) if at not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        after.insert(target, shape[source])
    return tuple(after)


def _flat(_: Interpreter, shape: Shape, __: Arguments) -> Shape:
    sizes = [size for size in shape if size is not None]
    return (math.prod(sizes) if len(sizes) == len(shape) else None,)


def _same(_: Interpreter, shape: Shape, __: Arguments) -> Shape:
    return shape


def _padded(interpreter: Interpreter, shape: Shape, arguments: Arguments) -> Shape | None:
    widths = _widths(interpreter, arguments.value("pad_width", 0), len(shape))
    if widths is None:
        return None
    wider = zip(shape, widths, strict=True)
    return tuple(size + added if size is not None and added is not None else None for size, added in wider)


def _widths(interpreter: Interpreter, given: Value | None, rank: int) -> list[int | None] | None:
    """How much each axis grows: `((0, 0), (2, 2))` for each by itself, `(2, 3)` or `2` for all alike."""
    items = interpreter.items_of(given)
    if items is None:
        both = integer(given)
        return [2 * both] * rank if both is not None else None
    pairs = [interpreter.items_of(item) for item in items]
    if all(pair is None for pair in pairs) and len(items) == 2:
        return [_sum(items)] * rank
    widths = [_sum(pair) for pair in pairs if pair is not None]
    return widths if len(widths) == len(pairs) == rank else None


def _sum(sizes: Sequence[Value | int | None]) -> int | None:
    numbers = [size if isinstance(size, int) else integer(size) for size in sizes if size is not None]
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(sizes) else None


def padded_range(interval: Interval | None, arguments: Arguments) -> Interval | None:
    """Where values lie after `np.pad`, which puts zeros around an array unless it is told otherwise."""
    mode, given = arguments.value("mode", 1), arguments.value("constant_values")
    if interval is None or (mode is not None and text(mode) in _OF_THE_ARRAY):
        return interval
    around = number(given) if given is not None else 0.0
    if around is None or (mode is not None and text(mode) != "constant"):
        return None
    return interval.hull(Interval(around, around))


_OF_THE_ARRAY = ("edge", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap")
"""Modes of `np.pad` that put around an array what is in it."""

_REARRANGING: Mapping[str, Callable[[Interpreter, Shape, Arguments], Shape | None]] = MappingProxyType(
    {
        "expand_dims": _expanded,
        "squeeze": _squeezed,
        "transpose": _transposed,
        "swapaxes": _swapped,
        "moveaxis": _moved,
        "flatten": _flat,
        "ravel": _flat,
        "flip": _same,
        "fliplr": _same,
        "flipud": _same,
        "pad": _padded,
    }
)


# -- arrays put together


def together(name: str, shapes: Sequence[Shape | None], axis: Value | None) -> Shape | None:
    """The shape of arrays joined by `np.<name>([...])`; None where one of them, or the axis, is not known."""
    known = [shape for shape in shapes if shape is not None]
    if not known or len(known) < len(shapes) or len({len(shape) for shape in known}) > 1:
        return None
    rank = len(known[0])
    if name == "stack":
        at = 0 if axis is None else integer(axis)
        same = [sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*known, strict=True)]
        return (*same[:at], len(known), *same[at:]) if at is not None and 0 <= at <= rank else None
    at = _along(name, axis, rank)
    if at is None or not -rank <= at < rank:
        return None
    columns = list(zip(*known, strict=True))
    joined = [_sum(sizes) if each == at % rank else _agreed(sizes) for each, sizes in enumerate(columns)]
    return tuple(joined)


def _along(name: str, axis: Value | None, rank: int) -> int | None:
    """The axis along which arrays of so many axes are put one after another."""
    if name == "concatenate":
        return 0 if axis is None else integer(axis)
    if name == "append":
        return integer(axis)  # without one, numpy flattens both
    if rank == 1:
        return 0 if name in ("hstack", "r_") else None
    return {"vstack": 0, "r_": 0, "hstack": 1, "column_stack": 1 if rank == 2 else None}.get(name)


def _agreed(sizes: Sequence[int | None]) -> int | None:
    """The size that all arrays must have along another axis: numpy stops where two differ."""
    known = {size for size in sizes if size is not None}
    return known.pop() if len(known) == 1 else None
