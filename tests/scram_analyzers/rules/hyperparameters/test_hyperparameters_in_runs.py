"""What a run shows of its learning rate, batches, epochs, schedule, clipping and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from scram_analyzers.engine import analyze_run, analyze_source
from scram_analyzers.findings import Severity
from scram_analyzers.rules.architecture.nothing_to_train import NothingToTrain
from scram_analyzers.rules.hyperparameters.batch_size_too_large import BatchSizeTooLarge
from scram_analyzers.rules.hyperparameters.batch_size_too_small import BatchSizeTooSmall
from scram_analyzers.rules.hyperparameters.clipping_too_strong import ClippingTooStrong
from scram_analyzers.rules.hyperparameters.learning_rate_too_high import LearningRateTooHigh
from scram_analyzers.rules.hyperparameters.learning_rate_too_low import LearningRateTooLow
from scram_analyzers.rules.hyperparameters.schedule_does_not_fit_run import ScheduleDoesNotFitRun
from scram_analyzers.rules.hyperparameters.too_few_epochs import TooFewEpochs
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.rules.resources.input_bound import InputBound
from scram_analyzers.rules.resources.training_stalled import TrainingStalled
from scram_analyzers.run.observed_causes import observed_causes
from scram_analyzers.run.records import ArrayStatistics, EpochRecord, LayerInfo, OptimizerInfo, StepRecord, SubjectKind
from tests.run_histories import batch, data, history, inputs, kernel, labels, probe, reports, run_info

RECORD = data(inputs(), labels([144] * 10))
STUCK = {"losses": [2.3028, 2.3026, 2.3027, 2.3025], "record": RECORD, "ended": False, "accuracy": [0.1] * 4}


def with_updates(seen, ratio: float):
    for step in (5, 21, 55, 144):
        seen.add_probe(replace(probe(step), weights=(kernel("dense", step, update_ratio=ratio),)))
    return seen


def test_steps_too_large_to_learn_from() -> None:
    seen = with_updates(history(run_info(optimizer=OptimizerInfo("Adam", 0.009)), **STUCK), 0.4)
    (report,) = reports(LearningRateTooHigh, seen)
    assert "each step moves the weights by 40% of their size" in report.message
    assert report.severity is Severity.ERROR


@pytest.mark.parametrize("norms", [((1, 5.0), (21, 0.6), (55, 0.02), (144, 1e-6)), ((1, 5.0), (2, 4.5))])
def test_steps_that_only_take_the_weights_away_are_not_the_rate(norms: tuple[tuple[int, float], ...]) -> None:
    seen = history(run_info(optimizer=OptimizerInfo("SGD", 0.05)), **STUCK)
    for step, norm in norms:
        seen.add_probe(probe(step, weights=(kernel("dense", step, update_ratio=0.11, norm=norm),)))
    assert reports(LearningRateTooHigh, seen) == []
    assert not [each for each in observed_causes(seen) if each[2] == "SCR101"]


def test_a_high_rate_that_learns_is_not_confirmed() -> None:
    seen = history(run_info(optimizer=OptimizerInfo("Adam", 0.05)), record=RECORD, accuracy=[0.97] * 10)
    assert reports(LearningRateTooHigh, seen) == []


@pytest.mark.parametrize(("name", "rate", "found"), [("Adam", 2.0, 1), ("Adam", 0.05, 0), ("SGD", 2.0, 0)])
def test_a_rate_by_which_nothing_trains_is_told_at_the_end(name: str, rate: float, found: int) -> None:
    optimizer = OptimizerInfo(name, rate)
    seen = history(run_info(optimizer=optimizer, losses=()), losses=[3.0, 2.0, 1.9])
    assert len(reports(LearningRateTooHigh, seen)) == found
    assert reports(LearningRateTooHigh, history(run_info(optimizer=optimizer, losses=()), ended=False)) == []
    scheduled = run_info(optimizer=OptimizerInfo(name, None, schedule="CosineDecay"), losses=())
    seen = history(scheduled, losses=[3.0])
    seen.epochs[-1] = replace(seen.epochs[-1], learning_rate=rate)
    assert [each.subject.kind for each in reports(LearningRateTooHigh, seen)] == [SubjectKind.SCHEDULE] * found


def test_a_rate_too_low_by_its_updates() -> None:
    seen = with_updates(history(run_info(optimizer=OptimizerInfo("Adam", 1e-6)), **STUCK), 2e-7)
    (report,) = reports(LearningRateTooLow, seen)
    assert "Each step moves the weights by 2e-7 of their size." in report.message


def test_a_rate_that_moves_nothing_is_told_whatever_the_loss_began_at() -> None:
    lucky = {"losses": [0.7372] * 4, "record": RECORD, "ended": True, "accuracy": [0.6] * 4}
    seen = with_updates(history(run_info(optimizer=OptimizerInfo("SGD", 1e-9)), **lucky), 1e-9)
    (report,) = reports(LearningRateTooLow, seen)
    assert report.message.endswith(
        "Confirmed in this run: its 450 steps together move the weights by 5e-7 of their size."
    )
    low = run_info(optimizer=OptimizerInfo("Adam", 9.999999974752427e-07))
    assert reports(LearningRateTooLow, with_updates(history(low, **lucky), 5e-6))[0].message.endswith(
        "by 0.002 of their size."
    )
    assert reports(LearningRateTooLow, with_updates(history(low, **lucky), 5e-5)) == []
    still = with_updates(history(run_info(optimizer=OptimizerInfo("SGD", 1e-9)), **lucky), 0.0)
    assert reports(LearningRateTooLow, still)[0].message.endswith("its 450 steps together move the weights not at all.")
    fine = with_updates(history(run_info(optimizer=OptimizerInfo("Adam", 5e-7)), **lucky), 5e-5)
    assert reports(LearningRateTooLow, fine) == []


@pytest.mark.parametrize(("rates", "told"), [((1e-7, 2e-7, 3e-7, 4e-7), True), ((1e-3, 1e-5, 1e-6, 1e-7), False)])
def test_a_rate_that_a_callback_kept_low(rates: tuple[float, ...], told: bool) -> None:
    seen = history(losses=(), record=RECORD, ended=False)
    for epoch, rate in enumerate(rates, start=1):
        logs = (("loss", 2.303 - epoch * 1e-4), ("accuracy", 0.1))
        seen.add_epoch(EpochRecord(epoch, 45 * epoch, logs, learning_rate=rate))
    with_updates(seen, 2e-7).end()
    messages = [each.message for each in reports(LearningRateTooLow, seen)]
    assert [each.partition(" is too low;")[0] for each in messages] == (
        ["Adam's learning rate of at most 4e-7, as a callback set it,"] if told else []
    )


def test_a_usual_rate_is_not_what_makes_steps_small() -> None:
    seen = with_updates(history(run_info(optimizer=OptimizerInfo("RMSprop", 1e-3)), **STUCK), 2e-7)
    assert reports(LearningRateTooLow, seen) == []


def test_usual_updates_clear_the_rate() -> None:
    assert reports(LearningRateTooLow, with_updates(history(**STUCK), 1e-3)) == []


def test_a_run_that_ended_while_it_still_learned() -> None:
    losses = [2.0, 1.7, 1.5, 1.3, 1.1, 0.95, 0.82, 0.71, 0.61, 0.53]
    (report,) = reports(TooFewEpochs, history(record=RECORD, losses=losses, val_loss=losses))
    assert report.message.startswith("The run ended after 10 epochs while the validation loss still fell by")
    assert reports(TooFewEpochs, history(run_info(epochs=30), record=RECORD, losses=losses)) == []
    assert reports(TooFewEpochs, history(record=RECORD)) == []


SCRIPT = """import keras

EPOCHS = 10
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=EPOCHS, validation_data=(x_val, y_val))
"""


def test_a_run_that_ended_too_soon_is_given_three_times_the_epochs() -> None:
    losses = [2.3, 2.1, 1.8, 1.5, 1.3, 1.1, 0.9, 0.8, 0.7, 0.6]
    rules = RuleSet.build({"SCR110"})
    analysis = analyze_source(SCRIPT, "train.py", rules)
    assert not analysis.findings
    (finding,) = analyze_run(history(losses=losses, val_loss=losses), rules, analysis.program)
    assert finding.range.start.line == 3
    fix = analysis.fix(finding)
    assert fix is not None
    assert [(edit.range, edit.content) for edit in fix.edits] == [(finding.range, "30")]


def test_a_short_run_whose_loss_falls_fast() -> None:
    seen = history(run_info(epochs=3), record=RECORD, losses=[2.0, 1.4, 1.0], val_loss=[1.9, 1.3, 0.9])
    (report,) = reports(TooFewEpochs, seen)
    assert "the validation loss still fell by 26% an epoch (1.9 to 0.9 over all)" in report.message
    assert report.severity is Severity.INFO
    settled = history(run_info(epochs=3), record=RECORD, losses=[2.0, 1.98, 1.97], val_loss=[1.9, 1.88, 1.86])
    assert reports(TooFewEpochs, settled) == []


def test_a_loop_of_ones_own_that_ended_while_it_still_learned() -> None:
    seen = history(run_info(epochs=None, is_own_loop=True), losses=[1.1, 0.7], val_loss=[1.0, 0.6])
    (report,) = reports(TooFewEpochs, seen)
    assert report.message.startswith("The run ended after 2 epochs while the validation loss still fell by")
    assert reports(TooFewEpochs, history(run_info(epochs=None), losses=[1.1, 0.7], val_loss=[1.0, 0.6])) == []


def own_loop(rows: int, *axes: int, layers: tuple[LayerInfo, ...] = ()):
    info = run_info(epochs=None, batch_size=None, training_samples=None, is_own_loop=True, layers=layers)
    seen = history(info, [], ended=False)
    x, y = batch(shape=(rows, 13)), batch(role="target", name="y", shape=(rows, *axes))
    for step in range(1, 125):
        seen.add_step(StepRecord(step, 1, 1.0, (x, y) if step < 4 else ()))
    seen.add_epoch(EpochRecord(1, 124, (("loss", 1.0),)))
    return seen


def test_a_loop_of_ones_own_over_single_rows() -> None:
    (report,) = reports(BatchSizeTooSmall, own_loop(1))
    assert report.message.startswith("Each step sees one row only, 124 steps of the optimizer in an epoch")
    assert reports(BatchSizeTooSmall, own_loop(16)) == []


def test_images_and_series_are_often_taken_one_at_a_time() -> None:
    assert reports(BatchSizeTooSmall, own_loop(1, 32, 32)) == []
    assert reports(BatchSizeTooSmall, own_loop(1, layers=(LayerInfo("lstm", "LSTM", 100),))) == []


def test_a_single_epoch_whose_loss_falls_to_its_end() -> None:
    seen = history(run_info(epochs=1), [], RECORD, ended=False)
    for step in range(1, 41):
        seen.add_step(StepRecord(step, 1, 2.0 / step))
    seen.add_epoch(EpochRecord(1, 40, (("loss", 0.2),)))
    seen.end()
    (report,) = reports(TooFewEpochs, seen)
    assert "in its last quarter" in report.message


def test_a_loop_of_the_programs_own_that_has_hardly_begun() -> None:
    seen = history(run_info(epochs=None, is_own_loop=True), [], RECORD, ended=False)
    seen.add_epoch(EpochRecord(1, 28, (("loss", 2.25), ("accuracy", 0.2))))
    seen.end()
    (report,) = reports(TooFewEpochs, seen)
    assert report.message.startswith("The whole training was 1 epoch and 28 steps of the optimizer")


def test_one_epoch_of_few_steps_that_learned_little_has_hardly_begun() -> None:
    seen = history(run_info(epochs=1), [], RECORD, ended=False)
    seen.add_epoch(EpochRecord(1, 43, (("loss", 2.22), ("accuracy", 0.18))))
    seen.end()
    (report,) = reports(TooFewEpochs, seen)
    assert report.message.startswith("The whole training was 1 epoch and 43 steps of the optimizer")
    assert report.severity is Severity.INFO


def test_a_training_of_nine_steps_has_hardly_begun() -> None:
    seen = history(run_info(epochs=1), [], RECORD, ended=False)
    seen.add_epoch(EpochRecord(1, 9, (("loss", 2.2), ("accuracy", 0.2))))
    assert reports(TooFewEpochs, seen) == []
    seen.end()
    (report,) = reports(TooFewEpochs, seen)
    assert report.message.startswith("The whole training was 1 epoch and 9 steps of the optimizer")
    of_a_stream = history(run_info(epochs=1), [], ended=False)
    of_a_stream.add_epoch(EpochRecord(1, 9, (("loss", 1.1), ("accuracy", 0.4), ("val_accuracy", 0.5))))
    of_a_stream.end()
    assert len(reports(TooFewEpochs, of_a_stream)) == 1
    learned = history(run_info(epochs=1), [], RECORD, ended=False)
    learned.add_epoch(EpochRecord(1, 9, (("loss", 0.2), ("accuracy", 0.95))))
    learned.end()
    assert reports(TooFewEpochs, learned) == []
    halfway = history(run_info(epochs=1), [], RECORD, ended=False)
    halfway.add_epoch(EpochRecord(1, 20, (("loss", 1.9), ("accuracy", 0.58), ("val_accuracy", 0.62))))
    halfway.end()
    assert len(reports(TooFewEpochs, halfway)) == 1


def test_a_schedule_that_is_over_too_soon() -> None:
    info = run_info(optimizer=OptimizerInfo("Adam", None, schedule="CosineDecay"))
    seen = history(info, [], RECORD, ended=False)
    for epoch, rate in enumerate((1e-3, 5e-4, 1e-6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), start=1):
        seen.add_epoch(EpochRecord(epoch, epoch * 45, (("loss", 1.0),), rate))
    (report,) = reports(ScheduleDoesNotFitRun, seen)
    assert "down to 1e-6 by epoch 3 of 10" in report.message


def test_a_callback_that_leaves_next_to_nothing_of_the_rate() -> None:
    def told(rates: Sequence[float], *callbacks: str) -> list[str]:
        info = run_info(optimizer=OptimizerInfo("Adam", rates[0]), callbacks=callbacks)
        seen = history(info, [], RECORD, ended=False)
        for epoch, rate in enumerate(rates, start=1):
            seen.add_epoch(EpochRecord(epoch, epoch * 45, (("loss", 1.0),), rate))
        seen.end()
        return [report.message for report in reports(ScheduleDoesNotFitRun, seen)]

    tenths = [0.001 * 0.1**epoch for epoch in range(10)]
    (message,) = told(tenths, "LearningRateScheduler")
    assert message.startswith("LearningRateScheduler has brought the learning rate from 0.001 down to 1e-6 by epoch 4")
    assert told(tenths) == []
    assert told([0.001, 0.001, 0.001, 5e-4, 5e-4, 1e-4, 1e-4, 1e-6, 1e-6, 1e-6], "LearningRateScheduler") == []
    assert told([1e-5 * 2**epoch for epoch in range(10)], "LearningRateScheduler") == []


def test_a_warm_up_as_long_as_the_run() -> None:
    seen = history(run_info(optimizer=OptimizerInfo("Adam", None, schedule="CosineDecay")), [], RECORD, ended=False)
    for epoch in range(1, 11):
        seen.add_epoch(EpochRecord(epoch, epoch * 45, (("loss", 1.0),), epoch * 1e-5))
    assert reports(ScheduleDoesNotFitRun, seen) == []
    seen.end()
    (report,) = reports(ScheduleDoesNotFitRun, seen)
    assert "still raises the learning rate when the run ends (to 0.0001 in epoch 10)" in report.message
    seen.epochs.append(EpochRecord(11, 495, (("loss", 1.0),), 9e-5))
    seen.end()
    assert reports(ScheduleDoesNotFitRun, seen) == []


def test_few_large_batches() -> None:
    info = run_info(batch_size=1440, steps_per_epoch=1)
    assert len(reports(BatchSizeTooLarge, history(info, **STUCK))) == 1
    settled = [1.0, 0.4, 0.3, 0.29, 0.285, 0.284, 0.284, 0.284, 0.284, 0.284]
    assert reports(BatchSizeTooLarge, history(info, settled, RECORD, accuracy=[0.9] * 10)) == []


def test_all_rows_at_once_for_a_few_steps_however_well_they_went() -> None:
    good = [1.0, 0.3, *[0.2] * 8]
    (report,) = reports(BatchSizeTooLarge, in_one_batch(good, accuracy=[0.5, *[0.97] * 9]))
    assert report.severity is None


def test_most_rows_at_once_for_a_few_steps() -> None:
    seen = history(run_info(batch_size=1000, steps_per_epoch=2), [1.0, 0.3], accuracy=[0.5, 0.97])
    (report,) = reports(BatchSizeTooLarge, seen)
    assert report.message.startswith("A batch holds 1,000 of 1,440 training rows, so an epoch has 2 steps")
    assert report.severity is None


def in_one_batch(losses: list[float], **logs: list[float]):
    """A dataset of one batch, of which only what comes out of it is known."""
    array = ArrayStatistics("input", "x", "float32", (1347, 8, 8, 1), 0.0, 1.0, 0.3, 0.4)
    seen = history(run_info(batch_size=None, training_samples=None, steps_per_epoch=None), [], RECORD, ended=False)
    for epoch, loss in enumerate(losses, start=1):
        seen.add_step(StepRecord(epoch, epoch, loss, (array,)))
        values = tuple((name, series[epoch - 1]) for name, series in logs.items())
        seen.add_epoch(EpochRecord(epoch, epoch, (("loss", loss), *values)))
    seen.end()
    return seen


def test_a_dataset_of_one_batch_that_was_not_done() -> None:
    losses = [2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4]
    (report,) = reports(BatchSizeTooLarge, in_one_batch(losses, accuracy=[0.1 + 0.04 * place for place in range(10)]))
    assert report.message.startswith("A batch holds all 1,347 training rows, so an epoch has 1 step")
    assert "the weights moved 10 times in all" in report.message
    assert report.severity is Severity.WARNING


def test_few_steps_are_the_cause_of_few_epochs() -> None:
    losses = [2.3, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4]
    seen = in_one_batch(losses)
    rules = RuleSet.build({"SCR106", "SCR110"})
    assert [finding.code for finding in analyze_run(seen, rules, None)] == ["SCR106"]


def test_nearly_every_gradient_is_clipped() -> None:
    seen = history(run_info(optimizer=OptimizerInfo("SGD", 0.1, clip_norm=0.001)), **STUCK)
    for step in range(2, 14):
        seen.add_probe(probe(step))
    (report,) = reports(ClippingTooStrong, seen)
    assert report.severity is Severity.WARNING
    assert "100% of the gradients looked at" in report.message


@pytest.mark.parametrize(("bound", "ratio", "told"), [(1e-4, 1e-7, 1), (1e-4, 1e-3, 0), (0.1, 1e-7, 0)])
def test_clipping_that_leaves_the_weights_where_they_were(bound: float, ratio: float, told: int) -> None:
    clipped = run_info(optimizer=OptimizerInfo("SGD", 0.003, clip_norm=bound), losses=("mean_squared_error",))
    seen = history(clipped, [0.95, 0.94, 0.94], ended=False)
    for step in (1, 2):
        seen.add_probe(probe(step, weights=(kernel("dense", step, update_ratio=ratio),)))
    assert reports(ClippingTooStrong, seen) == []
    seen.end()
    found = reports(ClippingTooStrong, seen)
    assert [each.severity for each in found] == [Severity.WARNING] * told
    assert all("together moved the weights by" in each.message for each in found)


@pytest.mark.parametrize(
    ("ratio", "optimizer", "told"),
    [
        (1e-9, OptimizerInfo("SGD", 0.01), 1),
        (1e-5, OptimizerInfo("SGD", 0.01), 0),  # small, as a gradient may be
        (0.0, OptimizerInfo("SGD", 0.01), 0),  # nothing is applied at all, which is another rule's
        (1e-9, OptimizerInfo("SGD", 0.01, accumulation=8), 0),
        (1e-9, OptimizerInfo("Adam", 0.01), 0),
    ],
)
def test_steps_of_the_programs_own_that_take_the_gradients_away(
    ratio: float, optimizer: OptimizerInfo, told: int
) -> None:
    seen = history(run_info(optimizer=optimizer), [0.95, 0.95, 0.95], ended=False)
    seen.epochs[:] = [replace(each, learning_rate=0.01) for each in seen.epochs]
    for step in (1, 2, 3, 5, 8):
        seen.add_probe(probe(step, weights=(kernel("dense", step, update_ratio=ratio),)))
    assert reports(ClippingTooStrong, seen) == []
    seen.end()
    found = reports(ClippingTooStrong, seen)
    assert [each.subject.kind for each in found] == [SubjectKind.CLIPPING] * told
    assert all("takes the gradients away before they are applied" in each.message for each in found)


def test_a_loss_that_fell_shows_steps_that_were_larger_later() -> None:
    seen = history(run_info(optimizer=OptimizerInfo("SGD", 0.01)), [0.95, 0.7, 0.5], ended=False)
    seen.epochs[:] = [replace(each, learning_rate=0.01) for each in seen.epochs]
    for step in (1, 2, 3):
        seen.add_probe(probe(step, weights=(kernel("dense", step, update_ratio=1e-9),)))
    seen.end()
    assert reports(ClippingTooStrong, seen) == []


def test_all_frozen() -> None:
    frozen = tuple(replace(layer, trainable=False) for layer in run_info().layers)
    assert "All 3 layers" in reports(NothingToTrain, history(run_info(layers=frozen)))[0].message


def test_waiting_for_data() -> None:
    for wait, count in ((0.016, 1), (0.002, 0)):
        seen = history(losses=[], ended=False, step_losses=[])
        for step in range(1, 61):
            seen.add_step(StepRecord(step, 1, 0.5, seconds=0.03, data_seconds=wait))
        assert len(reports(InputBound, seen)) == count


def test_a_step_that_took_minutes() -> None:
    seen = history(losses=[], ended=False, step_losses=[])
    for step in range(1, 61):
        seen.add_step(StepRecord(step, 1, 0.5, seconds=120.0 if step == 40 else 0.02))
    assert "Step 40 took 120 s" in reports(TrainingStalled, seen)[0].message


def test_gradients_that_are_added_up_over_whole_epochs() -> None:
    for batches, told in ((500, 1), (4, 0), (None, 0)):
        optimizer = OptimizerInfo("Adam", 0.001, accumulation=batches)
        made = history(run_info(optimizer=optimizer, steps_per_epoch=22), [2.3, 2.3], ended=False)
        found = [each for each in reports(BatchSizeTooLarge, made) if "adds up the gradients of 500" in each.message]
        assert [each.severity for each in found] == [Severity.WARNING] * told


def test_single_rows_that_only_the_run_knows() -> None:
    (report,) = reports(BatchSizeTooSmall, history(run_info(batch_size=1)))
    assert report.message == "Each step saw 1 row only, 450 steps of the optimizer in all; 32 to 256 is usual."
    stateful = run_info(batch_size=1, layers=(LayerInfo("lstm", "LSTM", 100),))
    for fine in (history(run_info()), history(run_info(batch_size=1), ended=False), history(stateful)):
        assert reports(BatchSizeTooSmall, fine) == []
