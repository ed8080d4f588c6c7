"""Keyword arguments as the program wrote them, for the rules that compare them with Keras's signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import Arguments

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
    for call in program.calls:
        name = "keras.Model" if call.name == "keras.models.Model" else call.name
        name = "keras.Sequential" if name == "keras.models.Sequential" else name
        parameters = signatures().get(name) if _has_keywords(call.arguments) else None
        if parameters is not None:
            yield KerasCall(call.name, name.rpartition(".")[2], parameters, call.place)
    of_models = [
        *((each.method, each.model, each.place) for each in program.fits),
        *((each.method, each.model, each.place) for each in program.evaluations),
        *(("compile", each.model, each.place) for each in program.compiles),
    ]
    for method, model, place in of_models:
        if method in _METHODS and model is not None:
            yield KerasCall(_METHODS[method], method, signatures()[_METHODS[method]], place)


def _has_keywords(arguments: Arguments) -> bool:
    return bool(arguments.keywords)


def keywords_of(place: Place) -> Iterator[Keyword]:
    """The keywords written in the call at `place`."""
    if isinstance(place.node, cst.Call):
        for argument in place.node.args:
            if argument.keyword is not None:
                yield Keyword(
                    argument.keyword.value, Place(place.section, argument.keyword), Place(place.section, argument.value)
                )
