"""Where the parts of a model in training were made: what is known without reading any text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from scram_lsp.training.places.call_points import CallPoint
from scram_lsp.training.places.call_site import CallSite
from scram_lsp.training.places.creations import Creations
from scram_lsp.training.places.script_text import CodeFile, read_code_file

Chain: TypeAlias = tuple[CallPoint, ...]
"""The calls of the user's code that led to something, the innermost first; empty when not known."""

FILES_KEPT = 50
"""The texts of so many files are taken at the begin of a run; of more, as they are when a finding needs them."""


@dataclass(frozen=True)
class RecordedPlaces:
    """The calls that made each part; `compile` is the call that compiled the model, `layers` go by Keras name.

    `code_name` is what the code that called fit was compiled under: the script's path or a notebook cell's name.
    """

    code_name: str
    fit: Chain = ()
    model: Chain = ()
    optimizer: Chain = ()
    compile: Chain = ()
    loss: Chain = ()
    layers: Mapping[str, Chain] = field(default_factory=dict)
    files: Mapping[str, CodeFile] = field(default_factory=dict)

    @property
    def script(self) -> CodeFile:
        """The file that called fit."""
        return self.files.get(self.code_name) or read_code_file(self.code_name)

    @property
    def chains(self) -> Iterator[Chain]:
        """Every chain that is known."""
        yield from (self.fit, self.model, self.optimizer, self.compile, self.loss, *self.layers.values())


def record_places(
    model: Any, site: CallSite, creations: Creations | None, optimizer: Any | None = None
) -> RecordedPlaces:
    """The places known of a model whose `fit` was called at `site`; without `creations` only that of the call.

    `optimizer` is what trains it, where that is not the one it was compiled with.
    """
    made = creations.of if creations is not None else _unknown
    optimizer = optimizer if optimizer is not None else getattr(model, "optimizer", None)
    places = RecordedPlaces(
        code_name=str(site.script),
        fit=site.chain,
        model=made(model),
        optimizer=made(getattr(optimizer, "inner_optimizer", optimizer)),
        compile=made(getattr(model, "_compile_loss", None) or getattr(model, "compiled_loss", None)),
        loss=made(getattr(model, "loss", None)),
        layers=dict(_layers(model, creations)) if creations is not None else {},
    )
    code = {point.filename: point.code for chain in places.chains for point in chain}
    files = {name: read_code_file(name, code.get(name)) for name in sorted({places.code_name, *code})[:FILES_KEPT]}
    return replace(places, files=files)


def _unknown(made: object) -> Chain:
    return ()


def _layers(model: Any, creations: Creations) -> Iterator[tuple[str, Chain]]:
    """The layers of a model and of the models inside it."""
    flat = getattr(model, "_flatten_layers", None)
    for layer in flat(include_self=False, recursive=True) if flat is not None else model.layers:
        chain = creations.of(layer)
        if chain:
            yield layer.name, chain
