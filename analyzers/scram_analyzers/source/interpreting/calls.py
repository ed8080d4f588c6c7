"""What a call yields, by what is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import WHOLE, Data
from scram_analyzers.source.graph import Opaque, Tensor
from scram_analyzers.source.interpreting import external, keras_layers, keras_models, loss_calls, methods, switches
from scram_analyzers.source.interpreting.state import Created, Instance, join_values
from scram_analyzers.source.libraries import joint_inputs
from scram_analyzers.source.model import ModelObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Choice,
    Class,
    Constant,
    Function,
    Method,
    Ref,
    Symbol,
    Tuple,
    Unknown,
    Value,
    assumed,
    placed,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def call(interpreter: Interpreter, callee: Value, arguments: Arguments, place: Place) -> Value:
    """`callee(arguments)`."""
    if isinstance(callee, Symbol):
        return placed(external.call_symbol(interpreter, callee, arguments, place), place)
    if isinstance(callee, Function):
        return interpreter.call_function(callee, switches.with_switches(callee, arguments))
    if isinstance(callee, Class):
        return instantiate(interpreter, callee, arguments, place)
    if isinstance(callee, Method):
        return placed(methods.call_method(interpreter, callee.owner, callee.name, arguments, place), place)
    if isinstance(callee, Ref):
        return _call_object(interpreter, callee, arguments, place)
    if isinstance(callee, Choice):
        results = [call(interpreter, option, arguments, place) for option in callee.options]
        joined = results[0]
        for result in results[1:]:
            joined = join_values(joined, result)
        return joined
    return opaque(interpreter, arguments, place)


def opaque(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """What something unknown makes of its arguments: of tensors a tensor, of anything else nobody knows."""
    tensors = keras_layers.tensors_in(interpreter, arguments)
    return Tensor(Opaque(), tensors, place) if tensors else Unknown(place)


def _call_object(interpreter: Interpreter, callee: Ref, arguments: Arguments, place: Place) -> Value:
    thing = interpreter.object_of(callee)
    if isinstance(thing, Instance):
        if keras_models.is_model(interpreter, callee) and not keras_layers.tensors_in(interpreter, arguments):
            output = _model_output(interpreter, callee, place)
            loss_calls.note_feeding(interpreter, callee, output, arguments)
            return output
        method = interpreter.member(thing.cls, "__call__") or interpreter.member(thing.cls, "call")
        if isinstance(method, Function):
            result = interpreter.call_function(method.bind(callee), arguments)
            return result if not isinstance(result, Unknown) else opaque(interpreter, arguments, place)
        return opaque(interpreter, arguments, place)
    if isinstance(thing, ModelObject):
        output = keras_layers.apply(interpreter, callee, arguments, place)
        loss_calls.note_feeding(interpreter, callee, output, arguments)
        return output
    if isinstance(thing, Created) and thing.kind.startswith("keras.layers."):
        return keras_layers.apply(interpreter, callee, arguments, place)
    if isinstance(thing, Created) and thing.kind == external.PARTIAL:
        kept = thing.arguments
        merged = Arguments(
            (*kept.positional[1:], *arguments.positional),
            {**kept.keywords, **arguments.keywords},
            kept.open or arguments.open,
        )
        return call(interpreter, kept.positional[0].value, merged, place)
    if isinstance(thing, Created):
        return methods.call_created(interpreter, callee, thing, arguments, place)
    return opaque(interpreter, arguments, place)


def _model_output(interpreter: Interpreter, model: Ref, place: Place) -> Value:
    """What a subclassed model makes of a batch, as a tensor of it; a tuple where it has several outputs."""
    outputs = tuple(Tensor(output.producer, output.inputs, place) for output in interpreter.snapshot(model).outputs)
    if len(outputs) > 1:
        return Tuple(outputs, place)
    return outputs[0] if outputs else Tensor(Opaque(), (), place)


def instantiate(interpreter: Interpreter, cls: Class, arguments: Arguments, place: Place) -> Value:
    """An object of a class of this module."""
    reference = interpreter.allocate(Instance(cls, {}, place), place)
    _remember(interpreter, cls, reference)
    initializer = interpreter.member(cls, "__init__")
    if isinstance(initializer, Function):
        initialize = initializer.bind(reference)
        interpreter.call_function(initialize, switches.with_switches(initialize, arguments))
    else:
        _bind_fields(interpreter, cls, reference, arguments)
    bases = cls.external_bases()
    if "builtins.dict" in bases:
        _take_entries(interpreter, reference, arguments)
    if not _BUILT.isdisjoint(bases):
        _build(interpreter, cls, reference)
    return reference


_BUILT = keras_models.MODEL_BASES | {"keras.layers.Layer"}


def _build(interpreter: Interpreter, cls: Class, reference: Ref) -> None:
    """What Keras does before a layer, or model, is called for the first time: `build(input_shape)` makes its parts."""
    build = interpreter.member(cls, "build")
    if isinstance(build, Function) and len(build.node.params.params) == len(("self", "input_shape")):
        interpreter.call_function(build.bind(reference), Arguments((Argument(Unknown(), None),)))


def _remember(interpreter: Interpreter, cls: Class, reference: Ref) -> None:
    """Keep the first object of a class, for the methods that nothing calls."""
    if interpreter.fact("instantiated", cls.node) is None:  # not which one: an edit may make another of it
        interpreter.note("instantiated", cls.node, True)
        interpreter.note("instance", cls.node, reference)


def _bind_fields(interpreter: Interpreter, cls: Class, reference: Ref, arguments: Arguments) -> None:
    """Dataclass fields: the class's members are their defaults, what it is made with overrides them."""
    thing = interpreter.instance(reference)
    if thing is None:
        return
    names = tuple(_fields(cls)) if arguments.positional or arguments.open else ()
    fields = {name: argument.value for name, argument in arguments.named(names, {}).keywords.items()}
    if arguments.open:  # nobody knows which of them it brought
        defaults = {name: interpreter.member(cls, name) for name in names if name not in fields}
        fields |= {name: assumed(value) for name, value in defaults.items() if value is not None}
    if fields:
        interpreter.replace_object(reference, replace(thing, attributes=fields))


def _fields(cls: Class) -> Iterator[str]:
    """The names that a class and its bases of this module declare, in order."""
    for base in cls.bases:
        if isinstance(base, Class):
            yield from _fields(base)
    for line in cls.node.body.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
                yield statement.target.value


def _take_entries(interpreter: Interpreter, reference: Ref, arguments: Arguments) -> None:
    """The entries of a dict of the module's own class, which it gives as attributes: why else would it be one?"""
    thing = interpreter.instance(reference)
    if thing is None:
        return
    first = arguments.positional[0].value if arguments.positional else None
    entries = {str(key): value for key, value in (interpreter.entries_of(first) or {}).items()}
    entries |= {name: argument.value for name, argument in arguments.keywords.items()}
    interpreter.replace_object(reference, replace(thing, attributes={**entries, **thing.attributes}))


def same_generator(interpreter: Interpreter, function: Function, arguments: Arguments, value: Value) -> Value:
    """What a generator function yields: the same examples whenever it is called with the same arguments."""
    given = _examples_asked_for(function, arguments)
    if given is None or not isinstance(value, Data):
        return value
    known = interpreter.fact("generator", (function.node, given))
    if isinstance(known, frozenset):
        return replace(value, roots=known, rows=WHOLE)
    roots = value.roots or frozenset((interpreter.new_identity(),))
    interpreter.note("generator", (function.node, given), roots)
    return replace(value, roots=roots)


def _examples_asked_for(function: Function, arguments: Arguments) -> tuple[object, ...] | None:
    """What tells the examples of one call of a generator function from another's; None where something is not known."""
    if function.owner is not None or arguments.open:
        return None
    names = [parameter.name.value for parameter in function.node.params.params]
    given = {**dict(zip(names, arguments.positional, strict=False)), **arguments.keywords}
    if len(given) < len(arguments.positional) + len(arguments.keywords):
        return None
    told = {name: _identity(each.value) for name, each in given.items() if name != "batch_size"}
    of_data = any(isinstance(each.value, (Data, Ref)) for each in given.values())
    return tuple((name, told[name]) for name in sorted(told)) if of_data and None not in told.values() else None


def _identity(value: Value) -> tuple[object, ...] | None:
    """What is equal for the same constant, list or array only."""
    if isinstance(value, Constant):
        return ("constant", type(value.value), value.value)
    if isinstance(value, Ref):
        return ("object", value.identity)
    if not isinstance(value, Data) or not value.roots or value.rows is None:
        return None
    places = tuple(step.node for step in value.steps)
    return ("data", value.roots, value.rows, *places)


def generator_of(interpreter: Interpreter, yields: Sequence[Value]) -> Value:
    """What a generator function yields, as data in batches; pairs are inputs and targets."""
    joined = yields[0]
    for value in yields[1:]:
        joined = join_values(joined, value)
    return joint_inputs.batches_of(interpreter, joined)
