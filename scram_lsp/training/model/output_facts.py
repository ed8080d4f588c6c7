"""What each output of a live model ends in and which loss it is trained with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scram_analyzers.run.records import OutputInfo

_TRANSPARENT = frozenset({"Dropout", "Flatten", "Reshape", "Permute", "Identity", "ActivityRegularization"})
"""Layers that leave the values of an output as the layer before them made them."""

_ACTIVATIONS = {
    "ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax", "PReLU": "prelu",
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh",
}  # fmt: skip
"""Layers and operations that are an activation and nothing else."""

_SHORT_NAMES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}

_MAX_STEPS_BACK = 10


def read_outputs(model: Any) -> tuple[OutputInfo, ...]:
    """One record for each output, as far as it can be told; empty for a model that has no graph and no head."""
    tensors = list(getattr(model, "outputs", None) or ())
    names = list(getattr(model, "output_names", None) or ())
    losses = _losses(getattr(model, "loss", None), names, len(tensors))
    if not tensors:
        return (_of_loss("output", losses[0]),) if losses and losses[0] is not None else ()
    if len(names) != len(tensors):
        names = [f"output {place + 1}" for place in range(len(tensors))]
    return tuple(_output(name, tensor, loss) for name, tensor, loss in zip(names, tensors, losses, strict=True))


def loss_name(loss: Any) -> str:
    """Keras's snake-case name of a loss given as a string, a function or an object."""
    if isinstance(loss, str):
        return _SHORT_NAMES.get(loss.lower(), snake_case(loss))
    return snake_case(getattr(loss, "__name__", None) or type(loss).__name__)


def snake_case(name: str) -> str:
    """ "MeanSquaredError" as "mean_squared_error"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _losses(loss: Any, names: list[str], count: int) -> list[Any]:
    """The loss of each output; None where it can't be told."""
    if isinstance(loss, Mapping):
        return [loss.get(name) for name in names] if len(names) == count else [None] * count
    if isinstance(loss, list | tuple):
        return list(loss) if len(loss) == count else [None] * count
    return [loss] * max(count, 1)


def _output(name: str, tensor: Any, loss: Any) -> OutputInfo:
    layer, activation = _maker(tensor)
    shape = getattr(tensor, "shape", None)
    last = shape[-1] if shape is not None and len(shape) else None
    known = _of_loss(name, loss)
    return OutputInfo(
        name,
        layer=layer,
        activation=activation,
        units=last if isinstance(last, int) else None,
        loss=known.loss,
        from_logits=known.from_logits,
        ignored_class=known.ignored_class,
        delta=known.delta,
        rank=len(shape) if shape is not None else None,
    )


def _of_loss(name: str, loss: Any) -> OutputInfo:
    if loss is None:
        return OutputInfo(name)
    is_object = not isinstance(loss, str) and not hasattr(loss, "__name__")
    arguments = {} if not is_object else _arguments(loss)
    ignored, delta, kind = arguments.get("ignore_class"), arguments.get("delta", 1.0), loss_name(loss)
    return OutputInfo(
        name,
        loss=kind,
        from_logits=bool(arguments.get("from_logits", False)),
        ignored_class=ignored if isinstance(ignored, int) else None,
        delta=float(delta) if kind == "huber" and isinstance(delta, int | float) else None,
    )


def _arguments(loss: Any) -> Mapping[str, Any]:
    return {name: getattr(loss, name, None) for name in ("from_logits", "ignore_class")} | dict(
        getattr(loss, "_fn_kwargs", None) or {}
    )


def _maker(tensor: Any) -> tuple[str | None, str | None]:
    """The layer that makes an output's values, and its activation; an inner model is entered."""
    for operation, source in _operations_back(tensor):
        kind = type(operation).__name__
        if kind in _TRANSPARENT:
            continue
        if kind in _ACTIVATIONS:
            return _weighed(source), _ACTIVATIONS[kind]
        name = getattr(getattr(operation, "activation", None), "__name__", None)
        if kind == "Activation":
            return _weighed(source), name
        if name is not None:
            return operation.name, name
        return operation.name, "linear" if kind in ("EinsumDense",) else None
    return None, None


def _weighed(source: Any) -> str | None:
    """The name of the layer with weights before an activation layer."""
    for operation, _ in _operations_back(source):
        if getattr(operation, "weights", None):
            return str(operation.name)
    return None


def _operations_back(tensor: Any) -> Iterator[tuple[Any, Any]]:
    """From an output towards the inputs: each operation with the only tensor it reads."""
    for _ in range(_MAX_STEPS_BACK):
        history = getattr(tensor, "_keras_history", None)
        if history is None:
            return
        operation = history.operation
        inner = getattr(operation, "_functional", operation)
        if len(getattr(inner, "outputs", None) or ()) == 1 and hasattr(inner, "operations"):
            tensor = inner.outputs[0]
            continue
        inputs = operation._inbound_nodes[history.node_index].input_tensors
        yield operation, inputs[0] if len(inputs) == 1 else None
        if len(inputs) != 1:
            return
        tensor = inputs[0]
