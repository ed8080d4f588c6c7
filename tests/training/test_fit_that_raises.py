"""A fit that Keras ends with an error: it raises what it would have, and the mistake is told where it stands."""

import gc
import subprocess
import sys
import traceback

import numpy as np
import pytest

from scram_lsp import ScramCallback

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
layers = keras.layers

UNITS = """
import keras
from sklearn.datasets import load_digits
from scram_lsp import ScramCallback
x, y = load_digits(return_X_y=True)
x = x / 16
y = keras.utils.to_categorical(y)
model = keras.Sequential([
    keras.Input((64,)),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dense(8, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, verbose=0, callbacks=[ScramCallback(quiet=True)])
"""


def test_the_source_says_why_and_the_run_confirms_it(project):
    with pytest.raises(ValueError, match="must have the same shape"):
        project.run(UNITS)
    ((status, found),) = project.runs
    (finding,) = [each for each in found if each.code == "SCR411"]
    assert status == "failed"
    assert UNITS.splitlines()[finding.range.start.line - 1].strip().startswith("keras.layers.Dense(8")
    assert finding.message.endswith("Confirmed in this run: training ended in step 1 with ValueError.")


def test_an_error_of_the_programs_own_confirms_nothing(project):
    own = UNITS.replace("model.fit(", "model.stop = lambda: 1 / 0\nmodel.fit(").replace(
        "[ScramCallback(quiet=True)]", "[ScramCallback(quiet=True), Raising()]"
    )
    with pytest.raises(ValueError, match="enough"):
        project.run(own, Raising=Raising)
    assert [status for status, _ in project.runs] == ["failed"]
    assert "SCR411" not in project.codes


class Raising(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        raise ValueError("enough")


def too_small():
    return keras.Sequential([layers.Conv2D(8, 3), layers.MaxPooling2D(), layers.Conv2D(8, 5), layers.Flatten()])


def ended(model, callbacks):
    model.compile("adam", "mse")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        model.fit(np.zeros((40, 8, 8, 1)), np.zeros((40, 8)), verbose=0, callbacks=callbacks)
    return str(caught.value), [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_what_the_models_build_raises_is_the_same(project):
    assert ended(too_small(), []) == ended(too_small(), [ScramCallback(quiet=True)])


def test_a_model_that_its_first_batch_builds_takes_batches_of_any_size(project):
    shapes = []
    for callbacks in ([], [ScramCallback(quiet=True)]):
        model = keras.Sequential([layers.Dense(4), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.zeros((40, 3)), np.zeros(40), verbose=0, callbacks=callbacks)
        shapes.append((model.input_shape, model.get_config()["build_input_shape"], model.layers[0].get_build_config()))
    assert shapes[0] == shapes[1]
    assert shapes[0][0] == (None, 3)


def test_words_beyond_the_vocabulary_are_told_of_a_model_that_is_not_built(project):
    model = keras.Sequential([layers.Embedding(100, 4), layers.GlobalAveragePooling1D(), layers.Dense(1)])
    model.compile("adam", "mse")
    words = np.arange(800).reshape(40, 20)
    with pytest.raises(Exception, match="is not in"):
        project.fit(model, words, np.zeros(40), verbose=0, callbacks=[ScramCallback(quiet=True)])
    gc.collect()  # the exception holds its own frames in a circle, and with them the fit
    assert "SCR324" in project.codes


class BatchError(Exception):
    """What the data of the program raises."""


@pytest.mark.parametrize(("steps_per_execution", "trained"), [(1, 4), (3, 4)])
def test_data_that_raises_leaves_the_model_as_it_would_have(project, steps_per_execution, trained):
    def batches():
        yield from ((np.full((8, 3), step, "float32"), np.ones(8, "float32")) for step in range(trained))
        raise BatchError

    left = []
    for callbacks in ([], [ScramCallback(quiet=True)]):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), layers.Dropout(0.5), layers.Dense(1)])
        model.compile("adam", "mse", steps_per_execution=steps_per_execution)
        with pytest.raises(Exception, match="BatchError"):
            model.fit(batches(), steps_per_epoch=9, verbose=0, callbacks=callbacks)
        states = [model.optimizer.iterations, model.layers[0].seed_generator.state, *model.get_weights()]
        left.append([np.asarray(each).tolist() for each in states])
    assert left[0] == left[1]
    assert left[0][0] >= trained


MADE = """
import keras
from keras import layers
model = keras.Sequential()
model.add(keras.Input((8, 8, 1)))
model.add(layers.Conv2D(8, 3, activation="relu"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(8, 5, activation="relu"))
model.compile("adam", "mse")
model.fit(images, images)
"""


def test_a_program_that_ends_before_its_training_is_explained(project):
    project.script.write_text(MADE)
    done = subprocess.run([sys.executable, "-m", "scram_lsp", "run", project.script], capture_output=True, text=True)
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("scram")]
    assert len(said) == 1
    assert "SCR309 train.py:8:11 kernel-larger-than-input: " in said[0]
    assert said[0].endswith("Confirmed in this run: the program ended here with ValueError.")
