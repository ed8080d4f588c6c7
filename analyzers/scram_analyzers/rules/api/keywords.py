"""Keyword arguments as the program wrote them, for the rules that compare them with Keras's signatures."""

from __future__ import annotations

import itertools
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


@dataclass(frozen=True, eq=False, slots=True)
class KerasCall:
    """A call of something whose signature is known: its canonical name, how to say it, and its parameters."""

    name: str
    words: str
    parameters: tuple[str, ...]
    place: Place
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


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
    for call in itertools.chain(
        program.each(program.calls, _of_function),
        program.each(program.fits, _of_method),
        program.each(program.evaluations, _of_method),
        program.each(program.compiles, _of_method),
    ):
        found.setdefault(call.place.key, call)
    return tuple(found.values())


def _of_function(_: Program, call: Call) -> Iterator[KerasCall]:
    name = "keras.Model" if call.name == "keras.models.Model" else call.name
    name = "keras.Sequential" if name == "keras.models.Sequential" else name
    parameters = signatures().get(name) if call.arguments.keywords else None
    if parameters is not None:
        yield KerasCall(call.name, name.rpartition(".")[2], parameters, call.place)


def _of_method(_: Program, call: Fit | Evaluation | Compile) -> Iterator[KerasCall]:
    method = "compile" if isinstance(call, Compile) else call.method
    if method in _METHODS and call.model is not None:
        yield KerasCall(_METHODS[method], method, signatures()[_METHODS[method]], call.place)


@once
def keywords_of(call: KerasCall) -> tuple[Keyword, ...]:
    """The keywords written in a call."""
    node, section = call.place.node, call.place.section
    return tuple(
        Keyword(argument.keyword.value, Place(section, argument.keyword), Place(section, argument.value))
        for argument in (node.args if isinstance(node, cst.Call) else ())
        if argument.keyword is not None
    )
