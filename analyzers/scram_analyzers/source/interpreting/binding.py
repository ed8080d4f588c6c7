"""Binding targets to values, and parameters to arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.interpreting import attributes, expressions, iteration, subscripts
from scram_analyzers.source.interpreting.state import DictObject
from scram_analyzers.source.values import UNKNOWN, Argument, Arguments, Function, Tuple, Unknown, Value, assumed

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def assign(interpreter: Interpreter, target: cst.CSTNode, value: Value) -> None:
    """Bind a target (a name, a tuple of targets, an attribute, an item) to a value."""
    if isinstance(target, cst.Name):
        interpreter.bind(target.value, value)
    elif isinstance(target, (cst.Tuple, cst.List)):
        _unpack(interpreter, target, value)
    elif isinstance(target, cst.Attribute):
        owner, name = interpreter.evaluate(target.value), target.attr.value
        if isinstance(owner, Data):
            subscripts.set_column(interpreter, target, owner, value)
        else:
            attributes.set_attribute(interpreter, owner, name, value, interpreter.place(target))
    elif isinstance(target, cst.Subscript):
        expressions.set_item(interpreter, target, value)
    elif isinstance(target, cst.StarredElement):
        assign(interpreter, target.value, Unknown())


def _unpack(interpreter: Interpreter, target: cst.Tuple | cst.List, value: Value) -> None:
    elements = [element.value for element in target.elements]
    starred = any(isinstance(element, cst.StarredElement) for element in target.elements)
    items = None if starred else iteration.unpacked(interpreter, value, len(elements))
    for position, element in enumerate(elements):
        assign(interpreter, element, items[position] if items is not None else UNKNOWN)


def parameter_defaults(interpreter: Interpreter, parameters: cst.Parameters) -> Mapping[str, Value]:
    """Values of the defaults, constants marked as assumed: a caller may pass another."""
    defaults: dict[str, Value] = {}
    for parameter in [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]:
        if parameter.default is not None:
            defaults[parameter.name.value] = assumed(interpreter.evaluate(parameter.default))
    return defaults


def bind_parameters(interpreter: Interpreter, function: Function, arguments: Arguments) -> None:
    """Bind the parameters of a function that is being followed to what it was called with."""
    parameters = function.node.params
    positional = [*arguments.positional]
    if function.owner is not None and "staticmethod" not in function.decorators:
        positional.insert(0, Argument(function.owner, None))
    keywords = dict(arguments.keywords)
    for parameter in [*parameters.posonly_params, *parameters.params]:
        name = parameter.name.value
        given = positional.pop(0) if positional else keywords.pop(name, None)
        interpreter.bind(name, given.value if given is not None else function.defaults.get(name, UNKNOWN))
    for parameter in parameters.kwonly_params:
        name = parameter.name.value
        given = keywords.pop(name, None)
        interpreter.bind(name, given.value if given is not None else function.defaults.get(name, UNKNOWN))
    if isinstance(parameters.star_arg, cst.Param):
        rest = Tuple(tuple(argument.value for argument in positional))
        interpreter.bind(parameters.star_arg.name.value, UNKNOWN if arguments.open else rest)
    if parameters.star_kwarg is not None:
        entries: dict[object, Value] = {name: argument.value for name, argument in keywords.items()}
        others = interpreter.allocate(DictObject(entries, arguments.open), None)
        interpreter.bind(parameters.star_kwarg.name.value, others)
