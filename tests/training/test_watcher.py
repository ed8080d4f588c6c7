"""Loops that Keras does not run: watched by what they say, and trained to the same weights."""

import contextlib

import numpy as np
import pytest

from scram_lsp import Watcher, watch

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

TAPE = """
def loop(watcher):
    optimizer = keras.optimizers.SGD(0.01)
    for epoch in range(2):
        for start in range(0, 96, 16):
            x, y = inputs[start : start + 16], targets[start : start + 16]
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(x, training=True)[:, 0] - y))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            if watcher:
                watcher.step(loss, inputs=x, targets=y)
        if watcher:
            watcher.epoch(loss=float(loss))

if watched:
    with Watcher(model) as watcher:
        loop(watcher)
else:
    loop(None)
"""

ON_BATCH = TAPE[: TAPE.index("            with tf.")] + (
    """            loss = model.train_on_batch(x, y)
            if watcher:
"""
    + TAPE[TAPE.index("                watcher.step") :]
)


def ran(project, text, watched):
    rng = np.random.default_rng(3)
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    names = {"inputs": (rng.random((96, 4)) * 255).astype("float32"), "targets": rng.random(96).astype("float32")}
    project.run(text, model=model, keras=keras, tf=tf, Watcher=Watcher, watched=watched, **names)
    return model.get_weights()


@pytest.mark.parametrize("text", [TAPE, ON_BATCH])
def test_a_loop_is_watched_and_the_same(project, histories, text):
    plain, watched = ran(project, text, False), ran(project, text, True)
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(plain, watched, strict=True))
    (history,) = histories
    assert [(record.step, record.epoch) for record in history.steps] == [(n, 1 + (n - 1) // 6) for n in range(1, 13)]
    assert history.steps[0].arrays[0].shape == (16, 4)
    assert len(history.epochs) == 2
    assert [status for status, _ in project.runs] == ["finished"]


def test_a_loop_that_raises_has_failed(project):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(ZeroDivisionError):
        project.run("with Watcher(model) as watcher:\n    watcher.step(1.0)\n    1 / 0\n", model=model, Watcher=Watcher)
    assert [status for status, _ in project.runs] == ["failed"]


def test_a_model_that_was_never_compiled_is_looked_into(project, histories, capsys):
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    inputs, targets = np.random.default_rng(3).random((96, 4)).astype("float32"), np.zeros(96, "float32")
    names = {"inputs": inputs, "targets": targets}
    project.run(TAPE, model=model, keras=keras, tf=tf, Watcher=Watcher, watched=True, **names)
    (history,) = histories
    newest = history.probes[-1]
    assert newest.loss is None
    assert [each.update_ratio is not None for each in newest.weights] == [True] * 4
    assert "no longer looks" not in capsys.readouterr().err


@pytest.mark.parametrize("is_told", [True, False])
def test_the_optimizer_of_a_loop_is_told_or_the_only_one_made(project, histories, is_told):
    text = """
optimizer = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.1), clipnorm=2.0)
with Watcher(model, optimizer=optimizer if is_told else None) as watcher:
    for epoch in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True)[:, 0] - targets))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        watcher.step(loss, inputs=inputs, targets=targets)
        watcher.epoch(loss=float(loss))
"""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    inputs, targets = np.random.default_rng(3).random((96, 4)).astype("float32"), np.zeros(96, "float32")
    names = {"inputs": inputs, "targets": targets, "is_told": is_told}
    with contextlib.nullcontext() if is_told else watch():
        project.run(text, model=model, keras=keras, tf=tf, Watcher=Watcher, **names)
    (history,) = histories
    optimizer = history.info.optimizer
    assert (optimizer.name, optimizer.schedule, optimizer.clip_norm) == ("SGD", "ExponentialDecay", 2.0)
    assert [record.learning_rate for record in history.epochs] == [pytest.approx(0.05), pytest.approx(0.005)]
