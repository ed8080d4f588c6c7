"""What a guess reaches that never looks at an input."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from scram_analyzers.run.records import OutputInfo
from scram_analyzers.run.task import baseline
from tests.run_histories import data, history, measured, regression_info


def huber(error: float, delta: float) -> float:
    return error**2 / 2 if abs(error) <= delta else delta * (abs(error) - delta / 2)


@pytest.mark.parametrize("delta", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("deviation", [0.4, 3.0])
def test_the_constant_guess_under_a_huber_loss(delta: float, deviation: float) -> None:
    info = regression_info(losses=("huber",), outputs=(OutputInfo("price", loss="huber", delta=delta),))
    known = baseline(history(info, record=data(measured(deviation=deviation))))
    errors = [NormalDist(0, deviation).inv_cdf((row + 0.5) / 20_000) for row in range(20_000)]
    assert known is not None
    assert known.loss == pytest.approx(sum(huber(each, delta) for each in errors) / len(errors), rel=1e-3)


def test_a_huber_loss_of_unknown_kind() -> None:
    info = regression_info(losses=("huber",), outputs=(OutputInfo("price", loss="huber"),))
    known = baseline(history(info, record=data(measured(deviation=0.4))))
    assert known is not None
    assert known.loss is None
