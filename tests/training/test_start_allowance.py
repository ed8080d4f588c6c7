import pytest

from scram_lsp.training.budget import START_ALLOWANCE
from scram_lsp.training.start_allowance import StartAllowances


class Trained:
    pass


def test_the_first_run_gets_all_and_the_next_what_time_has_earned():
    now = [100.0]
    allowances = StartAllowances(lambda: now[0])
    one, other = Trained(), Trained()
    assert allowances.take(one, 0.02) == START_ALLOWANCE
    assert allowances.take(one, 0.02) == 0
    now[0] += 1.0
    assert allowances.take(one, 0.02) == pytest.approx(0.02)
    assert allowances.take(other, 0.02) == START_ALLOWANCE
    now[0] += 1000.0
    assert allowances.take(one, 0.02) == START_ALLOWANCE


def test_what_is_gone_is_forgotten():
    allowances = StartAllowances()
    for _ in range(10):
        assert allowances.take(Trained(), 0.02) == START_ALLOWANCE
    assert len(allowances._granted) <= 1


def test_what_can_not_be_followed_is_always_new():
    allowances = StartAllowances()
    nothing = object()
    assert [allowances.take(nothing, 0.02) for _ in range(2)] == [START_ALLOWANCE] * 2
