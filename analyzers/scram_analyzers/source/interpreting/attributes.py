"""Reading and setting attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import Operation, Tensor
from scram_analyzers.source.interpreting import keras_models, optimizers
from scram_analyzers.source.interpreting.state import Created, Instance, join_values
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.model import ModelObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile
from scram_analyzers.source.values import (
    Arguments,
    Choice,
    Class,
    ColumnNames,
    Constant,
    Function,
    Method,
    Ref,
    Symbol,
    Unknown,
    Value,
    placed,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

SUPER = "super()"
"""The name of the `Method` value that stands for `super()`; its owner is the object."""

DICT = "__dict__"
"""The name of the `Method` value that stands for the attributes of an object as a dict."""

_PROPERTIES = frozenset(("property", "cached_property", "functools.cached_property"))
"""Decorators by which a method is called where its name is asked for."""

_SETS_MODULES = ("sets attributes of modules", None)
"""The fact that the program puts something of its own into a module of others, as `tf.model = ...` does."""

_MODULE_SCOPE = 0
"""Where that is kept, by its name with dots, which no name of the program's own has."""


def get_attribute(interpreter: Interpreter, owner: Value, name: str, place: Place) -> Value:
    """`owner.name`."""
    if isinstance(owner, Symbol):
        return of_symbol(interpreter, owner, name, place)
    if isinstance(owner, Choice):
        results = [get_attribute(interpreter, option, name, place) for option in owner.options]
        if all(isinstance(result, Method) for result in results):
            return Method(owner, name, place)
        joined = results[0]
        for result in results[1:]:
            joined = join_values(joined, result)
        return joined
    if isinstance(owner, Class):
        return _of_class(interpreter, owner, name, place)
    if isinstance(owner, Method) and owner.name == DICT:
        return Method(owner, name, place)
    if isinstance(owner, ColumnNames) and name == "values":
        return owner
    if isinstance(owner, Constant) and name == "value":
        return owner  # a member of an Enum: no number or text has a value of its own
    if isinstance(owner, Method) and owner.name == SUPER:
        return _of_super(interpreter, owner, name, place)
    if isinstance(owner, (Data, Method)):
        data = data_operations.as_data(owner)
        return data_operations.attribute(data, name, place) if data is not None else Unknown(place)
    if isinstance(owner, Ref):
        return _of_object(interpreter, owner, name, place)
    if isinstance(owner, Tensor) and name in OUTPUTS:
        return Tensor(Operation("operator.getitem", Arguments()), (owner,), place)
    return Method(owner, name, place)


OUTPUTS = frozenset(("last_hidden_state", "pooler_output", "logits", "text_embeds"))
"""Names by which language models hand out what they give; also as items."""


def of_symbol(interpreter: Interpreter, owner: Symbol, name: str, place: Place | None = None) -> Value:
    """What a module has by this name, or what the program put there itself (`tf.model = Sequential()`)."""
    symbol = owner.attribute(name, place)
    if _SETS_MODULES not in interpreter.facts:  # as `Interpreter.fact`, for every name with a dot
        interpreter.state.trace.facts.asked.add(_SETS_MODULES)
        return symbol
    interpreter.fact(*_SETS_MODULES)
    known = interpreter.name_at((_MODULE_SCOPE, symbol.dotted))
    return known if known is not None else symbol


def _of_class(interpreter: Interpreter, cls: Class, name: str, place: Place) -> Value:
    member = interpreter.member(cls, name)
    if isinstance(member, Function) and "classmethod" in member.decorators:
        return member.bind(cls)
    return member if member is not None else Unknown(place)


def _of_object(interpreter: Interpreter, owner: Ref, name: str, place: Place) -> Value:
    thing = interpreter.object_of(owner)
    if isinstance(thing, Instance):
        if name in thing.attributes:
            return thing.attributes[name]
        member = interpreter.member(thing.cls, name)
        if isinstance(member, Function):
            bound = member.bind(owner)
            asked = not _PROPERTIES.isdisjoint(member.decorators)
            return interpreter.call_function(bound, Arguments()) if asked else bound
        if member is not None:
            return member
    elif isinstance(thing, Created):
        name = optimizers.attribute_name(thing, name)
        if name in thing.attributes:
            return thing.attributes[name]
    elif isinstance(thing, ModelObject):
        known = keras_models.attribute(interpreter, owner, thing, name, place)
        if known is not None:
            return known
    compiled = interpreter.fact("compile", owner.identity) if name == "optimizer" else None
    used = optimizers.of_model(interpreter, compiled) if isinstance(compiled, Compile) else None
    return used if used is not None else Method(owner, name, place)


def _of_super(interpreter: Interpreter, owner: Method, name: str, place: Place) -> Value:
    function = interpreter.frame.function
    cls = function.defining_class if function is not None else None
    for base in cls.bases if cls is not None else ():
        member = interpreter.member(base, name) if isinstance(base, Class) else None
        if isinstance(member, Function):
            return member.bind(owner.owner)
    return Method(owner.owner, name, place)


def set_attribute(interpreter: Interpreter, owner: Value, name: str, value: Value, place: Place) -> None:
    """`owner.name = value`."""
    if isinstance(owner, Choice):
        for option in owner.options:
            set_attribute(interpreter, option, name, value, place)
        return
    if isinstance(owner, Symbol):
        interpreter.note(*_SETS_MODULES, True)
        interpreter.set_name((_MODULE_SCOPE, f"{owner.dotted}.{name}"), placed(value, place))
        return
    if not isinstance(owner, Ref):
        return
    thing = interpreter.object_of(owner)
    if isinstance(thing, ModelObject):
        keras_models.set_attribute(interpreter, owner, thing, name, placed(value, place))
        interpreter.recording.attribute_set(owner, name, value, place)
    elif isinstance(thing, (Instance, Created)):
        name = optimizers.attribute_name(thing, name)
        attributes = {**thing.attributes, name: placed(value, place)}
        interpreter.replace_object(owner, replace(thing, attributes=attributes))
        if name == optimizers.RATE_NAMES[0]:
            optimizers.note_rate(interpreter, owner, value, place)
        interpreter.recording.attribute_set(owner, name, value, place)
