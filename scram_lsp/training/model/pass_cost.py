"""How a pass through a model is best run the first time, and what that takes."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

UNTRACED_SECONDS_PER_LAYER = 0.005
"""A pass forward and back with statistics: 0.55 s of processor time for 100 dense layers, 0.8 s for as many of a
residual net. What the layers themselves compute is not in it: 100 layers of a convolutional net took 1.7 s."""

UNTRACED_SECONDS_PER_TIME_STEP = 0.004
"""The same of one recurrent layer, whose loop outside a graph is one of Python's. An LSTM took 7 to 9 ms a time step,
a GRU 13: half is taken, since without it the short runs of small recurrent nets would end unseen."""

TRACED_SECONDS_PER_LAYER = {"tensorflow": 0.05, "jax": 0.5}
"""To trace and compile it: 4.6 s of processor time for 100 dense layers, 6 s for as many of a convolutional or residual
net. XLA took 5 s for a model of five layers, so on JAX they are looked at only in runs long enough to bear it."""

LAYERS_PER_LOOP = 5
"""To trace a recurrent layer takes as long as to trace so many others: its loop is a graph of its own, and so is the
loop's gradient."""

TRACE_RATIO = 8.0
"""To trace a pass takes about as long as so many that are not traced: 4 to 8 times for the models of the benchmark."""

USUAL_RATIO = 2.0
"""On a machine that nothing else keeps busy, passes take up to so many times as long as is expected above."""

_UNKNOWN_TIME_STEPS = 100


def can_run_untraced(model: Any) -> bool:
    """Whether passes may run operation by operation, in TensorFlow: all their Python code is Keras's own.

    Code of the user's may print, count or append whenever it is run: it is run as often as Keras runs it, to be traced.
    """
    import keras

    if keras.backend.backend() != "tensorflow" or getattr(model, "_distribute_strategy", None) is not None:
        return False
    return bool(model.run_eagerly) or is_all_of_keras(model)


def is_all_of_keras(model: Any) -> bool:
    """Whether the model, its layers and losses hold no Python code but Keras's."""
    import keras

    parts = [model, *model._flatten_layers(), *losses_of(model)]
    return all(is_of_keras(part) for part in parts) and not any(
        isinstance(layer, keras.layers.Lambda) or any(map(_is_own_function, vars(layer).values()))
        for layer in model._flatten_layers()
    )


def _is_own_function(value: Any) -> bool:
    """As an activation may be."""
    return isinstance(value, FunctionType) and not is_of_keras(value)


def first_pass_seconds(model: Any, backend: str) -> float:
    """About how long the first pass forward and back takes; 0 for what has no layers."""
    layers = _layers(model)
    if not layers or not can_run_untraced(model):
        return traced_pass_seconds(model, backend)
    return len(layers) * UNTRACED_SECONDS_PER_LAYER + sum(_time_steps(layers)) * UNTRACED_SECONDS_PER_TIME_STEP


def traced_pass_seconds(model: Any, backend: str) -> float:
    """About how long it takes to trace it."""
    layers = _layers(model)
    equivalent = len(layers) + LAYERS_PER_LOOP * len(list(_time_steps(layers)))
    return equivalent * TRACED_SECONDS_PER_LAYER.get(backend, 0.0)


def seconds_to_trace(model: Any, usual: float) -> float:
    """How long that takes on TensorFlow, on this machine now, where passes not traced usually take `usual`.

    0 while that is not known. Loops take longer in passes than in the trace.
    """
    expected = USUAL_RATIO * first_pass_seconds(model, "tensorflow")
    slowness = max(1.0, usual / expected) if expected > 0 else 1.0
    return min(TRACE_RATIO * usual, slowness * traced_pass_seconds(model, "tensorflow"))


def _layers(model: Any) -> list[Any]:
    return list(model._flatten_layers()) if hasattr(model, "_flatten_layers") else []


def losses_of(model: Any) -> list[Any]:
    """The losses that a model was compiled with, those given by name left out."""
    import keras

    loss = getattr(getattr(model, "_compile_loss", None), "_user_loss", None)
    return [part for part in keras.tree.flatten(loss) if part is not None and not isinstance(part, str)]


def is_of_keras(part: Any) -> bool:
    """Whether Keras has made the class of an object, or the function."""
    module = getattr(part, "__module__", None) or type(part).__module__
    return str(module).startswith("keras.")


def _time_steps(layers: list[Any]) -> Iterator[int]:
    """How often each recurrent layer's loop turns."""
    import keras

    for layer in layers:
        if isinstance(layer, keras.layers.RNN):
            shapes = list((getattr(layer, "_build_shapes_dict", None) or {}).values())
            shape = shapes[0] if shapes and isinstance(shapes[0], tuple) else ()
            yield int(shape[1] or _UNKNOWN_TIME_STEPS) if len(shape) > 1 else _UNKNOWN_TIME_STEPS
