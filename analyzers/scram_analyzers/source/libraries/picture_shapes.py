"""The shapes of single pictures: as OpenCV reads them, and as they are resized and recolored."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data
from scram_analyzers.source.values import Arguments, Symbol, Value, integer

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

Shape = tuple[int | None, ...]

_GRAY: Shape = (None, None)
_COLOR: Shape = (None, None, 3)
_READ: Mapping[object, Shape] = MappingProxyType(
    {0: _GRAY, 1: _COLOR, "cv2.IMREAD_GRAYSCALE": _GRAY, "cv2.IMREAD_COLOR": _COLOR}
)
"""What `cv2.imread` gives by its second argument."""


def as_read(name: str, arguments: Arguments) -> Shape | None:
    """The shape of a picture that a function reads from a file, as far as the function's name tells."""
    if name != "cv2.imread" or arguments.open:
        return None
    flag = arguments.value("flags", 1)
    return _COLOR if flag is None else _READ.get(_constant_name(flag))


def resized(interpreter: Interpreter, name: str, arguments: Arguments, data: Data) -> Shape | None:
    """The shape after `cv2.resize(picture, (width, height))` or scikit-image's `resize(picture, (height, width))`."""
    by_opencv = name.startswith("cv2.")
    sizes = interpreter.items_of(arguments.value("dsize" if by_opencv else "output_shape", 1))
    if sizes is None or len(sizes) not in (2, 3):
        return None
    asked = tuple(integer(size) for size in sizes)
    if len(asked) == 3:
        return None if by_opencv else asked
    if data.shape is None or len(data.shape) not in (2, 3):
        return None
    return (*(reversed(asked) if by_opencv else asked), *data.shape[2:])


def recolored(arguments: Arguments, data: Data) -> Shape | None:
    """The shape after `cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)`."""
    code = str(_constant_name(arguments.value("code", 1))).rpartition("2")
    sides = data.shape[:2] if data.shape is not None else ()
    if not code[0].startswith("cv2.COLOR_") or len(sides) != 2:
        return None
    return sides if code[2] == "GRAY" else (*sides, 3) if code[2] in _OF_THREE else None


_OF_THREE = ("BGR", "RGB", "HSV", "LAB", "Lab", "YCrCb", "YCR_CB", "YUV", "HLS")


def _constant_name(value: Value | None) -> object:
    """A constant of OpenCV by its name, or its number."""
    return value.dotted if isinstance(value, Symbol) else integer(value)
