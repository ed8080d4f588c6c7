"""Keyword arguments as the program wrote them, for the rules that compare them with Keras's signatures."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.model import ModelKind
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


def keras_calls(
    program: Program, wanted: Callable[[Call], bool], asked_for: Callable[[Program, KerasCall], Iterator[KerasCall]]
) -> Iterator[KerasCall]:
    """The calls of Keras's own classes and functions that are wanted, and those of models' methods that are asked for.

    Each expression comes once, as what it calls first.
    """
    functions: Sequence[Call] = program.calls_where(wanted)
    if functions:
        keys = {call.place.key for call in functions}
        functions = [call for call in program.calls if call.place.key in keys]
    said: set[tuple[int, int]] = set()
    methods = program.each_of(_of_methods, asked_for)
    for call in (*filter(None, map(of_function, functions)), *methods):
        if call.place.key not in said:
            said.add(call.place.key)
            yield call


@once
def _of_methods(program: Program) -> tuple[KerasCall, ...]:
    calls: Sequence[Fit | Evaluation | Compile] = (*program.fits, *program.evaluations, *program.compiles)
    return tuple(filter(None, map(_of_method, calls)))


def of_function(call: Call) -> KerasCall | None:
    """The call of a class or function with its signature, where it has keywords."""
    name = _SHORTER.get(call.name, call.name)
    parameters = signatures().get(name) if call.arguments.keywords else None
    return KerasCall(call.name, name.rpartition(".")[2], parameters, call.place) if parameters is not None else None


_SHORTER = {"keras.models.Model": "keras.Model", "keras.models.Sequential": "keras.Sequential"}


@once
def _of_method(call: Fit | Evaluation | Compile) -> KerasCall | None:
    method = "compile" if isinstance(call, Compile) else call.method
    if method not in _METHODS or call.model is None or call.model.kind is ModelKind.ELSEWHERE:
        return None  # a class of which nothing is known may have a method of its own
    if not _is_written(call.place, method):
        return None  # a wrapper that compiles or trains the model takes arguments of its own
    return KerasCall(_METHODS[method], method, signatures()[_METHODS[method]], call.place)


def _is_written(place: Place, method: str) -> bool:
    """Whether a place is a call of a method of this name."""
    node = place.node
    name = node.func if isinstance(node, cst.Call) else None
    return isinstance(name, cst.Attribute) and name.attr.value == method


def written_in(call: KerasCall) -> list[str]:
    """The names of the keywords written in a call."""
    node = call.place.node
    return [each.keyword.value for each in node.args if each.keyword is not None] if isinstance(node, cst.Call) else []


@once
def keywords_of(call: KerasCall) -> tuple[Keyword, ...]:
    """The keywords written in a call."""
    node, section = call.place.node, call.place.section
    return tuple(
        Keyword(argument.keyword.value, Place(section, argument.keyword), Place(section, argument.value))
        for argument in (node.args if isinstance(node, cst.Call) else ())
        if argument.keyword is not None
    )
