from __future__ import annotations

import importlib

import pytest

from scram_analyzers.rules.api.evidence.removed_names import removed
from scram_analyzers.source.keras_api.losses import LOSS_STRINGS, METRIC_STRINGS


@pytest.mark.parametrize(
    ("dotted", "instead"),
    [
        ("keras.layers.CuDNNGRU", "keras.layers.GRU"),
        ("tensorflow.keras.layers.experimental.preprocessing.Rescaling", "keras.layers.Rescaling"),
        ("keras.layers.convolutional.MaxPooling2D", "keras.layers.MaxPooling2D"),
        ("keras.utils.np_utils.to_categorical", "keras.utils.to_categorical"),
    ],
)
def test_what_takes_the_place_of_a_removed_name(dotted: str, instead: str) -> None:
    found = removed(dotted)
    assert found is not None
    assert found.name == instead


@pytest.mark.parametrize(
    "dotted",
    [
        "keras.layers.Dense",
        "keras.layers.Convolution2D",
        "keras.backend.epsilon",
        "keras.backend.Variable",
        "tensorflow.keras.backend.mean",
        "tensorflow.keras.preprocessing.text.Tokenizer",
        "keras.preprocessing.image.load_img",
        "sklearn.preprocessing.text",
        "keras_tuner.layers.core",
    ],
)
def test_what_keras_3_has_is_left_alone(dotted: str) -> None:
    assert removed(dotted) is None


@pytest.mark.tensorflow
@pytest.mark.parametrize("package", ["layers", "utils", "backend", "models", "losses", "metrics", "callbacks"])
def test_nothing_that_the_installed_keras_exports_is_called_removed(package: str) -> None:
    module = importlib.import_module(f"keras.{package}")
    names = [name for name in dir(module) if not name.startswith("_")]
    assert len(names) > 5
    assert [name for name in names if removed(f"keras.{package}.{name}")] == []


@pytest.mark.tensorflow
def test_every_name_that_the_installed_keras_takes_is_known() -> None:
    losses = importlib.import_module("keras.src.losses").ALL_OBJECTS_DICT
    metrics = importlib.import_module("keras.src.metrics").ALL_OBJECTS_DICT
    bases = {"loss", "lossfunctionwrapper", "metric", "meanmetricwrapper", "reducemetric", "mean_metric_wrapper"}
    assert {name.lower() for name in losses} - LOSS_STRINGS - bases == set()
    assert {name.lower() for name in metrics} - METRIC_STRINGS - bases == set()
