from dataclasses import replace

import pytest

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.overfitting import overfitting
from scram_analyzers.run.records import EpochRecord, ProbeRecord, RunInfo, StepRecord
from tests.run_histories import data, inputs, measured, regression_info
from tests.run_histories import history as run_history

RISING = [0.50, 0.40, 0.44, 0.46, 0.50]
FALLING = [0.60, 0.35, 0.20, 0.10, 0.05]


def history_of(losses, val_losses, accuracies=None, val_accuracies=None):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started="", has_validation=True))
    for place, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=True)):
        logs = [("loss", loss), ("val_loss", val_loss)]
        if accuracies and val_accuracies:
            logs += [("accuracy", accuracies[place]), ("val_accuracy", val_accuracies[place])]
        history.add_epoch(EpochRecord(place + 1, 10 * (place + 1), tuple(logs)))
    return history


def test_training_improves_and_validation_gets_worse():
    found = overfitting(history_of(FALLING, RISING, [0.7, 0.85, 0.92, 0.97, 0.99], [0.8, 0.86, 0.86, 0.85, 0.85]))
    assert found is not None
    assert (found.best_epoch, found.epoch, found.val_loss) == (2, 5, 0.50)
    assert "from 0.4 (epoch 2) to 0.5 (epoch 5)" in found.phrase
    assert "99% in training and 85% in validation" in found.phrase


@pytest.mark.parametrize(
    ("losses", "val_losses"),
    [
        (FALLING, [0.50, 0.40, 0.41, 0.41, 0.41]),  # hardly worse
        (FALLING, [0.50, 0.45, 0.40, 0.44, 0.46]),  # worse for two epochs only
        (FALLING, [0.50, 0.40, 0.46, 0.40, 0.46]),  # noise
        (FALLING, [0.40, 0.62, 0.46, 0.52, 0.48]),  # falls by more than it is above its best
        ([0.30, 0.30, 0.31, 0.32, 0.33], RISING),  # training does not improve either
    ],
)
def test_not_yet_overfitting(losses, val_losses):
    assert overfitting(history_of(losses, val_losses, [0.99] * 5, [0.8] * 5)) is None


def test_a_rise_above_all_that_it_swings_by_is_overfitting():
    rising = [0.40, 0.46, 0.44, 0.52, 0.49, 0.58]
    found = overfitting(history_of([*FALLING, 0.03], rising, [0.8, 0.85, 0.92, 0.97, 0.99, 0.99], [0.8] * 6))
    assert found is not None
    assert found.best_epoch == 1


def test_what_ran_away_has_learned_nothing_by_heart():
    history = history_of(FALLING, RISING, [0.7, 0.85, 0.92, 0.97, 0.99], [0.8] * 5)
    for step, loss in enumerate((0.9, *[400.0 * place for place in range(1, 8)]), 1):
        history.add_step(StepRecord(step, 1, loss))
    assert overfitting(history) is None


def test_a_rise_in_a_long_run_must_last_while_it_goes_on():
    history = history_of(FALLING, RISING, [0.7, 0.85, 0.92, 0.97, 0.99], [0.8, 0.86, 0.86, 0.85, 0.85])
    history.info = replace(history.info, epochs=20)
    assert overfitting(history) is None
    history.end()
    assert overfitting(history) is not None


def test_a_narrow_gap_in_accuracy_is_no_overfitting():
    assert overfitting(history_of(FALLING, RISING, [0.97] * 5, [0.93] * 5)) is None


def test_regression_needs_a_wider_gap_in_loss():
    assert overfitting(history_of(FALLING, RISING)) is not None
    assert overfitting(history_of([0.48, 0.47, 0.46, 0.45, 0.44], RISING)) is None


def test_without_validation_there_is_nothing_to_say():
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    for epoch in range(1, 8):
        history.add_epoch(EpochRecord(epoch, epoch, (("loss", 1 / epoch),)))
    assert overfitting(history) is None


def test_averages_that_lag_behind_are_no_overfitting():
    history = history_of(FALLING, RISING, [0.7, 0.85, 0.92, 0.97, 0.99], [0.8, 0.86, 0.86, 0.85, 0.85])
    history.add_step(StepRecord(1, 1, 2.3))
    for step in (42, 45, 48):
        history.add_probe(ProbeRecord(step, 5, 16, loss=0.05, inference_loss=0.9))
    assert overfitting(history) is None


def test_a_rise_far_below_what_was_learned_is_none_for_huber_too():
    solved = run_history(
        regression_info(losses=("huber",)),
        [0.2, 0.05, 0.02, 0.012, 0.009, 0.007],
        data(inputs(), measured()),
        val_loss=[0.1, 0.03, 0.0226, 0.0255, 0.0265, 0.0274],
    )
    assert overfitting(solved) is None
    lost = replace(solved.data, arrays=tuple(replace(each, deviation=0.2) for each in solved.data.arrays))
    solved.data = lost
    assert overfitting(solved.copy()) is not None


@pytest.mark.parametrize(
    ("rows", "val_accuracy", "val_loss", "is_mild"),
    [
        (90, 0.90, 0.286, True),  # two of ninety rows may go either way
        (9000, 0.90, 0.286, False),
        (None, 0.90, 0.286, False),
        (90, 0.84, 0.286, False),
        (90, 0.91, 0.40, False),
    ],
)
def test_a_small_rise_is_mild_where_the_accuracy_is_as_good_as_ever(rows, val_accuracy, val_loss, is_mild):
    val_losses = [0.50, 0.252, 0.27, 0.275, val_loss]
    made = history_of(FALLING, val_losses, [0.7, 0.85, 0.92, 0.97, 0.99], [0.8, 0.92, 0.91, 0.9, val_accuracy])
    if rows is not None:
        made.data = data(inputs(), inputs("validation", rows))
    found = overfitting(made)
    assert found is not None
    assert found.is_mild is is_mild
