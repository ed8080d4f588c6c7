"""What the arrays given to fit show before the first step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scram_analyzers.findings import Severity
from scram_analyzers.rules.architecture.embedding_vocabulary_too_small import EmbeddingVocabularyTooSmall
from scram_analyzers.rules.architecture.output_bias_ignores_prior import OutputBiasIgnoresPrior
from scram_analyzers.rules.data.class_imbalance import ClassImbalance
from scram_analyzers.rules.data.class_weight_extreme import ClassWeightExtreme
from scram_analyzers.rules.data.conflicting_labels import ConflictingLabels
from scram_analyzers.rules.data.constant_feature import ConstantFeature
from scram_analyzers.rules.data.dataset_not_shuffled import DatasetNotShuffled
from scram_analyzers.rules.data.duplicate_rows import DuplicateRows
from scram_analyzers.rules.data.input_not_normalized import InputNotNormalized
from scram_analyzers.rules.data.input_scaled_twice import InputScaledTwice
from scram_analyzers.rules.data.label_corrupted import LabelCorrupted
from scram_analyzers.rules.data.mostly_padding import MostlyPadding
from scram_analyzers.rules.data.new_labels_in_validation import NewLabelsInValidation
from scram_analyzers.rules.data.nonfinite_data import NonfiniteData
from scram_analyzers.rules.data.scaling_mismatch import ScalingMismatch
from scram_analyzers.rules.data.shuffle_disabled import ShuffleDisabled
from scram_analyzers.rules.data.sorted_validation_split import SortedValidationSplit
from scram_analyzers.rules.data.steps_exceed_data import StepsExceedData
from scram_analyzers.rules.data.target_in_inputs import TargetInInputs
from scram_analyzers.rules.data.target_not_scaled import TargetNotScaled
from scram_analyzers.rules.data.token_ids_as_numbers import TokenIdsAsNumbers
from scram_analyzers.rules.data.training_set_too_small import TrainingSetTooSmall
from scram_analyzers.rules.data.validation_drift import ValidationDrift
from scram_analyzers.rules.data.validation_on_training_data import ValidationOnTrainingData
from scram_analyzers.rules.data.validation_too_small import ValidationTooSmall
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.records import (
    ArrayStatistics,
    DataArray,
    DataRecord,
    EpochRecord,
    FrameworkWarning,
    LabelForm,
    LayerInfo,
    NonfiniteOrigin,
    OriginPlace,
    OutputInfo,
    QuestionRecord,
    StepRecord,
    StreamRecord,
    SubjectKind,
)
from tests.run_histories import (
    batch,
    data,
    diagonal,
    history,
    inputs,
    labels,
    layer,
    measured,
    panel,
    probe,
    regression_info,
    reports,
    run_info,
)

BALANCED = labels([144] * 10)


def before(record: DataRecord, info=None) -> RunHistory:
    made = RunHistory(info or run_info())
    made.data = record
    made.begin()
    return made


def test_nan_in_the_inputs_is_counted_before_the_first_step() -> None:
    (report,) = reports(NonfiniteData, before(data(inputs(nonfinite=3, nonfinite_rows=2), BALANCED)))
    assert report.message == "The training inputs (x) hold 3 NaN or infinite values in 2 of 1,440 rows."
    assert report.subject.kind is SubjectKind.INPUTS


def test_a_validation_loss_that_never_was_a_number() -> None:
    nan = [float("nan")] * 3
    (report,) = reports(NonfiniteData, history(losses=[2.0, 1.0, 0.5], val_loss=nan))
    assert report.subject.kind is SubjectKind.VALIDATION
    assert "nan since epoch 1 while the training loss is 0.5" in report.message
    assert reports(NonfiniteData, history(losses=nan, val_loss=nan)) == []
    assert reports(NonfiniteData, history(losses=[2.0, 1.0, 0.5], val_loss=[2.0, 1.0, nan[0]])) == []


def test_nan_in_a_batch_that_only_the_replay_saw() -> None:
    made = history(losses=[0.7, float("nan")], ended=False)
    made.origin = NonfiniteOrigin(OriginPlace.TARGETS, 7, 7, array="y", rows=(1,))
    (report,) = reports(NonfiniteData, made)
    assert report.message == "The batch of step 7 (row 1 of it, counted from 0) holds NaN or infinite values in y."
    assert report.subject.kind is SubjectKind.TARGETS


def test_nan_in_a_batch_of_a_stream() -> None:
    made = history(losses=[], ended=False, step_losses=[])
    made.add_step(StepRecord(7, 1, 0.7, (batch(role="target", name="y", nonfinite=1),)))
    (report,) = reports(NonfiniteData, made)
    assert report.message == "The batch of step 7 holds 1 NaN or infinite value in y."


def test_a_constant_column_of_one_of_several_inputs() -> None:
    table = inputs(name="x['numbers']", constant_columns=(1,), columns=3)
    (report,) = reports(ConstantFeature, before(data(table, inputs(name="x['kind']"), BALANCED)))
    assert "1 column of 3 in x['numbers'] never change" in report.message


def test_an_input_of_one_number_that_never_changes() -> None:
    head = inputs(name="x['head']", shape=(1440, 1), columns=None, minimum=50.0, deviation=0.0)
    others = inputs(name="x['flow']", shape=(1440, 1), columns=None), BALANCED
    (report,) = reports(ConstantFeature, before(data(head, *others)))
    assert (report.message, report.severity) == (
        "All 1,440 values of the training input x['head'] are 50.",
        Severity.INFO,
    )
    for changes in ({"consumer": "Masking"}, {"dtype": "int32"}, {"rows_read": 700}, {"shape": (1440, 5)}):
        assert reports(ConstantFeature, before(data(replace(head, **changes), *others))) == []


def test_validation_targets_in_another_unit() -> None:
    train, other = measured(mean=20.0, deviation=5.0), measured("validation", mean=20_000.0, deviation=5_100.0)
    seen = before(data(inputs(), train, inputs("validation"), other))
    (report,) = reports(ScalingMismatch, seen)
    assert report.message == (
        "The training targets run from 5 to 35 and those of validation from 4,700 to 35,300: only one of them was "
        "scaled."
    )
    assert reports(SortedValidationSplit, seen) == []
    later = measured("validation", mean=2_000.0, deviation=500.0, maximum=90_000.0)
    assert reports(ScalingMismatch, before(data(inputs(), train, inputs("validation"), later))) == []


def test_one_of_several_inputs_that_was_not_scaled_for_validation() -> None:
    names = ("x['flow']", "x['wear']")
    training = [inputs(name=name) for name in names]
    validation = [inputs("validation", name=name) for name in names]
    raw = replace(validation[1], minimum=-300.0, maximum=300.0, deviation=100.0)
    (report,) = reports(ScalingMismatch, before(data(*training, validation[0], raw, BALANCED)))
    assert report.message.startswith(
        "The training input x['wear'] runs from -3 to 3 and the validation input from -300"
    )
    assert reports(ScalingMismatch, before(data(*training, *validation, BALANCED))) == []


def test_constant_columns_of_a_wide_table_are_a_hint_and_constant_targets_an_error() -> None:
    (info,) = reports(ConstantFeature, before(data(inputs(constant_columns=(0, 3), columns=13), BALANCED)))
    assert ("2 columns of 13" in info.message, info.severity) == (True, Severity.INFO)
    (hint,) = reports(ConstantFeature, before(data(inputs(constant_columns=(0, 3), columns=113), BALANCED)))
    assert hint.severity is None
    assert reports(ConstantFeature, before(data(inputs(constant_columns=(0, 32, 39)), BALANCED))) == []
    (error,) = reports(ConstantFeature, before(data(inputs(), labels([0, 100], deviation=0.0, minimum=1.0))))
    assert (error.severity, error.subject.kind) == (Severity.ERROR, SubjectKind.TARGETS)


def test_constant_columns_of_a_stream_once_enough_rows_were_seen() -> None:
    for rows, columns, told in ((499, 4, []), (500, 4, [Severity.INFO]), (500, 41, [])):
        seen = before(data(replace(inputs(), rows=None, rows_read=0), BALANCED))
        table = replace(inputs(constant_columns=(1,), columns=columns), rows=None, rows_read=rows)
        seen.stream = StreamRecord(rows=rows, constant_inputs=(table,))
        found = reports(ConstantFeature, seen)
        assert [report.severity for report in found] == told
        assert all("in the 500 rows looked at (columns 1)" in report.message for report in found)


def test_imbalance_is_a_hint_until_the_rare_class_is_missed() -> None:
    made = history(record=data(inputs(), labels([950, 50])), ended=False)
    (hint,) = reports(ClassImbalance, made)
    assert hint.severity is None
    assert hint.recipe == "class_weight={0: 0.526, 1: 10}"
    for epoch in made.epochs[-2:]:
        made.add_panel(panel(epoch.step, epoch.epoch, confusion=((380, 0), (24, 1))))
    (warning,) = reports(ClassImbalance, made)
    assert warning.severity is Severity.WARNING
    assert "of 25 rows of class 1 it recognizes 4%" in warning.message


def test_weighted_classes_are_cared_for() -> None:
    record = replace(data(inputs(), labels([950, 50])), has_class_weight=True)
    assert reports(ClassImbalance, history(record=record)) == []


def test_a_split_off_the_end_of_sorted_data() -> None:
    target = labels([144] * 8, last_classes=((8.0, 180), (9.0, 180)))
    record = replace(data(inputs(), target, labels([0] * 8 + [180, 180], "validation")), validation_split=0.2)
    (report,) = reports(SortedValidationSplit, before(record))
    assert "they are 50% class 8, 50% class 9; classes 8, 9 are in no other row" in report.message


def test_a_split_off_the_end_of_two_sorted_classes() -> None:
    target = labels([159, 181], last_classes=((1.0, 86),))
    (report,) = reports(SortedValidationSplit, before(replace(data(inputs(), target), validation_split=0.2)))
    assert "they are 100% class 1" in report.message


def test_a_split_of_shuffled_data() -> None:
    target = labels([144] * 10, last_classes=tuple((float(label), 30 + label) for label in range(10)))
    assert reports(SortedValidationSplit, before(replace(data(inputs(), target), validation_split=0.2))) == []


def test_labels_that_training_lacks() -> None:
    record = data(inputs(), labels([100, 100]), labels([40, 40, 20], "validation", label_form=BALANCED.label_form))
    train = replace(record.arrays[1], label_form=BALANCED.label_form)
    (report,) = reports(
        NewLabelsInValidation, before(replace(record, arrays=(record.arrays[0], train, record.arrays[2])))
    )
    assert "1 class of the validation labels (2) is in no training row; 20% of the validation rows" in report.message


def test_conflicts_and_duplicates() -> None:
    record = data(inputs(), BALANCED, conflicting_rows=40, duplicate_rows=200)
    assert "40 of 1,440 training rows (3%)" in reports(ConflictingLabels, before(record))[0].message
    assert "200 of 1,440 training rows (14%)" in reports(DuplicateRows, before(record))[0].message


@pytest.mark.parametrize(("shared", "duplicates", "count"), [(180, 0, 1), (5, 0, 0), (60, 200, 0), (360, 400, 1)])
def test_validation_rows_that_were_trained_on(shared: int, duplicates: int, count: int) -> None:
    record = data(inputs(), BALANCED, shared_rows=shared, duplicate_rows=duplicates)
    assert len(reports(ValidationOnTrainingData, before(record))) == count


def test_validation_scaled_in_another_way() -> None:
    raw = inputs("validation", 360, minimum=0.0, maximum=255.0, mean=100.0, deviation=80.0)
    assert (
        len(reports(ScalingMismatch, before(data(inputs(minimum=0.0, maximum=1.0, deviation=0.3), BALANCED, raw)))) == 1
    )
    other = inputs("validation", 360, maximum=9.0)
    assert reports(ScalingMismatch, before(data(inputs(), BALANCED, other))) == []


def test_validation_that_was_not_centred_as_the_training_data_were() -> None:
    train = inputs(minimum=-2.4, maximum=2.5, deviation=1.0)
    raw = inputs("validation", 360, minimum=4.1, maximum=15.0, mean=9.8, deviation=2.1)
    (report,) = reports(ScalingMismatch, before(data(train, BALANCED, raw)))
    assert report.message == (
        "No validation input lies where the training inputs do: they run from 4.1 to 15, and those of training from "
        "-2.4 to 2.5. Most likely only one of them was centred and scaled."
    )
    later = replace(raw, deviation=0.8)
    assert reports(ScalingMismatch, before(data(train, BALANCED, later))) == []
    wider = replace(raw, minimum=2.4)
    assert reports(ScalingMismatch, before(data(train, BALANCED, wider))) == []


def test_what_reads_the_inputs_of_a_subclass_is_known_from_the_first_probe_on() -> None:
    wide = ArrayStatistics("input", "x", "float32", (32, 40, 3), -90.0, 120.0, 20.0, 40.0)
    made = RunHistory(run_info())
    for step in range(1, 21):
        made.add_step(StepRecord(step, 1, 1.0, (wide,)))
    assert reports(InputNotNormalized, made) == []
    made.add_probe(replace(probe(21), readers=(("x", "GRU"),)))
    (report,) = reports(InputNotNormalized, made)
    assert report.message.startswith("In this run the input x held values from -90 to 120 (float32)")
    made.add_probe(replace(probe(34), readers=(("x", "Embedding"),)))
    assert reports(InputNotNormalized, made) == []


def test_inputs_scaled_twice() -> None:
    tiny = inputs(minimum=0.0, maximum=0.0039, mean=0.001, deviation=0.001)
    assert "as if it had been scaled twice" in reports(InputScaledTwice, before(data(tiny, BALANCED)))[0].message
    assert reports(InputScaledTwice, before(data(inputs(), BALANCED))) == []


def test_pixels_that_the_model_scales_once_more() -> None:
    layers = (LayerInfo("rescaling", "Rescaling", 0), LayerInfo("conv", "Conv2D", 160))
    pixels = inputs(minimum=0.0, maximum=1.0, mean=0.3, deviation=0.25, consumer="Rescaling")
    seen = before(data(pixels, BALANCED), run_info(layers=layers))
    seen.add_probe(probe(1, layers=(layer("rescaling", deviation=0.002), layer("conv"))))
    (report,) = reports(InputScaledTwice, seen)
    assert report.message.startswith('The inputs stay within 1, and "rescaling" scales them once more')
    whole = before(data(replace(pixels, maximum=255.0, deviation=64.0), BALANCED), run_info(layers=layers))
    whole.add_probe(probe(1, layers=(layer("rescaling", deviation=0.25), layer("conv"))))
    assert reports(InputScaledTwice, whole) == []
    inner = before(data(pixels, BALANCED), run_info(layers=layers[::-1]))
    inner.add_probe(probe(1, layers=(layer("conv"), layer("rescaling", deviation=0.002))))
    assert reports(InputScaledTwice, inner) == []


def test_large_targets_are_for_information_while_the_run_learns() -> None:
    record = data(inputs(), measured(mean=250_000.0, deviation=80_000.0))
    (report,) = reports(TargetNotScaled, history(regression_info(), [6e10, 4e10, 1e9], record, ended=False))
    assert report.severity is Severity.INFO
    (stuck,) = reports(TargetNotScaled, history(regression_info(), [7.0e10, 6.99e10, 6.99e10], record, ended=False))
    assert stuck.severity is None
    assert "squared errors are in the millions" in stuck.message


def test_targets_whose_mean_takes_epochs_to_reach() -> None:
    record = data(inputs(), measured(mean=150.0, deviation=77.0))
    losses = [26000.0, 17000.0, 9000.0, 6200.0, 5000.0, 4200.0, 3600.0, 3300.0, 3100.0, 3000.0]
    (report,) = reports(TargetNotScaled, history(regression_info(), losses, record))
    assert report.severity is Severity.INFO
    assert "in 4 epochs of 10 their mean was larger than always answering the targets' mean" in report.message
    assert reports(TargetNotScaled, history(regression_info(), losses[2:], record)) == []
    assert reports(TargetNotScaled, history(regression_info(), losses, record, ended=False)) == []


def test_wide_targets_of_one_of_several_outputs_of_a_stream() -> None:
    outputs = (OutputInfo("hours", "hours", loss="huber"), OutputInfo("part", "part", loss="categorical_crossentropy"))
    made = RunHistory(run_info(outputs=outputs, losses=("huber", "categorical_crossentropy")))
    for step in (1, 2, 3):
        wide = batch(
            role="target", name="y['hours']", minimum=-20.0, maximum=310_000.0, deviation=90_000.0, consumer=""
        )
        made.add_step(StepRecord(step, 1, arrays=(wide,)))
    (report,) = reports(TargetNotScaled, made)
    assert report.message == (
        'The targets of the output "hours" run from -20 to 310,000, so its errors are in the hundreds or more and '
        "outweigh those of the other outputs, unless loss_weights make up for it."
    )


def test_drift_of_the_labels() -> None:
    record = data(inputs(), labels([700, 700]), labels([50, 310], "validation"))
    (report,) = reports(ValidationDrift, before(record))
    assert report.message == "Training and validation data differ: class 1 is 50% of training and 86% of validation."


def test_validation_rows_of_one_class_that_training_hardly_has() -> None:
    sorted_rows = data(inputs(), labels([306, 118, 468, 166]), labels([0, 0, 0, 265], "validation"))
    (report,) = reports(SortedValidationSplit, before(sorted_rows))
    assert "Class 3 is 16% of training and 100% of validation. The rows seem to have been sorted" in report.message
    few = data(inputs(), labels([59, 71, 3]), labels([0, 0, 45], "validation"))
    assert len(reports(SortedValidationSplit, before(few))) == 1
    rare = data(inputs(), labels([250, 250, 250, 250]), labels([1900, 60, 30, 10], "validation"))
    assert reports(ValidationDrift, before(rare))[0].severity is None
    assert reports(SortedValidationSplit, before(rare)) == []


def test_validation_targets_beyond_those_of_training() -> None:
    higher = data(inputs(), measured(), measured("validation", mean=7.0, rows=112))
    (report,) = reports(SortedValidationSplit, before(higher))
    assert "from -3 to 3 in training and from 4 to 10 in validation" in report.message
    overlapping = data(inputs(), measured(), measured("validation", mean=2.0, rows=112))
    assert reports(SortedValidationSplit, before(overlapping)) == []


def test_a_column_that_no_row_has_is_no_rare_class() -> None:
    made = history(record=data(inputs(), labels([500, 480, 0])), ended=False)
    assert reports(ClassImbalance, made) == []


def test_few_different_rows_are_in_both_parts_by_nature() -> None:
    def told(repeats: int) -> int:
        record = replace(
            data(inputs(), BALANCED),
            training_rows_hashed=1000,
            duplicate_rows=repeats,
            shared_rows=200,
            validation_rows_hashed=200,
        )
        return len(reports(ValidationOnTrainingData, before(record)))

    assert (told(996), told(0), told(900)) == (0, 1, 1)


@pytest.mark.parametrize(
    ("shared", "repeats", "severity"), [(193, 590, Severity.INFO), (80, 590, "nothing"), (193, 50, None)]
)
def test_rows_that_may_have_been_copied_before_the_split(
    shared: int, repeats: int, severity: Severity | str | None
) -> None:
    record = replace(
        data(inputs(), BALANCED),
        training_rows_hashed=1000,
        duplicate_rows=repeats,
        shared_rows=shared,
        validation_rows_hashed=200,
    )
    told = reports(ValidationOnTrainingData, before(record))
    assert [report.severity for report in told] == ([] if severity == "nothing" else [severity])


def test_word_numbers_that_a_layer_weighs() -> None:
    words = inputs(shape=(1440, 40), minimum=0.0, maximum=1494.0, filled_share=0.6)
    (report,) = reports(TokenIdsAsNumbers, before(data(words, BALANCED)))
    assert "whole numbers up to 1494 in rows that are filled up with zeros" in report.message
    for fine in (replace(words, consumer="Embedding"), replace(words, maximum=9.0), replace(words, filled_share=None)):
        assert reports(TokenIdsAsNumbers, before(data(fine, BALANCED))) == []
    seen = before(data(words, BALANCED))
    seen.add_step(StepRecord(1, 1, 2.3, (batch(minimum=0.0, maximum=1494.0, shape=(600, 40)),)))
    assert reports(InputNotNormalized, seen) == []


def test_wide_targets_under_a_loss_of_ones_own() -> None:
    record = data(inputs(), measured(mean=150.0, deviation=77.0))
    own = regression_info(losses=("log_cosh",))
    (report,) = reports(TargetNotScaled, history(own, [150, 120, 90], record, mean_absolute_error=[150.0, 120.0, 90.0]))
    assert "the predictions are off by 90" in report.message
    learned = history(own, [150, 80, 50], record, mean_absolute_error=[150.0, 80.0, 50.0])
    assert reports(TargetNotScaled, learned) == []


def test_classes_that_no_batch_of_a_stream_has() -> None:
    seen = history(losses=[2.0, 1.5, 1.2], ended=False)
    for step in range(2, 60):
        target = ArrayStatistics("target", "y", "int64", (32,), 0.0, 7.0, 3.5, 2.0)
        seen.add_step(StepRecord(step, 1 + step // 30, 1.0, (target,)))
    confusion = tuple(
        tuple(60 if (row, column) == (9, 2) else 12 * (row == 7) for column in range(10)) for row in range(10)
    )
    seen.add_panel(panel(60, 3, confusion=confusion))
    (report,) = reports(NewLabelsInValidation, seen)
    assert "1 class of the validation labels (9) is in none of 58 training batches" in report.message


def test_few_validation_rows() -> None:
    record = data(inputs(), BALANCED, inputs("validation", 36))
    (report,) = reports(ValidationTooSmall, before(record))
    assert "36 rows beside 1,440" in report.message
    assert reports(ValidationTooSmall, before(data(inputs(), BALANCED, inputs("validation", 360)))) == []


def test_tokens() -> None:
    layers = (LayerInfo("embedding", "Embedding", 1000, vocabulary=1000),)
    tokens = inputs(dtype="int64", consumer="Embedding", minimum=0.0, maximum=1000.0, zero_share=0.8)
    made = before(data(tokens, BALANCED), run_info(layers=layers))
    assert "ids from 0 to 1000" in reports(EmbeddingVocabularyTooSmall, made)[0].message
    assert "80% of the tokens in x are padding (0)." in reports(MostlyPadding, made)[0].message
    fine = before(data(replace(tokens, maximum=999.0, zero_share=0.3), BALANCED), run_info(layers=layers))
    assert reports(EmbeddingVocabularyTooSmall, fine) == reports(MostlyPadding, fine) == []


def test_a_bias_that_ignores_how_rare_the_positives_are() -> None:
    info = run_info(
        losses=("binary_crossentropy",), outputs=(OutputInfo("h", "head", "sigmoid", 1, "binary_crossentropy"),)
    )
    (report,) = reports(OutputBiasIgnoresPrior, before(data(inputs(), labels([950, 50])), info))
    assert report.recipe == "bias_initializer=keras.initializers.Constant(-2.94)"


def test_a_class_that_is_never_right_needs_support() -> None:
    made = history(record=data(inputs(), labels([950, 50])), ended=False)
    for epoch in (5, 6):
        made.add_panel(panel(45 * epoch, epoch, confusion=((90, 0), (10, 0))))
    assert reports(ClassImbalance, made)[0].severity is None
    for epoch in (7, 8):
        made.add_panel(panel(45 * epoch, epoch, confusion=diagonal(2, 50)))
    assert reports(ClassImbalance, made)[0].severity is None


def test_wide_targets_beside_another_output() -> None:
    outputs = (
        OutputInfo("digit", "digit", "softmax", 10, "sparse_categorical_crossentropy", False),
        OutputInfo("price", "price", "linear", 1, "mean_squared_error", False),
    )
    several = run_info(losses=("sparse_categorical_crossentropy", "mean_squared_error"), outputs=outputs)
    record = data(inputs(), labels([100] * 10, name="y['digit']"), measured(deviation=2e3, name="y['price']"))
    (report,) = reports(TargetNotScaled, history(several, record=record))
    assert 'targets of the output "price"' in report.message
    assert report.severity is Severity.INFO


def streamed(ranges: list[tuple[int, int]]):
    seen = history(run_info(batch_size=None, training_samples=None), [], ended=False)
    for step, (low, high) in enumerate(ranges, start=1):
        labels_seen = batch(role="target", name="y", shape=(32,), minimum=float(low), maximum=float(high))
        seen.add_step(StepRecord(step, 1, 1.0, (batch(), labels_seen)))
    return seen


def test_batches_that_come_sorted_by_label() -> None:
    (report,) = reports(DatasetNotShuffled, streamed([(step // 2, (step + 1) // 2) for step in range(18)]))
    assert "the rows come sorted by label" in report.message


def test_batches_that_come_sorted_by_the_label_of_one_of_two_outputs() -> None:
    outputs = (
        OutputInfo("kind", loss="sparse_categorical_crossentropy"),
        OutputInfo("size", loss="mean_squared_error"),
    )
    seen = history(
        run_info(losses=("sparse_categorical_crossentropy", "mean_squared_error"), outputs=outputs), ended=False
    )
    seen.stream = StreamRecord(rows=640, labelled_batches=20, narrow_batches=20, narrow_starts=4)
    (report,) = reports(DatasetNotShuffled, seen)
    assert "the rows come sorted by label" in report.message
    seen.stream = replace(seen.stream, narrow_batches=6)
    seen.begin()
    assert reports(DatasetNotShuffled, seen) == []


def test_mixed_batches_and_those_of_one_frequent_class_are_not_sorted() -> None:
    assert reports(DatasetNotShuffled, streamed([(0, 9)] * 18)) == []
    assert reports(DatasetNotShuffled, streamed([(0, 0)] * 17 + [(0, 9)])) == []


def two_classes(ranges: list[tuple[int, int]], per_epoch: int) -> RunHistory:
    output = OutputInfo("dense", "dense", "sigmoid", 1, "binary_crossentropy", False)
    info = run_info(losses=("binary_crossentropy",), outputs=(output,), batch_size=None, training_samples=None)
    seen = history(info, [], ended=False)
    for step, (low, high) in enumerate(ranges):
        ill = batch(role="target", name="y", shape=(32,), minimum=float(low), maximum=float(high))
        seen.add_step(StepRecord(step + 1, 1 + step // per_epoch, 1.0, (batch(), ill)))
    return seen


def test_batches_of_one_class_before_those_of_the_other() -> None:
    (report,) = reports(DatasetNotShuffled, two_classes([(0, 0), (0, 0), (0, 1), (1, 1), (1, 1)] * 3, 5))
    assert "the rows come sorted by label" in report.message


@pytest.mark.parametrize(
    ("ranges", "per_epoch"),
    [
        ([(0, 1)] * 18, 9),
        ([(0, 0)] * 16 + [(0, 1), (1, 1)], 9),  # a rare class
        ([(0, 0), (1, 1)] * 9, 9),  # true images and made ones, in turn
    ],
)
def test_two_classes_that_do_not_come_sorted(ranges: list[tuple[int, int]], per_epoch: int) -> None:
    assert reports(DatasetNotShuffled, two_classes(ranges, per_epoch)) == []


def test_more_rows_to_validate_on_than_to_train_on() -> None:
    few = before(data(inputs(rows=40), inputs("validation", 360)))
    few.info = replace(few.info, training_samples=40)
    (report,) = reports(TrainingSetTooSmall, few)
    assert report.message == "The run trains on 40 rows and validates on 360."
    usual = before(data(inputs(rows=360), inputs("validation", 90)))
    usual.info = replace(usual.info, training_samples=360)
    assert reports(TrainingSetTooSmall, usual) == []


def test_targets_that_are_all_the_same() -> None:
    (report,) = reports(LabelCorrupted, two_classes([(0, 0)] * 12, 6))
    assert report.message.startswith("Every target that was looked at is 0")
    whole = replace(labels([1440, 0]), minimum=0.0, maximum=0.0)
    assert len(reports(LabelCorrupted, before(data(inputs(), whole)))) == 1


def test_one_hot_targets_that_are_all_of_one_class() -> None:
    one_hot = labels([1440, 0, 0], label_form=LabelForm.ONE_HOT, minimum=0.0, maximum=1.0)
    assert "Every target that was looked at is 0" in reports(LabelCorrupted, before(data(inputs(), one_hot)))[0].message
    two = replace(one_hot, classes=((0.0, 1400), (4.0, 40)))
    assert reports(LabelCorrupted, before(data(inputs(), two))) == []


@pytest.mark.parametrize(("seen", "told"), [(((3.0, 380), (4.0, 0)), 1), (((3.0, 370), (5.0, 10)), 0), ((), 0)])
def test_one_hot_targets_in_batches(seen: tuple[tuple[float, int], ...], told: int) -> None:
    made = two_classes([(0, 1)] * 12, 6)
    made.info = replace(made.info, losses=("categorical_crossentropy",))
    made.stream = StreamRecord(380, labels=seen)
    assert len(reports(LabelCorrupted, made)) == told


def test_targets_of_which_only_one_class_was_seen_so_far() -> None:
    own = two_classes([(1, 1)] * 12, 6)
    own.info = replace(own.info, losses=())
    assert reports(LabelCorrupted, own) == []
    own.add_epoch(EpochRecord(3, 13, (("accuracy", 1.0),)))
    assert len(reports(LabelCorrupted, own)) == 1
    assert reports(LabelCorrupted, two_classes([(0, 0)] * 12, 12)) == []
    assert reports(LabelCorrupted, two_classes([(0, 0)] * 12 + [(0, 1)], 6)) == []
    assert reports(LabelCorrupted, before(data(inputs(), labels([1440, 0])))) == []
    assert reports(LabelCorrupted, measured_batches([(2.0, 2.0)] * 30)) == []


def measured_batches(ranges: list[tuple[float, float]]) -> RunHistory:
    seen = history(regression_info(batch_size=None, training_samples=None), [], ended=False)
    for step, (low, high) in enumerate(ranges, start=1):
        prices = batch(role="target", name="y", shape=(32,), minimum=low, maximum=high)
        seen.add_step(StepRecord(step, 1 + step // 20, 1.0, (batch(), prices)))
    return seen


def test_batches_that_come_sorted_by_a_measured_target() -> None:
    (report,) = reports(DatasetNotShuffled, measured_batches([(step, step + 1.0) for step in range(18)]))
    assert report.message.startswith("The targets rise from each training batch to the next")
    (report,) = reports(DatasetNotShuffled, measured_batches([(-step - 1.0, -step) for step in range(18)]))
    assert report.message.startswith("The targets fall")


def test_a_trend_and_batches_of_one_value_are_not_sorted() -> None:
    assert reports(DatasetNotShuffled, measured_batches([(step, step + 1.5) for step in range(18)])) == []
    assert reports(DatasetNotShuffled, measured_batches([(2.0, 2.0)] * 18)) == []
    assert reports(DatasetNotShuffled, measured_batches([(step, step + 1.0) for step in range(5)])) == []


def test_a_class_that_only_validation_has_of_one_of_several_targets() -> None:
    def seen(counts: list[int]) -> list[str]:
        arrays = [labels(counts, name="y['kind']"), labels([30, 30, 30], "validation", name="y['kind']")]
        sizes = [measured(name="y['size']"), measured("validation", name="y['size']")]
        return [each.message for each in reports(NewLabelsInValidation, before(data(inputs(), *arrays, *sizes)))]

    assert seen([60, 60]) == [
        "1 class of the validation labels y['kind'] (2) is in no training row; 33% of the validation rows have it."
    ]
    assert seen([60, 60, 4]) == []


def test_a_target_that_is_among_the_inputs() -> None:
    record = replace(data(inputs(), BALANCED), target_columns=("x[:, 11, 0]",))
    (report,) = reports(TargetInInputs, before(record))
    assert report.message.startswith("x[:, 11, 0] holds the target (up to a factor and a shift)")
    assert reports(TargetInInputs, before(data(inputs(), BALANCED))) == []


def test_class_weights_the_wrong_way_round_and_far_apart() -> None:
    def told(*weights: tuple[float, float]) -> list[str]:
        record = data(inputs(), labels([2112, 288]), has_class_weight=True, class_weights=weights)
        return [report.message for report in reports(ClassWeightExtreme, before(record))]

    assert told((0.0, 0.57), (1.0, 4.2)) == []
    assert told((0.0, 1.0), (1.0, 20.0)) == []
    assert told() == []
    (swapped,) = told((0.0, 4.2), (1.0, 0.57))
    assert "class 0 has 2,112 rows and 7.4 times the weight of class 1, which has 288" in swapped
    (extreme,) = told((1.0, 1000.0))
    assert "class 1 makes up 99% of the loss (288 rows of 2,400)" in extreme


def test_class_weights_of_a_stream_go_by_the_rows_looked_at() -> None:
    seen = before(replace(data(inputs()), has_class_weight=True, class_weights=((0.0, 1.0), (1.0, 500.0))))
    seen.stream = StreamRecord(rows=200, labels=((0.0, 160), (1.0, 40)))
    (extreme,) = reports(ClassWeightExtreme, seen)
    assert "class 1 makes up 99% of the loss (40 rows of 200)" in extreme.message
    seen.stream = StreamRecord(rows=199, labels=((0.0, 160), (1.0, 39)))
    assert reports(ClassWeightExtreme, seen) == []


def test_a_split_off_the_end_of_sorted_numbers() -> None:
    low, high = measured(mean=-1.0, deviation=0.3), measured("validation", mean=1.5, deviation=0.2)
    record = replace(data(inputs(), low, inputs("validation"), high), validation_split=0.15)
    (report,) = reports(SortedValidationSplit, before(record, regression_info()))
    assert "The targets run from -1.9 to -0.1 in training and from 0.9 to 2.1 in validation" in report.message
    mixed = replace(data(inputs(), measured(), inputs("validation"), measured("validation")), validation_split=0.15)
    assert reports(SortedValidationSplit, before(mixed, regression_info())) == []


@pytest.mark.parametrize(("batches", "high", "told"), [(3, 16.0, True), (2, 16.0, False), (3, 1.0, False)])
def test_a_stream_beside_validation_inputs_that_were_not_scaled(batches: int, high: float, told: bool) -> None:
    array = inputs("validation", minimum=0.0, maximum=high, mean=high / 3, deviation=high / 2.5)
    seen = history(run_info(training_samples=None), [], data(array), ended=False)
    for step in range(1, batches + 1):
        seen.add_step(StepRecord(step, 1, 1.0, (batch(name="x", minimum=0.0, maximum=1.0, deviation=0.4),)))
    messages = [report.message for report in reports(ScalingMismatch, seen)]
    assert messages == (
        ["The training input runs from 0 to 1 and the validation input from 0 to 16: only one of them was scaled."]
        if told
        else []
    )


def stream(*labels: tuple[float, int], **changes: object) -> StreamRecord:
    return replace(StreamRecord(rows=1000, labels=labels), **changes)


def test_rare_classes_of_a_loop_on_batches() -> None:
    loop = history(run_info(is_own_loop=True, is_on_batches=True), ended=False)
    loop.stream = stream((0.0, 700), (1.0, 20))
    (info,) = reports(ClassImbalance, loop)
    assert info.message.endswith("and train_on_batch gets no class_weight.")
    loop.stream = stream((0.0, 700), (1.0, 20), is_weighted=True)
    assert reports(ClassImbalance, loop) == []
    tape = history(run_info(is_own_loop=True), ended=False)
    tape.stream = stream((0.0, 700), (1.0, 20))
    assert reports(ClassImbalance, tape) == []


def test_rare_classes_of_a_stream() -> None:
    made = history(record=data(), ended=False)
    made.stream = stream((0.0, 700), (1.0, 20), (2.0, 400))
    (info,) = reports(ClassImbalance, made)
    assert info.message == (
        "Of 1,120 rows that were looked at, class 1 has 20 rows and class 0 has 700, and fit gets no class_weight."
    )
    for other in (
        stream((0.0, 700), (1.0, 20), is_weighted=True),
        stream((0.0, 400), (1.0, 20)),
        stream((0.0, 700), (1.0, 200)),
    ):
        made.stream = other
        assert reports(ClassImbalance, made) == []


def test_rows_that_all_weigh_nothing() -> None:
    made = history(record=data(), ended=False)
    made.stream = replace(StreamRecord(rows=1000), weights_of_zero=("sample_weight['kind']",))
    (warning,) = reports(ClassWeightExtreme, made)
    assert warning.message.startswith("All weights in sample_weight['kind'] are 0: what they weigh adds nothing")
    for lowest, highest, count in ((0.0, 0.0, 1), (0.0, 1.0, 0)):
        weights = replace(inputs(), role="weight", name="sample_weight", minimum=lowest, maximum=highest)
        assert len(reports(ClassWeightExtreme, history(record=data(inputs(), weights), ended=False))) == count


def tokens(zeros: float, ones: float, batches: int = 3, vocabulary: int = 400) -> RunHistory:
    embedding = LayerInfo("words", "Embedding", 3200, vocabulary=vocabulary)
    made = RunHistory(run_info(layers=(embedding,)))
    seen = batch(consumer="Embedding", dtype="int64", minimum=0.0, maximum=390.0, zero_share=zeros, one_share=ones)
    for step in range(1, batches + 1):
        made.add_step(StepRecord(step, 1, arrays=(seen,)))
    return made


def test_padding_and_unknown_words_of_a_stream() -> None:
    (padding,) = reports(MostlyPadding, tokens(0.8, 0.01))
    assert padding.message == "80% of the tokens in x are padding (0)."
    (unknown,) = reports(MostlyPadding, tokens(0.4, 0.45))
    assert unknown.message.startswith("75% of the tokens in x are 1, which usually stands for words")
    assert unknown.subject.kind is SubjectKind.VOCABULARY
    for healthy in (tokens(0.4, 0.1), tokens(0.8, 0.0, batches=2), tokens(0.4, 0.5, vocabulary=4)):
        assert reports(MostlyPadding, healthy) == []


def test_few_validation_rows_of_a_stream() -> None:
    made = history(run_info(training_samples=None, batch_size=None), [1.0, 0.5], data(), ended=False)
    made.add_step(StepRecord(91, 3, arrays=(batch(shape=(40, 10)),)))
    made.stream = replace(stream(), validation_rows=13, is_validation_fair=True)
    (report,) = reports(ValidationTooSmall, made)
    assert report.message == ("The run validates on 13 rows beside about 1,800 for training: chance moves the result.")
    for other in (replace(made.stream, is_validation_fair=False), replace(made.stream, validation_rows=300)):
        made.stream = other
        assert reports(ValidationTooSmall, made) == []


def test_rows_in_the_order_of_their_labels_that_are_not_shuffled() -> None:
    record = replace(data(inputs(), BALANCED), is_shuffled=False, label_stretches=10)
    (report,) = reports(ShuffleDisabled, before(record))
    assert "the order of their labels: 10 stretches of one class each" in report.message
    assert reports(ShuffleDisabled, before(replace(record, label_stretches=1290))) == []
    assert reports(ShuffleDisabled, before(replace(record, label_stretches=None))) == []
    assert reports(ShuffleDisabled, before(replace(data(inputs(), measured()), label_stretches=5))) == []


def test_a_class_without_weight_is_never_learned_unless_it_may_be_background() -> None:
    weights = ((0.0, 1.0), (1.0, 1.0), (2.0, 0.0))
    counts = labels([300, 300, 400])
    (report,) = reports(ClassWeightExtreme, before(replace(data(inputs(), counts), class_weights=weights)))
    assert report.message == "Class 2 has a weight of 0: its 400 rows count nothing; it is never learned."
    background = ((0.0, 0.0), (1.0, 1.0), (2.0, 1.0))
    assert reports(ClassWeightExtreme, before(replace(data(inputs(), counts), class_weights=background))) == []


def test_an_epoch_that_came_to_the_end_of_its_data() -> None:
    ended = history(run_info(steps_per_epoch=500), [1.2, 0.8])
    assert reports(StepsExceedData, ended) == []
    ended.warnings.append(FrameworkWarning("Your input ran out of data.", "UserWarning", 45))
    (report,) = reports(StepsExceedData, ended)
    assert report.message == "An epoch was to take 500 steps, and the data ended after 45."
    rounded_up = history(run_info(steps_per_epoch=46), [1.2, 0.8])
    rounded_up.warnings.append(
        FrameworkWarning("Your input ran out of data; interrupting training.", "UserWarning", 45)
    )
    assert reports(StepsExceedData, rounded_up) == []


def test_a_later_epoch_that_came_to_the_end_of_its_data() -> None:
    spent = history(run_info(steps_per_epoch=45), [1.2])
    spent.add_epoch(EpochRecord(2, 45, (("loss", 0.0),)))
    assert reports(StepsExceedData, spent) == []
    spent.warnings.append(FrameworkWarning("Your input ran out of data.", "UserWarning", 45))
    (report,) = reports(StepsExceedData, spent)
    assert report.message == "Epoch 2 was to take 45 steps, and the data ended after 0."


def test_a_rare_class_is_told_where_the_model_works_out_its_loss_itself() -> None:
    own = run_info(losses=(), outputs=())
    (hint,) = reports(ClassImbalance, history(own, record=data(inputs(), labels([950, 50])), ended=False))
    assert hint.severity is None
    assert reports(ClassImbalance, history(own, record=data(inputs(), labels([500, 450])), ended=False)) == []
    assert reports(ClassImbalance, history(own, record=data(inputs(), labels([950, 40, 10])), ended=False)) == []


def asked(*arrays: DataArray) -> RunHistory:
    made = history(record=data(inputs(), labels([144] * 10), measured(), inputs("validation")), ended=True)
    made.question = QuestionRecord(arrays)
    made.moment = Moment.ASKED
    return made


def test_what_a_trained_model_is_asked_was_not_scaled() -> None:
    raw = inputs("asked", minimum=0.0, maximum=255.0, deviation=70.0)
    (report,) = reports(ScalingMismatch, asked(raw))
    assert report.subject.kind is SubjectKind.QUESTION
    assert "trained on inputs that run from -3 to 3; these run from 0 to 255" in report.message
    small = inputs("asked", rows=3, minimum=0.0, maximum=0.01, deviation=0.003)
    column = replace(raw, shape=(100, 1))
    normalized, numbered = replace(raw, consumer="Normalization"), replace(raw, consumer="Embedding")
    for fine in (inputs("asked"), small, column, normalized, numbered):
        assert reports(ScalingMismatch, asked(fine)) == []
    assert len(reports(ScalingMismatch, asked(replace(small, rows=30)))) == 1


def test_what_a_trained_model_is_asked_holds_nan() -> None:
    holed = inputs("asked", rows=114, nonfinite=1, nonfinite_rows=1)
    (report,) = reports(NonfiniteData, asked(holed))
    assert report.subject.kind is SubjectKind.QUESTION
    assert "hold 1 NaN or infinite value in 1 row:" in report.message
    assert reports(NonfiniteData, asked(inputs("asked", rows=114))) == []
    assert reports(NonfiniteData, asked(replace(holed, consumer="Normalization"))) == []
    filled_in = asked(holed)
    filled_in.data = data(inputs(nonfinite=8, nonfinite_rows=8), labels([144] * 10))
    assert reports(NonfiniteData, filled_in) == []


def blank(value: float, steps: int = 8, **changes: object) -> RunHistory:
    made = history(ended=False)
    array = batch(shape=(32, 8, 8, 1), minimum=value, maximum=value, mean=value, deviation=0.0, consumer="Conv2D")
    for step in range(1, steps + 1):
        made.add_step(StepRecord(step, 1, arrays=(replace(array, **changes) if step == steps else array,)))
    made.stream = StreamRecord(rows=1, same_batch_steps=steps)
    return made


def test_inputs_that_hold_one_number_only() -> None:
    (report,) = reports(ConstantFeature, blank(0.0))
    assert report.message == "Every value of the training inputs is 0: no row can be told from another."
    assert report.severity is Severity.ERROR
    assert reports(DuplicateRows, blank(0.0)) == []
    for fine in (blank(0.0, maximum=0.5), blank(0.0, steps=3)):
        assert reports(ConstantFeature, fine) == []
    assert len(reports(DuplicateRows, blank(0.0, maximum=0.5))) == 1
    whole = inputs(minimum=1.0, maximum=1.0, deviation=0.0, shape=(1440, 8, 8, 1), columns=None)
    assert len(reports(ConstantFeature, before(data(whole, BALANCED)))) == 1
    other = inputs(name="x[1]")
    assert reports(ConstantFeature, before(data(whole, other, BALANCED))) == []
