"""Where a gradient that is not finite begins: the first layer, on the way back from the loss, that makes it so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scram_lsp.training.model.model_pass import Batch, compiled, forward
from scram_lsp.training.model.model_values import ModelValues, on_host
from scram_lsp.training.model.tensor_statistics import count_nonfinite, float_tensors


@dataclass(slots=True)
class _Calls:
    """The calls of watched layers in one pass: each one's layer, the ids of its input tensors and its output."""

    layers: list[Any]
    inputs: list[set[int]]
    outputs: list[Any]

    def consumer(self, place: int) -> int | None:
        """The first later call that reads this output; where tensors were cast in between, the next call."""
        later = range(place + 1, len(self.layers))
        readers = (each for each in later if id(self.outputs[place]) in self.inputs[each])
        return next(readers, place + 1 if later else None)


def first_bad_layer_backward(
    model: Any, layers: Sequence[Any], values: ModelValues, scale: Any, batch: Batch
) -> tuple[bool, str | None]:
    """Whether the gradient of a layer's output is not finite, and the layer that made the last such so.

    That is the layer which reads this output; None when the loss itself does. False when all these gradients
    are finite: then the bad ones are those of weights only.
    """
    consumers: dict[int, str | None] = {}

    def look(trainable: Any, others: Any, metrics: Any, scale: Any, batch: Batch) -> dict[str, Any]:
        calls, found = _output_gradients(model, layers, (trainable, others, metrics), scale, batch)
        for place in range(len(calls.layers)):
            consumer = calls.consumer(place)
            consumers[place] = None if consumer is None else calls.layers[consumer].name
        return {str(place): count_nonfinite(each) for place, each in enumerate(found) if each is not None}

    run = compiled(model, look)
    counts = run(values.trainable, values.others, values.metrics, scale, batch)
    bad = [int(place) for place, count in counts.items() if on_host(count)]
    return (True, consumers[max(bad)]) if bad else (False, None)


def _output_gradients(
    model: Any, layers: Sequence[Any], values: tuple[Any, Any, Any], scale: Any, batch: Batch
) -> tuple[_Calls, list[Any]]:
    """The gradient of the loss by each call's (first) output."""
    import keras

    backend = keras.backend.backend()
    ways = {"tensorflow": _tensorflow_output_gradients, "jax": _jax_output_gradients}
    return ways.get(backend, _torch_output_gradients)(model, layers, values, scale, batch)


def _noting(calls: _Calls, change: Callable[[int, Any], Any]) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    import keras

    def note(layer: Any, arguments: Any, outputs: Any) -> tuple[Any, Any]:
        tensors = float_tensors(outputs)
        if not tensors:
            return outputs, None
        output = change(len(calls.layers), tensors[0])
        if output is not tensors[0]:
            outputs = keras.tree.map_structure(lambda each: output if each is tensors[0] else each, outputs)
        calls.layers.append(layer)
        calls.inputs.append({id(each) for each in keras.tree.flatten(arguments)})
        calls.outputs.append(output)
        return outputs, None

    return note


def _tensorflow_output_gradients(
    model: Any, layers: Sequence[Any], values: tuple[Any, Any, Any], scale: Any, batch: Batch
) -> tuple[_Calls, list[Any]]:
    import tensorflow as tf

    calls = _Calls([], [], [])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values[0])
        seen = forward(model, layers, _noting(calls, lambda _, output: output), values, batch, True)
        loss = seen.loss * scale
    return calls, tape.gradient(loss, calls.outputs)


def _torch_output_gradients(
    model: Any, layers: Sequence[Any], values: tuple[Any, Any, Any], scale: Any, batch: Batch
) -> tuple[_Calls, list[Any]]:
    import torch

    calls = _Calls([], [], [])
    with torch.enable_grad():
        trainable = [each.detach().requires_grad_() for each in values[0]]
        seen = forward(model, layers, _noting(calls, lambda _, output: output), (trainable, *values[1:]), batch, True)
        loss = seen.loss * scale
    reached = [place for place, output in enumerate(calls.outputs) if output.requires_grad]
    found: list[Any] = [None] * len(calls.outputs)
    outputs = [calls.outputs[place] for place in reached]
    for place, gradient in zip(reached, torch.autograd.grad(loss, outputs, allow_unused=True), strict=True):
        found[place] = gradient
    return calls, found


def _jax_output_gradients(
    model: Any, layers: Sequence[Any], values: tuple[Any, Any, Any], scale: Any, batch: Batch
) -> tuple[_Calls, list[Any]]:
    """JAX differentiates by arguments only, so zeros are added to every output, and the gradient is theirs."""
    import jax
    import jax.numpy as jnp

    calls = _Calls([], [], [])

    def shapes() -> list[Any]:
        seen = _Calls([], [], [])
        forward(model, layers, _noting(seen, lambda _, output: output), values, batch, True)
        return list(seen.outputs)

    zeros = [jnp.zeros(each.shape, each.dtype) for each in jax.eval_shape(shapes)]

    def loss_of(zeros: list[Any]) -> Any:
        for each in (calls.layers, calls.inputs, calls.outputs):
            each.clear()
        seen = forward(model, layers, _noting(calls, lambda place, output: output + zeros[place]), values, batch, True)
        return seen.loss * scale

    return calls, list(jax.grad(loss_of)(zeros))
