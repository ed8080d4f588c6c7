"""Models and loops that train themselves, as people write them."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Finding, Severity
from scram_analyzers.rules.registry import RuleSet

MODEL = """
import keras
import tensorflow as tf
from keras import layers

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(16)
        self.relu = layers.ReLU()
        self.drop = layers.Dropout(0.2)
        self.head = layers.Dense(10)

    def call(self, x, training=False):
        x = self.relu(self.first(x))
        return {output}

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = {forward}
            loss = {loss}
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {{"loss": loss}}

model = Net()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
"""
LOGITS = "self.head(self.drop(x, training=training))"
FORWARD = "self(x, training=True)"
LOSS = "self.compute_loss(x=x, y=y, y_pred=y_pred)"


def found(output: str = LOGITS, forward: str = FORWARD, loss: str = LOSS) -> dict[str, Finding]:
    text = textwrap.dedent(MODEL.format(output=output, forward=forward, loss=loss))
    return {each.name: each for each in analyze_source(text, "train.py", RuleSet.default()).findings}


@pytest.mark.parametrize(
    "loss",
    [LOSS, "self.compute_loss(x, y, y_pred)", "self.compiled_loss(y, y_pred)"],
)
def test_the_compiled_loss_judges_what_a_step_gives_to_it(loss: str) -> None:
    assert "logits-without-from-logits" in found(loss=loss)


@pytest.mark.parametrize(
    ("forward", "loss"),
    [
        ("tf.nn.softmax(self(x, training=True))", LOSS),
        (FORWARD, "self.compute_loss(x=x, y=y, y_pred=tf.nn.softmax(y_pred))"),
        (FORWARD, "my_loss(y, y_pred)"),
    ],
)
def test_what_becomes_of_the_outputs_in_between_is_not_known(forward: str, loss: str) -> None:
    assert "logits-without-from-logits" not in found(forward=forward, loss=loss)


def test_metrics_of_a_step_are_its_own() -> None:
    assert "classification-without-metric" not in found()


def test_an_activation_used_twice_is_shown_where_it_is_called() -> None:
    finding = found(output="self.relu(self.head(self.drop(x, training=training)))")["invalid-output-activation"]
    assert finding.range.start.line == MODEL[: MODEL.index("return {output}")].count("\n") + 1


@pytest.mark.parametrize(
    ("forward", "severity"), [("self(x, training=False)", Severity.WARNING), ("self(x)", Severity.INFO)]
)
def test_a_step_in_inference_mode(forward: str, severity: Severity) -> None:
    assert found(forward=forward)["training-in-inference-mode"].severity is severity


@pytest.mark.parametrize("forward", [FORWARD, "self(x, training=flag)", "self(x, True)"])
def test_a_step_that_may_well_train(forward: str) -> None:
    assert "training-in-inference-mode" not in found(forward=forward)


LOOP = """
import keras
import tensorflow as tf
from keras import layers

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
batches = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).shuffle(10000).batch(64)
test_batches = tf.data.Dataset.from_tensor_slices((x_test / 255.0, y_test)).batch(64)
model = keras.Sequential([layers.Flatten(), layers.Dense(64, "relu"), layers.Dropout(0.2), layers.Dense(10)])
optimizer = keras.optimizers.Adam(0.001)
loss_fn = keras.losses.SparseCategoricalCrossentropy({arguments})
for epoch in range(9):
    for images, labels in batches:
        {step}
    for images, labels in {judged}:
        scores = model(images, training={training})
        print(loss_fn(labels, scores))
"""
MINIMIZED = "optimizer.minimize(lambda: loss_fn(labels, model(images, training=True)), model.trainable_variables)"
TAPED = """with tf.GradientTape() as tape:
            loss = loss_fn(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))"""


def found_in_loop(step: str, arguments: str, judged: str, training: bool) -> set[str]:
    text = LOOP.format(step=step, arguments=arguments, judged=judged, training=training)
    return {each.code for each in analyze_source(text, "train.py", RuleSet.default()).findings}


@pytest.mark.parametrize("step", [MINIMIZED, TAPED], ids=["minimize", "tape"])
def test_a_loss_of_a_loop_is_read_however_it_is_made_small(step: str) -> None:
    assert "SCR401" in found_in_loop(step, "", "test_batches", training=False)
    assert "SCR401" not in found_in_loop(step, "from_logits=True", "test_batches", training=False)


@pytest.mark.parametrize(
    ("judged", "training", "wrong"),
    [("test_batches", True, True), ("test_batches", False, False), ("batches", True, False)],
)
def test_a_loop_over_what_judges_calls_the_model_as_in_use(judged: str, training: bool, wrong: bool) -> None:
    assert ("SCR872" in found_in_loop(TAPED, "from_logits=True", judged, training)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("/ 255.0", True), ("/ 127.5 - 1", False)])
def test_real_pictures_stand_beside_those_that_a_generator_makes(scale: str, wrong: bool) -> None:
    text = f"""
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

pictures = keras.utils.image_dataset_from_directory("faces", label_mode=None).map(lambda x: x {scale})
judge = keras.Sequential([keras.Input((64, 64, 3)), layers.Flatten(), layers.Dense(1)])
maker = keras.Sequential([keras.Input((8,)), layers.Dense(64 * 64 * 3, activation="tanh"), layers.Reshape((64, 64, 3))])

class Faces(keras.Model):
    def compile(self, judging, making, loss):
        super().compile()
        self.judging, self.making, self.loss = judging, making, loss

    def train_step(self, real):
        count = tf.shape(real)[0]
        labels = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        with tf.GradientTape() as tape:
            together = tf.concat([maker(tf.random.normal((count, 8))), real], axis=0)
            loss = self.loss(labels, judge(together, training=True))
        weights = judge.trainable_weights
        self.judging.apply_gradients(zip(tape.gradient(loss, weights), weights))
        with tf.GradientTape() as tape:
            loss = self.loss(tf.zeros((count, 1)), judge(maker(tf.random.normal((count, 8)))))
        weights = maker.trainable_weights
        self.making.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {{"loss": loss}}

faces = Faces()
bce = keras.losses.BinaryCrossentropy(from_logits=True)
faces.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4), bce)
faces.fit(pictures, epochs=30)
"""
    findings = analyze_source(text, "train.py", RuleSet.default()).findings
    assert ("SCR429" in {each.code for each in findings}) is wrong
