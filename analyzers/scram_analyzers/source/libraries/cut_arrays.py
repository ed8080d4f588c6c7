"""Arrays cut at certain places: `x, y = np.split(table, [8], axis=1)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.libraries import data_items, numpy_functions
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Constant, Tuple, Value, integer

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def _cut(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """The parts of an array between the bounds that are given; None where these are not told one by one."""
    data = numpy_functions.given(interpreter, arguments)
    bounds = interpreter.items_of(arguments.value("indices_or_sections", 1))
    axis = 1 if name.endswith("hsplit") else integer(arguments.value("axis", 2) or Constant(0))
    if data is None or not bounds or axis not in (0, 1):
        return None
    whole = slice(None, None, None)
    starts = (None, *bounds)
    ends = (*bounds, None)
    parts = [slice(start, end, None) for start, end in zip(starts, ends, strict=True)]
    keys = [[whole, part] if axis == 1 else [part] for part in parts]
    return Tuple(tuple(data_items.select(interpreter, data, list(key), place) for key in keys), place)


BY_NAME: Mapping[str, Callable[[Interpreter, str, Arguments, Place], Value | None]] = MappingProxyType(
    {"numpy.split": _cut, "numpy.hsplit": _cut, "numpy.array_split": _cut}
)
"""What these functions give, by their names."""
