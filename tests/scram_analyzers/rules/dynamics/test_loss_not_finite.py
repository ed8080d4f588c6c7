import math

import pytest

from scram_analyzers.rules.dynamics.loss_not_finite import LossNotFinite
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import (
    ArrayStatistics,
    EpochRecord,
    LayerObservation,
    NonfiniteOrigin,
    OriginPlace,
    ProbeRecord,
    RunInfo,
    StepRecord,
    Subject,
    SubjectKind,
)


def reports(*steps):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    for record in steps:
        history.add_step(record)
    return list(LossNotFinite().check_run(history))


def test_a_nan_loss_is_reported_at_its_step():
    (report,) = reports(StepRecord(1, 1, 0.7), StepRecord(2, 1, 3e8), StepRecord(3, 1, math.nan))
    assert report.message == "The loss became NaN at step 3 (it was 3e8 before)."
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


@pytest.mark.parametrize(("largest", "kind"), [(3.0, SubjectKind.LAYER), (5e4, SubjectKind.FIT)])
def test_outputs_that_were_huge_before_the_first_step_are_to_blame(largest, kind):
    seen = ArrayStatistics("input", "x", "float32", (32, 24, 1), -largest, largest, 0.0, 1.0)
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    recurrent = LayerObservation("simple_rnn", 1e9, 3.86e11, 1e13, 0.0)
    history.add_probe(ProbeRecord(1, 1, 16, 1e24, (recurrent, LayerObservation("dense", 0.0, 1.0, 3.0, 0.0))))
    history.add_step(StepRecord(1, 1, 1e24, (seen,)))
    history.add_step(StepRecord(2, 1, math.nan))
    (report,) = LossNotFinite().check_run(history)
    assert report.subject.kind is kind
    assert ('the outputs of "simple_rnn" deviated by 3.86e11 already' in report.message) is (kind is SubjectKind.LAYER)


def test_a_finite_run_is_silent():
    assert reports(StepRecord(1, 1, 2.3), StepRecord(2, 1, None), StepRecord(3, 1, 2.1)) == []


NAN = StepRecord(41, 1, math.nan)


def with_origin(place, *steps, step=41, seen_at=41, **where):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    for record in steps or (NAN,):
        history.add_step(record)
    history.origin = NonfiniteOrigin(place, step, seen_at, **where)
    return list(LossNotFinite().check_run(history))


ORIGINS = [
    (
        {"place": OriginPlace.FORWARD, "layer": "log_layer"},
        'it began in that step in the layer "log_layer" (forward pass): the layers before it were finite, it was not',
        Subject(SubjectKind.LAYER, "log_layer"),
        "ops.log(ops.maximum(x, 1e-7))",
    ),
    (
        {"place": OriginPlace.FORWARD},
        "in the model's own call (forward pass): no layer made it of finite inputs",
        Subject(SubjectKind.CALL),
        "the model's call",
    ),
    (
        {"place": OriginPlace.INPUTS, "array": "x['image']", "rows": (3, 9), "step": 40},
        "it began at step 40 with NaN or infinite values in the input x['image'] (rows 3, 9 of that batch",
        Subject(SubjectKind.INPUTS),
        "rows of x['image']",
    ),
    (
        {"place": OriginPlace.TARGETS, "array": "y", "rows": (3,)},
        "with NaN or infinite values in the target y (row 3 of that batch",
        Subject(SubjectKind.TARGETS),
        "rows of y",
    ),
    (
        {"place": OriginPlace.LOSS},
        "it began in that step in the loss function: the predictions were finite",
        Subject(SubjectKind.LOSS),
        "ops.clip(p, 1e-7, 1 - 1e-7)",
    ),
    (
        {"place": OriginPlace.GRADIENTS, "layer": "length", "loss": 6.878},
        'in the derivative of the layer "length" (backward pass) while the loss was still 6.88',
        Subject(SubjectKind.LAYER, "length"),
        "ops.sqrt(x + 1e-12)",
    ),
    (
        {"place": OriginPlace.GRADIENTS, "loss": 0.5},
        "in the derivative of the loss function (backward pass)",
        Subject(SubjectKind.LOSS),
        "ops.sqrt(x + 1e-12)",
    ),
    (
        {"place": OriginPlace.GRADIENTS, "layer": "conv", "loss": 4.7e32},
        'too large for their type, first in the gradients of "conv"; the loss had grown to 4.7e32 by then',
        Subject(SubjectKind.LEARNING_RATE),
        "a tenth",
    ),
    (
        {"place": OriginPlace.UPDATE, "layer": "conv", "weight": "conv/kernel", "loss": 2.0},
        "in the optimizer's update of conv/kernel, whose gradient was finite",
        Subject(SubjectKind.LEARNING_RATE),
        "clipnorm",
    ),
    (
        {"place": OriginPlace.WEIGHTS, "layer": "conv", "weight": "conv/kernel", "step": 1},
        'the weight conv/kernel of "conv" was not finite before the first step already',
        Subject(SubjectKind.LAYER, "conv"),
        "load weights",
    ),
]


@pytest.mark.parametrize(("where", "clause", "subject", "how"), ORIGINS)
def test_the_origin_is_told(where, clause, subject, how):
    (report,) = with_origin(**where)
    assert report.message.startswith("The loss became NaN at step 41; ")
    assert clause in report.message
    assert report.subject == subject
    assert how in report.how


def test_the_origin_of_hidden_nan_is_told():
    hidden = StepRecord(50, 1, 2.302585, nonfinite_weights=("conv/kernel",))
    (report,) = with_origin(OriginPlace.INPUTS, hidden, step=24, seen_at=50, array="x")
    assert "although the loss still reads 2.303; it began at step 24 with" in report.message
    assert report.subject == Subject(SubjectKind.INPUTS)


def test_an_origin_alone_is_enough():
    (report,) = with_origin(OriginPlace.INPUTS, StepRecord(51, 2, 2.3), step=24, seen_at=50, array="x")
    assert report.message.startswith("Weights became NaN or infinite by step 50; it began at step 24")
    assert (report.step, report.epoch) == (50, 2)


def test_numbers_that_overflow_after_a_runaway_loss_blame_no_layer():
    steps = (StepRecord(39, 1, 0.4), StepRecord(40, 1, 3e30), NAN)
    (report,) = with_origin(OriginPlace.FORWARD, *steps, layer="dense")
    assert 'first in the forward pass of "dense"; the loss had grown to 3e30 by then' in report.message
    assert report.subject == Subject(SubjectKind.LEARNING_RATE)


@pytest.mark.parametrize(("place", "is_blamed"), [(None, True), (OriginPlace.INPUTS, False)])
def test_a_learning_rate_that_has_risen_is_to_blame_where_nothing_else_is(place, is_blamed):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    history.add_step(StepRecord(1, 1, 0.7))
    history.add_epoch(EpochRecord(1, 1, (("loss", 0.7),), 0.01))
    history.add_epoch(EpochRecord(2, 2, (("loss", 0.7),), 0.5))
    if place is not None:
        history.origin = NonfiniteOrigin(place, 3, 3, array="x")
    history.add_step(StepRecord(3, 3, math.nan))
    (report,) = LossNotFinite().check_run(history)
    assert ("had risen from 0.01 to 0.5 by epoch 2" in report.message) is is_blamed
    assert (report.subject.kind is SubjectKind.SCHEDULE) is is_blamed


def test_a_learning_rate_that_has_risen_is_to_blame_before_the_only_layer_with_weights():
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    history.add_step(StepRecord(1, 1, 0.7))
    history.add_epoch(EpochRecord(1, 1, (("loss", 0.7),), 0.01))
    history.add_epoch(EpochRecord(2, 2, (("loss", 0.7),), 0.5))
    history.add_step(StepRecord(3, 3, 0.7, nonfinite_weights=("dense/kernel",)))
    (report,) = LossNotFinite().check_run(history)
    assert report.subject == Subject(SubjectKind.SCHEDULE)


def test_weights_first_looked_at_after_they_were_seen_tell_nothing_new():
    hidden = StepRecord(55, 5, 0.7, nonfinite_weights=("dense/kernel",))
    late = {"step": 144, "seen_at": 144, "layer": "dense", "weight": "dense/kernel"}
    (report,) = with_origin(OriginPlace.WEIGHTS, hidden, **late)
    assert "first looked at" not in report.message
    assert "load weights" not in (report.how or "")
