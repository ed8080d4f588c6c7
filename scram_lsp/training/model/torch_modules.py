"""Modules of torch's own in a Keras model: its stateless scope knows nothing of their weights, nor of their buffers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any


def modules_of_torch(model: Any) -> list[Any]:
    """Those that Keras has wrapped in layers of its own, and these wraps, each once; none on other backends."""
    import keras

    if keras.backend.backend() != "torch":
        return []
    wraps = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.TorchModuleWrapper)]
    return list(dict.fromkeys(module for wrap in wraps for module in wrap.modules()))


@contextlib.contextmanager
def values_lent(model: Any, mapping: Sequence[tuple[Any, Any]]) -> Iterator[None]:
    """Within, such modules compute with the value that a variable has in `mapping`, as Keras's layers do in a scope."""
    modules = modules_of_torch(model)
    values = {id(variable.value): value for variable, value in mapping} if modules else {}
    lent = [(holder, key, own) for module in modules for holder, key, own in _held(module) if id(own) in values]
    try:
        for holder, key, own in lent:
            holder[key] = values[id(own)]
        yield
    finally:
        for holder, key, own in lent:
            holder[key] = own


def _held(module: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Where it holds what may be a parameter: by name, and a recurrent module in a list too."""
    for holder in list(vars(module).values()):
        if isinstance(holder, dict):
            yield from ((holder, key, value) for key, value in holder.items())
        elif isinstance(holder, list):
            yield from ((holder, place, value) for place, value in enumerate(holder))


def put_copies_of_tensors(part: Any) -> None:
    """Have a module, as every layer on torch is one, hold copies of its buffers and of other tensors that are no
    parameters: they may be written to in place. Nothing is done to anything else."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(part, torch.nn.Module):
        return
    attributes = vars(part)
    for holder in (attributes, attributes.get("_buffers") or {}):
        for name, value in list(holder.items()):
            if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
                holder[name] = value.clone()
