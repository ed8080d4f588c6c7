"""Real, small trainings: a planted fault is found where it stands, and healthy ones are left in peace."""

import pytest

from scram_analyzers.findings import Severity

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

SCRIPT = """
import keras
import numpy as np
from scram_lsp import ScramCallback
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
y = rng.integers(0, 4, 800)
centers = np.eye(4, 12) * 3
x = (centers[y] + rng.normal(size=(800, 12))).astype("float32")
model = keras.Sequential([
    keras.Input((12,)),
    keras.layers.Dense(24, activation="relu", name="hidden"),
    keras.layers.Dense(4, activation="softmax", name="head"),
])
model.compile(
    keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, validation_split=0.2, epochs=6, verbose=0, callbacks=[ScramCallback(quiet=True, time_budget=1.0)])
"""


def findings(project, *changes):
    script = SCRIPT
    for old, new in changes:
        assert old in script
        script = script.replace(old, new)
    project.run(script)
    (status, found), *_ = project.runs
    assert status == "finished"
    return [(each.code, each.range.start.line) for each in found if each.severity.rank <= Severity.WARNING.rank], found


def line_of(text, *changes):
    script = SCRIPT
    for old, new in changes:
        script = script.replace(old, new)
    return next(number for number, line in enumerate(script.splitlines(), start=1) if text in line)


def test_a_healthy_training_is_left_in_peace(project):
    told, _ = findings(project)
    assert told == []


def test_a_rate_far_too_low_is_confirmed_where_it_is_written(project):
    change = ("Adam(0.01)", "Adam(1e-8)")
    told, found = findings(project, change)
    assert told == [("SCR102", line_of("Adam(1e-8)", change))]
    (low,) = [each for each in found if each.code == "SCR102"]
    assert "in this run" in low.message


def test_a_callback_that_takes_the_rate_away_is_told_at_the_callback(project):
    scheduler = "keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3 * 0.05**epoch)"
    change = ("callbacks=[", f"callbacks=[\n    {scheduler},\n    ")
    _, found = findings(project, change)
    assert ("SCR104", line_of(scheduler, change)) in [(each.code, each.range.start.line) for each in found]


def test_sorted_data_are_seen_before_the_first_step(project):
    told, _ = findings(project, ("y = rng.integers(0, 4, 800)", "y = np.sort(rng.integers(0, 4, 800))"))
    assert ("SCR211", line_of("model.fit")) in told


def test_a_layer_that_is_dead_from_the_start(project):
    change = ('name="hidden"', 'bias_initializer=keras.initializers.Constant(-50.0), name="hidden"')
    told, found = findings(project, change)
    (dead,) = [each for each in found if each.code in ("SCR606", "SCR616") and each.severity is Severity.WARNING]
    assert (dead.code, line_of("hidden")) in told
    assert dead.message.startswith(  # a loaded machine may leave time for the first probes only
        (
            '24 of 24 units of "hidden" have been zero on every row',
            'Before training, the outputs of "hidden" deviate by 0',
        )
    )


def test_logits_taken_for_probabilities(project):
    told, _ = findings(project, (', activation="softmax"', ""))
    assert ("SCR401", line_of('name="head"')) in told


def test_nan_in_the_inputs(project):
    told, _ = findings(project, ('.astype("float32")', '.astype("float32"); x[17, 3] = np.nan'))
    assert ("SCR202", line_of("model.fit")) in told
