"""What epochs and panels show of how well a run generalizes."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_run
from scram_analyzers.findings import Finding, Severity
from scram_analyzers.rules.data.mostly_padding import MostlyPadding
from scram_analyzers.rules.dynamics.training_loss_vanished import TrainingLossVanished
from scram_analyzers.rules.dynamics.unstable_validation import UnstableValidation
from scram_analyzers.rules.evaluation.class_never_right import ClassNeverRight
from scram_analyzers.rules.evaluation.overtraining import Overtraining
from scram_analyzers.rules.evaluation.underfitting import Underfitting
from scram_analyzers.rules.evaluation.validation_too_good import ValidationTooGood
from scram_analyzers.rules.evaluation.worse_than_baseline import WorseThanBaseline
from scram_analyzers.rules.output_and_loss.loss_and_metric_disagree import LossAndMetricDisagree
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.records import LabelForm, LayerInfo, OutputInfo, StepRecord, StreamRecord, SubjectKind
from scram_analyzers.run.task import baseline
from tests.run_histories import (
    batch,
    data,
    history,
    inputs,
    labels,
    measured,
    panel,
    regression_info,
    reports,
    run_info,
)

RECORD = data(inputs(), labels([144] * 10), inputs("validation", 360), labels([36] * 10, "validation"))


def test_the_best_epoch_was_long_ago() -> None:
    losses = [1.0, 0.5, 0.4, *[0.4 + 0.02 * place for place in range(1, 10)]]
    made = history(losses=[1.0 / (place + 1) for place in range(12)], val_loss=losses)
    (report,) = reports(Overtraining, made)
    assert "was best in epoch 3 (0.4) and ended at 0.58 after 12 epochs" in report.message
    kept = history(run_info(callbacks=("ModelCheckpoint",)), losses=[1.0] * 12, val_loss=losses)
    assert reports(Overtraining, kept) == []


def test_underfitting_needs_something_that_holds_it_back() -> None:
    flat = {"losses": [2.2, 2.15, 2.1, 2.05, 2.0, 1.95], "accuracy": [0.12, 0.13, 0.14, 0.15, 0.16, 0.16]}
    made = history(run_info(epochs=6), record=RECORD, **flat)
    (report,) = reports(Underfitting, made)
    assert report.causes == ()
    narrow = (LayerInfo("dense", "Dense", 130, units=2, activation="relu"), LayerInfo("head", "Dense", 30, units=10))
    made = history(run_info(epochs=6, layers=narrow), record=RECORD, **flat)
    (finding,) = analyze_run(made, RuleSet({"SCR706": Underfitting()}), None)
    assert 'Most likely: "dense" has 2 units only' in finding.message


def test_validation_far_better_than_training() -> None:
    accuracy = [0.5, 0.6, 0.65, 0.68, 0.7, 0.71, 0.72]
    made = history(losses=[1.0] * 7, record=RECORD, accuracy=accuracy, val_accuracy=[value + 0.2 for value in accuracy])
    assert len(reports(ValidationTooGood, made)) == 1
    dropout = run_info(layers=(*run_info().layers, LayerInfo("dropout", "Dropout", 0, rate=0.5)))
    explained = history(dropout, losses=[1.0] * 7, record=RECORD, accuracy=accuracy, val_accuracy=[0.9] * 7)
    assert reports(ValidationTooGood, explained) == []


TWO_OUTPUTS = run_info(
    losses=("binary_crossentropy", "mean_squared_error"),
    outputs=(
        OutputInfo("kind", "kind", "sigmoid", 1, "binary_crossentropy", False),
        OutputInfo("size", "size", "linear", 1, "mean_squared_error"),
    ),
)
KINDS = labels([540, 900], name="y['kind']", label_form=LabelForm.BINARY)


def two_outputs(accuracy: list[float], deviation: float = 1.0, ended: bool = True) -> list[Finding]:
    record = data(inputs(), KINDS, measured(name="y['size']", deviation=deviation))
    logs = {"val_kind_accuracy": accuracy, "kind_accuracy": [0.7] * len(accuracy)}
    seen = history(TWO_OUTPUTS, [1.0] * len(accuracy), record, ended, **logs)
    return analyze_run(seen, RuleSet.default(), None)


def test_one_of_two_outputs_that_never_validates_better_than_a_guess() -> None:
    (finding,) = [each for each in two_outputs([0.62, 0.64, 0.63, 0.62, 0.63]) if each.code == "SCR218"]
    assert 'the validation accuracy of the output "kind" is 63%, and always guessing one class gives 62%' in (
        finding.message
    )
    assert two_outputs([0.62, 0.64, 0.63, 0.62, 0.63], ended=False) == []
    assert two_outputs([0.62, 0.64, 0.80, 0.85, 0.90]) == []
    assert two_outputs([0.62, 0.64, 0.80, 0.85, 0.63]) == []  # once it did, and nothing says what holds it back


def test_an_output_that_large_targets_of_another_keep_at_a_guess() -> None:
    (finding,) = two_outputs([0.62, 0.64, 0.80, 0.60, 0.63], deviation=500.0)
    assert (finding.code, finding.severity) == ("SCR219", Severity.WARNING)
    assert 'Most likely because of this, the validation accuracy of the output "kind" is 63%' in finding.message


def test_a_class_that_is_never_right() -> None:
    rows = [[36 if one == other else 0 for other in range(10)] for one in range(10)]
    rows[7] = [0, 35, 0, 0, 0, 0, 0, 1, 0, 0]
    made = history(record=RECORD, ended=False)
    for epoch in (5, 6):
        made.add_panel(panel(45 * epoch, epoch, confusion=tuple(map(tuple, rows))))
    assert reports(ClassNeverRight, made) == []  # the loss has fallen since
    for epoch in (9, 10):
        made.add_panel(panel(45 * epoch, epoch, confusion=tuple(map(tuple, rows))))
    (report,) = reports(ClassNeverRight, made)
    assert "of 36 rows of class 7 it recognizes 3%, and takes most others for class 1" in report.message


def test_no_better_than_the_mean() -> None:
    record = data(inputs(), measured())
    made = history(regression_info(), [0.9, 0.8, 0.7, 0.6], record, val_loss=[1.0, 1.1, 1.2, 1.3])
    (report,) = reports(WorseThanBaseline, made)
    assert "its validation loss is 1.3, and always guessing the mean gives about 1" in report.message
    assert reports(WorseThanBaseline, history(regression_info(), [0.5] * 4, record, val_loss=[0.5] * 4)) == []


def test_the_guess_for_several_columns_is_the_mean_of_each() -> None:
    rows = measured(shape=(1440, 32, 3), mean=0.0, deviation=2.0, column_deviation=1.0)
    info = regression_info(epochs=5)
    made = history(info, [1.05] * 5, data(inputs(), rows), val_loss=[1.2, 1.2, 1.1, 1.1, 1.1])
    (report,) = reports(WorseThanBaseline, made)
    assert "its validation loss is 1.1, and always guessing the mean gives about 1" in report.message
    assert reports(WorseThanBaseline, history(info, [0.5] * 5, data(inputs(), rows), val_loss=[0.5] * 5)) == []


def test_labels_that_do_not_belong_to_their_rows() -> None:
    learned_by_heart = [2.31, 2.30, 2.29, 2.28, 2.27, 2.2, 2.1, 2.0]
    made = history(
        run_info(epochs=8),
        learned_by_heart,
        RECORD,
        val_loss=[2.31, 2.31, 2.32, 2.33, 2.33, 2.36, 2.39, 2.5],
        accuracy=[0.1, 0.1, 0.11, 0.12, 0.13, 0.15, 0.2, 0.25],
        val_accuracy=[0.1, 0.09, 0.08, 0.09, 0.1, 0.08, 0.09, 0.1],
    )
    (report,) = reports(WorseThanBaseline, made)
    assert report.causes[0].subject.kind is SubjectKind.TARGETS
    assert report.causes[0].text.startswith("in none of 8 epochs was it better")


@pytest.mark.parametrize(("accuracy", "is_told"), [(0.2, True), (0.5, False)])
def test_validation_rows_that_were_prepared_otherwise(accuracy: float, is_told: bool) -> None:
    made = history(
        run_info(epochs=8),
        [1.9, 0.5, 0.3],
        RECORD,
        val_loss=[3.1, 3.3, 3.9],
        accuracy=[0.5, 0.86, 0.92],
        val_accuracy=[accuracy] * 3,
    )
    assert [report.causes[0].subject.kind for report in reports(WorseThanBaseline, made)] == (
        [SubjectKind.VALIDATION] if is_told else []
    )


@pytest.mark.parametrize(("rows", "best", "is_told"), [(114, 0.66, True), (114, 0.85, False), (40, 0.66, False)])
def test_a_guess_on_few_rows_is_not_always_as_good(rows: int, best: float, is_told: bool) -> None:
    counts = data(
        inputs(), labels([130, 211]), inputs("validation", rows), labels([rows // 3, rows - rows // 3], "validation")
    )
    made = history(
        run_info(epochs=6, classes=2, losses=("binary_crossentropy",)),
        [0.66, 0.65, 0.62, 0.6, 0.58, 0.57],
        counts,
        val_loss=[0.66, 0.65, 0.64, 0.641, 0.65, 0.66],
        accuracy=[0.62, 0.63, 0.65, 0.68, 0.7, 0.72],
        val_accuracy=[0.62, best, 0.65, 0.64, 0.64, 0.64],
    )
    (report,) = reports(WorseThanBaseline, made)
    assert bool(report.causes) == is_told


def test_a_training_loss_of_nothing() -> None:
    made = history(losses=[0.5, 0.01, 1e-6, 1e-6, 1e-7], val_loss=[0.5, 0.4, 0.45, 0.46, 0.47])
    assert len(reports(TrainingLossVanished, made)) == 1
    better = history(losses=[0.5, 0.01, 1e-6, 1e-6, 1e-7], val_loss=[0.5, 0.4, 0.3, 0.2, 0.1])
    assert reports(TrainingLossVanished, better) == []


def test_validation_that_jumps_to_the_end() -> None:
    jumping = [0.6, 0.8] * 12
    made = history(losses=[0.3] * 24, record=RECORD, accuracy=[0.9] * 24, val_accuracy=jumping)
    assert "60% to 80%" in reports(UnstableValidation, made)[0].message
    made = history(losses=[0.3] * 24, record=RECORD, accuracy=[0.9] * 24, val_accuracy=[0.8, 0.81] * 12)
    assert reports(UnstableValidation, made) == []


def test_a_validation_that_training_does_not_speak_of() -> None:
    losses = [0.9, 0.3, *[0.02] * 18]
    info = run_info(epochs=20)
    made = history(info, losses, RECORD, val_loss=[4.0] * 20, val_accuracy=[0.1] * 20, accuracy=[0.9] * 20)
    (report,) = reports(WorseThanBaseline, made)
    (cause,) = report.causes
    assert (cause.code, cause.subject.kind) == (None, SubjectKind.VALIDATION)
    slow = history(info, [2.3] * 20, RECORD, val_loss=[4.0] * 20, val_accuracy=[0.1] * 20, accuracy=[0.1] * 20)
    assert [cause.code for cause in next(iter(reports(WorseThanBaseline, slow))).causes] == ["SCR218"]


def test_what_holds_training_back_is_no_cause_where_it_learned() -> None:
    tokens = inputs(consumer="Embedding", zero_share=0.7)
    record = data(tokens, labels([144] * 10), inputs("validation", 360), labels([36] * 10, "validation"))
    rules = RuleSet({"SCR231": MostlyPadding(), "SCR709": WorseThanBaseline()})

    def told(accuracy: list[float]) -> list[str]:
        made = history(
            run_info(epochs=4), [1.5, 1.2, 0.9, 0.6], record, accuracy=accuracy, val_accuracy=[0.1, 0.11, 0.1, 0.09]
        )
        return [finding.message for finding in analyze_run(made, rules, None)]

    (padding,) = told([0.3, 0.6, 0.8, 0.9])
    assert "Most likely" not in padding
    (because,) = told([0.1, 0.12, 0.13, 0.13])
    assert "Most likely because of this, its validation accuracy is 9%" in because


def test_validation_at_chance_whatever_the_loss_means() -> None:
    record = data(inputs(), inputs("validation"), labels([60, 110], "validation"))
    own = run_info(losses=(), outputs=(), classes=None)
    seen = history(own, [0.7, 0.6, 0.55, 0.5, 0.4], record, accuracy=[0.6, 0.7, 0.8, 0.8, 0.8], val_accuracy=[0.64] * 5)
    (report,) = reports(WorseThanBaseline, seen)
    assert "in 5 epochs its validation accuracy never came above 64%, and always guessing one class gives 65%" in (
        report.message
    )
    assert [each.code for each in report.causes] == ["SCR218"]
    learned = {"accuracy": [0.6, 0.7, 0.8, 0.8, 0.8], "val_accuracy": [0.64, 0.64, 0.64, 0.64, 0.8]}
    stuck = {"accuracy": [0.64] * 5, "val_accuracy": [0.64] * 5}
    assert all(reports(WorseThanBaseline, history(own, [0.7] * 5, record, **each)) == [] for each in (learned, stuck))


def test_the_guess_for_a_stream_of_measured_targets() -> None:
    seen = history(regression_info(), [1.0] * 4, ended=False)
    targets = {"role": "target", "name": "y", "shape": (32, 1), "mean": 5.0, "deviation": 2.0}
    for step in range(1, 11):
        seen.add_step(StepRecord(step, 1, arrays=(batch(**targets),)))
    before = baseline(seen)
    assert before is None or before.loss is None
    seen.stream = StreamRecord(rows=320)
    seen.end()
    known = baseline(seen)
    assert known is not None
    assert known.loss == pytest.approx(4.0)


def test_a_validation_loss_that_nothing_changes() -> None:
    falling = [0.7, 0.5, 0.3, 0.2, 0.1]
    moving = {"accuracy": [0.6, 0.7, 0.8, 0.9, 0.9], "val_accuracy": [0.6, 0.7, 0.8, 0.8, 0.85]}
    own = run_info(losses=(), outputs=())
    (report,) = reports(LossAndMetricDisagree, history(own, falling, val_loss=[10.15] * 5, **moving))
    assert report.message.startswith("The validation loss is 10.2 in each of 5 epochs, while the training loss fell")
    assert report.subject.kind is SubjectKind.TEST_STEP
    still = {**moving, "val_accuracy": [0.6] * 5}
    healthy = (
        history(own, falling, val_loss=[0.5, 0.4, 0.4, 0.4, 0.4], **moving),
        history(own, falling, val_loss=[10.15] * 5, **still),
        history(own, [0.7] * 5, val_loss=[10.15] * 5, **moving),
        history(own, falling[:3], val_loss=[10.15] * 3, **moving),
    )
    assert all(reports(LossAndMetricDisagree, each) == [] for each in healthy)


def test_a_loss_of_nothing_from_the_first_step_on() -> None:
    seen = history(losses=[0.0] * 3, step_losses=[0.0] * 30, accuracy=[0.3] * 3)
    (report,) = reports(TrainingLossVanished, seen)
    assert "exactly 0 since the first step, though 70% of the answers are wrong" in report.message
    assert report.severity is Severity.ERROR
    solved = history(losses=[0.0] * 3, step_losses=[0.0] * 30, accuracy=[1.0] * 3)
    fell = history(losses=[0.1, 0.0, 0.0], step_losses=[0.5] + [0.0] * 29, accuracy=[0.3] * 3)
    assert reports(TrainingLossVanished, solved) == reports(TrainingLossVanished, fell) == []
