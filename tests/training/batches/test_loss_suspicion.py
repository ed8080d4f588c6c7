import math

from scram_lsp.training.batches.loss_suspicion import LossSuspicion


def raised(losses, chance=None):
    suspicion = LossSuspicion(chance)
    return [step for step, loss in enumerate(losses, start=1) if suspicion.raised_by(step, loss)]


def test_a_loss_that_is_not_finite_calls_at_once():
    assert raised([2.3, 30.0, math.nan, None]) == [2, 3]


def test_a_loss_far_above_the_first_calls_ever_less_often():
    assert raised([2.3] + [30.0] * 100) == [2, 12, 32, 72]


def test_a_loss_near_chance_may_hide_nan_weights():
    assert raised([2.31, 2.3, 2.3026], chance=math.log(10)) == [3]


def test_an_ordinary_loss_calls_for_nothing():
    assert raised([2.6 * 0.98**step for step in range(50)]) == []


def test_a_loss_that_stays_nan_calls_ever_less_often():
    assert raised([math.nan] * 100) == [1, 11, 31, 71]
