"""Validation rows that were cut off rows in the order of their targets."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.sorted_parts import sorted_apart
from tests.run_histories import data, inputs, labels, run_info


def parts(train: list[int], validation: list[int]) -> RunHistory:
    made = RunHistory(run_info())
    made.data = data(inputs(), labels(train), labels(validation, "validation"))
    return made


def test_a_class_that_only_validation_has() -> None:
    assert sorted_apart(parts([59, 71, 3], [0, 0, 45])) == "Class 2 is 2% of training and 100% of validation"


def test_a_few_rows_drawn_at_random_may_lack_a_class() -> None:
    assert sorted_apart(parts([60, 60, 60], [0, 4, 1])) is None


def test_other_shares_of_the_same_classes_are_no_order() -> None:
    assert sorted_apart(parts([900, 50, 50], [10, 200, 200])) is None
