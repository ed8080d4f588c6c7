"""The shapes that data are given anew: `x.reshape(-1, 28, 28)`, `np.reshape(x, (-1, 28, 28))`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import ImpossibleReshape, MixingReshape
from scram_analyzers.source.values import Argument, integer

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def reshaped(
    interpreter: Interpreter, data: Data, given: Sequence[Argument], place: Place
) -> tuple[int | None, ...] | None:
    """The shape that some sizes, one by one or as a tuple, give data; noted where the data can't have it."""
    values = [argument.value for argument in given]
    if len(values) == 1:
        items = interpreter.items_of(values[0])
        if items is None and integer(values[0]) is None:
            return None  # it may be one number, or a tuple of several
        values = list(items) if items is not None else values
    sizes = [integer(value) for value in values]
    before = [size for size in data.shape or () if size is not None]
    asked = [size for size in sizes if size is not None]
    if data.shape and len(before) == len(data.shape) and asked and len(asked) == len(sizes):
        rest = math.prod(asked) * (-1 if -1 in asked else 1)
        whole = math.prod(before)
        if (rest == 0 or whole % rest != 0) if -1 in asked else whole != rest:
            impossible = ImpossibleReshape(tuple(before), tuple(asked), place)
            interpreter.recording.impossible_reshapes.append(impossible)
            return None
        if -1 in asked:
            sizes = [whole // rest if size == -1 else size for size in asked]
    if not sizes:
        return data.shape
    after = tuple(None if size == -1 else size for size in sizes)
    if _mixes(data.shape, after):
        interpreter.recording.mixing_reshapes.append(MixingReshape(data.shape or (), after, place))
    return after


def _mixes(before: tuple[int | None, ...] | None, after: tuple[int | None, ...]) -> bool:
    """Whether the sizes come in another order, but for those of 1, which hold nothing that could be mixed."""
    if before is None or len(before) != len(after):
        return False
    ours, theirs = ([size for size in shape if size != 1] for shape in (before, after))
    if None in (*ours[1:], *theirs[1:]) or ours == theirs:
        return False
    if not ours or not theirs or (ours[0] != theirs[0] and None in (ours[0], theirs[0])):
        return False
    return Counter(ours) == Counter(theirs)
