"""What is known of a run before its first step, read from the live model and from what `fit` was given."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from scram_analyzers.run.records import LayerInfo, OptimizerInfo, RunInfo
from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.keras_flavour import flavour_of
from scram_lsp.training.model.handed_on import HANDED_ON
from scram_lsp.training.model.output_facts import loss_name, read_outputs
from scram_lsp.training.places.call_site import CallSite

_CLASSIFICATION_HEADS = {
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "categorical_focal_crossentropy",
}
_REGULARIZERS = (
    "kernel_regularizer",
    "bias_regularizer",
    "recurrent_regularizer",
    "embeddings_regularizer",
    "activity_regularizer",
)

_PENALTIES = ("kernel_regularizer", "recurrent_regularizer", "embeddings_regularizer")
_RATES = ("rate", "dropout", "recurrent_dropout")

_MAX_STEPS_TO_CONSUMER = 20


def new_run_id(now: datetime) -> str:
    """An id that sorts by time and can be read aloud: "20261121-140233-3f2a"."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def read_run_info(
    model: Any, params: Mapping[str, Any], site: CallSite, now: datetime, optimizer: Any | None = None
) -> RunInfo:
    """Everything that can be told now; what can't is None or empty.

    `optimizer` is what trains the model, where that is not the one it was compiled with.
    """
    arguments = site.arguments
    flavour = flavour_of(model)
    losses = tuple(_loss_names(getattr(model, "loss", None)))
    return RunInfo(
        run=new_run_id(now),
        script=str(site.script),
        started=now.isoformat(timespec="seconds"),
        fit_line=site.line,
        keras_version=flavour.version,
        backend=flavour.backend,
        optimizer=_optimizer(optimizer if optimizer is not None else getattr(model, "optimizer", None)),
        losses=losses,
        layers=tuple(_layer_info(layer) for layer in _layers_of(model)),
        parameters=int(model.count_params()) if model.built else None,
        training_samples=_samples(arguments.get("x")),
        epochs=params.get("epochs"),
        steps_per_epoch=params.get("steps"),
        batch_size=_batch_size(arguments),
        has_validation=arguments.get("validation_data") is not None,
        classes=_classes(model, losses),
        callbacks=tuple(type(each).__name__ for each in _callbacks(arguments.get("callbacks"))),
        outputs=read_outputs(model) if flavour.is_current else (),
    )


def input_consumers(model: Any) -> dict[str, str]:
    """For each input ("x", "x['image']", "x[1]") the class of the first layer that changes its values.

    Inputs of subclassed models, and those with several readers of different kinds, are left out.
    """
    holders = (model, getattr(model, "_functional", None))
    structures = (getattr(holder, name, None) for holder in holders for name in ("_inputs_struct", "_nested_inputs"))
    structure = next((each for each in structures if each is not None), None)
    if structure is None and type(model).__name__ == "Sequential":
        return _first_reader(model)
    if isinstance(structure, list | tuple) and len(structure) == 1:
        structure = structure[0]  # fit(x) may feed a lone input as it is
    consumers = {}
    for name, tensor in named_leaves("x", structure):
        readers = set(_readers(tensor, model, _MAX_STEPS_TO_CONSUMER))
        if "Embedding" in readers:
            readers.discard("NotEqual")  # by which it finds the padding that it masks
        if len(readers) == 1:
            consumers[name] = readers.pop()
            if isinstance(structure, list | tuple):  # fit(x) may feed these by their names
                consumers[f"x[{tensor.name!r}]"] = consumers[name]
    return consumers


def _first_reader(model: Any) -> dict[str, str]:
    """The consumer of the only input of a `Sequential` model that is not built yet."""
    reader = next((layer for layer in model.layers if type(layer).__name__ not in HANDED_ON), None)
    return {} if reader is None or hasattr(reader, "layers") else {"x": type(reader).__name__}


def _readers(tensor: Any, model: Any, steps: int) -> Iterator[str]:
    """Classes of the operations that read a Keras tensor, past those that hand its values on."""
    operations = _operations_of(model)
    for node in _operation_of(tensor._keras_history)._outbound_nodes:
        operation = _operation_of(node)
        if operation not in operations or not any(each is tensor for _, each in named_leaves("", node.input_tensors)):
            continue
        yield from _kinds(operation, node, model, steps)


def _kinds(operation: Any, node: Any, model: Any, steps: int) -> Iterator[str]:
    kind = type(operation).__name__
    inner = getattr(operation, "_functional", operation)
    if steps and kind in HANDED_ON:
        for _, output in named_leaves("", node.outputs):
            yield from _readers(output, model, steps - 1)
    elif steps and getattr(inner, "inputs", None):  # a model inside the model
        for tensor in inner.inputs:
            yield from _readers(tensor, inner, steps - 1)
    else:
        yield kind


def _operation_of(holder: Any) -> Any:
    """The operation of a node or a tensor's history; in Keras 2 there are only layers."""
    return holder.operation if hasattr(holder, "operation") else holder.layer


def _operations_of(model: Any) -> list[Any]:
    functional = getattr(model, "_functional", None) or model
    return list(getattr(functional, "operations", model.layers))


def _optimizer(optimizer: Any) -> OptimizerInfo | None:
    if optimizer is None:
        return None
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # mixed precision wraps the user's
    rate = getattr(inner, "_learning_rate", None)
    is_schedule = rate is None or callable(rate) or hasattr(rate, "get_config")
    return OptimizerInfo(
        type(inner).__name__,
        None if is_schedule else _scalar(inner.learning_rate),
        momentum=_number(getattr(inner, "momentum", None)),
        schedule=type(rate).__name__ if is_schedule and rate is not None else None,
        clip_norm=_number(getattr(inner, "clipnorm", None)),
        global_clip_norm=_number(getattr(inner, "global_clipnorm", None)),
        accumulation=_count(getattr(inner, "gradient_accumulation_steps", None)),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 1 else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def current_learning_rate(optimizer: Any) -> float | None:
    """An optimizer's learning rate of the next step, from its schedule where it has one; None when unknown."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rate = getattr(inner, "learning_rate", None)
    if rate is None or callable(rate):
        return None
    return _scalar(rate)


def _scalar(variable: Any) -> float:
    """The number in a variable or tensor of any backend."""
    value = getattr(variable, "value", variable)
    value = value() if callable(value) else value
    return float(value.detach().cpu() if hasattr(value, "detach") else np.asarray(value))


def _loss_names(loss: Any) -> Iterator[str]:
    if isinstance(loss, Mapping):
        for each in loss.values():
            yield from _loss_names(each)
    elif isinstance(loss, list | tuple):
        for each in loss:
            yield from _loss_names(each)
    elif loss is not None:
        yield loss_name(loss)


def _layer_info(layer: Any) -> LayerInfo:
    activation = getattr(layer, "activation", None)
    units = getattr(layer, "units", None) or getattr(layer, "filters", None)
    return LayerInfo(
        name=layer.name,
        class_name=type(layer).__name__,
        parameters=int(layer.count_params()) if layer.built else 0,
        trainable=bool(layer.trainable),
        units=units if isinstance(units, int) else None,
        rate=_largest(layer, _RATES),
        activation=getattr(activation, "__name__", None),
        regularized=any(getattr(layer, name, None) is not None for name in _REGULARIZERS),
        vocabulary=_whole(getattr(layer, "input_dim", None)),
        penalty=max(
            filter(None, (_largest(getattr(layer, name, None), ("l1", "l2")) for name in _PENALTIES)), default=None
        ),
    )


def _largest(thing: Any, names: Sequence[str]) -> float | None:
    """The largest of the numbers that a thing keeps by these names; None where it has none, or is told otherwise."""
    values = (getattr(thing, name, None) for name in names)
    numbers = (each for each in values if isinstance(each, int | float | np.ndarray) and not np.ndim(each))
    return max(map(float, numbers), default=None)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _layers_of(model: Any) -> Iterator[Any]:
    """The model's layers in its order, those of an inner model in the place of that."""
    for layer in model.layers:
        if callable(getattr(layer, "fit", None)) and layer.layers:
            yield from _layers_of(layer)
        else:
            yield layer


def _samples(x: Any) -> int | None:
    for _, leaf in named_leaves("x", x):
        shape = getattr(leaf, "shape", None)
        return int(shape[0]) if shape is not None and len(shape) and shape[0] is not None else None
    return None


def _batch_size(arguments: Mapping[str, Any]) -> int | None:
    """The size Keras uses, from the object that feeds the epochs (Keras 3's, else Keras 2's)."""
    adapter = getattr(arguments.get("epoch_iterator"), "data_adapter", None)
    size = getattr(adapter, "batch_size", None)
    if adapter is None:
        size = getattr(getattr(arguments.get("data_handler"), "_adapter", None), "_batch_size", None)
    return int(size) if isinstance(size, int) else None


def _classes(model: Any, losses: tuple[str, ...]) -> int | None:
    if losses == ("binary_crossentropy",):
        return 2
    if len(losses) != 1 or losses[0] not in _CLASSIFICATION_HEADS:
        return None
    shape = getattr(model, "output_shape", None) if getattr(model, "outputs", None) else None
    last = shape[-1] if isinstance(shape, tuple) and shape else None
    return int(last) if isinstance(last, int) else None


def _callbacks(callbacks: Any) -> Iterable[Any]:
    return getattr(callbacks, "callbacks", None) or []


def chance_loss(info: RunInfo) -> float | None:
    """The cross-entropy of a blind guess among equally likely classes; None for other losses."""
    return math.log(info.classes) if info.classes is not None and info.classes > 1 else None
