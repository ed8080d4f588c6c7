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
