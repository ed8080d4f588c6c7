"""Keyword arguments as the program wrote them, for the rules that compare them with Keras's signatures."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Compile, Evaluation, Fit, Program

_METHODS = {
    "compile": "keras.Model.compile",
    "fit": "keras.Model.fit",
    "evaluate": "keras.Model.evaluate",
    "predict": "keras.Model.predict",
    "train_on_batch": "keras.Model.train_on_batch",
    "test_on_batch": "keras.Model.test_on_batch",
}


@dataclass(frozen=True, slots=True)
class KerasCall:
    """A call of something whose signature is known: its canonical name, how to say it, and its parameters."""

    name: str
    words: str
    parameters: tuple[str, ...]
    place: Place
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword of a call: the word, and the places of the word and of its value."""

    name: str
    place: Place
    value: Place


@once
def keras_calls(program: Program) -> tuple[KerasCall, ...]:
    """Every call of Keras's own classes, functions and model methods, each expression once."""
    found: dict[tuple[int, int], KerasCall] = {}
    for call in _all_calls(program):
        found.setdefault(call.place.key, call)
    return tuple(found.values())


def _all_calls(program: Program) -> Iterator[KerasCall]:
    asked = [
        *map(_of_function, program.calls),
        *map(_of_method, program.fits),
        *map(_of_method, program.evaluations),
        *map(_of_method, program.compiles),
    ]
    return filter(None, asked)


@once
def _of_function(call: Call) -> KerasCall | None:
    name = "keras.Model" if call.name == "keras.models.Model" else call.name
    name = "keras.Sequential" if name == "keras.models.Sequential" else name
    parameters = signatures().get(name) if call.arguments.keywords else None
    return KerasCall(call.name, name.rpartition(".")[2], parameters, call.place) if parameters is not None else None


@once
def _of_method(call: Fit | Evaluation | Compile) -> KerasCall | None:
    method = "compile" if isinstance(call, Compile) else call.method
    if method not in _METHODS or call.model is None:
        return None
    return KerasCall(_METHODS[method], method, signatures()[_METHODS[method]], call.place)


@once
def keywords_of(call: KerasCall) -> tuple[Keyword, ...]:
    """The keywords written in a call."""
    node, section = call.place.node, call.place.section
    return tuple(
        Keyword(argument.keyword.value, Place(section, argument.keyword), Place(section, argument.value))
        for argument in (node.args if isinstance(node, cst.Call) else ())
        if argument.keyword is not None
    )
