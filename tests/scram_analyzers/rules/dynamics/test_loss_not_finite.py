import math

from scram_analyzers.rules.dynamics.loss_not_finite import LossNotFinite
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, RunInfo, StepRecord, Subject, SubjectKind


def reports(*steps):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    for record in steps:
        history.add_step(record)
    return list(LossNotFinite().check_run(history))


def test_a_nan_loss_is_reported_at_its_step():
    (report,) = reports(StepRecord(1, 1, 0.7), StepRecord(2, 1, 3e8), StepRecord(3, 1, math.nan))
    assert report.message == "The loss became NaN at step 3 (it was 3e+08 before)."
    assert (report.step, report.epoch, report.subject.kind) == (3, 1, SubjectKind.FIT)


def test_nan_in_the_data_moves_the_finding_to_the_data():
    bad = ArrayStatistics("input", "x", "float32", (32, 4), 0, 1, 0.5, 0.2, nonfinite=2)
    (report,) = reports(StepRecord(1, 1, math.nan, (bad,)))
    assert report.subject == Subject(SubjectKind.INPUTS)
    assert "2 of them in x in one batch" in report.message
    assert report.how is not None
    assert "rows of x" in report.how


def test_hidden_nan_weights_name_the_layer_although_the_loss_is_finite():
    (report,) = reports(StepRecord(1, 1, 2.3), StepRecord(2, 1, 2.302585, nonfinite_weights=("conv2d/kernel",)))
    assert report.subject == Subject(SubjectKind.LAYER, "conv2d")
    assert "although the loss still reads 2.303" in report.message


def test_the_earlier_sight_is_told_once():
    weights = ("a/kernel", "b/kernel", "c/kernel")
    (report,) = reports(
        StepRecord(1, 1, 2.3, nonfinite_weights=weights),
        StepRecord(2, 1, math.nan, nonfinite_weights=weights),
    )
    assert report.message.startswith("Weights (a/kernel, b/kernel and 1 more) hold NaN or infinite values by step 1")


def test_a_finite_run_is_silent():
    assert reports(StepRecord(1, 1, 2.3), StepRecord(2, 1, None), StepRecord(3, 1, 2.1)) == []
