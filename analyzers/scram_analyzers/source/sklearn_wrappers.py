"""Keras models dressed as scikit-learn estimators: `KerasClassifier(build_fn=make_model, epochs=10).fit(x, y)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source import fitting
from scram_analyzers.source.places import Place
from scram_analyzers.source.state import Created
from scram_analyzers.source.values import Argument, Arguments, Function, Ref, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreter import Interpreter

WRAPPERS = frozenset(
    f"{module}.{name}"
    for module in ("keras.wrappers.scikit_learn", "keras.wrappers", "scikeras.wrappers")
    for name in ("KerasClassifier", "KerasRegressor", "SKLearnClassifier", "SKLearnRegressor")
)

_OF_FIT = frozenset(
    ("batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data", "shuffle", "class_weight")
)


def make(interpreter: Interpreter, kind: str, arguments: Arguments, place: Place) -> Ref:
    """The estimator, with the model that its function makes."""
    build = arguments.value("build_fn", 0) or arguments.value("model")
    model: Value = build if build is not None else Unknown(place)
    if isinstance(build, Function):
        given = {name: each for name, each in arguments.keywords.items() if name in _parameters(build)}
        model = interpreter.call_function(build, Arguments((), given, arguments.open))
    return interpreter.allocate(Created(kind, arguments, place, {"model": model}), place)


def _parameters(function: Function) -> frozenset[str]:
    parameters = function.node.params
    return frozenset(each.name.value for each in (*parameters.params, *parameters.kwonly_params))


def call_method(
    interpreter: Interpreter, owner: Ref, estimator: Created, name: str, arguments: Arguments, place: Place
) -> Value:
    """A method of the estimator: what the model inside it is trained on and asked for."""
    model = estimator.attributes["model"]
    if name == "fit":
        fitting.train(interpreter, model, "fit", _of_fit(estimator, arguments, place), place)
        return owner
    if name in ("predict", "predict_proba"):
        return fitting.evaluate(interpreter, model, "predict", arguments, place)
    return Unknown(place)


def _of_fit(estimator: Created, arguments: Arguments, place: Place) -> Arguments:
    """The call's arguments and those the estimator was made with.

    The labels are unknown: the wrapper encodes them as the loss needs it.
    """
    kept = {name: each for name, each in estimator.arguments.keywords.items() if name in _OF_FIT}
    keywords = {**kept, **arguments.keywords}
    positional = arguments.positional[:2]
    if len(positional) == 2:
        positional = (positional[0], _hidden(positional[1], place))
    if "y" in keywords:
        keywords["y"] = _hidden(keywords["y"], place)
    return Arguments(positional, keywords, arguments.open or estimator.arguments.open)


def _hidden(argument: Argument, place: Place) -> Argument:
    return replace(argument, value=Unknown(place))
