import math

import pytest

from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, EpochRecord, RunInfo, StepRecord


def history_of(steps, **info):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started="2026-11-21T14:02:33+00:00", **info))
    for step, loss in enumerate(steps, start=1):
        history.add_step(StepRecord(step, 1, loss))
    return history


def falling(count, start=2.3):
    return [start * 0.99**step for step in range(count)]


def test_nan_names_its_first_step_and_the_loss_before():
    found = divergence(history_of([0.7, 5e8, math.nan, None, None]))
    assert found is not None
    assert (found.kind, found.step, found.before) == ("nan", 3, 5e8)
    assert found.phrase == "the loss became NaN at step 3"


def test_infinity_is_told_from_nan():
    found = divergence(history_of([0.7, math.inf]))
    assert found is not None
    assert found.phrase == "the loss became infinite at step 2"


def test_weights_that_are_not_finite_count_before_the_loss_shows_it():
    history = history_of([0.7])
    history.add_step(StepRecord(2, 1, 3e30, nonfinite_weights=("dense/kernel",)))
    history.add_step(StepRecord(3, 1, math.nan))
    found = divergence(history)
    assert found is not None
    assert (found.kind, found.step) == ("weights", 2)
    assert found.phrase == "weights became NaN or infinite by step 2"


def test_nan_only_in_the_logs_of_an_epoch():
    history = history_of([None, None])
    history.add_epoch(EpochRecord(1, 2, (("loss", math.nan),)))
    found = divergence(history)
    assert found is not None
    assert (found.kind, found.epoch, found.step) == ("nan", 1, 2)


def test_nonfinite_inputs_up_to_the_step_are_named():
    history = history_of([0.7])
    bad = ArrayStatistics("input", "x", "float32", (32, 8), 0.0, 1.0, 0.5, 0.2, nonfinite=3)
    history.add_step(StepRecord(2, 1, math.nan, (bad,)))
    found = divergence(history)
    assert found is not None
    assert found.nonfinite_arrays == (bad,)


@pytest.mark.parametrize("losses", ["binary_crossentropy", "sparse_categorical_crossentropy"])
def test_a_cross_entropy_that_explodes_is_found_in_a_few_steps(losses):
    found = divergence(history_of([0.69, 3e9, 8e9, 7e9, 9e9, 5e9], losses=(losses,)))
    assert found is not None
    assert (found.kind, found.step, found.before) == ("diverging", 6, 0.69)


def test_a_squared_error_that_starts_high_may_stay_high():
    assert divergence(history_of([4000.0] * 30, losses=("mean_squared_error",))) is None


def test_one_broken_batch_is_no_divergence():
    assert divergence(history_of([*falling(50), 1e6, *falling(50)])) is None


def test_unscaled_inputs_begin_high_and_recover():
    assert divergence(history_of([900.0, 2500.0, 1500.0, 1200.0, 400.0, 90.0, *falling(60)], classes=10)) is None


def test_a_slow_rise_is_found_after_fifty_steps():
    losses = [*falling(100), *[0.85 * 1.05**step for step in range(120)]]
    found = divergence(history_of(losses))
    assert found is not None
    assert found.kind == "diverging"
    assert 150 < found.step < 220


def test_noise_around_a_memorized_data_set_is_no_divergence():
    losses = [*falling(700), *[0.002 if step % 7 else 0.01 for step in range(200)], *[0.05] * 80]
    assert divergence(history_of(losses)) is None


def test_a_trained_model_may_start_low():
    losses = [0.01] * 20 + [0.06] * 80
    assert divergence(history_of(losses, losses=("sparse_categorical_crossentropy",), classes=10)) is None


def test_a_rise_after_the_first_steps_are_forgotten_is_still_found():
    losses = [*falling(2500), *[30.0] * 60]
    assert divergence(history_of(losses)) is not None
