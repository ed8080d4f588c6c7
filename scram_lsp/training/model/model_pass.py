"""One pass through a model as a function of values and a batch: outputs, loss and gradients, nothing left behind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.model.handed_on import HANDED_ON
from scram_lsp.training.model.layer_taps import losses_kept, tapped
from scram_lsp.training.model.own_attributes import own_attributes_kept
from scram_lsp.training.model.pass_cost import can_run_untraced
from scram_lsp.training.model.random_states import random_states_kept
from scram_lsp.training.model.torch_modules import values_lent

Batch = tuple[Any, Any, Any]
"""Inputs, targets and sample weights, each in any structure or None."""


@dataclass(slots=True)
class Forward:
    """What a pass gave: `loss` is None when the model has none that we know of.

    `notes` holds what `note_output` made of each watched layer's call, in the order in which calls ended;
    `others` are the values that the pass gave the variables which are not trained. `readers` are, by the names of the
    inputs, the classes of the watched layers that were called on them as they are.
    """

    predictions: Any = None
    loss: Any = None
    activity_penalty: Any = None
    notes: list[tuple[Any, Any]] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)
    readers: dict[str, set[str]] = field(default_factory=dict)


def forward(
    model: Any,
    layers: Sequence[Any],
    note_output: Callable[[Any, Any, Any], tuple[Any, Any]],
    values: tuple[Sequence[Any], Sequence[Any], Sequence[Any]],
    batch: Batch,
    training: bool,
) -> Forward:
    """Run the model on `values` (trainable, others, metrics) within Keras's stateless scope.

    `note_output(layer, arguments, outputs)` gives the outputs to go on with and what to keep of them, or None
    for nothing.
    """
    import keras

    result = Forward()
    in_loop = _loop_detector()

    x, y, weights = batch
    raw = {id(leaf): (name, leaf) for name, leaf in named_leaves("x", x)}

    def note(layer: Any, arguments: Any, outputs: Any) -> Any:
        if in_loop():  # what is computed in a loop's body can't be read outside it
            return outputs
        _note_reader(result, raw, layer, arguments, outputs)
        outputs, kept = note_output(layer, arguments, outputs)
        _add_activity_penalty(result, layer, outputs)
        if kept is not None:
            result.notes.append((layer, kept))
        return outputs

    arguments = {"training": training} if getattr(model, "_call_has_training_arg", True) else {}
    mapping = _mapping(model, values)
    scope = keras.StatelessScope(mapping, collect_losses=True, initialize_variables=False)
    with losses_kept(model), values_lent(model, mapping), scope, tapped(layers, note):
        result.predictions = model(x, **arguments)
        if has_known_loss(model):
            compute = getattr(model, "_compute_loss", model.compute_loss)
            result.loss = compute(x=x, y=y, y_pred=result.predictions, sample_weight=weights, training=training)
    for variable in model.non_trainable_variables:
        result.others.append(scope.get_current_value(variable))
    return result


def _note_reader(result: Forward, raw: dict[int, tuple[str, Any]], layer: Any, arguments: Any, outputs: Any) -> None:
    """A layer reads an input where it is called on that very tensor, or on what only hands its values on."""
    name, _ = raw.get(id(arguments[0]), ("", None)) if arguments else ("", None)
    if name and type(layer).__name__ in HANDED_ON:
        raw[id(outputs)] = (name, outputs)
    elif name:
        result.readers.setdefault(name, set()).add(type(layer).__name__)


def predict(model: Any, trainable: Sequence[Any], others: Sequence[Any], x: Any) -> Any:
    """What the model gives for inputs `x` in inference, with these values of its variables."""
    import keras

    arguments = {"training": False} if getattr(model, "_call_has_training_arg", True) else {}
    mapping = _mapping(model, (trainable, others, ()))
    scope = keras.StatelessScope(mapping, initialize_variables=False)
    with losses_kept(model), values_lent(model, mapping), scope:
        return model(x, **arguments)


def has_known_loss(model: Any) -> bool:
    """Whether Keras's `compute_loss` is what training minimizes: a `train_step` of the user's own may not call it."""
    from scram_lsp.training.batches.step_loss import has_own_train_step

    if has_own_train_step(model):
        code = getattr(type(model).train_step, "__code__", None)
        if code is None or not {"compute_loss", "_compute_loss"} & set(code.co_names):
            return False
    return getattr(model, "_compile_loss", None) is not None or _has_own_compute_loss(model)


def _has_own_compute_loss(model: Any) -> bool:
    return not type(model).compute_loss.__module__.startswith("keras.")


def _mapping(model: Any, values: tuple[Sequence[Any], Sequence[Any], Sequence[Any]]) -> list[tuple[Any, Any]]:
    trainable, others, metrics = values
    mapping = list(zip(model.trainable_variables, trainable, strict=True))
    mapping += zip(model.non_trainable_variables, others, strict=True)
    if metrics:
        mapping += zip(model.metrics_variables, metrics, strict=True)
    return mapping


def _add_activity_penalty(result: Forward, layer: Any, outputs: Any) -> None:
    """What Keras adds for an activity regularizer: its value over the number of rows."""
    import keras

    if getattr(layer, "activity_regularizer", None) is None:
        return
    for output in keras.tree.flatten(outputs):
        rows = keras.ops.cast(keras.ops.shape(output)[0], output.dtype)
        penalty = keras.ops.sum(layer.activity_regularizer(output)) / rows
        before = result.activity_penalty
        result.activity_penalty = penalty if before is None else before + penalty


def _loop_detector() -> Callable[[], bool]:
    """Tells whether the caller is traced into another graph than now (TensorFlow only)."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return lambda: False
    import tensorflow as tf

    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    if graph is None:
        return lambda: not tf.executing_eagerly()
    return lambda: tf.compat.v1.get_default_graph() is not graph


def gradients(loss_of: Callable[[Sequence[Any]], tuple[Any, Any]], sources: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Call `loss_of(sources)`, which gives a scalar and anything else; that and the scalar's gradients.

    A gradient is None where the source does not reach the scalar (on JAX it is zeros), and all are when the
    scalar is None.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _tensorflow_gradients(loss_of, sources)
    if backend == "jax":
        return _jax_gradients(loss_of, sources)
    return _torch_gradients(loss_of, sources)


def _tensorflow_gradients(
    loss_of: Callable[[Sequence[Any]], tuple[Any, Any]], sources: Sequence[Any]
) -> tuple[Any, list[Any]]:
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(sources)
        loss, rest = loss_of(sources)
    if loss is None or not sources:
        return rest, [None] * len(sources)
    found = tape.gradient(loss, sources)
    return rest, [None if each is None else tf.convert_to_tensor(each) for each in found]


def _jax_gradients(
    loss_of: Callable[[Sequence[Any]], tuple[Any, Any]], sources: Sequence[Any]
) -> tuple[Any, list[Any]]:
    import jax
    import jax.numpy as jnp

    is_known = True

    def scalar(sources: Sequence[Any]) -> tuple[Any, Any]:
        nonlocal is_known
        loss, rest = loss_of(sources)
        is_known = loss is not None
        return (loss if is_known else jnp.zeros(())), rest

    (_, rest), found = jax.value_and_grad(scalar, has_aux=True)(list(sources))
    return rest, list(found) if is_known else [None] * len(sources)


def _torch_gradients(
    loss_of: Callable[[Sequence[Any]], tuple[Any, Any]], sources: Sequence[Any]
) -> tuple[Any, list[Any]]:
    import torch

    with torch.enable_grad():
        leaves = [each.detach().requires_grad_() for each in sources]
        loss, rest = loss_of(leaves)
    if loss is None or not leaves or not loss.requires_grad:
        return rest, [None] * len(sources)
    return rest, list(torch.autograd.grad(loss, leaves, allow_unused=True))


class ModelPass:
    """`function` of nested tensors, run with the global random generators and the user's own attributes kept.

    Traced, a pass is as fast as can be, but to trace it takes as long as several passes that are not. So where it can
    (`can_run_untraced`) it runs untraced until `is_traced` is set.
    """

    def __init__(self, model: Any, function: Callable[..., Any]) -> None:
        self._model = model
        self._function = function
        self._compiled = compiled(model, function)
        self.is_traced = not can_run_untraced(model)

    def __call__(self, *arguments: Any) -> Any:
        """Run it."""
        if self.is_traced:
            return self._compiled(*arguments)
        with random_states_kept(self._model), own_attributes_kept(self._model):
            return self._function(*arguments)


def compiled(model: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of nested tensors as this backend runs it fast; random generators and own attributes are kept.

    Not compiled by XLA on TensorFlow, where that was twice as slow for a single pass, and not at all for a
    model that runs eagerly: its `call` may need that.
    """
    import keras

    backend = keras.backend.backend()
    fast = function
    if backend == "tensorflow" and not model.run_eagerly:
        import tensorflow as tf

        # Of its own name only, or TensorFlow would count the traces of all models and warn of them.
        fast = tf.function(functools.partial(function), autograph=False, reduce_retracing=True)
    elif backend == "jax" and not model.run_eagerly:
        import jax

        fast = jax.jit(function)

    def run(*arguments: Any) -> Any:
        with random_states_kept(model), own_attributes_kept(model):
            return fast(*arguments)

    return run
