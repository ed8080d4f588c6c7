"""Models: making them, adding to them, and the snapshot of one that rules read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source import own_training
from scram_analyzers.source.graph import InputSpec, Layer, Opaque, Tensor
from scram_analyzers.source.interpreting import added_layers, keras_layers, switches
from scram_analyzers.source.interpreting.state import Created, Instance, ListObject
from scram_analyzers.source.model import Model, ModelKind, ModelObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Constant,
    Function,
    Ref,
    Tuple,
    Unknown,
    Value,
    boolean,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

MODEL_BASES = frozenset(("keras.models.Model", "keras.models.Sequential"))


def is_model(interpreter: Interpreter, value: Value) -> bool:
    """Whether a value is a Keras model, or an object of a subclass of one."""
    thing = interpreter.object_of(value)
    if isinstance(thing, ModelObject):
        return True
    return isinstance(thing, Instance) and not MODEL_BASES.isdisjoint(thing.cls.external_bases())


_UNSEEN = (ModelKind.APPLICATION, ModelKind.LOADED, ModelKind.ELSEWHERE)
"""Kinds of models of which the program shows no layer."""

BUILT = "__built__"
"""What holds, of a subclass's object, the model that its own class makes of it: `super().__init__(inputs, outputs)`."""

INSIDE = "__layers__"
"""The attribute of a ready-made model that holds one layer for all those it consists of, which can't be seen."""


# -- making models


def make_sequential(interpreter: Interpreter, arguments: Arguments, place: Place) -> Ref:
    """`keras.Sequential([...])`."""
    layers = interpreter.items_of(arguments.value("layers", 0))
    given = arguments.get("layers", 0)
    entries = layers if layers is not None else ((Unknown(),) if given is not None else ())
    name = text(arguments.value("name", 1))
    return interpreter.allocate(ModelObject(ModelKind.SEQUENTIAL, place, layers=entries, name=name), place)


def make_functional(interpreter: Interpreter, arguments: Arguments, place: Place) -> Ref:
    """`keras.Model(inputs, outputs)`."""
    inputs = arguments.value("inputs", 0) or arguments.value("input")
    outputs = arguments.value("outputs", 1) or arguments.value("output")
    names = interpreter.entries_of(outputs)
    thing = ModelObject(
        ModelKind.FUNCTIONAL,
        place,
        inputs=_tensors_of(interpreter, inputs),
        outputs=_tensors_of(interpreter, outputs),
        output_names=tuple(str(name) for name in names) if names else (),
        name=text(arguments.value("name", 2)),
    )
    return interpreter.allocate(thing, place)


def make_application(interpreter: Interpreter, kind: str, arguments: Arguments, place: Place) -> Ref:
    """`keras.applications.VGG16(...)`."""
    named = keras_layers.with_tuples(interpreter, keras_layers.name_arguments(kind, arguments))
    attributes = {name: argument.value for name, argument in named.keywords.items()}
    attributes[INSIDE] = _unseen_layer(interpreter, place)
    thing = ModelObject(ModelKind.APPLICATION, place, application=kind, attributes=attributes)
    reference = interpreter.allocate(thing, place)
    source = keras_layers.tensors_in(interpreter, Arguments(keywords=named.keywords))
    if source:
        interpreter.replace_object(reference, replace(thing, inputs=source))
    return reference


def make_unseen(interpreter: Interpreter, kind: ModelKind, place: Place) -> Ref:
    """A model from a file, or made elsewhere: all that is known is that it is one."""
    attributes = {INSIDE: _unseen_layer(interpreter, place)}
    return interpreter.allocate(ModelObject(kind, place, attributes=attributes), place)


def make_copy(interpreter: Interpreter, original: Value | None, place: Place) -> Value:
    """`clone_model(model)`, and what wraps a model or a layer of it to make it smaller: built as the original is."""
    thing = interpreter.object_of(original)
    if isinstance(thing, ModelObject) and thing.kind not in _UNSEEN:
        return interpreter.allocate(replace(thing, place=place), place)
    if isinstance(thing, Created) and isinstance(original, Ref):
        return original
    return make_unseen(interpreter, ModelKind.LOADED, place)


def _unseen_layer(interpreter: Interpreter, place: Place) -> Ref:
    return interpreter.allocate(Created("keras.layers.Layer", Arguments(), place), place)


def _tensors_of(interpreter: Interpreter, value: Value | None) -> tuple[Tensor, ...]:
    if isinstance(value, Tensor):
        return (value,)
    items = interpreter.items_of(value)
    if items is None:
        items = tuple((interpreter.entries_of(value) or {}).values())
    return tuple(item for item in items if isinstance(item, Tensor))


def add_layer(interpreter: Interpreter, model: Ref, thing: ModelObject, arguments: Arguments) -> None:
    """`model.add(layer)`."""
    layer = arguments.value("layer", 0)
    interpreter.replace_object(model, replace(thing, layers=(*thing.layers, layer if layer is not None else Unknown())))


def pop_layer(interpreter: Interpreter, model: Ref, thing: ModelObject) -> None:
    """`model.pop()`."""
    interpreter.replace_object(model, replace(thing, layers=thing.layers[:-1]))


# -- attributes


def attribute(interpreter: Interpreter, reference: Ref, thing: ModelObject, name: str, place: Place) -> Value | None:
    """A model's own attributes; None for those it doesn't know."""
    if name in ("output", "outputs", "input", "inputs"):
        return _ends(interpreter, reference, thing, name, place)
    if name == "layers":
        layers, inside = _listed_layers(thing), thing.attributes.get(INSIDE)
        if inside is not None:
            return interpreter.allocate(ListObject((), open=True, rest=(inside,)), place)
        listed = interpreter.new_list(layers or (), place, open=layers is None)
        if thing.kind is ModelKind.FUNCTIONAL and any(_is_taken_apart(tensor) for tensor in _chain(thing)):
            interpreter.note(HIDDEN, listed.identity, True)
        return listed
    return thing.attributes.get(name)


HIDDEN = "hides layers"
"""The fact about a list of layers in which one item stands for the many layers of a pretrained network."""


def _is_taken_apart(tensor: Tensor) -> bool:
    """Whether a pretrained network came in by its own input and output: the new model then lists its layers."""
    ready = isinstance(tensor.producer, Model) and tensor.producer.kind in _UNSEEN
    return ready and tensor.place is not None and isinstance(tensor.place.node, cst.Attribute)


def set_attribute(interpreter: Interpreter, reference: Ref, thing: ModelObject, name: str, value: Value) -> None:
    """`model.name = value`; what is set of `trainable` holds for the layers inside as well."""
    interpreter.replace_object(reference, replace(thing, attributes={**thing.attributes, name: value}))
    inside = thing.attributes.get(INSIDE)
    layer = interpreter.object_of(inside) if name == "trainable" else None
    if isinstance(inside, Ref) and isinstance(layer, Created):
        interpreter.replace_object(inside, replace(layer, attributes={**layer.attributes, name: value}))


def _listed_layers(thing: ModelObject) -> tuple[Value, ...] | None:
    """What `model.layers` holds: of a sequential model, or a functional one that is a single chain."""
    if thing.kind is ModelKind.SEQUENTIAL:
        return tuple(entry for entry in thing.layers if not isinstance(entry, Tensor))
    if thing.kind is not ModelKind.FUNCTIONAL or len(thing.outputs) != 1:
        return None
    chain = list(_chain(thing))
    if not chain or not isinstance(chain[-1].producer, InputSpec):
        return None
    layers = (
        Ref(each.producer.identity, each.producer.place) for each in chain if isinstance(each.producer, (Layer, Model))
    )
    return (Unknown(chain[-1].place), *reversed(list(layers)))  # the first is its InputLayer


def _chain(thing: ModelObject) -> Iterator[Tensor]:
    """The tensors of a model from its output up to its input, or to the first that is more than a layer's output."""
    tensor = thing.outputs[0] if thing.outputs else None
    while tensor is not None:
        yield tensor
        goes_on = len(tensor.inputs) == 1 and isinstance(tensor.producer, (Layer, Model))
        tensor = tensor.inputs[0] if goes_on else None


def _ends(interpreter: Interpreter, reference: Ref, thing: ModelObject, name: str, place: Place) -> Value:
    if name.startswith("output"):
        if thing.kind in _UNSEEN:
            ends: tuple[Tensor, ...] = (
                Tensor(snapshot(interpreter, reference), _entries(interpreter, reference, thing), place),
            )
        else:
            ends = snapshot(interpreter, reference).outputs
    else:
        ends = _entries(interpreter, reference, thing)
    if name.endswith("s"):
        return interpreter.new_list(ends, place)
    return ends[0] if ends else Unknown(place)


def _entries(interpreter: Interpreter, reference: Ref, thing: ModelObject) -> tuple[Tensor, ...]:
    """The very tensors by which data enter the graph, so that a model made of `base.input` begins with them."""
    if thing.kind is ModelKind.SEQUENTIAL:
        begins = (each for each in snapshot(interpreter, reference).tensors() if isinstance(each.producer, InputSpec))
        first = next(begins, None)
        return (first,) if first is not None else sources(thing)
    if thing.inputs or thing.kind not in _UNSEEN:
        return sources(thing)
    known = interpreter.fact(ENTRY, reference.identity)
    if not isinstance(known, Tensor):
        (known,) = sources(thing)
        interpreter.note(ENTRY, reference.identity, known)
    return (known,)


ENTRY = "entry"
"""The fact that holds the input of a ready-made model."""


def sources(thing: ModelObject) -> tuple[Tensor, ...]:
    """Where data enter a model: its declared inputs, or one of which nothing is known."""
    return thing.inputs or (Tensor(InputSpec(None, thing.place), (), thing.place),)


# -- snapshots


def snapshot(interpreter: Interpreter, value: Value) -> Model:
    """The model as it is now, as a graph."""
    assert isinstance(value, Ref)
    return interpreter.snapshots.of(value.identity, interpreter, partial(_made, interpreter, value))


def made(interpreter: Interpreter) -> Iterator[Model]:
    """Every model that the program put together of layers, as it was left."""
    for identity, thing in list(interpreter.state.heap.items()):
        if not isinstance(thing, ModelObject) or not (thing.layers or thing.outputs):
            continue
        try:
            model = snapshot(interpreter, Ref(identity, thing.place))
        except RecursionError:  # it was added to itself, which Keras can't call either
            continue
        yield model


def _made(interpreter: Interpreter, value: Ref) -> Model:
    thing = interpreter.object_of(value)
    if isinstance(thing, Instance):
        return _of_instance(interpreter, value, thing)
    assert isinstance(thing, ModelObject)
    outputs = thing.outputs
    complete = thing.kind in (ModelKind.FUNCTIONAL, ModelKind.SEQUENTIAL)
    if thing.kind is ModelKind.SEQUENTIAL:
        outputs = (_trace_sequential(interpreter, thing),) if thing.layers else ()
    elif thing.kind in (ModelKind.ELSEWHERE, ModelKind.LOADED):
        outputs = (Tensor(Opaque(), sources(thing), thing.place),)
    return _finish(interpreter, value.identity, thing, outputs, complete)


def _finish(
    interpreter: Interpreter, identity: int, thing: ModelObject, outputs: tuple[Tensor, ...], complete: bool
) -> Model:
    layers, nested, understood = _collect(outputs)
    frozen = {layer.identity for layer in layers if _is_frozen(interpreter, layer.identity)}
    for model in nested:
        frozen |= _frozen_inside(interpreter, model)
    frozen |= _frozen_as_a_whole(interpreter, thing, identity, layers)
    return Model(
        identity=identity,
        kind=thing.kind,
        place=thing.place,
        name=thing.name,
        layers=tuple(layers),
        outputs=outputs,
        output_names=thing.output_names,
        nested=tuple(nested),
        complete=complete and understood and bool(outputs),
        frozen=frozenset(frozen),
        application=thing.application,
        arguments=thing.attributes if thing.kind is ModelKind.APPLICATION else {},
    )


def _collect(outputs: tuple[Tensor, ...]) -> tuple[list[Layer], list[Model], bool]:
    """Layers and nested models on the way to the outputs, first to last; whether all of it is understood."""
    layers: dict[int, Layer] = {}
    nested: dict[int, Model] = {}
    understood = True
    seen: set[int] = set()
    order: list[Tensor] = []
    for output in outputs:
        order += (tensor for tensor in output.ancestors() if id(tensor) not in seen)
        seen |= {id(tensor) for tensor in order}
    for tensor in reversed(order):
        producer = tensor.producer
        if isinstance(producer, Layer):
            layers.setdefault(producer.identity, producer)
        elif isinstance(producer, Model):
            nested.setdefault(producer.identity, producer)
            layers.update((layer.identity, layer) for layer in producer.layers)
            understood = understood and producer.complete
        elif isinstance(producer, Opaque):
            understood = False
    return list(layers.values()), list(nested.values()), understood


def _frozen_inside(interpreter: Interpreter, model: Model) -> frozenset[int]:
    """What is frozen of a model inside another by now; it was taken up into the graph when it was applied."""
    thing = interpreter.object_at(model.identity)
    if not isinstance(thing, (ModelObject, Instance)):
        return model.frozen
    frozen = _frozen_as_a_whole(interpreter, thing, model.identity, model.layers)
    return frozen or frozenset().union(*(_frozen_inside(interpreter, each) for each in model.nested))


def _frozen_as_a_whole(
    interpreter: Interpreter, thing: ModelObject | Instance, identity: int, layers: Iterable[Layer]
) -> frozenset[int]:
    """What `model.trainable = False` freezes: all its layers, but for those inside that are thawed again."""
    whole = boolean(thing.attributes.get("trainable")) is False
    inside = thing.attributes.get(INSIDE)
    if isinstance(inside, Ref):
        if not _is_frozen(interpreter, inside.identity):
            return frozenset()
        return frozenset((identity, inside.identity)) if whole else frozenset((inside.identity,))
    return frozenset((identity, *(layer.identity for layer in layers))) if whole else frozenset()


def _is_frozen(interpreter: Interpreter, identity: int) -> bool:
    thing = interpreter.object_at(identity)
    if not isinstance(thing, Created):
        return False
    given = thing.attributes.get("trainable", thing.arguments.value("trainable"))
    return boolean(given) is False


def _trace_sequential(interpreter: Interpreter, thing: ModelObject) -> Tensor:
    first = interpreter.object_of(thing.layers[0])
    shape = keras_layers.declared_shape(interpreter, first) if isinstance(first, Created) else None
    tensor = Tensor(InputSpec(shape, thing.place), (), thing.place, shape)
    for entry in added_layers.taken_for_put(interpreter, thing.layers):
        if isinstance(entry, Tensor):  # keras.Input(...) as the first entry
            tensor = entry
            continue
        made = interpreter.object_of(entry)
        if isinstance(made, Created) and made.kind == "keras.layers.InputLayer":
            shape = keras_layers.declared_shape(interpreter, made)
            tensor = Tensor(InputSpec(shape, made.place), (), made.place, shape)
            continue
        place = entry.place or thing.place
        tensor = keras_layers.apply_to(interpreter, entry, (tensor,), place)
    return tensor


def _of_instance(interpreter: Interpreter, reference: Ref, instance: Instance) -> Model:
    place = instance.place or reference.place
    assert place is not None
    outputs: tuple[Tensor, ...] = ()
    call = interpreter.member(instance.cls, "call")
    built = interpreter.object_of(instance.attributes.get(BUILT))
    if isinstance(built, ModelObject) and built.kind is ModelKind.SEQUENTIAL:
        outputs = (_trace_sequential(interpreter, built),) if built.layers else ()
        return _finish(interpreter, reference.identity, replace(built, name=instance.cls.name), outputs, True)
    if isinstance(built, ModelObject):
        outputs = built.outputs
    elif isinstance(call, Function):
        outputs = _trace_call(interpreter, reference, call, place)
    thing = ModelObject(ModelKind.SUBCLASSED, place, name=instance.cls.name, attributes=instance.attributes)
    finished = _finish(interpreter, reference.identity, thing, outputs, True)
    member = partial(interpreter.member, instance.cls)
    own = own_training.trains_itself(member)
    return replace(finished, trains_itself=own, uses_compiled_loss=not own or own_training.uses_compiled_loss(member))


def _trace_call(interpreter: Interpreter, reference: Ref, call: Function, place: Place) -> tuple[Tensor, ...]:
    source = Tensor(InputSpec(None, place), (), place)
    arguments = Arguments((Argument(source, None),), {"training": Argument(Constant(True, assumed=True), None)})
    if "training" not in {parameter.name.value for parameter in call.node.params.params}:
        arguments = Arguments((Argument(source, None),))
    saved = interpreter.state
    interpreter.state = saved.fork()
    try:
        bound = call.bind(reference)  # `fit` turns no other switches of it: `return_state=False`
        result = interpreter.call_function(bound, switches.with_switches(bound, arguments))
        if isinstance(result, Tuple):
            return tuple(item for item in result.items if isinstance(item, Tensor))
        return _tensors_of(interpreter, result)
    finally:
        interpreter.state = saved
