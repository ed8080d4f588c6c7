"""Models as graphs, each worked out once for as long as all that it is made of stays the same.

A program asks for the same model again and again: it compiles, fits and evaluates it, and calls it within another. That
all of these, and those of the next text, are one `Model` also keeps what rules have worked out about it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from scram_analyzers.source.interpreting.reuse import Answers, Trace

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter
    from scram_analyzers.source.interpreting.state import HeapObject
    from scram_analyzers.source.model import Model

KEPT = 4
"""How many snapshots of one model are kept: before and after its layers are frozen, say."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A model as it was when the objects that it is made of were these."""

    made_of: Answers[int, HeapObject]
    model: Model


Known: TypeAlias = "Mapping[int, tuple[Snapshot, ...]]"
"""Snapshots by the identity of the model, the latest first."""


class Snapshots:
    """The snapshots of one reading, beginning with those that are known of the last."""

    def __init__(self, known: Known) -> None:
        self._known = dict(known)

    def of(self, identity: int, interpreter: Interpreter, make: Callable[[], Model]) -> Model:
        """The model of an identity, made by `make` where it is not known as it is now."""
        state, known = interpreter.state, self._known.get(identity, ())
        for each in known:
            if each.made_of.hold(state.heap):
                state.trace.heap.ask_again(each.made_of.keys, state.heap)
                return each.model
        around, within = state.trace, Trace()
        state.trace = within
        try:
            model = make()
        finally:
            ended = interpreter.state  # not the one it began with, where a layer of the program's own has branches
            state.trace = ended.trace = around
            around.add(within, ended, interpreter.facts)
        if within.asks_the_heap_alone:
            snapshot = Snapshot(within.heap.answers(ended.heap), model)
            self._known[identity] = (snapshot, *known[: KEPT - 1])
        return model

    def of_these(self, identities: Container[int]) -> Known:
        """What is known of the models of a finished reading."""
        return {identity: known for identity, known in self._known.items() if identity in identities}
