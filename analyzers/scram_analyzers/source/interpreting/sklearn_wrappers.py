"""Keras models dressed as scikit-learn estimators: `KerasClassifier(build_fn=make_model, epochs=10).fit(x, y)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, DataStep, LabelForm, StepKind
from scram_analyzers.source.interpreting import compiling, fitting, keras_models, optimizers
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.libraries import transformers
from scram_analyzers.source.libraries.data_items import ENCODED_COLUMN
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile
from scram_analyzers.source.values import Argument, Arguments, Function, Ref, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

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
        named = {name.removeprefix(OF_MODEL): each for name, each in arguments.keywords.items()}
        given = {name: each for name, each in named.items() if name in _parameters(build)}
        model = interpreter.call_function(build, Arguments((), given, arguments.open))
        _compile(interpreter, model, arguments, place)
    return interpreter.allocate(Created(kind, arguments, place, {"model": model}), place)


def _compile(interpreter: Interpreter, model: Value, arguments: Arguments, place: Place) -> None:
    """A model that its function left as it was is compiled by the wrapper: `KerasClassifier(build, loss="mse")`."""
    given = {name: each for name, each in arguments.keywords.items() if name in ("optimizer", "loss", "metrics")}
    routed = {
        parts[1]: each
        for name, each in arguments.keywords.items()
        if (parts := name.split("__"))[0] == OF_OPTIMIZER and len(parts) == 2
    }
    if "optimizer" in given and routed:
        given["optimizer"] = optimizers.made_with(interpreter, given["optimizer"], routed, place)
    is_left = isinstance(model, Ref) and keras_models.is_model(interpreter, model)
    if given and is_left and isinstance(model, Ref) and interpreter.fact("compile", model.identity) is None:
        compiling.compile_model(interpreter, model, Arguments((), given, arguments.open), place)


OF_MODEL = "model__"
"""Before an argument for the function that makes the model alone: `model__rate=0.2`."""

OF_OPTIMIZER = "optimizer"
"""Before two underscores it hands an argument on to the optimizer: `optimizer__learning_rate=0.01`."""


def _parameters(function: Function) -> frozenset[str]:
    parameters = function.node.params
    return frozenset(each.name.value for each in (*parameters.params, *parameters.kwonly_params))


def call_method(
    interpreter: Interpreter, owner: Ref, estimator: Created, name: str, arguments: Arguments, place: Place
) -> Value:
    """A method of the estimator: what the model inside it is trained on and asked for."""
    model = estimator.attributes["model"]
    if name == "fit":
        fitting.train(interpreter, model, "fit", _of_fit(interpreter, estimator, arguments, place), place)
        return owner
    if name in ("predict", "predict_proba"):
        return fitting.evaluate(interpreter, model, "predict", arguments, place)
    if name == "score":
        fitting.evaluate(interpreter, model, "evaluate", _inputs_alone(arguments), place)
    return Unknown(place)


def _inputs_alone(arguments: Arguments) -> Arguments:
    """What an estimator's `score` is given but the targets, which it encodes by itself."""
    x = arguments.get("X", 0) or arguments.get("x", 0)
    return Arguments((x,) if x is not None else (), open=True)


JUDGING = frozenset(
    f"sklearn.model_selection.{name}" for name in ("cross_val_score", "cross_validate", "cross_val_predict")
)
"""Functions that train their first argument on parts of the data."""


def train_judged(interpreter: Interpreter, arguments: Arguments, place: Place) -> None:
    """`cross_val_score(estimator, x, y)`, by position or by name."""
    estimator = arguments.value("estimator", 0)
    if estimator is not None:
        data = Arguments(arguments.positional[1:], arguments.keywords, arguments.open)
        train_within(interpreter, estimator, data, place)


def train_within(interpreter: Interpreter, whole: Value, arguments: Arguments, place: Place) -> None:
    """Train every wrapped model inside a search, an ensemble or a pipeline, on what its first steps leave of x."""
    for estimator, before in _wrapped(interpreter, whole):
        model = estimator.attributes["model"]
        x = arguments.get("X", 0) or arguments.get("x", 0)
        y = arguments.get("y", 1)
        if x is None:
            continue
        keywords = {"x": _through(interpreter, x, before, place)}
        if y is not None:
            keywords["y"] = _labels(interpreter, estimator, y, place)
        given = Arguments((), keywords, open=True)  # who judges the model is up to the search
        fitting.train(interpreter, model, fitting.SEARCH, _of_fit(interpreter, estimator, given, place), place)


def _wrapped(
    interpreter: Interpreter, value: Value, before: tuple[Created, ...] = (), depth: int = 0
) -> Iterator[tuple[Created, tuple[Created, ...]]]:
    """The wrapped models in an estimator, each with the steps that data go through before it."""
    thing = interpreter.object_of(value)
    if depth > MAX_DEPTH or not isinstance(thing, Created):
        return
    if thing.kind in WRAPPERS:
        yield thing, before
        return
    if not thing.kind.startswith("sklearn."):
        return
    passed = before
    for part in _parts(interpreter, thing):
        yield from _wrapped(interpreter, part, passed, depth + 1)
        step = interpreter.object_of(part)
        if thing.kind.rpartition(".")[2] in PIPELINES and isinstance(step, Created):
            passed = (*passed, step)


MAX_DEPTH = 3
"""How deep estimators hold one another in real programs: a search of a pipeline of a model."""

PIPELINES = ("Pipeline", "make_pipeline")


def _parts(interpreter: Interpreter, thing: Created) -> Iterator[Value]:
    """The estimators that an estimator is made of: its arguments, the items of lists, the last of (name, step)."""
    for argument in (*thing.arguments.positional, *thing.arguments.keywords.values()):
        for item in interpreter.items_of(argument.value) or (argument.value,):
            pair = interpreter.items_of(item)
            yield pair[-1] if pair else item


def _through(interpreter: Interpreter, x: Argument, steps: tuple[Created, ...], place: Place) -> Argument:
    data = x.value if isinstance(x.value, Data) else None
    if data is None or all(transformers.passes_values_on(interpreter, step) for step in steps):
        return x
    if len(steps) == 1 and transformers.hands_numbers_on(interpreter, steps[0]):
        step = DataStep(StepKind.OTHER, ENCODED_COLUMN, place)
        return replace(x, value=data.after(step, range=None, shape=None))
    scaled = data.after(DataStep(StepKind.SCALED, steps[-1].kind, place), range=None, shape=None)
    return replace(x, value=scaled)


def _of_fit(interpreter: Interpreter, estimator: Created, arguments: Arguments, place: Place) -> Arguments:
    """The call's arguments and those the estimator was made with.

    A classifier's labels are unknown: the wrapper encodes them as the loss needs it.
    """
    kept = {name: each for name, each in estimator.arguments.keywords.items() if name in _OF_FIT}
    keywords = {**kept, **arguments.keywords}
    positional = arguments.positional[:2]
    if len(positional) == 2:
        positional = (positional[0], _labels(interpreter, estimator, positional[1], place))
    if "y" in keywords:
        keywords["y"] = _labels(interpreter, estimator, keywords["y"], place)
    return Arguments(positional, keywords, arguments.open or estimator.arguments.open)


def _labels(interpreter: Interpreter, estimator: Created, argument: Argument, place: Place) -> Argument:
    """A regressor's targets are numbers; a classifier's are unknown, as the wrapper encodes them for a cross-entropy.

    For a loss that measures distances it leaves them as the numbers of classes.
    """
    if not estimator.kind.endswith("Regressor"):
        numbers = Data(estimator.kind, place, labels=LabelForm.INTEGER)
        return replace(argument, value=numbers if _measures_distances(interpreter, estimator) else Unknown(place))
    given = argument.value if isinstance(argument.value, Data) else Data(estimator.kind, place)
    if given.labels not in (None, LabelForm.CONTINUOUS):
        return replace(argument, value=Unknown(place))
    return replace(argument, value=replace(given, labels=LabelForm.CONTINUOUS))


def _measures_distances(interpreter: Interpreter, estimator: Created) -> bool:
    model = estimator.attributes["model"]
    compiled = interpreter.fact("compile", model.identity) if isinstance(model, Ref) else None
    losses = compiled.losses if isinstance(compiled, Compile) else ()
    return bool(losses) and all(loss.name in REGRESSION for loss in losses)
