"""Loops over a tape that nobody told us of: watched by their loss, and trained to the same weights."""

import traceback

import numpy as np
import pytest

from scram_lsp import Watcher, watch

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

LOOP = """
import keras
import numpy as np
import tensorflow as tf
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
y = rng.integers(0, 4, 512)
x = (np.eye(4, 12)[y] * 3 + rng.normal(size=(512, 12))).astype("float32")
model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4)])
optimizer = keras.optimizers.Adam(0.003)
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
def train_step(inputs, labels):
    with tf.GradientTape() as tape:
        loss = loss_of(labels, model(inputs, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return {"loss": loss}
for epoch in range(10):
    for start in range(0, 512, 16):
        train_step(x[start : start + 16], y[start : start + 16])
weights = model.get_weights()
"""

COMPILED = ("def train_step", "@tf.function\ndef train_step")
WAYS = {"eager": (), "compiled": (COMPILED,)}


def ran(project, *changes):
    script = LOOP
    for old, new in changes:
        assert old in script
        script = script.replace(old, new)
    return project.run(script)["weights"]


def watched(project, *changes):
    with watch(quiet=True, time_budget=1.0):
        weights = ran(project, *changes)
    told = [(status, [each for each in found if each.severity.rank <= 1]) for status, found in project.runs]
    return weights, told


@pytest.mark.parametrize("way", WAYS)
def test_a_healthy_loop_is_left_in_peace_and_trains_to_the_same_weights(project, way):
    original = tf.GradientTape.gradient
    plain = ran(project, *WAYS[way])
    weights, told = watched(project, *WAYS[way])
    assert all(np.array_equal(one, other) for one, other in zip(plain, weights, strict=True))
    assert told == [("finished", [])]
    assert tf.GradientTape.gradient is original


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("rate", "code", "clause"), [("1e8", "SCR101", "the loss "), ("1e-9", "SCR102", "the training loss has stood at")]
)
def test_a_loop_that_goes_wrong_is_told_at_its_rate(project, way, rate, code, clause):
    _, ((status, found),) = watched(project, *WAYS[way], ("Adam(0.003)", f"SGD({rate})"))
    assert status == "finished"
    (finding,) = [each for each in found if each.code == code]
    assert clause in finding.message or "weights became NaN" in finding.message
    assert project.script.read_text().splitlines()[finding.range.start.line - 1].startswith("optimizer = ")


@pytest.mark.parametrize("way", WAYS)
def test_the_inputs_of_a_step_are_looked_at(project, way):
    scale = ('.astype("float32")\n', '.astype("float32") * 200 + 4000\n')
    _, _ = watched(project, *WAYS[way], scale)
    ((_, found),) = project.runs
    assert "SCR201" in [each.code for each in found]


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_row_is_told(project, way):
    row = ('.astype("float32")\n', '.astype("float32")\nx[300, 3] = np.nan\n')
    weights, ((_, found),) = watched(project, *WAYS[way], row)
    assert not np.isfinite(weights[0]).all()
    assert "holds 1 NaN or infinite value in x" in " ".join(each.message for each in found)


MEASURED = (
    ("keras.layers.Dense(4)", "keras.layers.Dense(1)"),
    ("SparseCategoricalCrossentropy(from_logits=True)", "MeanSquaredError()"),
    ("model = keras", 'y = (x[:, :1] * FACTOR + 3).astype("float32")\nmodel = keras'),
)


@pytest.mark.parametrize(
    ("way", "factor", "is_told"), [("eager", "5000", True), ("compiled", "5000", True), ("compiled", "1", False)]
)
def test_targets_of_a_step_are_looked_at(project, way, factor, is_told):
    watched(project, *MEASURED, *WAYS[way], ("FACTOR", factor))
    ((_, found),) = project.runs
    assert ("SCR219" in [each.code for each in found]) is is_told


@pytest.mark.parametrize("way", WAYS)
def test_a_target_that_stands_among_the_inputs(project, way):
    changes = (
        ("labels, model(inputs, training=True)", "labels[:, None], model(inputs, training=True)"),
        ("keras.losses.SparseCategoricalCrossentropy(from_logits=True)", "keras.losses.MeanSquaredError()"),
        ("Dense(4)]", "Dense(1)]"),
        ("model = keras", "y = x[:, 7].copy()\nmodel = keras"),
    )
    _, ((_, told),) = watched(project, *WAYS[way], *changes)
    assert [(each.code, each.message.partition(" (")[0]) for each in told] == [("SCR243", "x[:, 7] holds the target")]


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_target_is_told_where_the_loss_follows_it(project, way):
    bad = ("model = keras", "y[300] = np.nan\nmodel = keras")
    _, ((_, found),) = watched(project, *MEASURED, ("FACTOR", "1"), bad, *WAYS[way])
    assert "holds 1 NaN or infinite value in y" in " ".join(each.message for each in found)


IN_PAIRS = (
    (
        'keras.Sequential([keras.Input((12,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(4)])',
        """None
parts = [keras.Input((9,)), keras.Input((3,))]
hidden = keras.layers.Dense(16, activation="relu")(keras.layers.Concatenate()(parts))
model = keras.Model(parts, keras.layers.Dense(4)(hidden))
x = x[:, :9], x[:, 9:]""",
    ),
    ("x[start : start + 16]", "tuple(each[start : start + 16] for each in x)"),
)
IN_LARGE_BATCHES = (("512", "1024"), ("1024, 16)", "1024, 32)"), ("start + 16", "start + 32"))


@pytest.mark.parametrize("way", WAYS)
def test_several_inputs_of_a_step_are_looked_at(project, way):
    constant = ("x = x[:, :9], x[:, 9:]", "x = x[:, :9], 0 * x[:, 9:] + 1")
    watched(project, *WAYS[way], *IN_PAIRS, *IN_LARGE_BATCHES, constant)
    ((_, found),) = project.runs
    said = {each.code: each.message for each in found}
    assert "3 columns of 3 in x[1] never change in the" in said["SCR206"]


def test_the_same_first_rows_of_every_batch_show_no_constant_columns(project):
    all_at_once = ("range(0, 512, 16)", "range(0, 512, 512)"), ("start + 16", "start + 512"), ("range(10)", "range(40)")
    constant = ("model = keras", "x[:32, 3] = 0\nmodel = keras")
    watched(project, *all_at_once, constant)
    ((_, found),) = project.runs
    assert "SCR206" not in [each.code for each in found]


INLINE = """
for epoch in range(10):
    for step, (some, wanted) in enumerate(zip(x.reshape(-1, 16, 12), y.reshape(-1, 16, 1))):
        with tf.GradientTape() as tape:
            answers = model(some, training=True)
            loss = loss_of(wanted, answers)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""


def test_rows_that_a_loop_goes_over_are_looked_at(project):
    start = LOOP.index("def train_step")
    inline = (LOOP[start : LOOP.index("weights = ")], INLINE)
    bad = ("model = keras", "x[300, 3] = np.nan\nmodel = keras")
    _, ((_, found),) = watched(project, inline, *MEASURED, ("FACTOR", "1"), bad)
    assert "holds 1 NaN or infinite value in x" in " ".join(each.message for each in found)


@pytest.mark.parametrize("way", WAYS)
def test_a_loss_that_is_lost_at_once_is_told_at_the_only_risk_that_the_step_takes(project, way):
    old = "        loss = loss_of(labels, model(inputs, training=True))\n"
    new = "        logits = model(inputs, training=True)\n        loss = loss_of(labels, tf.math.log(logits))\n"
    _, ((_, found),) = watched(project, *WAYS[way], (old, new))
    (finding,) = [each for each in found if each.code == "SCR601"]
    assert "tf.math.log" in project.script.read_text().splitlines()[finding.range.start.line - 1]


def test_losses_of_loops_that_take_turns_say_nothing(project):
    both = (
        "    return {",
        "    with tf.GradientTape() as other:\n        loss = loss_of(labels, model(inputs, training=True))\n"
        "    gradients = other.gradient(loss, model.trainable_variables)\n    return {",
    )
    for way in WAYS.values():
        _, told = watched(project, both, *way)
        assert all(found == [] for _, found in told)
        assert len(told) <= 1


def test_gradients_of_something_else_begin_no_run(project):
    script = """
import keras, tensorflow as tf
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
picture = tf.Variable(tf.ones((1, 3)))
for _ in range(20):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(picture))
    picture.assign_sub(tape.gradient(loss, [picture])[0])
"""
    with watch(quiet=True):
        project.run(script)
    assert project.runs == []


def test_a_fit_is_watched_once(project):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    with watch(quiet=True):
        project.fit(model, np.zeros((64, 3)), np.zeros(64), batch_size=8, verbose=0)
    assert len(project.runs) == 1


def test_a_loop_that_speaks_for_itself_is_heard_once(project):
    told = (
        "for epoch in range(10):",
        "watcher = Watcher(model, quiet=True)\nwatcher.__enter__()\nfor epoch in range(10):",
    )
    with watch(quiet=True):
        project.run(
            LOOP.replace(*told).replace("weights =", "watcher.__exit__(None, None, None)\nweights ="), Watcher=Watcher
        )
    assert [status for status, _ in project.runs] == ["finished"]


def test_what_a_tape_raises_shows_nothing_of_ours(project):
    with watch(quiet=True), tf.GradientTape() as tape:
        loss = tf.constant(1.0)
    with watch(quiet=True):
        tape.gradient(loss, [tf.Variable(1.0)])
        with pytest.raises(RuntimeError, match="GradientTape") as caught:
            tape.gradient(loss, [tf.Variable(1.0)])
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not [name for name in files if "scram_lsp" in name]
