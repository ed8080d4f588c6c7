"""Keras 2 on TensorFlow, as `tf_keras`: what can be watched is, and training is the same."""

import numpy as np
import pytest

from scram_lsp import ScramCallback, watch
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


LOOP = """
import numpy as np
import tf_keras

tf_keras.utils.set_random_seed(1)
x = np.random.default_rng(0).random((64, 8))
y = (x.sum(axis=1) > 4).astype(int)
model = tf_keras.Sequential([tf_keras.Input((8,)), tf_keras.layers.Dense(2)])
model.compile("adam", tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
for epoch in range(3):
    for start in range(0, 64, 16):
        model.train_on_batch(x[start : start + 16], y[start : start + 16])
    model.evaluate(x, y, verbose=0)
weights = model.get_weights()
"""


def test_a_loop_needs_nothing_of_keras_3(project, old_keras, monkeypatch, capsys):
    monkeypatch.delattr("keras.tree")
    plain = project.run(LOOP)["weights"]
    with watch():
        weights = project.run(LOOP)["weights"]
    assert all(np.array_equal(one, other) for one, other in zip(plain, weights, strict=True))
    ((status, _),) = project.runs
    said = capsys.readouterr().err
    assert status == "finished"
    assert "watched 12 steps" in said
    assert "error" not in said
