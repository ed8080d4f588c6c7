"""Keras 2 on TensorFlow, as `tf_keras`: what can be watched is, and training is the same."""

import numpy as np
import pytest

from scram_lsp import ScramCallback
from scram_lsp.training.keras_flavour import KerasFlavour, flavour_of

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def old_keras():
    return pytest.importorskip("tf_keras")


def model_of(keras):
    keras.utils.set_random_seed(1)
    layers = [keras.Input((8,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dropout(0.2)]
    model = keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_which_keras_a_model_is_made_with(old_keras):
    keras = pytest.importorskip("keras")
    assert not flavour_of(model_of(old_keras)).is_current
    assert flavour_of(model_of(keras)) == KerasFlavour(keras.__version__, keras.backend.backend())


def test_keras_2_is_watched_with_one_line_on_what_is_off(project, old_keras, capsys):
    rng = np.random.default_rng(0)
    x, y = rng.random((320, 8)) * 255, rng.integers(0, 3, 320)
    weights = []
    for callbacks in ([], [ScramCallback()]):
        model = model_of(old_keras)
        project.fit(model, x, y, epochs=1, validation_split=0.2, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    assert "SCR201" in project.codes
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("scram: ")]
    assert lines[0].endswith(" on tensorflow the checks of the layers and predictions are off")
    assert "watched 8 steps" in lines[1]
