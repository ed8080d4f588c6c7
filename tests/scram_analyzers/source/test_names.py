from __future__ import annotations

import pytest

from scram_analyzers.source.imports import Imports, Spelling
from scram_analyzers.source.keras_api.names import canonical_name, is_exported


@pytest.mark.parametrize(
    ("dotted", "canonical"),
    [
        ("tensorflow.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.python.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.contrib.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.compat.v1.keras.models.Model", "keras.models.Model"),
        ("tensorflow.compat.v2.keras.layers.Dense", "keras.layers.Dense"),
        ("tf_keras.layers.LSTM", "keras.layers.LSTM"),
        ("keras.api.layers.Dense", "keras.layers.Dense"),
        ("keras.src.layers.core.dense.Dense", "keras.layers.Dense"),
        ("keras.layers.core.Dense", "keras.layers.Dense"),
        ("keras.layers.convolutional.Convolution2D", "keras.layers.Conv2D"),
        ("keras.layers.advanced_activations.LeakyReLU", "keras.layers.LeakyReLU"),
        ("keras.layers.normalization.BatchNormalization", "keras.layers.BatchNormalization"),
        ("tensorflow.keras.layers.experimental.preprocessing.Rescaling", "keras.layers.Rescaling"),
        ("keras.engine.topology.Input", "keras.Input"),
        ("keras.engine.training.Model", "keras.models.Model"),
        ("keras.layers.Input", "keras.Input"),
        ("tensorflow.keras.Sequential", "keras.models.Sequential"),
        ("tensorflow.keras.optimizers.legacy.Adam", "keras.optimizers.Adam"),
        ("keras.optimizers.schedules.ExponentialDecay", "keras.optimizers.schedules.ExponentialDecay"),
        ("keras.objectives.mse", "keras.losses.mse"),
        ("keras.utils.np_utils.to_categorical", "keras.utils.to_categorical"),
        ("keras.applications.vgg16.VGG16", "keras.applications.VGG16"),
        ("keras.applications.vgg16.preprocess_input", "keras.applications.vgg16.preprocess_input"),
        ("numpy.array", "numpy.array"),
        ("kerastuner.RandomSearch", "kerastuner.RandomSearch"),
    ],
)
def test_every_way_to_reach_keras_is_one_name(dotted: str, canonical: str) -> None:
    assert canonical_name(dotted) == canonical


def test_star_imports_bring_what_keras_exports() -> None:
    assert is_exported("tensorflow.keras.layers", "Dense")
    assert is_exported("keras.layers", "Convolution2D")
    assert not is_exported("keras.layers", "DenseNet")


@pytest.mark.parametrize(
    ("names", "stars", "spelling"),
    [
        ({"keras": "keras"}, (), Spelling("keras.layers.Dropout")),
        ({"keras": "keras", "layers": "keras.layers"}, (), Spelling("layers.Dropout")),
        ({"tf": "tensorflow"}, (), Spelling("tf.keras.layers.Dropout")),
        ({"K": "tensorflow.keras"}, (), Spelling("K.layers.Dropout")),
        ({"Drop": "keras.layers.Dropout"}, (), Spelling("Drop")),
        ({}, ("tensorflow.keras.layers",), Spelling("Dropout")),
        (
            {"Dense": "tensorflow.keras.layers.Dense"},
            (),
            Spelling("Dropout", "from tensorflow.keras.layers import Dropout"),
        ),
        ({"Dense": "keras.layers.Dense"}, (), Spelling("Dropout", "from keras.layers import Dropout")),
    ],
)
def test_a_name_is_spelled_as_the_author_would(
    names: dict[str, str], stars: tuple[str, ...], spelling: Spelling
) -> None:
    assert Imports(names, stars).spell("keras.layers.Dropout") == spelling


@pytest.mark.parametrize(
    ("names", "spelling"),
    [
        ({"Dense": "keras.layers.Dense"}, Spelling("ops.sum", "from keras import ops")),
        ({"Dense": "tensorflow.keras.layers.Dense"}, Spelling("ops.sum", "from tensorflow.keras import ops")),
        ({"keras": "keras"}, Spelling("keras.ops.sum")),
        ({"ops": "keras.ops"}, Spelling("ops.sum")),
    ],
)
def test_an_operation_hides_no_function_of_python_s_own(names: dict[str, str], spelling: Spelling) -> None:
    assert Imports(names).spell("keras.ops.sum") == spelling


def test_what_is_not_keras_is_not_reached_through_tensorflow() -> None:
    assert Imports({"tf": "tensorflow"}).spell("numpy.mean") == Spelling("mean", "from numpy import mean")
