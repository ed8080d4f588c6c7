"""What targets, predictions and losses show of the last layer and the loss."""

from __future__ import annotations

from dataclasses import replace

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Severity
from scram_analyzers.rules.output_and_loss.accuracy_only import AccuracyOnly
from scram_analyzers.rules.output_and_loss.invalid_output_activation import InvalidOutputActivation
from scram_analyzers.rules.output_and_loss.label_encoding_mismatch import LabelEncodingMismatch
from scram_analyzers.rules.output_and_loss.label_out_of_range import LabelOutOfRange
from scram_analyzers.rules.output_and_loss.logits_without_from_logits import LogitsWithoutFromLogits
from scram_analyzers.rules.output_and_loss.loss_and_metric_disagree import LossAndMetricDisagree
from scram_analyzers.rules.output_and_loss.negative_loss import NegativeLoss
from scram_analyzers.rules.output_and_loss.output_range_mismatch import OutputRangeMismatch
from scram_analyzers.rules.output_and_loss.output_units_mismatch import OutputUnitsMismatch
from scram_analyzers.rules.output_and_loss.regression_loss_for_classification import RegressionLossForClassification
from scram_analyzers.rules.output_and_loss.single_unit_categorical_loss import SingleUnitCategoricalLoss
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import LabelForm, LayerInfo, OutputInfo, StepRecord
from tests.run_histories import batch, data, history, inputs, labels, measured, panel, reports, run_info

SPARSE, CATEGORICAL, BINARY = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"


def info(loss: str, activation: str, units: int, **changes: object):
    output = OutputInfo("head", "head", activation, units, loss, from_logits=False)
    return run_info(losses=(loss,), outputs=(output,), **changes)


def test_logits_taken_for_probabilities() -> None:
    made = history(info(SPARSE, "linear", 10))
    made.add_panel(panel(1, 1, minimum=-3.0, maximum=4.5))
    (report,) = reports(LogitsWithoutFromLogits, made)
    assert report.message.endswith("its outputs reach from -3 to 4.5.")
    assert reports(InvalidOutputActivation, made) == []


def test_sums_that_are_no_distribution() -> None:
    made = history(info(CATEGORICAL, "sigmoid", 10))
    made.add_panel(panel(1, 1, row_sum_minimum=3.2, row_sum_maximum=5.9))
    (report,) = reports(InvalidOutputActivation, made)
    assert "add up to 3.2 to 5.9, not to 1" in report.message


def test_probabilities_and_known_logits_are_fine() -> None:
    made = history(info(SPARSE, "softmax", 10))
    made.add_panel(panel(1, 1))
    assert reports(LogitsWithoutFromLogits, made) == []
    output = OutputInfo("head", "head", "linear", 10, SPARSE, from_logits=True)
    made = history(run_info(outputs=(output,)))
    made.add_panel(panel(1, 1, minimum=-3.0))
    assert reports(LogitsWithoutFromLogits, made) == []


def test_labels_without_a_unit() -> None:
    (report,) = reports(
        OutputUnitsMismatch, history(info(SPARSE, "softmax", 10), record=data(inputs(), labels([9] * 11)))
    )
    assert report.message == "The labels run from 0 to 10, and the last layer has 10 units for the labels 0 to 9."
    one_based = labels([0] + [9] * 10, minimum=1.0)
    (report,) = reports(OutputUnitsMismatch, history(info(SPARSE, "softmax", 10), record=data(inputs(), one_based)))
    assert report.how == "Number the classes from 0: subtract 1 from the labels."


def test_an_ignored_class_needs_no_unit() -> None:
    output = OutputInfo("head", "head", "softmax", 10, SPARSE, False, ignored_class=-1)
    made = history(run_info(outputs=(output,)), record=data(inputs(), labels([9] * 10, minimum=-1.0)))
    assert reports(OutputUnitsMismatch, made) == []


def test_the_form_of_the_labels() -> None:
    one_hot = labels([10] * 10, shape=(100, 10), label_form=LabelForm.ONE_HOT)
    (report,) = reports(LabelEncodingMismatch, history(info(SPARSE, "softmax", 10), record=data(inputs(), one_hot)))
    assert "one-hot rows of 10 columns" in report.message
    made = history(info(CATEGORICAL, "softmax", 10), record=data(inputs(), labels([10] * 10)))
    assert len(reports(LabelEncodingMismatch, made)) == 1
    made = history(info(SPARSE, "softmax", 10), record=data(inputs(), labels([10] * 10)))
    assert reports(LabelEncodingMismatch, made) == []


def test_binary_targets_of_minus_one() -> None:
    made = history(info(BINARY, "sigmoid", 1), record=data(inputs(), labels([50, 50], minimum=-1.0, maximum=1.0)))
    (report,) = reports(LabelOutOfRange, made)
    assert report.recipe == "y = (y + 1) / 2"
    assert reports(LabelOutOfRange, history(info(BINARY, "sigmoid", 1), record=data(labels([50, 50])))) == []


def test_targets_out_of_reach() -> None:
    record = data(inputs(), measured(mean=150.0, deviation=40.0))
    (report,) = reports(OutputRangeMismatch, history(info("mean_squared_error", "sigmoid", 1), record=record))
    assert "the targets run from 30 to 270" in report.message
    assert reports(OutputRangeMismatch, history(info("mean_squared_error", "linear", 1), record=record)) == []
    assert reports(OutputRangeMismatch, history(info("mean_squared_error", "relu", 1), record=record)) == []


def of_two_outputs(low: float, high: float, name: str) -> RunHistory:
    outputs = (
        OutputInfo("stops", "stops", "sigmoid", 1, BINARY, False),
        OutputInfo("part", "part_head", "linear", 3, SPARSE, True),
    )
    made = RunHistory(run_info(outputs=outputs, losses=(BINARY, SPARSE)))
    seen = batch(role="target", name=f"y[{name!r}]", minimum=low, maximum=high, deviation=0.5, consumer="")
    made.add_step(StepRecord(1, 1, arrays=(seen,)))
    return made


def test_labels_beyond_one_of_several_heads() -> None:
    (report,) = reports(OutputUnitsMismatch, of_two_outputs(1.0, 3.0, "part"))
    assert report.subject.layer == "part_head"
    assert report.message == ('The labels run from 1 to 3, and the output "part" has 3 units for the labels 0 to 2.')
    (report,) = reports(LabelOutOfRange, of_two_outputs(-1.0, 1.0, "stops"))
    assert report.message.startswith('The targets of the output "stops" run from -1 to 1')
    for healthy in (of_two_outputs(0.0, 2.0, "part"), of_two_outputs(0.0, 1.0, "stops")):
        assert reports(OutputUnitsMismatch, healthy) == reports(LabelOutOfRange, healthy) == []


def of_a_model_without_a_graph(activation: str, minimum: float, maximum: float, panels: int = 2):
    layers = (LayerInfo("encoder", "Dense", 640), LayerInfo("decoder", "Dense", 640, activation=activation))
    output = OutputInfo("output", loss="mean_squared_error")
    seen = history(
        run_info(losses=("mean_squared_error",), outputs=(output,), layers=layers),
        record=data(inputs(), measured(mean=0.0)),
        ended=False,
    )
    for epoch in range(1, panels + 1):
        seen.add_panel(panel(45 * epoch, epoch, minimum=minimum, maximum=maximum))
    return seen


def test_predictions_show_what_the_last_layer_of_a_model_without_a_graph_can_reach() -> None:
    (report,) = reports(OutputRangeMismatch, of_a_model_without_a_graph("relu", 0.0, 2.5))
    assert report.subject.layer == "decoder"
    assert "With relu the last layer gives values of 0 and more, and the targets run from -3 to 3" in report.message
    (report,) = reports(OutputRangeMismatch, of_a_model_without_a_graph("sigmoid", 0.0001, 1.0))
    assert "from 0 to 1" in report.message
    for healthy in (
        of_a_model_without_a_graph("relu", -0.2, 2.5),
        of_a_model_without_a_graph("relu", 0.1, 2.5),
        of_a_model_without_a_graph("relu", 0.0, 2.5, panels=1),
        of_a_model_without_a_graph("sigmoid", 0.2, 0.7),
        of_a_model_without_a_graph("linear", 0.0, 2.5),
    ):
        assert reports(OutputRangeMismatch, healthy) == []


def test_targets_within_reach_refute_the_sources_doubt() -> None:
    rule = OutputRangeMismatch()
    text = """
import keras
from project import data
model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
model.compile(optimizer="adam", loss="mse")
model.fit(data, epochs=20)
"""
    (doubt,) = [each for each in analyze_source(text, "train.py", RuleSet.default()).findings if each.code == "SCR414"]
    within = data(inputs(), measured(mean=0.5, deviation=0.1))
    beyond = data(inputs(), measured(mean=5.0))
    sigmoid = info("mean_squared_error", "sigmoid", 1)
    assert rule.refutation(doubt, history(sigmoid, record=within, ended=False)) == "the targets run from 0.2 to 0.8"
    assert rule.refutation(doubt, history(sigmoid, record=beyond, ended=False)) is None


def test_each_output_of_several_has_its_own_targets() -> None:
    outputs = (
        OutputInfo("digit", "digit", "softmax", 10, CATEGORICAL, False),
        OutputInfo("ink", "ink_head", "sigmoid", 1, "mean_squared_error", False),
    )
    several = run_info(losses=(CATEGORICAL, "mean_squared_error"), outputs=outputs)
    one_hot = labels([10] * 10, shape=(100, 10), label_form=LabelForm.ONE_HOT)
    for names in (("y['digit']", "y['ink']"), ("y[0]", "y[1]")):
        targets = (replace(one_hot, name=names[0]), measured(name=names[1]))
        (report,) = reports(OutputRangeMismatch, history(several, record=data(inputs(), *targets)))
        assert report.subject.layer == "ink_head"
        assert 'the output "ink" gives values from 0 to 1, and the targets run from -3 to 3' in report.message
    unknown = (replace(one_hot, name="y['a']"), measured(name="y['b']"))
    assert reports(OutputRangeMismatch, history(several, record=data(inputs(), *unknown))) == []


def test_classes_under_a_regression_loss() -> None:
    one_hot = labels([10] * 10, shape=(100, 10), label_form=LabelForm.ONE_HOT)
    made = history(info("mean_squared_error", "softmax", 10), record=data(inputs(), one_hot))
    assert "one-hot rows for 10 classes" in reports(RegressionLossForClassification, made)[0].message


def test_a_loss_of_exactly_zero() -> None:
    made = history(info(SPARSE, "sigmoid", 1), losses=[0.0, 0.0], step_losses=[0.0, 0.0])
    assert "was 0 at every step" in reports(SingleUnitCategoricalLoss, made)[0].message


def test_a_negative_loss() -> None:
    made = history(info(BINARY, "sigmoid", 1), step_losses=[0.7, 0.1, -2.5, -2.6, -2.7, -2.8, -2.9])
    assert "The loss was -2.9 at step 7" in reports(NegativeLoss, made)[0].message
    assert reports(NegativeLoss, history(info("own_loss", "linear", 1), step_losses=[-3.0] * 9)) == []
    rounding = [1e6, *[-0.05] * 9]
    assert reports(NegativeLoss, history(info(BINARY, "sigmoid", 1), step_losses=rounding)) == []


def test_accuracy_alone_on_rare_classes() -> None:
    made = history(info(BINARY, "sigmoid", 1), record=data(inputs(), labels([950, 50])), accuracy=[0.95] * 10)
    (report,) = reports(AccuracyOnly, made)
    assert "the rarest class has 5% of the rows" in report.message
    made = history(
        info(BINARY, "sigmoid", 1), record=data(inputs(), labels([950, 50])), accuracy=[0.95] * 10, auc=[0.9] * 10
    )
    assert reports(AccuracyOnly, made) == []
    assert reports(AccuracyOnly, history(record=data(inputs(), labels([500, 480, 0])), accuracy=[0.5] * 10)) == []


def test_a_metric_that_does_not_follow_the_loss() -> None:
    losses = [2.0 - place * 0.05 for place in range(24)]
    falling = [0.5 - place * 0.01 for place in range(24)]
    assert len(reports(LossAndMetricDisagree, history(losses=losses, accuracy=falling))) == 1
    rising = [0.5 + place * 0.01 for place in range(24)]
    assert reports(LossAndMetricDisagree, history(losses=losses, accuracy=rising)) == []
    jumping = [0.17 + (0.3 if place % 2 else 0.0) for place in range(23)]
    assert len(reports(LossAndMetricDisagree, history(losses=losses, accuracy=[*jumping, 0.18]))) == 1
    assert reports(LossAndMetricDisagree, history(losses=losses, accuracy=[*jumping, 0.29])) == []


def test_severity_of_sure_faults() -> None:
    assert LabelOutOfRange.severity is NegativeLoss.severity is Severity.ERROR


def test_columns_of_targets_that_meet_another_number_of_units() -> None:
    for units, columns, words in (
        (
            1,
            2,
            "A row of targets has 2 numbers, and the last layer 1 unit: its one number is compared with each of them.",
        ),
        (
            3,
            1,
            "A row of targets has 1 number, and the last layer 3 units: each unit is compared with the same number.",
        ),
        (2, 2, None),
    ):
        output = OutputInfo("head", "head", "linear", units, "mean_squared_error", rank=2)
        made = run_info(losses=("mean_squared_error",), outputs=(output,))
        record = data(inputs(), measured(shape=(1440, columns)))
        found = [each.message for each in reports(OutputUnitsMismatch, history(made, record=record))]
        assert found == ([words] if words else [])
        sequence = run_info(losses=made.losses, outputs=(replace(output, rank=3),))
        assert reports(OutputUnitsMismatch, history(sequence, record=record)) == []
