"""Activations, however a program writes them."""

from __future__ import annotations

from scram_analyzers.source.graph import Layer
from scram_analyzers.source.keras_api.layers import ACTIVATIONS, RECURRENT
from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.values import Argument, Constant, Symbol, Value, text

_FUNCTION_PACKAGES = (
    "keras.activations.",
    "keras.ops.",
    "keras.backend.",
    "tensorflow.nn.",
    "tensorflow.math.",
    "tensorflow.",
    "jax.nn.",
)
_ALIASES = {
    "softmax_v2": "softmax",
    "log_softmax_v2": "log_softmax",
    "swish": "silu",
    "leakyrelu": "leaky_relu",
}

KNOWN = frozenset(
    [
        "celu",
        "elu",
        "exponential",
        "gelu",
        "glu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softmax",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "sparsemax",
        "squareplus",
        "tanh",
        "tanh_shrink",
        "threshold",
    ]
)

SATURATING = frozenset(("sigmoid", "tanh", "hard_sigmoid", "softsign"))


def activation_of_function(name: str) -> str | None:
    """The activation that a function computes ("tensorflow.nn.relu"); None for any other function."""
    if not name.startswith(_FUNCTION_PACKAGES):
        return None
    last = name.rpartition(".")[2]
    last = _ALIASES.get(last, last)
    return last if last in KNOWN else None


def activation_named(value: Value | None) -> str | None:
    """The activation an argument names: a string, a function, None ("linear"); None when it can't be told."""
    if isinstance(value, Constant) and value.value is None:
        return "linear"
    string = text(value)
    if string is not None:
        lowered = string.lower()
        return _ALIASES.get(lowered, lowered)
    if isinstance(value, Symbol):
        layer = ACTIVATIONS.get(value.name.rpartition(".")[2]) if value.name.startswith("keras.layers.") else None
        return layer or activation_of_function(value.name)
    return None


def own_activation(layer: Layer) -> tuple[str | None, Argument | None]:
    """The activation a layer applies by itself, and the argument that says so.

    ("linear", None) for a layer that was given none; (None, ...) when it can't be told.
    """
    if layer.class_name in ACTIVATIONS:
        return ACTIVATIONS[layer.class_name], None
    if layer.class_name in ("Activation", "TimeDistributed") and layer.inner is not None:
        return own_activation(layer.inner)
    argument = layer.arguments.get("activation")
    if argument is not None:
        return activation_named(argument.value), argument
    if layer.arguments.open or layer.class_name == "Activation":
        return None, None
    if layer.class_name in RECURRENT:
        return "tanh", None
    return ("linear", None) if "activation" in signatures().get(layer.kind, ()) else (None, None)
