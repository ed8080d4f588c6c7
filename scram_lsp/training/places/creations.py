"""Where each layer, model, optimizer and loss was made, noted as Keras makes it."""

from __future__ import annotations

import functools
import logging
import sys
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any, Generic, TypeVar

from scram_lsp.training.places.call_points import CallPoint, call_chain

log = logging.getLogger(__name__)

Made = TypeVar("Made")


class Creations:
    """The calls that made each object, for as long as it lives. Nothing is attached to the objects."""

    def __init__(self) -> None:
        self._chains: dict[int, tuple[weakref.ref[Any], tuple[CallPoint, ...]]] = {}

    def note(self, made: object) -> None:
        """Remember the calls on the stack for an object that is being made; only the first note counts. Never raises:
        whoever makes it must not see that it has no weak references, or that the stack is all but used up."""
        try:
            self._note(made, sys._getframe(1))
        except Exception as error:
            log.debug("could not note where something was made", exc_info=error)

    def _note(self, made: object, maker: FrameType) -> None:
        key = id(made)
        if key not in self._chains:
            chains = self._chains
            reference = weakref.ref(made, lambda _: chains.pop(key, None))
            self._chains[key] = (reference, call_chain(maker, made))

    def alive(self, kind: type[Made]) -> list[Made]:
        """The objects of a kind that were noted and live."""
        living = [reference() for reference, _ in list(self._chains.values())]
        return [each for each in living if isinstance(each, kind)]

    def of(self, made: object) -> tuple[CallPoint, ...]:
        """The calls of the user's code that made an object, the innermost first; empty when not known."""
        known = self._chains.get(id(made))
        return known[1] if known is not None and known[0]() is made else ()


def noting_new(original: Callable[..., Made], note: Callable[[object], None]) -> Callable[..., Made]:
    """`__new__` that notes what it makes."""

    @functools.wraps(original)
    def new(cls: type[Made], *args: Any, **kwargs: Any) -> Made:
        made = original(cls, *args, **kwargs)
        note(made)
        return made

    return new


class NotingInit(Generic[Made]):
    """`__init__` that notes what it initializes.

    It does so when it is looked up and hands out the original, so it has no frame on the stack when that raises.
    """

    def __init__(self, original: Callable[..., None], note: Callable[[object], None]) -> None:
        self._original = original
        self._note = note

    def __get__(self, made: Made | None, owner: type[Made] | None = None) -> Callable[..., None]:
        """The original, bound as a function would be."""
        if made is None:
            return self._original
        self._note(made)
        bound: Callable[..., None] = self._original.__get__(made, owner)
        return bound
