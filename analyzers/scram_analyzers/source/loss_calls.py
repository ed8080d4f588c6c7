"""Losses that a training loop of the program's own calls: `loss_fn(labels, model(images))`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source import compiling
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES, REGRESSION, loss_name
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, LossCall
from scram_analyzers.source.values import Arguments, Ref, boolean

if TYPE_CHECKING:
    from scram_analyzers.source.interpreter import Interpreter

OF_LOGITS: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow.nn.softmax_cross_entropy_with_logits": "categorical_crossentropy",
        "tensorflow.nn.softmax_cross_entropy_with_logits_v2": "categorical_crossentropy",
        "tensorflow.nn.sparse_softmax_cross_entropy_with_logits": "sparse_categorical_crossentropy",
        "tensorflow.nn.sigmoid_cross_entropy_with_logits": "binary_crossentropy",
    }
)
"""TensorFlow's own cross-entropies, which always take logits."""


def of_object(interpreter: Interpreter, loss: Ref, arguments: Arguments, place: Place) -> None:
    """Note a call of a loss object of Keras on a model's output."""
    output = _output(arguments, "y_pred")
    if output is not None:
        interpreter.recording.loss_calls.append(LossCall(compiling.loss_of(interpreter, loss, place), output, place))


def of_function(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> None:
    """Note a call of a loss function of Keras or TensorFlow on a model's output."""
    package, _, last = name.rpartition(".")
    if name in OF_LOGITS:
        output = _output(arguments, "logits")
        loss = Loss(OF_LOGITS[name], place, True, arguments)
    elif package in ("keras.losses", "tensorflow.losses") and loss_name(last) in CROSS_ENTROPIES | REGRESSION:
        output = _output(arguments, "y_pred")
        given = arguments.get("from_logits", 2)
        from_logits = boolean(given.value) if given is not None else (None if arguments.open else False)
        loss = Loss(loss_name(last), place, from_logits, arguments)
    else:
        return
    if output is not None:
        interpreter.recording.loss_calls.append(LossCall(loss, output, place))


def _output(arguments: Arguments, parameter: str) -> Tensor | None:
    value = arguments.value(parameter, 1)
    return value if isinstance(value, Tensor) else None
