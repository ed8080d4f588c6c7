"""A NaN that a layer of the program's own makes is told at the line of its call that makes it."""

import sys

import pytest

from scram_lsp import watch
from scram_lsp.training.budget import Budget

keras = pytest.importorskip("keras")

SCRIPT = """
import keras
import numpy as np
from keras import layers, ops

def shrunk(t):
    half = t / 2
    return half

class Own(layers.Layer):
    def __init__(self):
        super().__init__(name="own")
        self.inner = layers.Dense(4, activation="relu")

    def call(self, x, mask=None):
        h = self.inner(x)
        h = shrunk(h)
        scale = 1.0 + ops.mean(h)
        return h * scale

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.own, self.head = Own(), layers.Dense(1)

    def call(self, x):
        h = self.own(x)
        out = self.head(h)
        return out

keras.utils.set_random_seed(3)
x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
model = keras.Sequential([keras.Input((6,)), Own(), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, x[:, :1], batch_size=16, epochs=2, verbose=0)
"""

OWN_STEP = (
    "    def call(self, x):\n        h = self.own",
    """    def train_step(self, data):
        import tensorflow as tf
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}

    def call(self, x):
        h = self.own""",
)
SUBCLASSED = ("keras.Sequential([keras.Input((6,)), Own(), layers.Dense(1)])", "Net()")


def told(project, monkeypatch, *changes):
    """The text of the line that the finding stands on, and those of its related places."""
    monkeypatch.setattr(Budget, "affords", lambda self, activity: True)
    text = SCRIPT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with watch(quiet=True):
        project.run(text)
    (finding,) = [each for _, found in project.runs for each in found if each.code == "SCR601"]
    lines = text.splitlines()
    return (
        lines[finding.range.start.line - 1].strip(),
        [lines[each.range.start.line - 1].strip() for each in finding.related],
    )


@pytest.mark.parametrize(
    "line",
    [
        ("h = shrunk(h)\n        scale", "h = ops.log(shrunk(h) - 1000)\n        scale"),
        ("return h * scale", "return ops.sqrt(h * scale - 1000)"),
        ("return half", "return ops.log(half * 0 - 1)"),
    ],
)
def test_a_line_of_a_layers_call(project, monkeypatch, line):
    place, related = told(project, monkeypatch, line)
    assert place == line[1].splitlines()[0].strip()
    assert related == ["model = keras.Sequential([keras.Input((6,)), Own(), layers.Dense(1)])"]


def test_a_function_that_a_layer_of_keras_calls(project, monkeypatch):
    change = ("Own(), layers.Dense(1)]", "layers.Lambda(shrunk), layers.Dense(1)]")
    place, _ = told(project, monkeypatch, change, ("half = t / 2", "half = ops.sqrt(t - 1000)"))
    assert place == "half = ops.sqrt(t - 1000)"


@pytest.mark.tensorflow
@pytest.mark.parametrize("step", [(), (OWN_STEP,)], ids=["keras", "own"])
def test_a_line_of_a_models_call(project, monkeypatch, step):
    line = ("out = self.head(h)", "out = ops.log(self.head(h) - 1000)")
    place, related = told(project, monkeypatch, SUBCLASSED, line, *step)
    assert place == "out = ops.log(self.head(h) - 1000)"
    assert related == ["model = Net()"]


def test_beside_another_tracer_the_layers_making_is_told(project, monkeypatch):
    change = ("return h * scale", "return ops.sqrt(h * scale - 1000)")
    before = sys.gettrace()
    sys.settrace(lambda frame, event, argument: None)
    try:
        place, _ = told(project, monkeypatch, change)
    finally:
        sys.settrace(before)
    assert place.startswith("model = keras.Sequential(")


def test_the_tracer_is_gone_afterwards(project, monkeypatch):
    told(project, monkeypatch, ("return h * scale", "return ops.sqrt(h * scale - 1000)"))
    assert sys.gettrace() is None
