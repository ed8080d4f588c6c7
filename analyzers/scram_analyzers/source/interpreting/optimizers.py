"""Optimizers: the learning rates that they are made with, and those that a program sets later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.interpreting import keras_layers
from scram_analyzers.source.interpreting.state import Created, HeapObject
from scram_analyzers.source.keras_api.optimizers import BY_STRING, DEFAULT_LEARNING_RATE
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, LearningRate, Optimizer, RateSet
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Constant,
    Function,
    Ref,
    Symbol,
    Value,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

OPTIMIZER_PREFIX = "keras.optimizers."
SCHEDULE_PREFIX = "keras.optimizers.schedules."

RATE_NAMES = ("learning_rate", "lr")
"""What an optimizer calls its rate, and called it in Keras 1 and 2."""

OWN_SCHEDULE = "keras.optimizers.schedules.LearningRateSchedule"
"""The class whose subclasses are schedules of the program's own."""


def optimizer_of(interpreter: Interpreter, argument: Argument | None) -> Optimizer | None:
    """The optimizer an argument names or holds; None when it can't be told."""
    if argument is None or argument.place is None:
        return None
    value = argument.value
    string = text(value)
    if string is not None:
        class_name = BY_STRING.get(string.lower())
        if class_name is None:
            return None
        rate = LearningRate(DEFAULT_LEARNING_RATE[class_name])
        return Optimizer(OPTIMIZER_PREFIX + class_name, value.place or argument.place, rate, Arguments())
    if isinstance(value, Ref):
        return interpreter.recording.optimizers.get(value.identity) if interpreter.object_of(value) else None
    if isinstance(value, Symbol) and value.name.startswith(OPTIMIZER_PREFIX):
        rate = LearningRate(DEFAULT_LEARNING_RATE.get(value.name.rpartition(".")[2]))
        return Optimizer(value.name, argument.place, rate, Arguments())
    return None


def make_optimizer(interpreter: Interpreter, kind: str, arguments: Arguments, place: Place) -> Ref:
    """An optimizer object, recorded with its learning rate."""
    named = keras_layers.name_arguments(kind, arguments)
    rate = _learning_rate(interpreter, kind, arguments, named)
    reference = interpreter.allocate(Created(kind, named, place, {"learning_rate": _rate_value(named)}), place)
    optimizer = Optimizer(kind, place, rate, named)
    interpreter.recording.optimizers[reference.identity] = optimizer
    return reference


def made_with(interpreter: Interpreter, named: Argument, keywords: Mapping[str, Argument], place: Place) -> Argument:
    """An optimizer by its name or class, with arguments that somebody else gives it (`optimizer__learning_rate=`)."""
    name = text(named.value)
    class_name = BY_STRING.get(name.lower()) if name is not None else None
    kind = OPTIMIZER_PREFIX + class_name if class_name is not None else None
    if isinstance(named.value, Symbol) and named.value.name.startswith(OPTIMIZER_PREFIX):
        kind = named.value.name
    if kind is None:
        return named
    written = named.place if named.place is not None else place
    return replace(named, value=make_optimizer(interpreter, kind, Arguments((), dict(keywords)), written))


def _rate_value(named: Arguments) -> Value:
    value = named.value("learning_rate")
    return value if value is not None else Constant(None, assumed=True)


def _learning_rate(interpreter: Interpreter, kind: str, given: Arguments, named: Arguments) -> LearningRate:
    argument = named.get("learning_rate")
    if argument is None:
        default = None if named.open else DEFAULT_LEARNING_RATE.get(kind.rpartition(".")[2])
        return LearningRate(default)
    parameter = argument.keyword if argument.keyword in given.keywords else None
    thing = interpreter.object_of(argument.value)
    schedule = _schedule_kind(interpreter, argument.value)
    if schedule is not None and thing is not None:
        start = _schedule_start(interpreter, argument.value, thing)
        return LearningRate(
            number(start.value) if start is not None else None,
            start.written_at if start is not None else argument.value.place,
            start.place if start is not None else argument.place,
            schedule,
            parameter,
            schedule_place=argument.value.place,
        )
    value = _held(thing) or argument.value
    assumed = isinstance(value, Constant) and value.assumed
    written_at = argument.written_at if value is argument.value else value.place
    return LearningRate(number(value), written_at, argument.place, None, parameter, assumed)


def _held(thing: HeapObject | None) -> Value | None:
    """The number that a variable begins with, `tf.Variable(0.001)`; None for anything else."""
    if not isinstance(thing, Created) or thing.kind != "tensorflow.Variable":
        return None
    return thing.arguments.value("initial_value", 0)


def _schedule_kind(interpreter: Interpreter, value: Value) -> str | None:
    """The class name of a schedule, of Keras or of the program's own; None for anything else."""
    thing = interpreter.object_of(value)
    if isinstance(thing, Created) and thing.kind.startswith(SCHEDULE_PREFIX):
        return thing.kind.rpartition(".")[2]
    own = interpreter.instance(value)
    return own.cls.name if own is not None and OWN_SCHEDULE in own.cls.external_bases() else None


def _schedule_start(interpreter: Interpreter, schedule: Value, thing: HeapObject) -> Argument | None:
    """The rate of the first step, where the program tells it."""
    if isinstance(thing, Created):
        values = thing.arguments.get("values")
        items = interpreter.items_of(values.value) if values is not None else None
        if items and values is not None:
            return Argument(items[0], values.place, "values")
        return thing.arguments.get("initial_learning_rate")
    own = interpreter.instance(schedule)
    method = interpreter.member(own.cls, "__call__") if own is not None else None
    if not isinstance(method, Function):
        return None
    first = interpreter.call_function(method.bind(schedule), Arguments((Argument(Constant(0), None),)))
    return Argument(first, schedule.place) if isinstance(first, Constant) else None


def from_configuration(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`keras.optimizers.get(...)` of a dict of class and numbers, or of an optimizer, which stays what it is."""
    given = arguments.value("identifier" if name.endswith(".get") else "config", 0)
    if isinstance(given, Ref) and interpreter.recording.optimizers.get(given.identity):
        return given
    named = BY_STRING.get((text(given) or "").lower())
    if named is not None:
        return make_optimizer(interpreter, OPTIMIZER_PREFIX + named, Arguments(), place)
    entries = interpreter.entries_of(given) or {}
    class_name = BY_STRING.get((text(entries.get("class_name")) or "").lower())
    if class_name is None:
        return None
    configured = interpreter.entries_of(entries.get("config")) or {}
    keywords = {str(key): Argument(value, value.place or place, str(key)) for key, value in configured.items()}
    return make_optimizer(interpreter, OPTIMIZER_PREFIX + class_name, Arguments((), keywords), place)


def minimize(interpreter: Interpreter, arguments: Arguments) -> None:
    """`optimizer.minimize(loss, variables)`: the function that works out the loss is called."""
    loss = arguments.value("loss", 0)
    if isinstance(loss, Function):
        interpreter.call_function(loss, Arguments())


# -- rates that are set later


def of_model(interpreter: Interpreter, compiled: Compile) -> Value | None:
    """`model.optimizer`: the object that `compile` was given, or that it made of a name."""
    given = compiled.arguments.value("optimizer")
    if isinstance(given, Ref) or compiled.optimizer is None:
        return given
    rate = compiled.optimizer.learning_rate
    held = {"learning_rate": Constant(rate.value, assumed=True)}
    optimizer = compiled.optimizer
    made = interpreter.allocate(Created(optimizer.kind, optimizer.arguments, optimizer.place, held), optimizer.place)
    interpreter.recording.optimizers[made.identity] = optimizer
    return made


def attribute_name(thing: HeapObject | None, name: str) -> str:
    """An attribute by the name that Keras has for it today: an optimizer's `lr` is its `learning_rate`."""
    is_rate = isinstance(thing, Created) and thing.kind.startswith(OPTIMIZER_PREFIX) and name in RATE_NAMES
    return RATE_NAMES[0] if is_rate else name


def note_rate(interpreter: Interpreter, owner: Ref, value: Value, place: Place) -> None:
    """An optimizer's rate was set: `optimizer.learning_rate = 0.01`."""
    optimizer = interpreter.recording.optimizers.get(owner.identity)
    if optimizer is not None:
        interpreter.recording.rates_set.append(RateSet(optimizer, value, place))


def assign_rate(interpreter: Interpreter, target: cst.CSTNode, arguments: Arguments) -> None:
    """The rate that a call sets, when its target is one: `optimizer.lr.assign(...)`, `K.set_value(optimizer.lr, ...)`.

    Like the assignment that would do the same.
    """
    if isinstance(target, cst.Attribute) and target.attr.value in RATE_NAMES and arguments.positional:
        interpreter.assign(target, arguments.positional[-1].value)
