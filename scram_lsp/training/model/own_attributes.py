"""What layers, models and losses of the user's own keep in attributes, left as it is by a call of ours.

What torch's modules keep, too: on torch every layer is one, and a model may hold others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from scram_lsp.training.model.pass_cost import is_of_keras, losses_of
from scram_lsp.training.model.torch_modules import modules_of_torch, put_copies_of_tensors

MAX_ITEMS = 1_000
"""Of a longer collection only what was added is taken away again: to copy it each time would cost too much."""


@contextlib.contextmanager
def own_attributes_kept(model: Any) -> Iterator[None]:
    """A `call` of the user's own may count how often it is called, or gather what it sees: not what we call for."""
    parts = [part for part in (model, *model._flatten_layers(include_self=False), *losses_of(model)) if _is_own(part)]
    parts += modules_of_torch(model)
    undo = [restore for part in parts for restore in _restores(vars(part))]
    try:
        for part in parts:
            put_copies_of_tensors(part)
        yield
    finally:
        for restore in undo:
            restore()


def _is_own(part: Any) -> bool:
    return not is_of_keras(part) and hasattr(part, "__dict__") and not isinstance(part, type)


def _restores(attributes: dict[str, Any]) -> Iterator[Callable[[], None]]:
    before = dict(attributes)
    for value in before.values():
        if issubclass(type(value), list):  # TensorFlow's stand-ins for a dict only say that they are one
            yield _list_restore(value)
        elif issubclass(type(value), dict) and len(value) <= MAX_ITEMS:
            yield _dict_restore(value)
    yield _dict_restore(attributes)


def _list_restore(items: list[Any]) -> Callable[[], None]:
    count = len(items)
    before = list(items) if count <= MAX_ITEMS else None

    def restore() -> None:
        """By the methods of a plain list: those of Keras's track what is put in."""
        if before is None:
            list.__delitem__(items, slice(count, None))
        elif not _are_same(items, before):
            list.__setitem__(items, slice(None), before)

    return restore


def _dict_restore(items: dict[str, Any]) -> Callable[[], None]:
    before = dict(items)

    def restore() -> None:
        for key in [key for key in items if key not in before]:
            dict.__delitem__(items, key)
        for key, value in before.items():
            if items.get(key) is not value:
                dict.__setitem__(items, key, value)

    return restore


def _are_same(items: list[Any], before: list[Any]) -> bool:
    return len(items) == len(before) and all(one is other for one, other in zip(items, before, strict=True))
