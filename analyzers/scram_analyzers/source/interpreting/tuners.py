"""Searches of hyperparameters by keras_tuner: `RandomSearch(build_model, ...).search(x, y)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import fitting
from scram_analyzers.source.interpreting.state import Created, Instance
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Argument, Arguments, Function, Ref, Unknown, Value, integer

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_PACKAGES = ("keras_tuner.", "kerastuner.")
_CLASSES = frozenset(("BayesianOptimization", "GridSearch", "Hyperband", "RandomSearch"))


def is_tuner(kind: str) -> bool:
    """Whether a canonical class name is that of a tuner."""
    return kind.startswith(_PACKAGES) and kind.rpartition(".")[2] in _CLASSES


def make(interpreter: Interpreter, kind: str, arguments: Arguments, place: Place) -> Ref:
    """The tuner, with one of the models that its function makes; which numbers it tries is not known."""
    build = arguments.value("hypermodel", 0)
    model = _built(interpreter, build, place)
    reference = interpreter.allocate(Created(kind, arguments, place, {"model": model}), place)
    made = Created(kind, arguments, place, {"model": model, "hypermodel": reference})
    interpreter.replace_object(reference, made)
    return reference


def _built(interpreter: Interpreter, build: Value | None, place: Place) -> Value:
    thing = interpreter.object_of(build)
    if isinstance(thing, Instance) and build is not None:  # an object of a HyperModel of the module's own
        method = interpreter.member(thing.cls, "build")
        build = method.bind(build) if isinstance(method, Function) else None
    if not isinstance(build, Function):
        return Unknown(place)
    return interpreter.call_function(build, Arguments((Argument(Unknown(place), None),)))


def _own_fit(interpreter: Interpreter, hypermodel: Value | None) -> Function | None:
    """How a HyperModel of the module's own trains, where it says: `fit(self, hp, model, *args, **kwargs)`."""
    thing = interpreter.object_of(hypermodel)
    method = interpreter.member(thing.cls, "fit") if isinstance(thing, Instance) else None
    return method.bind(hypermodel) if isinstance(method, Function) and hypermodel is not None else None


def call_method(
    interpreter: Interpreter, owner: Ref, tuner: Created, name: str, arguments: Arguments, place: Place
) -> Value:
    """A method of the tuner: it trains its models, and gives them out."""
    model = tuner.attributes["model"]
    if name == "search":
        own = _own_fit(interpreter, tuner.arguments.value("hypermodel", 0))
        if own is not None:
            given = (Argument(Unknown(place), None), Argument(model, place), *arguments.positional)
            return interpreter.call_function(own, replace(arguments, positional=given))
        named = arguments.named(fitting.PARAMETERS["fit"][:2], {})
        return fitting.train(interpreter, model, fitting.SEARCH, replace(named, open=True), place)
    if name == "get_best_models":
        count = integer(arguments.value("num_models", 0))
        return interpreter.new_list((model,) * min(count or 1, 8), place)
    return model if name == "build" else Unknown(place)
