"""Which layers of a model are watched, and a look at what each puts out while a function of ours is traced."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_MISSING = object()

Note = Callable[[Any, Any, Any], Any]
"""Called with a layer, the arguments of its call and its outputs; gives the outputs to go on with."""


def watched_layers(model: Any) -> list[Any]:
    """The layers whose outputs are looked at, each once.

    Models and layers of the user's own are entered, and the latter are watched besides; Keras's own layers
    that hold others (RNN, MultiHeadAttention, ...) are watched as one, because their inside may run in loops.
    """
    found: list[Any] = []
    _collect(model, found, set())
    return found


def _collect(parent: Any, found: list[Any], seen: set[int]) -> None:
    import keras

    for layer in parent._flatten_layers(include_self=False, recursive=False):
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        is_model = isinstance(layer, keras.Model)
        if is_model or not type(layer).__module__.startswith("keras."):
            _collect(layer, found, seen)
        if not is_model and isinstance(layer, keras.Layer):
            found.append(layer)


@contextlib.contextmanager
def tapped(layers: Sequence[Any], note: Note) -> Iterator[None]:
    """Within, `note` sees every call of these layers; afterwards they are as they were."""
    before = [vars(layer).get("call", _MISSING) for layer in layers]
    try:
        for layer in layers:
            vars(layer)["call"] = _with_note(layer, layer.call, note)
        yield
    finally:
        for layer, call in zip(layers, before, strict=True):
            if call is _MISSING:
                vars(layer).pop("call", None)
            else:
                vars(layer)["call"] = call


def _with_note(layer: Any, call: Callable[..., Any], note: Note) -> Callable[..., Any]:
    @functools.wraps(call)
    def noted(*args: Any, **kwargs: Any) -> Any:
        return note(layer, args, call(*args, **kwargs))

    return noted


@contextlib.contextmanager
def losses_kept(model: Any) -> Iterator[None]:
    """Keep what layers hold of losses from `add_loss`: a call of the model of our own clears it."""
    layers = model._flatten_layers()
    before = [(layer._losses[:], set(layer._loss_ids)) for layer in layers]
    try:
        yield
    finally:
        for layer, (losses, ids) in zip(layers, before, strict=True):
            layer._losses[:] = losses
            layer._loss_ids.clear()
            layer._loss_ids.update(ids)
