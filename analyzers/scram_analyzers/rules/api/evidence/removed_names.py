"""What Keras 3 no longer has, and what stands in its place."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Removed:
    """A name that is gone. `instead` says what to use; `name` is the canonical name in its place, if there is one."""

    dotted: str
    instead: str
    name: str | None = None


_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "keras.layers.core": "keras.layers",
        "keras.layers.convolutional": "keras.layers",
        "keras.layers.convolutional_recurrent": "keras.layers",
        "keras.layers.recurrent": "keras.layers",
        "keras.layers.normalization": "keras.layers",
        "keras.layers.embeddings": "keras.layers",
        "keras.layers.pooling": "keras.layers",
        "keras.layers.noise": "keras.layers",
        "keras.layers.advanced_activations": "keras.layers",
        "keras.layers.merge": "keras.layers",
        "keras.layers.wrappers": "keras.layers",
        "keras.layers.experimental.preprocessing": "keras.layers",
        "keras.objectives": "keras.losses",
        "keras.initializations": "keras.initializers",
        "keras.utils.np_utils": "keras.utils",
        "keras.utils.vis_utils": "keras.utils",
        "keras.utils.generic_utils": "keras.utils",
        "keras.utils.data_utils": "keras.utils",
        "keras.callbacks.callbacks": "keras.callbacks",
    }
)
"""Modules whose contents have moved."""

_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "keras.layers.CuDNNGRU": "keras.layers.GRU",
        "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
        "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
        "keras.layers.AtrousConvolution2D": "keras.layers.Conv2D",
        "keras.optimizers.adam": "keras.optimizers.Adam",
        "keras.optimizers.adadelta": "keras.optimizers.Adadelta",
        "keras.optimizers.adagrad": "keras.optimizers.Adagrad",
        "keras.optimizers.adamax": "keras.optimizers.Adamax",
        "keras.optimizers.nadam": "keras.optimizers.Nadam",
        "keras.optimizers.rmsprop": "keras.optimizers.RMSprop",
        "keras.optimizers.sgd": "keras.optimizers.SGD",
    }
)
"""Classes that go by another name (on a GPU the plain recurrent layers use cuDNN by themselves)."""

_GONE: Mapping[str, str] = MappingProxyType(
    {
        "keras.layers.LocallyConnected1D": "Conv1D is the nearest",
        "keras.layers.LocallyConnected2D": "Conv2D is the nearest",
        "keras.layers.MaxoutDense": "use Dense, Reshape and ops.max",
        "keras.layers.Highway": "write it as a layer of your own",
        "keras.layers.TimeDistributedDense": "use TimeDistributed(Dense(...))",
        "keras.layers.Merge": "use Concatenate, Add or Multiply",
        "keras.layers.ParametricSoftplus": "use a softplus activation",
        "keras.layers.SReLU": "use PReLU",
        "keras.layers.DenseFeatures": "use keras.utils.FeatureSpace",
        "keras.wrappers.scikit_learn": "use keras.wrappers.SKLearnClassifier or SKLearnRegressor",
        "keras.models.model_from_yaml": "use model_from_json",
        "keras.utils.multi_gpu_model": "use keras.distribution or tf.distribute",
        "keras.engine": "everything is reached through keras, keras.layers and keras.models",
        "keras.backend.tensorflow_backend": "sessions are gone; use TensorFlow itself",
        "keras.backend.set_session": "sessions are gone; leave it out",
        "keras.backend.get_session": "sessions are gone; leave it out",
        "keras.backend.image_dim_ordering": "use keras.config.image_data_format",
        "keras.backend.set_image_dim_ordering": "use keras.config.set_image_data_format",
    }
)
"""Gone without a namesake, in Keras and in tf.keras."""

_ONLY_IN_TF_KERAS: Mapping[str, str] = MappingProxyType(
    {
        "keras.preprocessing.text": "use keras.layers.TextVectorization",
        "keras.preprocessing.image.ImageDataGenerator": (
            "use keras.utils.image_dataset_from_directory, with the augmenting layers (RandomFlip, ...)"
        ),
        "keras.preprocessing.sequence.TimeseriesGenerator": "use keras.utils.timeseries_dataset_from_array",
        "keras.preprocessing.sequence.skipgrams": "write it out",
        "keras.preprocessing.sequence.make_sampling_table": "write it out",
        "keras.layers.ThresholdedReLU": "use ReLU(threshold=...)",
    }
)
"""Gone from Keras, still found under tf.keras."""

_OPS: Mapping[str, str] = MappingProxyType(
    {
        "batch_flatten": "reshape",
        "dot": "matmul",
        "pow": "power",
        "permute_dimensions": "transpose",
        "shape": "shape",
        "int_shape": "shape",
        "random_normal": "keras.random.normal",
        "random_uniform": "keras.random.uniform",
        "stop_gradient": "stop_gradient",
        "constant": "convert_to_tensor",
    }
)
_SAME_IN_OPS = """
abs all any arange argmax argmin cast clip concatenate cos cumprod cumsum equal exp expand_dims eye greater
greater_equal less less_equal log max maximum mean min minimum not_equal one_hot ones ones_like prod relu repeat
reshape round sigmoid sign sin softmax softplus softsign sqrt square squeeze stack std sum tanh tile transpose var
zeros zeros_like
"""
_SAME_CALLS = frozenset(_SAME_IN_OPS.split()) - {"ones", "relu", "repeat", "zeros"}
"""Those that are called in the same way, too."""

_NOT_IN_OPS = """
batch_dot batch_get_value batch_normalization batch_set_value bias_add binary_crossentropy categorical_crossentropy
cast_to_floatx conv1d conv2d conv2d_transpose conv3d count_params ctc_batch_cost ctc_decode dropout elu eval flatten
function foldl foldr gather get_value gradients hard_sigmoid in_top_k in_train_phase is_sparse l2_normalize
learning_phase logsumexp map_fn ndim placeholder pool2d pool3d print_tensor random_bernoulli repeat_elements
resize_images reverse rnn set_learning_phase set_value sparse_categorical_crossentropy switch temporal_padding
to_dense truncated_normal update update_add update_sub variable
"""
_BACKEND: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(_NOT_IN_OPS.split(), "nothing takes its place one for one")
    | {name: f"use keras.ops.{name}" for name in _SAME_IN_OPS.split()}
    | {name: f"use {other if '.' in other else f'keras.ops.{other}'}" for name, other in _OPS.items()}
)
"""Functions that `keras.backend` once had; tf.keras keeps many of them."""


_TENSORFLOW_1: Mapping[str, str] = MappingProxyType(
    {
        "AdamOptimizer": "Adam",
        "AdadeltaOptimizer": "Adadelta",
        "AdagradOptimizer": "Adagrad",
        "FtrlOptimizer": "Ftrl",
        "GradientDescentOptimizer": "SGD",
        "MomentumOptimizer": "SGD",
        "RMSPropOptimizer": "RMSprop",
    }
)
"""Optimizers of TensorFlow 1 (`tf.train`) and what Keras has in their place."""


def _of_tensorflow_1(dotted: str) -> Removed | None:
    module, _, last = dotted.rpartition(".")
    if module != "tensorflow.train" or last not in _TENSORFLOW_1:
        return None
    return Removed(dotted, f"use {_TENSORFLOW_1[last]} of keras.optimizers")


@functools.lru_cache(maxsize=4096)
def removed(dotted: str) -> Removed | None:
    """What is known of a dotted name that the program reaches; None for names that Keras 3 has."""
    tf_keras = dotted.startswith("tensorflow.keras.")
    if not tf_keras and not dotted.startswith("keras."):
        return _of_tensorflow_1(dotted)
    name = dotted.removeprefix("tensorflow.")
    if name in _CLASSES:
        return Removed(name, f"use {_CLASSES[name].rpartition('.')[2]}", _CLASSES[name])
    for table in (_GONE, {} if tf_keras else _ONLY_IN_TF_KERAS):
        for gone, instead in table.items():
            if name == gone or name.startswith(f"{gone}."):
                return Removed(gone, instead)
    module = name.rpartition(".")[0]
    if name == "keras.layers.merge":
        return Removed(name, "use keras.layers.concatenate, add or multiply")
    if name in _MODULES:
        return Removed(name, f"use {_MODULES[name]}", _MODULES[name])
    if module in _MODULES:
        moved = f"{_MODULES[module]}.{name.rpartition('.')[2]}"
        return Removed(module, f"use {_MODULES[module]}", _CLASSES.get(moved, moved))
    return None if tf_keras else _backend(name)


def _backend(name: str) -> Removed | None:
    module, _, last = name.rpartition(".")
    if module != "keras.backend" or last not in _BACKEND:
        return None
    return Removed(name, _BACKEND[last], f"keras.ops.{last}" if last in _SAME_CALLS else None)
