"""Symbolic tensors: what a functional model's lines connect, and every other model once it is traced."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Choice, Value, text

if TYPE_CHECKING:
    from scram_analyzers.source.model import Model

Shape: TypeAlias = "tuple[int | None, ...]"


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """A layer as the program made it. `kind` is the canonical class name ("keras.layers.Dense").

    `arguments` go by Keras 3's parameter names whatever the program's Keras calls them. `inner` is the layer
    that a wrapper (`Bidirectional`, `TimeDistributed`) holds.
    """

    identity: int
    kind: str
    arguments: Arguments
    place: Place
    inner: Layer | None = None
    class_name: str = field(init=False)
    """The class's own name ("Dense")."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_name", self.kind.rpartition(".")[2])

    @property
    def name(self) -> str | None:
        """The name the program gave it."""
        return text(self.arguments.value("name"))

    def value(self, parameter: str) -> Value | None:
        """The value of an argument, None when it was not given."""
        return self.arguments.value(parameter)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Where a graph begins; `shape` without the batch dimension, None when it can't be told; `name` if it has one."""

    shape: Shape | None
    place: Place | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A function applied to tensors ("keras.ops.relu", "operator.add")."""

    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something applied to tensors that can't be understood; nothing is known beyond it.

    `repeats`: more of what stands before and after it, as a loop adds it in each of an unknown number of turns.
    """

    repeats: bool = False


Producer: TypeAlias = "Layer | Model | InputSpec | Operation | Opaque"


@dataclass(frozen=True, eq=False, slots=True)
class Tensor:
    """The output of `producer` applied to `inputs`, at `place` (the applying expression)."""

    producer: Producer
    inputs: tuple[Tensor, ...] = ()
    place: Place | None = field(default=None)
    shape: Shape | None = None

    def ancestors(self) -> Iterator[Tensor]:
        """This tensor and everything it was made from, nearest first, each once."""
        seen = {id(self)}
        waiting = deque((self,))
        while waiting:
            tensor = waiting.popleft()
            yield tensor
            for source in tensor.inputs:
                if id(source) not in seen:
                    seen.add(id(source))
                    waiting.append(source)


EITHER = "either"
"""The name of the operation that stands for one of several tensors, whichever branch of the program made it."""


def as_tensor(value: Value) -> Value:
    """One of several tensors as a tensor made from all of them; any other value as it is."""
    if not isinstance(value, Choice):
        return value
    tensors = tuple(option for option in value.options if isinstance(option, Tensor))
    return Tensor(Operation(EITHER, Arguments()), tensors, value.place) if tensors else value
