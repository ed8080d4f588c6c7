import math

from scram_analyzers.rules.dynamics.loss_diverging import LossDiverging
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import EpochRecord, RunInfo, StepRecord, Subject, SubjectKind


def reports(losses):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started="", losses=("binary_crossentropy",)))
    for step, loss in enumerate(losses, start=1):
        history.add_step(StepRecord(step, 1, loss))
    return list(LossDiverging().check_run(history))


def test_a_runaway_loss_is_reported():
    (report,) = reports([0.69, *[4e9] * 5])
    assert report.message == (
        "Training diverges: the loss rose from 0.69 to 4e9 by step 6 (the first batch's was 0.69)."
    )


def test_a_learning_rate_that_has_risen_is_to_blame():
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started="", losses=("mean_squared_error",)))
    for epoch, rate in enumerate((0.01, 0.1, 1.0), start=1):
        history.add_step(StepRecord(epoch, epoch, 9.0))
        history.add_epoch(EpochRecord(epoch, epoch, (("loss", 9.0),), rate))
    for step in range(4, 9):
        history.add_step(StepRecord(step, 4, 4e9))
    (report,) = LossDiverging().check_run(history)
    assert report.subject == Subject(SubjectKind.SCHEDULE)
    assert report.message == (
        "Training diverges: the loss rose from 9 to 4e9 by step 8 (the first batch's was 9); "
        "the learning rate had risen from 0.01 to 1 by epoch 3."
    )


def test_nan_belongs_to_the_other_rule():
    assert reports([0.69, math.nan]) == []


def test_a_healthy_loss_is_silent():
    assert reports([0.69 * 0.99**step for step in range(300)]) == []
