"""One canonical name for everything in Keras, however a program reaches it.

`tf.keras.layers.Dense`, `keras.layers.core.Dense`, `tensorflow.python.keras.layers.Dense` and
`keras.src.layers.core.dense.Dense` are all `keras.layers.Dense`, and so is what Keras 3 was called before its release,
`keras_core.layers.Dense`. Names are resolved from the text of imports
alone; nothing is imported.
"""

from __future__ import annotations

import functools
import re

from scram_analyzers.source.keras_api.signatures import signatures

_KERAS_ROOT = re.compile(
    r"""^(?:
        tensorflow(?:_core)?(?:\.(?:compat\.v[12]|_api\.v2|python|contrib|_api\.v1))*\.keras(?:\._impl\.keras)?
      | tf_keras
      | keras(?:_core)?
    )
    (?:\.(?:api|_v1|_v2|src|_tf_keras|keras|python|impl))*
    (?=\.|$)""",
    re.VERBOSE,
)

_TENSORFLOW_ALIAS = re.compile(
    r"^tensorflow(?:\.compat\.v2)?(?=\.(?:losses|metrics|optimizers|initializers)\.(?:schedules\.)?[A-Z])"
)
"""TensorFlow 2 shows these parts of Keras under its own root as well; TensorFlow 1 had functions there."""

_SECTIONS = {
    "activations": "activations",
    "applications": "applications",
    "backend": "backend",
    "callbacks": "callbacks",
    "callbacks_v1": "callbacks",
    "constraints": "constraints",
    "datasets": "datasets",
    "engine": "engine",
    "initializers": "initializers",
    "initializations": "initializers",
    "layers": "layers",
    "legacy": "layers",
    "legacy_tf_layers": "layers",
    "losses": "losses",
    "losses_utils": "losses",
    "loss_functions": "losses",
    "metrics": "metrics",
    "models": "models",
    "objectives": "losses",
    "ops": "ops",
    "optimizer_experimental": "optimizers",
    "optimizer_v1": "optimizers",
    "optimizer_v2": "optimizers",
    "optimizers": "optimizers",
    "preprocessing": "preprocessing",
    "random": "random",
    "regularizers": "regularizers",
    "utils": "utils",
    "wrappers": "wrappers",
}

_FLAT_SECTIONS = frozenset(
    (
        "activations",
        "callbacks",
        "constraints",
        "initializers",
        "layers",
        "losses",
        "metrics",
        "regularizers",
        "utils",
    )
)

_TOP_LEVEL = {"Input": "keras.Input", "InputLayer": "keras.layers.InputLayer"}

RENAMED_CLASSES = {
    "keras.layers.Convolution1D": "keras.layers.Conv1D",
    "keras.layers.Convolution2D": "keras.layers.Conv2D",
    "keras.layers.Convolution3D": "keras.layers.Conv3D",
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.layers.Convolution2DTranspose": "keras.layers.Conv2DTranspose",
    "keras.layers.SeparableConvolution2D": "keras.layers.SeparableConv2D",
    "keras.layers.AtrousConvolution2D": "keras.layers.Conv2D",
    "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
    "keras.layers.CuDNNGRU": "keras.layers.GRU",
    "keras.layers.AvgPool1D": "keras.layers.AveragePooling1D",
    "keras.layers.AvgPool2D": "keras.layers.AveragePooling2D",
    "keras.layers.AvgPool3D": "keras.layers.AveragePooling3D",
    "keras.layers.MaxPool1D": "keras.layers.MaxPooling1D",
    "keras.layers.MaxPool2D": "keras.layers.MaxPooling2D",
    "keras.layers.MaxPool3D": "keras.layers.MaxPooling3D",
    "keras.layers.GlobalAvgPool1D": "keras.layers.GlobalAveragePooling1D",
    "keras.layers.GlobalAvgPool2D": "keras.layers.GlobalAveragePooling2D",
    "keras.layers.GlobalMaxPool1D": "keras.layers.GlobalMaxPooling1D",
    "keras.layers.GlobalMaxPool2D": "keras.layers.GlobalMaxPooling2D",
    "keras.layers.BatchNorm": "keras.layers.BatchNormalization",
    "tensorflow.constant_initializer": "keras.initializers.Constant",
    "tensorflow.ones_initializer": "keras.initializers.Ones",
    "tensorflow.random_normal_initializer": "keras.initializers.RandomNormal",
    "tensorflow.random_uniform_initializer": "keras.initializers.RandomUniform",
    "tensorflow.zeros_initializer": "keras.initializers.Zeros",
    "keras.Model": "keras.models.Model",
    "keras.Sequential": "keras.models.Sequential",
}
"""Other names of a class, old and new, by the one used here."""


@functools.lru_cache(maxsize=8192)
def canonical_name(dotted: str) -> str:
    """The canonical form of a dotted name; a name outside Keras comes back as it is."""
    root = _KERAS_ROOT.match(dotted) or _TENSORFLOW_ALIAS.match(dotted)
    if root is None:
        return RENAMED_CLASSES.get(dotted, dotted)
    parts = dotted[root.end() :].lstrip(".").split(".")
    if parts == [""]:
        return "keras"
    name = _within_keras(parts)
    return RENAMED_CLASSES.get(name, name)


def _within_keras(parts: list[str]) -> str:
    last = parts[-1]
    if parts[0] == "engine":
        return _from_engine(parts)
    section = _SECTIONS.get(parts[0])
    if section is None:
        return ".".join(["keras", *parts])
    if len(parts) == 1:
        return f"keras.{section}"
    if section == "models" and last in ("Model", "Sequential"):
        return f"keras.models.{last}"
    if last in _TOP_LEVEL and section == "layers":
        return _TOP_LEVEL[last]
    if section == "optimizers":
        return _optimizer_name(parts)
    if section == "applications" and last[:1].isupper():
        return f"keras.applications.{last}"
    if section == "layers" and _is_module_path(parts):
        return ".".join(["keras", "layers", *parts[1:]])
    if section in _FLAT_SECTIONS and len(parts) > 2:
        return f"keras.{section}.{last}"
    return ".".join(["keras", section, *parts[1:]])


def _from_engine(parts: list[str]) -> str:
    last = parts[-1]
    if last in ("Model", "Sequential", "Functional"):
        return f"keras.models.{'Model' if last == 'Functional' else last}"
    return _TOP_LEVEL.get(last, f"keras.layers.{last}" if last[:1].isupper() else ".".join(["keras", *parts]))


_SMALL_OPTIMIZERS = {
    "adam": "Adam",
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adamax": "Adamax",
    "nadam": "Nadam",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
}
"""Other names that Keras 1 and 2 had for its optimizers."""


def _optimizer_name(parts: list[str]) -> str:
    last = parts[-1]
    if last[:1].islower() and parts[-2][:1].isupper():
        last = f"{parts[-2]}.{last}"  # a method of a class: `Adam.from_config`
    if "schedules" in parts or "learning_rate_schedule" in parts:
        return "keras.optimizers.schedules" if last == "schedules" else f"keras.optimizers.schedules.{last}"
    return f"keras.optimizers.{_SMALL_OPTIMIZERS.get(last, last) if len(parts) == 2 else last}"


def _is_module_path(parts: list[str]) -> bool:
    """`keras.layers.core` is a module on the way to a layer: kept whole until a class name ends it."""
    return len(parts) > 1 and not parts[-1][:1].isupper() and f"keras.layers.{parts[-1]}" not in signatures()


def is_layer(name: str) -> bool:
    """Whether a canonical name is that of a Keras layer or model class, under its present name or an old one."""
    return name in signatures() or name in RENAMED_CLASSES


def is_exported(module: str, name: str) -> bool:
    """Whether `from module import *` brings `name`, as far as Keras's public API goes."""
    dotted = f"{canonical_name(module)}.{name}"
    return canonical_name(dotted) in signatures() or dotted in signatures() or dotted in RENAMED_CLASSES


def is_of_keras(module: str) -> bool:
    """Whether a module is Keras's or TensorFlow's, so that it is known what a `*` brings."""
    return canonical_name(module).partition(".")[0] in ("keras", "tensorflow")
