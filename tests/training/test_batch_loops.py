"""Loops over `train_on_batch` that nobody told us of: watched as a `fit` is, and trained to the same weights."""

import traceback

import numpy as np
import pytest

from scram_lsp import Watcher, watch
from scram_lsp.training.batch_loop import _Means

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")

LOOP = """
import keras
import numpy as np
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
labels = rng.integers(0, 4, 480)
inputs = (np.eye(4, 12)[labels] * 3 + rng.normal(size=(480, 12))).astype("float32")
x, y = inputs[:400], labels[:400]
model = keras.Sequential([
    keras.Input((12,)),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dropout(0.1),
    keras.layers.Dense(4),
])
optimizer = keras.optimizers.Adam(0.003)
model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
def epoch():
    order = rng.permutation(400)
    for start in range(0, 400, 20):
        rows = order[start : start + 20]
        loss, accuracy = model.train_on_batch(x[rows], y[rows])
for _ in range(6):
    epoch()
    # after an epoch
weights = model.get_weights()
"""

EVALUATED = ("# after an epoch", "results = model.evaluate(inputs[400:], labels[400:], verbose=0)")


def script(*changes):
    text = LOOP
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def watched(project, *changes, **names):
    with watch(quiet=True, time_budget=1.0):
        return project.run(script(*changes), **names)


def severe(project):
    return [(status, [each for each in found if each.severity.rank <= 1]) for status, found in project.runs]


@pytest.mark.parametrize("changes", [(), (EVALUATED,)])
def test_a_healthy_loop_is_left_in_peace_and_trains_to_the_same_weights(project, histories, changes):
    plain = project.run(script(*changes))["weights"]
    original = keras.Model.train_on_batch
    weights = watched(project, *changes)["weights"]
    assert all(np.array_equal(one, other) for one, other in zip(plain, weights, strict=True))
    assert severe(project) == [("finished", [])]
    assert keras.Model.train_on_batch is original
    (history,) = histories
    assert [(record.step, record.epoch) for record in history.steps] == [(n, 1 + (n - 1) // 20) for n in range(1, 121)]
    assert history.steps[0].arrays[0].shape == (20, 12)
    assert [record.step for record in history.epochs] == [20, 40, 60, 80, 100, 120]
    assert history.probes
    assert ("val_accuracy" in dict(history.epochs[-1].logs)) == bool(changes)
    assert history.panels[-1].is_validation == bool(changes)
    assert not isinstance(vars(keras.Model).get("train_function"), property)


@pytest.mark.parametrize(("rate", "code"), [("1e12", "SCR101"), ("1e-9", "SCR102")])
def test_a_loop_that_goes_wrong_is_told_at_its_rate(project, rate, code):
    watched(project, ("Adam(0.003)", f"SGD({rate})"), ("range(6)", "range(12)"))
    ((status, found),) = severe(project)
    assert status == "finished"
    (finding, *_) = [each for each in found if each.code == code]
    assert project.script.read_text().splitlines()[finding.range.start.line - 1].startswith("optimizer = ")


def test_what_is_wrong_with_its_data_is_told_at_the_argument(project):
    watched(project, ("x, y = inputs[:400], labels[:400]", "x, y = inputs[:400] * 1e3 + 2e4, labels[:400]"))
    ((_, found),) = severe(project)
    lines = project.script.read_text().splitlines()
    assert any("model.train_on_batch(x[rows]" in lines[each.range.start.line - 1] for each in found)


def test_a_step_that_raises_has_failed_and_shows_nothing_of_ours(project):
    with pytest.raises(Exception, match="label value of 3") as caught:
        watched(project, ("keras.layers.Dense(4)", "keras.layers.Dense(3)"))
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not [name for name in files if "scram_lsp" in name]
    ((status, found),) = project.runs
    assert status == "failed"
    assert found


TURNS = """
import keras, numpy as np
keras.utils.set_random_seed(1)
def made(units):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
    model.compile(keras.optimizers.SGD(1e-9), "mse")
    return model
one, other = made(1), made(2)
for _ in range(150):
    x = np.random.normal(size=(16, 4))
    one.train_on_batch(x, np.ones((16, 1)))
    one.train_on_batch(x, np.zeros((16, 1)))
    other.train_on_batch(x, np.ones((16, 2)))
"""


def test_losses_of_models_that_take_turns_say_nothing(project, histories):
    with watch(quiet=True):
        project.run(TURNS)
    assert severe(project) == [("finished", [])]
    assert histories[0].info.has_moving_target


def test_a_model_that_learns_from_its_own_answers_is_left_in_peace(project, histories):
    text = """
import keras, numpy as np
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile(keras.optimizers.SGD(1e-9), "mse")
for _ in range(20):
    x = np.random.normal(size=(16, 4))
    model.train_on_batch(x, model.predict(x, verbose=0) + 1)
"""
    with watch(quiet=True):
        project.run(text)
    assert severe(project) == [("finished", [])]
    assert histories[0].info.has_moving_target


def test_models_that_are_trained_one_after_the_other_have_a_run_each(project):
    text = (
        TURNS[: TURNS.index("for _")]
        + """
for model in (one, other):
    for _ in range(30):
        model.train_on_batch(np.random.normal(size=(16, 4)), np.ones((16, model.output_shape[-1])))
"""
    )
    with watch(quiet=True):
        project.run(text)
    assert [status for status, _ in project.runs] == ["finished"] * 2


def test_a_model_that_is_compiled_anew_is_watched_on(project, histories):
    changes = ("    # after an epoch", "    model.compile(optimizer, model.loss)"), ("loss, accuracy = ", "")
    plain = project.run(script(*changes))["weights"]
    weights = watched(project, *changes)["weights"]
    assert all(np.array_equal(one, other) for one, other in zip(plain, weights, strict=True))
    assert len(histories) == 1
    assert all(record.loss is not None for record in histories[0].steps)


def test_a_fit_ends_the_loop(project):
    watched(project, ("weights =", "model.fit(x, y, verbose=0)\nweights ="))
    assert [status for status, _ in project.runs] == ["finished", "finished"]


def test_a_loop_that_speaks_for_itself_is_heard_once(project):
    told = ("for _ in range(6):", "watcher = Watcher(model, quiet=True)\nwatcher.__enter__()\nfor _ in range(6):")
    watched(project, told, ("weights =", "watcher.__exit__(None, None, None)\nweights ="), Watcher=Watcher)
    assert [status for status, _ in project.runs] == ["finished"]


def test_what_was_evaluated_at_the_end_only_is_no_validation(project, histories):
    watched(project, ("weights =", "model.evaluate(inputs[400:], labels[400:], verbose=0)\nweights ="))
    (history,) = histories
    assert history.metric("val_loss") == []


def test_a_not_finite_value_is_traced_to_its_layer(project, histories):
    watched(
        project,
        ("keras.layers.Dropout(0.1)", "keras.layers.Lambda(lambda t: keras.ops.log(t - 0.5))"),
    )
    (history,) = histories
    assert history.origin is not None
    assert any(each.code == "SCR601" or "NaN" in each.message for _, found in severe(project) for each in found)


def test_the_loss_of_a_step_from_a_mean_that_goes_on():
    class Tracker:
        count = 0.0

    model = type("Model", (), {"_loss_tracker": Tracker})()
    means, found = _Means(model), []
    for count, mean in ((32, 4.0), (64, 3.0), (96, 3.0), (32, 1.0), (64, 2.0)):
        Tracker.count = count
        found.append(means.take(mean))
    assert found == pytest.approx([4.0, 2.0, 3.0, 1.0, 3.0])
