"""What the interpreter notes down on its way, for the `Program`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from scram_analyzers.source.graph import Layer
from scram_analyzers.source.imports import Imports
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import (
    AttributeSet,
    Call,
    Compile,
    Discarded,
    Evaluation,
    Fit,
    ImpossibleReshape,
    LossCall,
    MixingReshape,
    Optimizer,
    Pairing,
    Program,
    RateSet,
    Threshold,
    UnreadPart,
)
from scram_analyzers.source.reading.chunks import PlacedChunk
from scram_analyzers.source.values import Class, Function, Ref, Value

Recorded: TypeAlias = "tuple[tuple[str, tuple[Any, ...]], ...]"
"""A stretch of a `Recording`: by field, what was added."""


@dataclass
class Recording:
    """Everything noted so far, in the order of the program.

    `imports` are the names that the module's own import statements bind, with what they stand for; `classes` are
    classes, each with its methods behind it.
    """

    layers: dict[int, Layer] = field(default_factory=dict)
    optimizers: dict[int, Optimizer] = field(default_factory=dict)
    compiles: list[Compile] = field(default_factory=list)
    loss_calls: list[LossCall] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    method_calls: list[Call] = field(default_factory=list)
    attribute_sets: list[AttributeSet] = field(default_factory=list)
    rates_set: list[RateSet] = field(default_factory=list)
    impossible_reshapes: list[ImpossibleReshape] = field(default_factory=list)
    mixing_reshapes: list[MixingReshape] = field(default_factory=list)
    pairings: list[Pairing] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    discarded: list[Discarded] = field(default_factory=list)
    imports: list[tuple[str, str]] = field(default_factory=list)
    definitions: list[Function] = field(default_factory=list)
    classes: list[Class | Function] = field(default_factory=list)

    def marks(self) -> tuple[int, ...]:
        """How much has been noted of each kind."""
        return tuple([len(kind) for kind in vars(self).values()])

    def since(self, marks: tuple[int, ...]) -> Recorded:
        """What has been noted since then, kind by kind."""
        return tuple(
            [
                (name, tuple(itertools.islice(kind.items() if isinstance(kind, dict) else kind, mark, None)))
                for (name, kind), mark in zip(vars(self).items(), marks, strict=True)
                if mark < len(kind)
            ]
        )

    def add(self, recorded: Recorded) -> None:
        """Note again what was noted before."""
        for name, noted in recorded:
            kind = getattr(self, name)
            if isinstance(kind, dict):
                kind.update(noted)
            else:
                kind += noted

    def add_layer(self, layer: Layer) -> None:
        """Note a layer that was made."""
        self.layers[layer.identity] = layer

    def layer(self, identity: int) -> Layer | None:
        """The layer with this identity."""
        return self.layers.get(identity)

    def attribute_set(self, owner: Ref, name: str, value: Value, place: Place) -> None:
        """Note `owner.name = value`."""
        self.attribute_sets.append(AttributeSet(owner.identity, name, value, place))

    def program(
        self,
        filename: str,
        text: str,
        chunks: tuple[PlacedChunk, ...],
        imports: Imports,
        unread: Sequence[UnreadPart],
        made: Iterable[Model],
    ) -> Program:
        """The finished program; `made` are all models that were put together."""
        models = self._models()
        return Program(
            filename=filename,
            text=text,
            chunks=chunks,
            imports=imports,
            layers=tuple(self.layers.values()),
            optimizers=tuple(self.optimizers.values()),
            models=tuple(models),
            drafts=tuple(_drafts(models, made)),
            compiles=tuple(self.compiles),
            loss_calls=tuple(self.loss_calls),
            fits=tuple(self.fits),
            evaluations=tuple(self.evaluations),
            calls=tuple(self.calls),
            method_calls=tuple(self.method_calls),
            attribute_sets=tuple(self.attribute_sets),
            rates_set=tuple(self.rates_set),
            impossible_reshapes=tuple(self.impossible_reshapes),
            mixing_reshapes=tuple(self.mixing_reshapes),
            pairings=tuple(self.pairings),
            thresholds=tuple(self.thresholds),
            discarded=tuple(self.discarded),
            unread=tuple(unread),
        )

    def _models(self) -> list[Model]:
        """Each model once, as it was last trained or compiled, or judged in a loop of the program's own."""
        latest: dict[int, Model] = {}
        trained = [*(each.model for each in self.compiles), *(each.model for each in self.fits)]
        for model in trained:
            if model is not None:
                latest[model.identity] = model
        for call in self.loss_calls:
            if call.model is not None:
                latest.setdefault(call.model.identity, call.model)
        return list(latest.values())


def _drafts(trained: Sequence[Model], made: Iterable[Model]) -> list[Model]:
    """The models that share nothing with those that are trained, and of these only such as are no part of another."""
    used = {layer.identity for model in trained for layer in model.layers}
    free = [model for model in made if model.layers and used.isdisjoint(layer.identity for layer in model.layers)]
    whole: list[Model] = []
    for model in sorted(free, key=lambda each: -len(each.layers)):
        if used.isdisjoint(layer.identity for layer in model.layers):
            whole.append(model)
            used |= {layer.identity for layer in model.layers}
    return whole
