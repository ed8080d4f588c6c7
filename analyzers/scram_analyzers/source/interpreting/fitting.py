"""Calls that train, evaluate or predict: which data reach them, with what validation and callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import InputSpec, Opaque, Tensor
from scram_analyzers.source.interpreting import keras_models
from scram_analyzers.source.interpreting.state import Created, ListObject
from scram_analyzers.source.keras_api.layers import LEGACY_PARAMETERS
from scram_analyzers.source.libraries import data_operations, joint_inputs
from scram_analyzers.source.libraries.image_generators import is_generated
from scram_analyzers.source.model import Model, ModelKind, ModelObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Callback, Compile, EpochRates, Evaluation, Feed, Fit
from scram_analyzers.source.values import (
    UNKNOWN,
    Argument,
    Arguments,
    Choice,
    Constant,
    Function,
    Ref,
    Symbol,
    Tuple,
    Unknown,
    Value,
    integer,
    is_none,
    number,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fit": (
            "x",
            "y",
            "batch_size",
            "epochs",
            "verbose",
            "callbacks",
            "validation_split",
            "validation_data",
        ),
        "fit_generator": ("x", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data"),
        "train_on_batch": ("x", "y", "sample_weight", "class_weight"),
        "evaluate": ("x", "y", "batch_size", "verbose"),
        "evaluate_generator": ("x", "steps"),
        "predict": ("x", "batch_size", "verbose"),
        "predict_generator": ("x", "steps"),
        "test_on_batch": ("x", "y"),
        "predict_on_batch": ("x",),
        "predict_classes": ("x",),
        "predict_proba": ("x",),
    }
)
SEARCH = "search"
"""The method of a training inside scikit-learn's searches, ensembles, pipelines and cross-validations."""

TRAINING = frozenset(("fit", "fit_generator", "train_on_batch"))

_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        **LEGACY_PARAMETERS,
        "generator": "x",
    }
)
KERAS_ONLY = frozenset(("epochs", "nb_epoch", "validation_data", "validation_split", "steps_per_epoch", "callbacks"))
"""Keywords of `fit` that say it is Keras's, when nothing else does (scikit-learn's has none of them)."""


def train(interpreter: Interpreter, owner: Value, method: str, arguments: Arguments, place: Place) -> Value:
    """Record a call that trains; its value is the history. A `SEARCH` is not written as Keras's own `fit`."""
    named = arguments.named(PARAMETERS.get(method, ()), _ALIASES)
    model, compiled = _model_of(interpreter, owner)
    x = _data_argument(interpreter, named.get("x"))
    validation, has_validation = _validation(interpreter, named)
    fit = Fit(
        place=place,
        method=method,
        model=model,
        compile=compiled,
        arguments=named,
        x=x,
        y=_data_argument(interpreter, named.get("y")),
        validation=validation,
        has_validation=has_validation,
        callbacks=_callbacks(interpreter, named, compiled),
        batch_size=named.get("batch_size"),
        epochs=named.get("epochs"),
        class_weights=_weighted_classes(interpreter, named.value("class_weight")),
        targets_by_output=_targets_by_output(interpreter, model, named.value("y")),
        feeds=_feeds(interpreter, owner, named.get("x")),
        validation_feeds=_feeds(
            interpreter, owner, _validation_inputs(interpreter, named) or named.get("validation_data")
        ),
        validation_targets=_validation_targets(interpreter, named),
    )
    interpreter.recording.fits.append(fit)
    _own_step(interpreter, owner, fit)
    if method == "train_on_batch":
        return Unknown(place)
    return interpreter.allocate(Created("keras.callbacks.History", Arguments(), place), place)


def _own_step(interpreter: Interpreter, owner: Value, fit: Fit) -> None:
    """Follow the `train_step` of the module's own subclass with a batch of what it is trained on."""
    thing = interpreter.instance(owner)
    step = interpreter.member(thing.cls, "train_step") if thing is not None else None
    if not isinstance(step, Function) or not isinstance(owner, Ref) or fit.method != "fit" or fit.x is None:
        return
    if interpreter.fact("entered", step.node) is not None or not isinstance(fit.x.value, Data):
        return
    batch: Value = data_operations.element_of(fit.x.value) if fit.x.value.batched else fit.x.value
    if fit.y is not None:
        batch = Tuple((fit.x.value, fit.y.value), fit.x.place)
    interpreter.call_function(step.bind(owner), Arguments((Argument(batch, None),)))


def evaluate(interpreter: Interpreter, owner: Value, method: str, arguments: Arguments, place: Place) -> Value:
    """Record a call that evaluates or predicts."""
    named = arguments.named(PARAMETERS[method], _ALIASES)
    model, _ = _model_of(interpreter, owner)
    x = _data_argument(interpreter, named.get("x"))
    y = _data_argument(interpreter, named.get("y"))
    feeds = _feeds(interpreter, owner, named.get("x"))
    interpreter.recording.evaluations.append(Evaluation(place, method, model, named, x, y, feeds))
    return data_operations.prediction(method, place)


def _model_of(interpreter: Interpreter, owner: Value) -> tuple[Model | None, Compile | None]:
    if isinstance(owner, Choice) or not keras_models.is_model(interpreter, owner):
        return None, None
    assert isinstance(owner, Ref)
    compiled = interpreter.fact("compile", owner.identity)
    return keras_models.snapshot(interpreter, owner), compiled if isinstance(compiled, Compile) else None


def _data_argument(interpreter: Interpreter, argument: Argument | None) -> Argument | None:
    """The argument with its value as data, where it is data in another guise (a list of numbers, a column)."""
    if argument is None:
        return None
    items = interpreter.items_of(argument.value)
    only = items[0] if items is not None and len(items) == 1 else argument.value  # `predict([x])`, of one input
    data = data_operations.as_data(only)
    if data is None:
        data = _of_sequence(interpreter, argument.value)
    if data is None:
        data = _of_zipped(interpreter, argument.value)
    if data is None:
        data = data_operations.from_object(interpreter, argument.value)
    return Argument(data, argument.place, argument.keyword) if data is not None else argument


def _of_zipped(interpreter: Interpreter, value: Value) -> Data | None:
    """Two streams of pictures that are zipped: batches of the one go in with batches of the other."""
    thing = interpreter.object_of(value)
    row = thing.items[0] if isinstance(thing, ListObject) and thing.open and len(thing.items) == 1 else None
    streams = [data_operations.as_data(item) for item in row.items] if isinstance(row, Tuple) else []
    if row is None or len(streams) != 2 or not all(stream is not None and is_generated(stream) for stream in streams):
        return None
    return joint_inputs.batches_of(interpreter, row)


SEQUENCES = frozenset(("keras.utils.Sequence", "keras.utils.PyDataset"))


def _of_sequence(interpreter: Interpreter, value: Value) -> Data | None:
    """The batches that an object of the module's own `Sequence` or `PyDataset` gives."""
    thing = interpreter.instance(value)
    if thing is None or not isinstance(value, Ref) or SEQUENCES.isdisjoint(thing.cls.external_bases()):
        return None
    method = interpreter.member(thing.cls, "__getitem__")
    if not isinstance(method, Function):
        return None
    batch = interpreter.call_function(method.bind(value), Arguments((Argument(Unknown(), None),)))
    known = data_operations.as_data(batch) is not None or interpreter.items_of(batch)
    return joint_inputs.batches_of(interpreter, batch) if known else None


def _weighted_classes(interpreter: Interpreter, weights: Value | None) -> tuple[int | str, ...]:
    """The keys; of strings only those with a number, as others name outputs."""
    entries = interpreter.entries_of(weights) or {}
    numbers = [key for key in entries if isinstance(key, int) and not isinstance(key, bool)]
    names = [key for key, value in entries.items() if isinstance(key, str) and number(value) is not None]
    return (*numbers, *names)


def _targets_by_output(interpreter: Interpreter, model: Model | None, y: Value | None) -> dict[str | int, Data]:
    """The targets of each output, where a dict or a list brings them apart."""
    if model is None or len(model.outputs) < 2 or y is None:
        return {}
    named = interpreter.entries_of(y)
    given = dict(named) if named is not None else dict(enumerate(interpreter.items_of(y) or ()))
    found: dict[str | int, Data] = {}
    for key, value in given.items():
        data = data_operations.as_data(value) or data_operations.stacked(interpreter, value)
        if data is not None and isinstance(key, (str, int)):
            found[key] = data
    return found


def _feeds(interpreter: Interpreter, owner: Value, given: Argument | None) -> tuple[Feed, ...]:
    """The data of each input, where a dict names or a list orders those of a model that has several."""
    if given is None or given.place is None or not isinstance(owner, Ref):
        return ()
    values, named = _by_input(interpreter, given.value)
    entries = _entries(interpreter, owner, tuple(values), named=named) if len(values) > 1 else {}
    written = _elements_written(given.place)
    found = []
    for position, (key, value) in enumerate(values.items()):
        data = data_operations.as_data(value) or data_operations.stacked(interpreter, value)
        if data is not None and key in entries:
            place = written[position] if len(written) == len(values) else given.place
            found.append(Feed(data, place, entries[key]))
    return tuple(found)


def _entries(interpreter: Interpreter, owner: Ref, keys: tuple[object, ...], *, named: bool) -> dict[object, Tensor]:
    """The inputs of a model by their names or positions; of one whose inputs the program does not list, any asked."""
    thing = interpreter.object_of(owner)
    if not isinstance(thing, ModelObject) or thing.kind is not ModelKind.FUNCTIONAL:
        is_one = isinstance(thing, ModelObject) and thing.kind is ModelKind.SEQUENTIAL
        return {} if is_one else {key: _unseen_entry(interpreter, owner, key) for key in keys}
    if not named:
        return dict(enumerate(thing.inputs))
    specs = [(tensor.producer, tensor) for tensor in thing.inputs]
    return {spec.name: tensor for spec, tensor in specs if isinstance(spec, InputSpec) and spec.name is not None}


def _unseen_entry(interpreter: Interpreter, owner: Ref, key: object) -> Tensor:
    """The same tensor for each call that brings this input of a model."""
    about = (owner.identity, key)
    known = interpreter.fact("entry", about)
    if isinstance(known, Tensor):
        return known
    entry = Tensor(Opaque())
    interpreter.note("entry", about, entry)
    return entry


def _by_input(interpreter: Interpreter, given: Value) -> tuple[dict[object, Value], bool]:
    """What is given for each input, and whether by its name: in a list, a dict, or a dataset of several inputs."""
    if isinstance(given, Data) and given.parts:
        parts: dict[object, Value] = {key: replace(part, batched=given.batched) for key, part in given.parts}
        return parts, any(isinstance(key, str) for key in parts)
    named = interpreter.entries_of(given)
    return (dict(named), True) if named is not None else (dict(enumerate(interpreter.items_of(given) or ())), False)


def _elements_written(place: Place) -> list[Place]:
    """The elements of a list, tuple or dict that is written out there."""
    node = place.node
    if isinstance(node, (cst.Tuple, cst.List, cst.Dict)):
        return [Place(place.section, element.value) for element in node.elements]
    return []


def _validation(interpreter: Interpreter, named: Arguments) -> tuple[Argument | None, bool | None]:
    given = named.get("validation_data")
    if given is not None and not is_none(given.value):
        first = _validation_inputs(interpreter, named)
        if first is not None:
            return _data_argument(interpreter, first), True
        return _data_argument(interpreter, given), None if isinstance(given.value, Unknown) else True
    split = named.get("validation_split")
    if split is not None:
        share = number(split.value)
        return None, None if share is None else share > 0
    return None, None if named.open else False


def _validation_inputs(interpreter: Interpreter, named: Arguments) -> Argument | None:
    """The inputs of `validation_data=(x, y)`; None where it is no tuple."""
    given = named.get("validation_data")
    items = interpreter.items_of(given.value) if given is not None else None
    if given is None or not items:
        return None
    return Argument(items[0], _first_written(given) or items[0].place)


def _validation_targets(interpreter: Interpreter, named: Arguments) -> Data | None:
    """The targets of `validation_data=(x, y)`."""
    given = named.get("validation_data")
    items = interpreter.items_of(given.value) if given is not None else None
    value = items[1] if items is not None and len(items) > 1 else None
    return value if isinstance(value, Data) else None


def _first_written(given: Argument) -> Place | None:
    """The first element of a tuple that is written out, else the whole argument."""
    node = given.place.node if given.place is not None else None
    if given.place is None or not isinstance(node, (cst.Tuple, cst.List)) or not node.elements:
        return given.place
    return Place(given.place.section, node.elements[0].value)


def _callbacks(interpreter: Interpreter, named: Arguments, compiled: Compile | None) -> tuple[Callback, ...] | None:
    argument = named.get("callbacks")
    if argument is None:
        return None if named.open else ()
    if is_none(argument.value):
        return ()
    items = interpreter.items_of(argument.value)
    if items is None:
        thing = interpreter.object_of(argument.value)
        if not isinstance(thing, Created):
            return None
        items = (argument.value,)
    return tuple(_callback(interpreter, item, compiled, named.get("epochs")) for item in items)


MAX_EPOCHS_FOLLOWED = 64
"""Through how many epochs a scheduler's function is followed that makes each rate of the one before."""


def _rates(
    interpreter: Interpreter, callback: Created, compiled: Compile | None, epochs: Argument | None
) -> EpochRates | None:
    """The learning rates that a scheduler's function gives for the first epoch and the one in the middle, if told.

    Of a training whose length is not known the second is that of the first epoch as well.
    """
    function = callback.arguments.value("schedule", 0)
    if callback.kind != "keras.callbacks.LearningRateScheduler" or not isinstance(function, Function):
        return None
    before = compiled.optimizer.learning_rate if compiled is not None and compiled.optimizer is not None else None
    rate: Value = Constant(before.value, before.place) if before is not None and before.value is not None else UNKNOWN
    takes_rate = len(function.node.params.params) > (1 if function.owner is None else 2)
    middle = (integer(epochs.value) or 0) // 2 if epochs is not None else 0
    followed = range(1, min(middle, MAX_EPOCHS_FOLLOWED) + 1) if takes_rate else (middle,)
    first = rate = _rate_of(interpreter, function, 0, rate if takes_rate else None)
    for epoch in followed:
        if not isinstance(rate, Constant) or epoch == 0:
            break
        rate = _rate_of(interpreter, function, epoch, rate if takes_rate else None)
    if not isinstance(first, Constant) or number(first) is None:
        return None
    return EpochRates(first, rate if isinstance(rate, Constant) and number(rate) is not None else first)


def _rate_of(interpreter: Interpreter, function: Function, epoch: int, rate: Value | None) -> Value:
    given = (Argument(Constant(epoch), None), *((Argument(rate, None),) if rate is not None else ()))
    return interpreter.call_function(function, Arguments(given))


def _callback(interpreter: Interpreter, value: Value, compiled: Compile | None, epochs: Argument | None) -> Callback:
    thing = interpreter.object_of(value)
    if isinstance(thing, Created):
        return Callback(thing.kind, thing.arguments, thing.place, _rates(interpreter, thing, compiled, epochs))
    if isinstance(value, Symbol):
        return Callback(value.name, Arguments(), value.place)
    return Callback(None, Arguments(), value.place)
