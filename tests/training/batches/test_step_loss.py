import math

import numpy as np
import pytest

from scram_lsp.training.batches.step_loss import StepLoss


def running_means(losses, sizes):
    return np.cumsum(np.multiply(losses, sizes)) / np.cumsum(sizes)


def test_the_batches_own_losses_come_back_also_for_the_smaller_last_one():
    losses, sizes = [2.3, 9.0, 0.5, 1.7], [32, 32, 32, 7]
    step_loss = StepLoss(32, 103)
    for _ in range(2):
        step_loss.begin_epoch()
        means = running_means(losses, sizes)
        found = [step_loss.take(step, mean) for step, mean in enumerate(means, start=1)]
        assert found == pytest.approx(losses)


def test_without_sizes_every_batch_counts_the_same():
    step_loss = StepLoss(None, None)
    step_loss.begin_epoch()
    assert [step_loss.take(step, mean) for step, mean in [(1, 2.0), (2, 3.0)]] == [2.0, 4.0]


def test_several_steps_in_one_execution_give_their_mean():
    step_loss = StepLoss(None, None)
    step_loss.begin_epoch()
    assert step_loss.take(4, 2.0) == 2.0
    assert step_loss.take(8, 3.0) == pytest.approx(4.0)


def test_a_loss_that_is_lost_in_the_rounding_of_the_mean_is_not_told():
    step_loss = StepLoss(None, None)
    step_loss.begin_epoch()
    total, found = np.float32(0), []
    for step, loss in enumerate([0.7, 1e20, 2e13, 0.5], start=1):
        total = np.float32(total + np.float32(loss))
        found.append(step_loss.take(step, float(np.float32(total / np.float32(step)))))
    assert found[0] == pytest.approx(0.7)
    assert found[1] == pytest.approx(1e20)
    assert found[2:] == [None, None]


def test_what_is_not_finite_is_told_once_an_epoch():
    step_loss = StepLoss(None, None)
    step_loss.begin_epoch()
    assert step_loss.take(1, 2.0) == 2.0
    assert math.isnan(step_loss.take(2, math.nan))
    assert step_loss.take(3, math.nan) is None
    step_loss.begin_epoch()
    assert step_loss.take(1, 1.5) == 1.5
