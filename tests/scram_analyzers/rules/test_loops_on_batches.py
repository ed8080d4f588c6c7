"""Loops of which every batch is seen and no epoch is told, and models whose targets move."""

from __future__ import annotations

import math

import pytest

from scram_analyzers.engine import ask_rules
from scram_analyzers.rules.architecture.embedding_vocabulary_too_small import EmbeddingVocabularyTooSmall
from scram_analyzers.rules.data.duplicate_rows import DuplicateRows
from scram_analyzers.rules.data.target_not_scaled import TargetNotScaled
from scram_analyzers.rules.dynamics.loss_not_decreasing import LossNotDecreasing
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import (
    ArrayStatistics,
    EpochRecord,
    LayerInfo,
    OutputInfo,
    RunError,
    StepRecord,
    StreamRecord,
)
from tests.run_histories import reports, run_info


def on_batches(losses: list[float], **changes: object) -> RunHistory:
    facts = {"epochs": None, "training_samples": None, "is_own_loop": True, "is_on_batches": True}
    seen = RunHistory(run_info(**(facts | changes)))
    array = ArrayStatistics("input", "x", "float32", (48, 4), 0.0, 1.0, 0.5, 0.3)
    for step, loss in enumerate(losses, start=1):
        seen.add_step(StepRecord(step, 1, loss, (array,)))
    return seen


@pytest.mark.parametrize(("changes", "validation", "is_told"), [
    ({}, 300, True),
    ({}, 48, False),
    ({}, 0, False),
    ({"is_on_batches": False}, 300, False),
])  # fmt: skip
def test_one_batch_that_comes_again_is_not_all_there_is(
    changes: dict[str, object], validation: int, is_told: bool
) -> None:
    seen = on_batches([1.0] * 20, **changes)
    seen.stream = StreamRecord(rows=32, same_batch_steps=20, validation_rows=validation)
    assert len(reports(DuplicateRows, seen)) == is_told


def test_a_loss_that_stands_is_told_without_epochs() -> None:
    (report,) = reports(LossNotDecreasing, on_batches([2.3 + 0.01 * (step % 3) for step in range(300)]))
    assert "has stood at about 2.31 for 300 steps" in report.message


def test_a_loss_that_grows_with_what_is_won_diverges_only_where_epochs_are_known() -> None:
    losses = [0.001 * 1.03**step for step in range(300)]
    assert divergence(on_batches(losses)) is None
    told = on_batches(losses)
    told.add_epoch(EpochRecord(1, 300, (("loss", 1.0),)))
    assert divergence(told) is not None


def test_of_moving_targets_only_what_holds_there_is_told() -> None:
    rules = RuleSet.default()
    losses = [2.3 + 0.01 * (step % 3) for step in range(300)]
    usual, moving = ({rule.name for rule, _ in ask_rules(each, rules).said} for each in (
        on_batches([*losses, math.nan]), on_batches([*losses, math.nan], has_moving_target=True)
    ))  # fmt: skip
    assert moving == {"loss-not-finite"} < usual
    assert ask_rules(on_batches(losses, has_moving_target=True), rules).said == ()


@pytest.mark.parametrize(
    ("sizes", "told"), [((300,), "words0"), ((300, 200), "words0"), ((300, 300), None), ((9,), None)]
)
def test_the_table_that_an_error_speaks_of(sizes: tuple[int, ...], told: str | None) -> None:
    tables = tuple(LayerInfo(f"words{place}", "Embedding", 1, vocabulary=size) for place, size in enumerate(sizes))
    seen = RunHistory(run_info(layers=tables))
    seen.fail(RunError("InvalidArgumentError", "indices[0,1] = 556 is not in [0, 300)", 1))
    found = [report.subject.layer for report in reports(EmbeddingVocabularyTooSmall, seen)]
    assert found == ([told] if told is not None else [])


@pytest.mark.parametrize(("other", "count"), [(0.6, 1), (5.0, 0)])
def test_an_output_whose_loss_drowns_the_others(other: float, count: int) -> None:
    outputs = (
        OutputInfo("far", "far", loss="mean_squared_error"),
        OutputInfo("part", "part", loss="mean_squared_error"),
    )
    seen = RunHistory(run_info(outputs=outputs, losses=("mean_squared_error",) * 2))
    target = ArrayStatistics("target", "y['far']", "float32", (16, 1), 25.0, 346.0, 150.0, 77.0)
    for step in (1, 2, 3):
        seen.add_step(StepRecord(step, 1, arrays=(target,)))
    seen.add_epoch(EpochRecord(1, 3, (("far_loss", 3000.0), ("part_loss", other))))
    assert len(reports(TargetNotScaled, seen)) == count
