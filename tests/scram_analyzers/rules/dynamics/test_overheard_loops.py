"""Loops of which only a loss is known, and nothing of what that loss is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import RunReport
from scram_analyzers.rules.dynamics.loss_diverging import LossDiverging
from scram_analyzers.rules.dynamics.loss_not_decreasing import LossNotDecreasing
from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import OptimizerInfo, StepRecord, SubjectKind
from tests.run_histories import data, history, inputs, labels, reports, run_info


def heard(losses: Sequence[float], rate: float = 1e-9) -> RunHistory:
    info = run_info(
        epochs=None, losses=(), classes=None, outputs=(), is_own_loop=True, is_overheard=True,
        optimizer=OptimizerInfo("SGD", rate),
    )  # fmt: skip
    seen = RunHistory(info)
    for step, loss in enumerate(losses, start=1):
        seen.add_step(StepRecord(step, 1, loss))
    return seen


def noisy(level: float, noise: float, steps: int = 400, slope: float = 0.0) -> list[float]:
    numbers = random.Random(3)
    return [level + slope * step + numbers.gauss(0, noise) for step in range(steps)]


def test_a_loss_that_stands_is_told_with_the_rate_that_keeps_it() -> None:
    (report,) = reports(LossNotDecreasing, heard(noisy(2.3, 0.1)))
    assert report.message == "The model does not learn: the training loss has stood at about 2.31 for 400 steps."
    assert [(cause.text, cause.code) for cause in report.causes] == [
        ("the learning rate of 1e-09 is too low", "SCR102")
    ]


@pytest.mark.parametrize(
    "losses",
    [
        noisy(2.3, 0.1, slope=-0.004),
        noisy(2.3, 0.1, steps=150),
        noisy(0.0, 1.0),  # of learning by reinforcement
        noisy(0.2, 0.2),
        noisy(-1.0, 0.01),
        noisy(1.0, 0.1, slope=0.01),
    ],
    ids=["falls", "short", "around zero", "unsteady", "negative", "rises"],
)
def test_other_losses_are_left_alone(losses: list[float]) -> None:
    assert reports(LossNotDecreasing, heard(losses)) == []


def own_step(accuracies: Sequence[float], **changes: Any) -> list[RunReport]:
    """What is said of a model that works out its loss itself, with ten classes that are alike in number."""
    info = run_info(
        **({"losses": (), "outputs": (), "classes": None, "optimizer": OptimizerInfo("Adam", 1e-3)} | changes)
    )
    known = data(inputs(), labels([144] * 10))
    return reports(LossNotDecreasing, history(info, [2.31] * len(accuracies), known, accuracy=accuracies))


def test_a_step_of_the_models_own_that_teaches_it_nothing() -> None:
    (report,) = own_step([0.1, 0.11, 0.1, 0.09, 0.12, 0.1])
    assert "in 6 epochs its training accuracy never came above 12%, and always guessing" in report.message
    assert [cause.subject.kind for cause in report.causes] == [SubjectKind.TRAIN_STEP]
    assert report.severity is Severity.INFO
    for fine in ([0.1, 0.11, 0.1], [0.1, 0.11, 0.1, 0.15, 0.3, 0.5]):
        assert own_step(fine) == []


def test_a_usual_rate_is_no_cause() -> None:
    (report,) = reports(LossNotDecreasing, heard(noisy(2.3, 0.1), rate=0.01))
    assert report.causes == ()  # and so nothing is told


def test_a_loss_that_grows_with_what_is_won_does_not_diverge() -> None:
    assert divergence(heard([0.001 * 1.03**step for step in range(300)])) is None
    assert reports(LossDiverging, heard([0.001 * 1.03**step for step in range(300)])) == []


def test_a_loss_that_runs_away_diverges() -> None:
    seen = divergence(heard([2.0**step for step in range(40)]))
    assert seen is not None
    assert seen.kind == "diverging"
    broken = divergence(heard([2.0, 3.0, math.nan]))
    assert broken is not None
    assert (broken.kind, broken.step) == ("nan", 3)
