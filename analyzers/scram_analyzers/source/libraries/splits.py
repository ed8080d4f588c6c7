"""Parts of stored data that programs ask for by name, and which of them hold the same examples."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.values import Arguments, Constant, Ref, Value, boolean, integer, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_SLICE = re.compile(r"(?P<name>\w+)(?:\[(?P<start>\d*)(?P<first>%?):(?P<stop>\d*)(?P<last>%?)\])?")
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of a split of TensorFlow Datasets ("train[:80%]"), in percent or in examples."""

    name: str
    percent: bool
    start: int
    stop: int | None

    @property
    def whole(self) -> bool:
        """Whether it is all of the split."""
        return self.start == 0 and (self.stop is None or (self.percent and self.stop >= HUNDRED))

    def meets(self, other: Stretch) -> bool:
        """Whether some examples are certainly in both."""
        if self.name != other.name:
            return False
        if self.whole or other.whole:
            return True
        if self.percent is not other.percent:
            return False
        stops = [each for each in (self.stop, other.stop) if each is not None]
        return not stops or max(self.start, other.start) < min(stops)


@functools.lru_cache(maxsize=256)
def stretches(split: str) -> tuple[Stretch, ...]:
    """The stretches that the name of a split asks for; none where it is written in another way."""
    found = []
    for part in split.replace(" ", "").split("+"):
        match = _SLICE.fullmatch(part)
        if match is None:
            return ()
        start, stop = match["start"] or "0", match["stop"]
        found.append(Stretch(match["name"], "%" in part, int(start), int(stop) if stop else None))
    return tuple(found)


def overlap(one: str, other: str) -> bool:
    """Whether two splits by name certainly share examples."""
    return any(left.meets(right) for left in stretches(one) for right in stretches(other))


def split_origins(interpreter: Interpreter, dataset: str | None, split: str | None, root: int) -> frozenset[int]:
    """The roots of those splits of a dataset, asked for before, that hold some of this one's examples."""
    if dataset is None or split is None:
        return frozenset()
    earlier = _noted(interpreter, "splits", dataset)
    interpreter.note("splits", dataset, (*earlier, (split, root)))
    return frozenset(
        known for name, known in earlier if isinstance(known, int) and known != root and overlap(str(name), split)
    )


def folder_of(interpreter: Interpreter, arguments: Arguments) -> str | int | None:
    """Which folder a program names: by its text, alone or in a `Path`, or by the one object that holds it."""
    value = arguments.value("directory", 0)
    thing = interpreter.object_of(value)
    if isinstance(thing, Created) and thing.kind == "pathlib.Path" and len(thing.arguments.positional) == 1:
        written = text(thing.arguments.positional[0].value)
        return written if written is not None else _identity(value)
    return text(value) if thing is None else _identity(value)


def _identity(value: Value | None) -> int | None:
    return value.identity if isinstance(value, Ref) else None


def folder_origins(interpreter: Interpreter, arguments: Arguments, roots: frozenset[int]) -> frozenset[int]:
    """The roots of the other subset of a folder, where it was drawn in another order: by another seed, or unmixed."""
    folder, subset = folder_of(interpreter, arguments), text(arguments.value("subset"))
    drawn = _drawn(arguments)
    if folder is None or subset not in ("training", "validation") or drawn is None:
        return frozenset()
    earlier = _noted(interpreter, "subsets", folder)
    interpreter.note("subsets", folder, (*earlier, (subset, drawn, *roots)))
    others = [each for each in earlier if each[0] != subset and each[1] != drawn]
    return frozenset(root for each in others for root in each[2:] if isinstance(root, int))


def _noted(interpreter: Interpreter, topic: str, key: str | int) -> tuple[tuple[object, ...], ...]:
    known = interpreter.fact(topic, key)
    return known if isinstance(known, tuple) else ()


def _drawn(arguments: Arguments) -> tuple[bool, int] | None:
    """Whether the files of a folder are mixed before they are divided, and by which seed; None where it isn't told."""
    shuffle, seed = arguments.get("shuffle"), arguments.get("seed")
    mixed = boolean(shuffle.value) if shuffle is not None else True
    number = integer(seed.value) if seed is not None and isinstance(seed.value, Constant) else None
    if mixed is None or (mixed and number is None):
        return None
    return (True, number or 0) if mixed else (False, 0)
