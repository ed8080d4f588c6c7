"""From what a run speaks of to where it is written."""

from __future__ import annotations

import pytest

from scram_analyzers.run.records import LayerInfo, RunInfo, Subject, SubjectKind
from scram_analyzers.source.locate import locate
from tests.scram_analyzers.source.programs import program_of

TEXT = """
import keras


class Energy(keras.layers.Layer):
    def call(self, x):
        return keras.ops.log(x)


def make_decoder():
    code = keras.Input((4,))
    return keras.Model(code, keras.layers.Dense(8, activation="sigmoid")(code))


x = keras.Input((8,))
y = Energy()(keras.layers.Dense(4)(x))
model = keras.Model(x, make_decoder()(y))
model.compile("adam", "mse")
model.fit(a, a, epochs=3, batch_size=16, validation_split=0.2)
"""
LAYERS = (
    LayerInfo("input_layer", "InputLayer", 0),
    LayerInfo("dense_1", "Dense", 36),
    LayerInfo("energy", "Energy", 0),
    LayerInfo("dense", "Dense", 40),
)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (Subject(SubjectKind.LAYER, "energy"), "Energy()"),
        (Subject(SubjectKind.EPOCHS), "3"),
        (Subject(SubjectKind.BATCH_SIZE), "16"),
        (Subject(SubjectKind.VALIDATION), "0.2"),
    ],
)
def test_parts_of_a_run_are_found_in_the_program(subject: Subject, text: str) -> None:
    info = RunInfo(run="r", script="train.py", started="", fit_line=20, layers=LAYERS)
    place = locate(program_of(TEXT), subject, info)
    assert place is not None
    assert place.text in (text, f"epochs={text}", f"batch_size={text}", f"validation_split={text}")


OWN_LOOP = """
batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(100).batch(1)
with scram_lsp.Watcher(model) as watcher:
    for epoch in range(EPOCHS):
        for number, (features, labels) in enumerate(batches):
            watcher.step(train_step(features, labels), inputs=features, targets=labels)
        watcher.epoch(val_loss=judged())
"""


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SubjectKind.EPOCHS, "range(EPOCHS)"),
        (SubjectKind.BATCH_SIZE, "tf.data.Dataset.from_tensor_slices((x, y)).shuffle(100).batch(1)"),
        (SubjectKind.INPUTS, "features"),
        (SubjectKind.TARGETS, "labels"),
    ],
)
def test_parts_of_a_loop_of_ones_own(kind: SubjectKind, text: str) -> None:
    info = RunInfo(run="r", script="train.py", started="", fit_line=3, is_own_loop=True)
    place = locate(program_of(OWN_LOOP), Subject(kind), info)
    assert place is not None
    assert place.text == text


def test_a_watcher_that_is_named_first() -> None:
    named_first = OWN_LOOP.replace(
        "with scram_lsp.Watcher(model) as watcher:", "watcher = scram_lsp.Watcher(model)\nwith watcher:"
    )
    assert named_first != OWN_LOOP
    info = RunInfo(run="r", script="train.py", started="", fit_line=3, is_own_loop=True)
    places = [locate(program_of(text), Subject(SubjectKind.EPOCHS), info) for text in (OWN_LOOP, named_first)]
    assert [place.text if place is not None else None for place in places] == [places[0].text] * 2


def test_a_schedule_is_found_where_it_is_made_and_its_first_rate_where_that_is_written() -> None:
    text = """import keras

SETTINGS = {"rate": 0.001, "steps": 500}
decay = keras.optimizers.schedules.CosineDecay(SETTINGS["rate"], decay_steps=SETTINGS["steps"])
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(keras.optimizers.AdamW(decay, weight_decay=1e-4), loss="mse")
model.fit([1.0], [2.0])
"""
    info = RunInfo(run="r", script="s.py", started="", fit_line=7)
    kinds = (SubjectKind.SCHEDULE, SubjectKind.LEARNING_RATE)
    places = [locate(program_of(text), Subject(kind), info) for kind in kinds]
    assert [place.text for place in places if place is not None] == [
        'keras.optimizers.schedules.CosineDecay(SETTINGS["rate"], decay_steps=SETTINGS["steps"])',
        "0.001",
    ]


OWN_STEP = """
import keras
import tensorflow as tf

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)

    def call(self, x):
        return self.head(tf.sqrt(x - 0.5))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x) - y) ** 2)
            loss = loss / tf.reduce_sum(y)
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables))
        return {"loss": loss}

model = Model()
model.compile("adam")
model.fit(x, y)
"""


@pytest.mark.parametrize(
    ("kind", "text"),
    [(SubjectKind.CALL, "tf.sqrt(x - 0.5)"), (SubjectKind.TRAIN_STEP, "loss = loss / tf.reduce_sum(y)")],
)
def test_what_a_model_works_out_by_itself(kind: SubjectKind, text: str) -> None:
    info = RunInfo(run="r", script="train.py", started="", fit_line=24)
    place = locate(program_of(OWN_STEP), Subject(kind), info)
    assert place is not None
    assert place.text == text


@pytest.mark.parametrize(
    ("schedule", "written"),
    [
        ("lambda epoch: 0.1**epoch", "0.1**epoch"),
        ("rates_of_a_file", "keras.callbacks.LearningRateScheduler(rates_of_a_file)"),
    ],
)
def test_a_callback_that_sets_the_rate_of_each_epoch(schedule: str, written: str) -> None:
    callback = f"keras.callbacks.LearningRateScheduler({schedule})"
    program = program_of(TEXT.replace("epochs=3,", f"epochs=3, callbacks=[{callback}],"))
    place = locate(program, Subject(SubjectKind.SCHEDULE), RunInfo(run="r", script="s", started=""))
    assert place is not None
    assert place.text == written
