"""Methods of things from outside the module: models, layers, lists, strings, arrays, scalers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.graph import Opaque, Tensor
from scram_analyzers.source.interpreting import (
    compiling,
    containers,
    fitting,
    keras_layers,
    keras_models,
    loss_calls,
    optimizers,
    repeating,
    settings,
    sklearn_wrappers,
    tuners,
)
from scram_analyzers.source.interpreting.attributes import DICT, SUPER, get_attribute, set_attribute
from scram_analyzers.source.interpreting.state import Called, Created, DictObject, Instance, ListObject, join_values
from scram_analyzers.source.libraries import (
    changing_objects,
    command_line,
    data_methods,
    data_operations,
    table_columns,
)
from scram_analyzers.source.model import ModelKind, ModelObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call
from scram_analyzers.source.values import Arguments, Choice, ColumnNames, Constant, Method, Ref, Tuple, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def call_method(interpreter: Interpreter, owner: Value, name: str, arguments: Arguments, place: Place) -> Value:
    """`owner.name(arguments)`."""
    if isinstance(owner, Choice):
        return _on_each(interpreter, owner, name, arguments, place)
    if name == "assign" and isinstance(place.node, cst.Call) and isinstance(place.node.func, cst.Attribute):
        optimizers.assign_rate(interpreter, place.node.func.value, arguments)
    trains = _looks_like_training(interpreter, owner, name, arguments)
    if trains:
        owner = _recognized(interpreter, owner, place)
    if trains or keras_models.is_model(interpreter, owner):
        known = _model_method(interpreter, owner, name, arguments, place)
        if known is not None:
            return known
    if isinstance(owner, Method) and owner.name == DICT:
        return _update_attributes(interpreter, owner.owner, name, arguments, place)
    data = data_operations.as_data(owner)
    if data is not None:
        return data_methods.call(interpreter, data, name, arguments, place)
    if isinstance(owner, ColumnNames):
        return table_columns.of_names(owner, name, place)
    if isinstance(owner, Constant):
        return containers.string_method(interpreter, owner, name, arguments, place)
    if isinstance(owner, Tensor):
        return Tensor(Opaque(), (owner, *keras_layers.tensors_in(interpreter, arguments)), place)
    if isinstance(owner, Ref):
        return _object_method(interpreter, owner, name, arguments, place)
    tensors = keras_layers.tensors_in(interpreter, arguments)
    return Tensor(Opaque(), tensors, place) if tensors else Unknown(place)


def _on_each(interpreter: Interpreter, owner: Choice, name: str, arguments: Arguments, place: Place) -> Value:
    results = [
        interpreter.call(get_attribute(interpreter, option, name, place), arguments, place) for option in owner.options
    ]
    joined = results[0]
    for result in results[1:]:
        joined = join_values(joined, result)
    return joined


def _looks_like_training(interpreter: Interpreter, owner: Value, name: str, arguments: Arguments) -> bool:
    """Whether a method of something unknown, or of a class from elsewhere, can only be a Keras model's."""
    made = interpreter.object_of(owner)
    if name == "compile" and (isinstance(owner, Unknown) or (isinstance(made, Created) and _is_from_elsewhere(made))):
        return "optimizer" in arguments.keywords or "loss" in arguments.keywords
    return (
        isinstance(owner, Unknown)
        and name in fitting.TRAINING
        and not fitting.KERAS_ONLY.isdisjoint(arguments.keywords)
    )


def _is_from_elsewhere(made: Created) -> bool:
    return made.kind.partition(".")[0] not in ("keras", "tensorflow")


def _recognized(interpreter: Interpreter, owner: Value, place: Place) -> Value:
    """The model that the answer of a function from elsewhere turns out to be, under the name that it was given."""
    made, call = owner.place, place.node
    if made is None or not isinstance(made.node, cst.Call) or not isinstance(call, cst.Call):
        return owner
    model = keras_models.make_unseen(interpreter, ModelKind.ELSEWHERE, made)
    named = call.func.value if isinstance(call.func, cst.Attribute) else None
    if isinstance(named, (cst.Name, cst.Attribute)):
        interpreter.assign(named, model)
    return model


def _model_method(
    interpreter: Interpreter, owner: Value, name: str, arguments: Arguments, place: Place
) -> Value | None:
    thing = interpreter.object_of(owner)
    if name == "compile":
        compiling.compile_model(interpreter, owner, arguments, place)
        return Constant(None, place)
    if name in fitting.TRAINING:
        return fitting.train(interpreter, owner, name, arguments, place)
    if name in fitting.PARAMETERS:
        return fitting.evaluate(interpreter, owner, name, arguments, place)
    if isinstance(owner, Ref) and isinstance(thing, ModelObject):
        if name == "add":
            keras_models.add_layer(interpreter, owner, thing, arguments)
            return Constant(None, place)
        if name == "pop":
            keras_models.pop_layer(interpreter, owner, thing)
            return Constant(None, place)
        if name == "get_layer":
            return _layer_of(interpreter, owner, place)
        if name == "stateless_call":  # of its variables and its inputs, as functions for JAX call a model
            given = replace(arguments, positional=arguments.positional[2:])
            return Tuple((interpreter.call(owner, given, place), Unknown(place)), place)
    if isinstance(owner, Ref) and isinstance(thing, Instance):
        return _instance_model_method(interpreter, owner, thing, name, arguments, place)
    return None


def _instance_model_method(
    interpreter: Interpreter, owner: Ref, thing: Instance, name: str, arguments: Arguments, place: Place
) -> Value | None:
    # TensorFlow's own tutorials write `super().__init__(self)`, which gives Keras no inputs.
    if "keras.models.Sequential" in thing.cls.external_bases() and name in ("__init__", "add"):
        return _own_sequential(interpreter, owner, thing, name, arguments, place)
    if name == "__init__" and (arguments.get("inputs") is not None or len(arguments.positional) > 1):
        built = keras_models.make_functional(interpreter, arguments, place)
        attributes = {**thing.attributes, keras_models.BUILT: built}
        interpreter.replace_object(owner, replace(thing, attributes=attributes))
        return Constant(None, place)
    return None


def _own_sequential(
    interpreter: Interpreter, owner: Ref, thing: Instance, name: str, arguments: Arguments, place: Place
) -> Value:
    """`super().__init__([...])` and `self.add(...)` of a subclass of `Sequential`."""
    built = thing.attributes.get(keras_models.BUILT)
    if name == "__init__" or not isinstance(built, Ref):
        built = keras_models.make_sequential(interpreter, arguments if name == "__init__" else Arguments(), place)
        attributes = {**thing.attributes, keras_models.BUILT: built}
        interpreter.replace_object(owner, replace(thing, attributes=attributes))
    inner = interpreter.object_of(built)
    if name == "add" and isinstance(built, Ref) and isinstance(inner, ModelObject):
        keras_models.add_layer(interpreter, built, inner, arguments)
    return Constant(None, place)


def _update_attributes(interpreter: Interpreter, owner: Value, name: str, arguments: Arguments, place: Place) -> Value:
    """`self.__dict__.update(settings)`."""
    if name != "update":
        return Unknown(place)
    first = arguments.positional[0].value if arguments.positional else None
    given = {str(key): value for key, value in (interpreter.entries_of(first) or {}).items()}
    given |= {key: argument.value for key, argument in arguments.keywords.items()}
    for key, value in given.items():
        set_attribute(interpreter, owner, key, value, place)
    return Constant(None, place)


def _layer_of(interpreter: Interpreter, owner: Ref, place: Place) -> Value:
    """`model.get_layer(...)`: some layer of the model, whose output is a tensor of it."""
    thing = interpreter.object_of(owner)
    inputs = keras_models.sources(thing) if isinstance(thing, ModelObject) else ()
    tensor = Tensor(keras_models.snapshot(interpreter, owner), inputs, place)
    made = Created("keras.layers.Layer", Arguments(), place, {"output": tensor})
    return interpreter.allocate(made, place)


def _object_method(interpreter: Interpreter, owner: Ref, name: str, arguments: Arguments, place: Place) -> Value:
    thing = interpreter.object_of(owner)
    if isinstance(thing, ListObject):
        return containers.list_method(interpreter, owner, thing, name, arguments, place)
    if isinstance(thing, DictObject):
        return containers.dict_method(interpreter, owner, thing, name, arguments, place)
    if isinstance(thing, Created):
        called = Called(name, arguments, place)
        interpreter.replace_object(owner, replace(thing, log=(*thing.log, called)))
        if thing.kind in sklearn_wrappers.WRAPPERS:
            return sklearn_wrappers.call_method(interpreter, owner, thing, name, arguments, place)
        if name in repeating.MAPPING and thing.kind in repeating.POOLS:
            return repeating.mapped(interpreter, arguments, place)
        if tuners.is_tuner(thing.kind):
            return tuners.call_method(interpreter, owner, thing, name, arguments, place)
        if thing.kind in settings.NAMESPACES:
            return settings.call_method(interpreter, owner, thing, name, arguments, place)
        if thing.kind == command_line.PARSER:
            return command_line.call_method(interpreter, owner, thing, name, arguments, place)
        if name == "minimize" and thing.kind.startswith(optimizers.OPTIMIZER_PREFIX):
            optimizers.minimize(interpreter, arguments)
        if name == "fit" and thing.kind.startswith("sklearn."):
            sklearn_wrappers.train_within(interpreter, owner, arguments, place)
        result = changing_objects.call(interpreter, owner, thing, name, arguments, place)
        method = f"{thing.kind}.{name}"
        interpreter.recording.method_calls.append(Call(method, method, arguments, place, result))
        return result
    tensors = keras_layers.tensors_in(interpreter, arguments)
    if tensors and name != SUPER:
        return Tensor(Opaque(), tensors, place)
    return Unknown(place)


def call_created(interpreter: Interpreter, owner: Ref, thing: Created, arguments: Arguments, place: Place) -> Value:
    """An object from outside called like a function (a loss, an initializer, a tokenizer)."""
    if thing.kind.startswith("keras.losses."):
        loss_calls.of_object(interpreter, owner, arguments, place)
    if thing.kind == repeating.PARALLEL and arguments.positional:
        return arguments.positional[0].value
    if thing.kind == settings.MAKING_TUPLES:
        return settings.of_fields(interpreter, thing, arguments, place)
    tensors = keras_layers.tensors_in(interpreter, arguments)
    return Tensor(Opaque(), tensors, place) if tensors else Unknown(place)
