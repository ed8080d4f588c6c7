"""Calls of things from outside the module, by canonical name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.interpreting import (
    builtin_functions,
    keras_layers,
    keras_models,
    language_models,
    loss_calls,
    optimizers,
    repeating,
    settings,
    sklearn_wrappers,
    tuners,
)
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.keras_api.optimizers import TENSORFLOW_OPTIMIZERS
from scram_analyzers.source.libraries import data_functions, mathematics, noise, numpy_functions, spans
from scram_analyzers.source.model import ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call
from scram_analyzers.source.values import Argument, Arguments, Constant, Symbol, Unknown, Value, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

PARTIAL = "functools.partial"

_LOADERS = frozenset(
    (
        "keras.models.load_model",
        "keras.models.model_from_json",
        "keras.models.model_from_yaml",
    )
)

_COPYING = frozenset(
    (
        "keras.models.clone_model",
        *(
            f"tensorflow_model_optimization.{each}"
            for each in (
                "sparsity.keras.prune_low_magnitude",
                "sparsity.keras.strip_pruning",
                "quantization.keras.quantize_model",
                "quantization.keras.quantize_annotate_layer",
                "quantization.keras.quantize_annotate_model",
                "quantization.keras.quantize_apply",
                "clustering.keras.cluster_weights",
                "clustering.keras.strip_clustering",
            )
        ),
    )
)
"""What makes another model, or layer, that is built as the one it is given."""


_LAYOUTS: Mapping[str, str] = MappingProxyType({"th": "channels_first", "tf": "channels_last"})
"""The names that Keras 1 has for the layouts of pictures."""


def call_symbol(interpreter: Interpreter, callee: Symbol, arguments: Arguments, place: Place) -> Value:
    """`symbol(arguments)`, recorded."""
    name = callee.name
    if name.startswith("builtins."):
        return builtin_functions.call(interpreter, name.partition(".")[2], arguments, place)
    result = _result(interpreter, name, arguments, place)
    interpreter.recording.calls.append(Call(name, callee.dotted, arguments, place, result))
    return result


def _result(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    if name.startswith("keras."):
        known = _keras(interpreter, name, arguments, place)
        if known is not None:
            return known
    if name in sklearn_wrappers.JUDGING:
        sklearn_wrappers.train_judged(interpreter, arguments, place)
    maker = _maker(name)
    known = maker(interpreter, name, arguments, place) if maker is not None else None
    if known is not None:
        return known
    known = mathematics.call(name, arguments) or spans.call(name, arguments, place)
    known = known or data_functions.call(interpreter, name, arguments, place)
    if known is not None:
        return known
    loss_calls.of_function(interpreter, name, arguments, place)
    tensor = keras_layers.operation(interpreter, name, arguments, place)
    if tensor is not None:
        return tensor
    if name.rpartition(".")[2][:1].isupper():
        named = keras_layers.name_arguments(name, arguments)
        return interpreter.allocate(Created(name, named, place), place)
    return noise.drawn(name, place)


Maker = Callable[["Interpreter", str, Arguments, Place], "Value | None"]


@functools.lru_cache(maxsize=4096)
def _maker(name: str) -> Maker | None:
    """What makes the objects of some classes of other libraries; asked for each call of anything."""
    if name in _MADE_AS_THEY_ARE:
        return _made
    if name == PARTIAL:
        return _partial
    if name == "importlib.import_module":
        return _imported
    if name == "functools.reduce":
        return repeating.reduce
    if name == repeating.DELAYED:
        return repeating.called_later
    if name in repeating.BY_THREADS:
        return repeating.mapped_by_threads
    if name in ("itertools.chain", "itertools.chain.from_iterable"):
        return repeating.chained
    if name in settings.MAKERS:
        return settings.MAKERS[name]
    if name in _COPYING:
        return _copied
    if name in ("keras.optimizers.get", "keras.optimizers.deserialize"):
        return optimizers.from_configuration
    if name in sklearn_wrappers.WRAPPERS:
        return sklearn_wrappers.make
    if language_models.is_maker(name):
        return language_models.make
    if name.startswith("keras.") and name.endswith(FROM_CONFIG):
        return _from_config
    if name in ("os.environ.get", "os.getenv"):
        return _of_environment
    if tuners.is_tuner(name):
        return tuners.make
    return _tensorflow_optimizer if name in TENSORFLOW_OPTIMIZERS else None


FROM_CONFIG = ".from_config"
"""How the names of methods end that make an object of a class by its settings."""


def _from_config(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`keras.layers.Dense.from_config({"units": 3})`: as the class makes it of these arguments."""
    entries = interpreter.entries_of(arguments.value("config", 0))
    if entries is None:
        return None
    keywords = {str(key): Argument(value, value.place or place, str(key)) for key, value in entries.items()}
    return _keras(interpreter, name.removesuffix(FROM_CONFIG), Arguments((), keywords), place)


_MADE_AS_THEY_ARE = frozenset(
    ("sklearn.pipeline.make_pipeline", "sklearn.compose.make_column_transformer", numpy_functions.GENERATOR)
)


def _made(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    return interpreter.allocate(Created(name, arguments, place), place)


def _copied(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    original = arguments.value("model") or arguments.value("to_prune") or arguments.value("to_quantize")
    return keras_models.make_copy(interpreter, original or arguments.value("to_cluster", 0), place)


def _partial(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    return _made(interpreter, name, arguments, place) if arguments.positional else None


def _imported(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    module = text(arguments.value("name", 0))
    return Symbol(module, place) if module and module[0] != "." else None


def _of_environment(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    default = arguments.value("default", 1)
    return replace(default, assumed=True) if isinstance(default, Constant) else Unknown(place)


def _layout(interpreter: Interpreter, asked: str, place: Place) -> Value:
    """The layout of pictures: what the program set, or what Keras comes with."""
    layout = interpreter.fact("image data format") or "channels_last"
    if not isinstance(layout, str) or layout not in _LAYOUTS.values():
        return Unknown(place)
    old = next(name for name, new in _LAYOUTS.items() if new == layout)
    return Constant(old if asked == "image_dim_ordering" else layout, place)


def _tensorflow_optimizer(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    kind = optimizers.OPTIMIZER_PREFIX + TENSORFLOW_OPTIMIZERS[name]
    return optimizers.make_optimizer(interpreter, kind, arguments, place)


def _keras(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """What Keras makes; None when the name is treated like any other library's."""
    last = name.rpartition(".")[2]
    if last in ("set_image_data_format", "set_image_dim_ordering") and arguments.positional:
        given = text(arguments.positional[0].value)
        interpreter.note("image data format", None, _LAYOUTS.get(given or "", given or "unknown"))
        return None
    if last == "set_value" and isinstance(place.node, cst.Call) and place.node.args:
        optimizers.assign_rate(interpreter, place.node.args[0].value, arguments)
        return None
    is_optimizer = name == "keras.optimizers.get"
    if last == "get" and not is_optimizer and arguments.positional and text(arguments.positional[0].value) is not None:
        return arguments.positional[0].value  # `losses.get("mse")` stands for what the name stands for
    if last in ("image_data_format", "image_dim_ordering"):
        return _layout(interpreter, last, place)
    if name == "keras.Input":
        return keras_layers.input_tensor(interpreter, arguments, place)
    if name == "keras.models.Sequential":
        return keras_models.make_sequential(interpreter, arguments, place)
    if name == "keras.models.Model":
        return keras_models.make_functional(interpreter, arguments, place)
    if name in _COPYING:
        return _copied(interpreter, name, arguments, place)
    if name in _LOADERS:
        return keras_models.make_unseen(interpreter, ModelKind.LOADED, place)
    if name.startswith("keras.applications.") and last[:1].isupper():
        return keras_models.make_application(interpreter, name, arguments, place)
    if name.startswith(keras_layers.LAYER_PREFIX) and last[:1].isupper():
        return keras_layers.create(interpreter, name, arguments, place)
    if name.startswith(optimizers.OPTIMIZER_PREFIX) and last[:1].isupper():
        if name.startswith(optimizers.SCHEDULE_PREFIX):
            named = keras_layers.name_arguments(name, arguments)
            return interpreter.allocate(Created(name, named, place), place)
        return optimizers.make_optimizer(interpreter, name, arguments, place)
    return None
