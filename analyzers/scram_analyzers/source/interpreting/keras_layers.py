"""Layers: making one, and applying one to tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import InputSpec, Layer, Opaque, Operation, Shape, Tensor, as_tensor
from scram_analyzers.source.interpreting.state import Created, Instance
from scram_analyzers.source.keras_api.layers import AUGMENTING, LEGACY_PARAMETERS, NOT_RENAMED, RECURRENT
from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.libraries import changing_objects, data_operations, preparing_layers
from scram_analyzers.source.model import ModelKind, ModelObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Constant,
    Function,
    FurtherTurns,
    Ref,
    Tuple,
    Unknown,
    Value,
    boolean,
    integer,
    is_none,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

LAYER_PREFIX = "keras.layers."


def name_arguments(kind: str, arguments: Arguments) -> Arguments:
    """Arguments by Keras 3's parameter names, for whatever has a known signature."""
    kept = NOT_RENAMED.get(kind)
    aliases: Mapping[str, str] = LEGACY_PARAMETERS
    if kept is not None:
        aliases = {old: new for old, new in LEGACY_PARAMETERS.items() if old not in kept}
    named = arguments.named(signatures().get(kind, ()), aliases)
    return _with_kernel_size(named) if "nb_row" in named.keywords else named


def _with_kernel_size(named: Arguments) -> Arguments:
    """Keras 1's `nb_row` and `nb_col` as the `kernel_size` they make together."""
    rows, columns = named.get("nb_row"), named.get("nb_col")
    if rows is None or columns is None:
        return named
    size = Argument(Tuple((rows.value, columns.value), rows.place), rows.place, rows.keyword)
    return Arguments(named.positional, {"kernel_size": size, **named.keywords}, named.open)


def create(interpreter: Interpreter, kind: str, arguments: Arguments, place: Place) -> Ref:
    """A layer object of a Keras class."""
    named = _with_data_format(interpreter, kind, with_tuples(interpreter, name_arguments(kind, arguments)))
    reference = interpreter.allocate(Created(kind, named, place), place)
    inner_value = named.value("layer") or named.value("cell")
    interpreter.recording.add_layer(Layer(reference.identity, kind, named, place, layer_of(interpreter, inner_value)))
    return reference


def layer_of(interpreter: Interpreter, value: Value | None) -> Layer | None:
    """The layer that a value refers to, as it was made with the object on the heap."""
    made = interpreter.object_of(value)
    return interpreter.recording.layer(value.identity) if made is not None and isinstance(value, Ref) else None


def with_tuples(interpreter: Interpreter, arguments: Arguments) -> Arguments:
    """Lists among the arguments as the tuples that Keras makes of them, so that sizes can be read later."""
    changed: dict[str, Argument] = {}
    for name, argument in arguments.keywords.items():
        items = interpreter.items_of(argument.value) if isinstance(argument.value, Ref) else None
        if items is not None:
            inner = (interpreter.items_of(item) if isinstance(item, Ref) else None for item in items)
            nested = (Tuple(each) if each is not None else item for each, item in zip(inner, items, strict=True))
            changed[name] = replace(argument, value=Tuple(tuple(nested), argument.value.place))
    return replace(arguments, keywords={**arguments.keywords, **changed}) if changed else arguments


def _with_data_format(interpreter: Interpreter, kind: str, arguments: Arguments) -> Arguments:
    """`data_format` as the program set it for all layers, where this one says nothing of its own."""
    layout = interpreter.fact("image data format")
    if (
        not isinstance(layout, str)
        or "data_format" in arguments.keywords
        or "data_format" not in signatures().get(kind, ())
    ):
        return arguments
    known = Constant(layout) if layout.startswith("channels_") else Unknown()
    return replace(arguments, keywords={**arguments.keywords, "data_format": Argument(known, None)})


def tensors_in(interpreter: Interpreter, arguments: Arguments) -> tuple[Tensor, ...]:
    """Every tensor among the arguments, those in lists and dicts included."""
    found: list[Tensor] = []
    for argument in [*arguments.positional, *arguments.keywords.values()]:
        value = argument.value
        if isinstance(value, (Tensor, Tuple, Ref)):  # few of them, as a rule
            found += _tensors(interpreter, value)
    return tuple(found)


def _tensors(interpreter: Interpreter, value: Tensor | Tuple | Ref) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    items = interpreter.items_of(value)
    if items is None:
        items = tuple((interpreter.entries_of(value) or {}).values())
    return [item for item in map(as_tensor, items) if isinstance(item, Tensor)]


def apply(interpreter: Interpreter, callee: Ref, arguments: Arguments, place: Place) -> Value:
    """A layer or model called on its inputs."""
    inputs = tensors_in(interpreter, arguments)
    if inputs:
        return apply_to(interpreter, callee, inputs, place)
    data = data_operations.as_data(arguments.positional[0].value) if arguments.positional else None
    thing = interpreter.object_of(callee)
    resting = boolean(arguments.value("training")) is False
    if isinstance(data, Data) and isinstance(thing, Created):
        learned = changing_objects.last_learned(interpreter, callee)
        return preparing_layers.through_layer(
            data, thing.kind, thing.arguments, place, resting=resting, learned=learned
        )
    if isinstance(data, Data) and isinstance(thing, ModelObject):
        prepared = _prepared(interpreter, data, thing, place, resting=resting)
        if prepared is not None:
            return prepared
    # Called on something unknown (a custom training loop's batch): still a tensor of this layer.
    return apply_to(interpreter, callee, (Tensor(Opaque(), (), place),), place)


def _prepared(interpreter: Interpreter, data: Data, model: ModelObject, place: Place, *, resting: bool) -> Data | None:
    """Data passed through a model that is only there to prepare them (`augment(images)`); None for any other."""
    layers = [interpreter.object_of(layer) for layer in model.layers]
    if model.kind is not ModelKind.SEQUENTIAL or not layers:
        return None
    for layer in layers:
        if not isinstance(layer, Created) or layer.kind.rpartition(".")[2] not in PREPARING:
            return None
        data = preparing_layers.through_layer(data, layer.kind, layer.arguments, place, resting=resting)
    return data


PREPARING = AUGMENTING | {"InputLayer", "Rescaling", "Normalization", "Resizing", "CenterCrop"}
"""Layers that learn nothing and leave images images."""


def apply_to(interpreter: Interpreter, callee: Value, inputs: tuple[Tensor, ...], place: Place) -> Tensor:
    """The output of anything callable on tensors: a layer, a model, an object of this module, or unknown."""
    thing = interpreter.object_of(callee)
    if isinstance(thing, Created):
        layer = layer_of(interpreter, callee)
        return Tensor(layer if layer is not None else Opaque(), inputs, place)
    if isinstance(thing, ModelObject) and isinstance(callee, Ref):
        return Tensor(interpreter.snapshot(callee), inputs, place)
    if isinstance(thing, Instance) and isinstance(callee, Ref):
        method = interpreter.member(thing.cls, "call")
        if isinstance(method, Function):
            arguments = Arguments(tuple(_argument(each) for each in inputs))
            result = interpreter.call_function(method.bind(callee), arguments)
            if isinstance(result, Tensor):
                return result
    if isinstance(callee, Function):
        result = interpreter.call_function(callee, Arguments(tuple(_argument(each) for each in inputs)))
        if isinstance(result, Tensor):
            return result
    return Tensor(Opaque(repeats=isinstance(callee, FurtherTurns)), inputs, place)


def _argument(tensor: Tensor) -> Argument:
    return Argument(tensor, None)


def operation(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Tensor | None:
    """A function applied to tensors; None when no argument is one."""
    inputs = tensors_in(interpreter, arguments)
    return Tensor(Operation(name, arguments), inputs, place) if inputs else None


def input_tensor(interpreter: Interpreter, arguments: Arguments, place: Place) -> Tensor:
    """`keras.Input(shape=...)`."""
    named = name_arguments("keras.Input", arguments)
    shape = shape_of(interpreter, named.value("shape"))
    if shape is None:
        batch = shape_of(interpreter, named.value("batch_shape"))
        shape = batch[1:] if batch is not None else None
    return Tensor(InputSpec(shape, place, text(named.value("name"))), (), place, shape)


def declared_shape(interpreter: Interpreter, layer: Created) -> Shape | None:
    """The input shape that a sequential model's first layer declares, without the batch dimension."""
    arguments = layer.arguments
    shape = shape_of(interpreter, arguments.value("input_shape"))
    if shape is not None:
        return shape
    batch = shape_of(interpreter, arguments.value("batch_input_shape"))
    if batch is not None:
        return batch[1:]
    length = integer(arguments.value("input_length"))
    if layer.kind == "keras.layers.Embedding":  # its input_dim is the size of the vocabulary
        return (length,) if length is not None else None
    width = integer(arguments.value("input_dim"))
    if width is None:
        return None
    in_steps = length is not None or layer.kind.rpartition(".")[2] in RECURRENT  # Keras 1 and 2: steps of any number
    return (length, width) if in_steps else (width,)


def shape_of(interpreter: Interpreter, value: Value | None) -> Shape | None:
    """A shape given as a tuple or list of numbers; a lone number is a shape of one."""
    if value is None or is_none(value):
        return None
    items = interpreter.items_of(value)
    if items is None:
        width = integer(value)
        return (width,) if width is not None else None
    return tuple(integer(item) for item in items)
