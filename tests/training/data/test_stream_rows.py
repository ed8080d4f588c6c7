"""What the rows of a stream show when they come again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from scram_analyzers.rules.data.dataset_not_shuffled import DatasetNotShuffled
from scram_analyzers.rules.data.duplicate_rows import DuplicateRows
from scram_analyzers.rules.data.labels_shuffled_apart import LabelsShuffledApart
from scram_analyzers.rules.data.scaling_mismatch import ScalingMismatch
from scram_analyzers.rules.data.sorted_validation_split import SortedValidationSplit
from scram_analyzers.rules.data.target_in_inputs import TargetInInputs
from scram_analyzers.rules.data.validation_on_training_data import ValidationOnTrainingData
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import OutputInfo, StepRecord, StreamRecord
from scram_lsp.training.data import stream_columns
from scram_lsp.training.data.array_statistics import batch_statistics
from scram_lsp.training.data.stream_rows import StreamRows
from tests.run_histories import reports, run_info

X = np.random.default_rng(0).normal(size=(160, 4)).astype("float32")
Y = np.arange(160) % 10


def stream(epochs: int = 3, mixed: bool = False, same: bool = False) -> StreamRows:
    rows, draw = StreamRows(), np.random.default_rng(1)
    for epoch in range(1, epochs + 1):
        order = draw.permutation(len(X))
        for start in range(0, len(X), 16):
            at = order[start : start + 16] if not same else np.arange(16)
            rows.look((X[at], Y[start : start + 16] if mixed else Y[at]), epoch)
    return rows


def told(record: StreamRecord) -> Iterator[str]:
    made = RunHistory(run_info())
    made.stream = record
    made.begin()
    for rule in (DuplicateRows, LabelsShuffledApart, SortedValidationSplit, ValidationOnTrainingData):
        for report in reports(rule, made):
            yield f"{rule.name}: {report.message}"


def test_rows_that_keep_their_targets_are_no_news() -> None:
    rows = stream()
    rows.compare([(X[:64] + 1, Y[:64])], is_fair=True)
    assert rows.record.rows_met_again == 320
    assert not [*told(rows.record)]


def test_rows_that_get_the_targets_of_others() -> None:
    (message,) = told(stream(mixed=True).record)
    assert message.startswith("labels-shuffled-apart: Of 320 rows that came again in a later epoch, ")


def test_equal_rows_of_different_kinds_are_no_mix_up() -> None:
    record = replace(stream(mixed=True).record, repeated_rows=20)
    assert not [each for each in told(record) if each.startswith("labels")]


def test_new_targets_are_no_mix_up() -> None:
    rows = StreamRows()
    for epoch in (1, 2, 3):
        rows.look((X[:16], np.random.default_rng(epoch).normal(size=16)), epoch)
    assert (rows.record.rows_met_again, rows.record.rows_with_other_target) == (32, 0)


def test_one_batch_again_and_again() -> None:
    (message,) = told(stream(same=True).record)
    assert message.startswith("duplicate-rows: All 30 batches looked at hold the same rows")


def test_weights_that_were_never_above_zero() -> None:
    rows = StreamRows()
    for epoch in (1, 2):
        rows.look((X[:16], {"a": Y[:16], "b": Y[:16]}, {"a": np.zeros(16), "b": np.arange(16) == epoch}), epoch)
    assert rows.record.weights_of_zero == ("sample_weight['a']",)


def test_validation_rows_of_the_stream() -> None:
    rows = stream()
    rows.compare([(X[:64], Y[:64])], is_fair=True)
    (message,) = told(rows.record)
    assert "64 of 64 validation rows (100%) are also in the training data" in message


def test_validation_rows_of_one_class() -> None:
    rows = stream()
    rows.compare([(X + 1, np.full(160, 9)), (X + 2, np.full(160, 9))], is_fair=True)
    (message,) = told(rows.record)
    assert message.startswith("sorted-validation-split: Class 9 is 10% of training and 100% of validation")
    assert not [*told(replace(rows.record, is_validation_fair=False))]


def test_validation_rows_that_were_scaled_otherwise() -> None:
    rows = stream()
    rows.compare([(X * 100, Y), (X * 100, Y)], is_fair=True)
    (seen,) = rows.record.validation_inputs
    assert (seen.rows_read, seen.maximum) == (320, float(X.max() * 100))
    made = RunHistory(run_info())
    for step in range(1, 4):
        made.add_step(StepRecord(step, 1, 1.0, batch_statistics((X[:16], Y[:16]), {})))
    made.stream = rows.record
    (report,) = reports(ScalingMismatch, made)
    assert "only one of them was scaled" in report.message
    made.stream = replace(rows.record, validation_inputs=stream_of_its_own(X).validation_inputs)
    assert reports(ScalingMismatch, made) == []


def stream_of_its_own(validation: np.ndarray) -> StreamRecord:
    rows = stream()
    rows.compare([(validation, Y)], is_fair=True)
    return rows.record


class Sparse:
    """As TensorFlow's: values, places and a shape, and no rows to take."""

    shape = (4, 3)
    indices = values = np.zeros((0, 2))


def test_sparse_rows_are_left_alone() -> None:
    rows = StreamRows()
    rows.look((Sparse(), Y[:4]), 1)
    assert rows.record == StreamRecord(0)


def test_rows_of_objects_and_empty_batches_are_left_alone() -> None:
    rows = StreamRows()
    rows.look((np.array([{}, None], dtype=object), np.array([0, 1])), 1)
    rows.look(np.zeros((0, 4)), 1)
    assert rows.record == StreamRecord(0)


@pytest.mark.parametrize(("order", "is_sorted"), [(np.argsort(Y), True), (np.arange(160), False)])
def test_one_hot_rows_that_come_class_by_class(order: np.ndarray, is_sorted: bool) -> None:
    rows = StreamRows()
    for start in range(0, len(X), 16):
        rows.look((X[order][start : start + 16], np.eye(10)[Y[order]][start : start + 16]), 1)
    made = RunHistory(run_info(outputs=(OutputInfo("head", "head", "softmax", 10, "categorical_crossentropy", False),)))
    made.stream = rows.record
    assert bool([*reports(DatasetNotShuffled, made)]) is is_sorted


def told_in_columns(x: np.ndarray, y: np.ndarray, size: int = 16) -> list[str]:
    rows = StreamRows()
    for start in range(0, len(x), size):
        rows.look((x[start : start + size], y[start : start + size]), 1)
    made = RunHistory(run_info())
    made.stream = rows.record
    return [report.message for report in reports(TargetInInputs, made)]


def test_rows_that_hold_their_targets() -> None:
    windows = np.random.default_rng(2).normal(size=(160, 30, 1)).astype("float32")
    (message,) = told_in_columns(windows, windows[:, -1] * 3 + 1)
    assert message.startswith("x[:, 29, 0] holds the target")
    assert told_in_columns(windows, np.random.default_rng(3).normal(size=(160, 1))) == []
    assert told_in_columns(windows[:100], windows[:100, -1]) == []  # too few to tell
    assert told_in_columns(windows, (windows[:, -1] > 0).astype("int32")) == []


def test_rows_that_hold_their_classes() -> None:
    rows = np.random.default_rng(2).normal(size=(160, 5)).astype("float32")
    ill, rare = np.arange(160) % 3 == 0, np.arange(160) % 40 == 0
    (message,) = told_in_columns(np.column_stack([rows, 2.0 * ill - 1]), ill.astype("int32"))
    assert message.startswith("x[:, 5] holds the target")
    assert told_in_columns(np.column_stack([rows, 2.0 * rare - 1]), rare.astype("int32")) == []


def test_rows_of_which_nothing_can_be_told() -> None:
    words = np.array([["a", "b"]] * 160)
    assert told_in_columns(words, np.arange(160.0)) == []
    wide = np.random.default_rng(2).normal(size=(160, 50_000)).astype("float32")
    assert told_in_columns(wide, wide[:, 7]) == []


def test_rows_with_texts_among_their_inputs() -> None:
    kinds = np.array([b"bay", b"inland"], object)[Y % 2][:, None]
    rows, target = StreamRows(), np.linspace(0, 5, 160)
    for start in range(0, 160, 16):
        at = slice(start, start + 16)
        inputs = {"kind": kinds[at], "size": X[at], "price": 2 * target[at, None]}
        rows.look((inputs, target[at]), 1)
    rows.compare([({"kind": kinds[:64], "size": X[:64], "price": 2 * target[:64, None]}, target[:64])], is_fair=True)
    assert rows.record.shared_rows == 64
    assert rows.record.target_columns == ("x['price'][:, 0]",)


def test_columns_are_compared_when_the_step_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(stream_columns, "columns_that_say_the_target", lambda _, y: asked.append(len(y)) or ())
    rows, target = StreamRows(), np.linspace(0, 5, 160)
    for start in range(0, 160, 16):
        rows.look((X[start : start + 16], target[start : start + 16]), 1)
    assert asked == []
    assert rows.record.target_columns == rows.record.target_columns == ()
    assert asked == [128]
