"""Models: the object that a program builds up in the heap, and the finished `Model` that rules read."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import UNKNOWN, Choice, Sometimes, Value, agree


class ModelKind(enum.Enum):
    """How a model was made; `ELSEWHERE` by code that is not in the program, which only compiles or trains it."""

    SEQUENTIAL = "sequential"
    FUNCTIONAL = "functional"
    SUBCLASSED = "subclassed"
    APPLICATION = "application"
    LOADED = "loaded"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class ModelObject:
    """A model in the heap while the program builds it.

    A sequential model holds `layers` (refs; `Unknown` where paths differ); a functional one `inputs` and
    `outputs`; an application its canonical name. `instance` is the object of a subclassed model.
    """

    kind: ModelKind
    place: Place
    layers: tuple[Value, ...] = ()
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    output_names: tuple[str, ...] = ()
    application: str | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)
    name: str | None = None


def join_models(left: ModelObject, right: ModelObject) -> ModelObject:
    """One model on two paths: the layers both added, then what only one did, or an unknown one where they differ."""
    attributes = {
        key: value
        for key, value in left.attributes.items()
        if key in right.attributes and right.attributes[key] == value
    }
    if left.layers == right.layers:
        return replace(left, attributes=attributes)
    shared: list[Value] = []
    for ours, theirs in zip(left.layers, right.layers, strict=False):
        if not agree(ours, theirs):
            break
        shared.append(ours)
    further = (*left.layers[len(shared) :], *right.layers[len(shared) :])
    is_prefix = len(shared) in (len(left.layers), len(right.layers))
    rest: Value = Sometimes(None, further) if is_prefix else UNKNOWN
    if len(left.layers) == len(right.layers) == len(shared) + 1:
        rest = Choice((left.layers[-1], right.layers[-1]), left.place)
    return replace(left, layers=(*shared, rest), attributes=attributes)


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """A model at the moment it was compiled or trained, as a graph from `inputs` to `outputs`.

    `layers` are in the order of the computation, those of nested models included; `complete` is False when
    part of the model could not be understood. `frozen` holds the identities of layers that don't train.
    `application` and `arguments` describe a ready-made backbone ("keras.applications.VGG16"). `trains_itself`: a
    subclass that computes its own loss, so that the compiled one says little; `uses_compiled_loss`: its outputs are
    judged by the compiled loss all the same.
    """

    identity: int
    kind: ModelKind
    place: Place
    name: str | None
    layers: tuple[Layer, ...]
    outputs: tuple[Tensor, ...]
    output_names: tuple[str, ...] = ()
    nested: tuple[Model, ...] = ()
    complete: bool = True
    frozen: frozenset[int] = frozenset()
    application: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    trains_itself: bool = False
    uses_compiled_loss: bool = True
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor on the way to an output, nearest to the outputs first."""
        return iter(_tensors(self))

    def is_frozen(self, layer: Layer) -> bool:
        """Whether the program froze the layer."""
        return layer.identity in self.frozen


@once
def _tensors(model: Model) -> tuple[Tensor, ...]:
    found: dict[int, Tensor] = {}
    for output in model.outputs:
        for tensor in output.ancestors():
            found.setdefault(id(tensor), tensor)
    return tuple(found.values())
