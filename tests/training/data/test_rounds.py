"""Where a loop begins its data anew, and whether its targets move, seen by its rows."""

import numpy as np

from scram_lsp.training.data.rounds import Rounds


def batches(rows, epochs, size=16):
    rng = np.random.default_rng(1)
    for _ in range(epochs):
        order = rng.permutation(rows)
        for start in range(0, rows, size):
            yield order[start : start + size]


def firsts(rounds, given):
    """The places of the batches that begin a round, which is said to the rounds, as a loop does."""
    found = []
    for place, batch in enumerate(given):
        if rounds.begins_with(batch):
            rounds.begin()
            found.append(place)
    return found


def test_a_round_begins_with_the_first_batch_of_shuffled_data():
    x = np.random.default_rng(0).normal(size=(100, 5)).astype("float32")
    assert firsts(Rounds(), [x[rows] for rows in batches(100, 3)]) == [7, 14]


def test_after_rounds_alike_batches_are_counted():
    x = np.random.default_rng(0).normal(size=(100, 5)).astype("float32")
    rounds = Rounds()
    assert firsts(rounds, [x[rows] for rows in batches(100, 4)]) == [7, 14, 21]
    assert firsts(rounds, [None] * 15) == [0, 7, 14]


def test_rows_tell_again_when_a_round_was_of_another_length():
    x = np.random.default_rng(0).normal(size=(100, 5)).astype("float32")
    rounds = Rounds()
    firsts(rounds, [x[rows] for rows in batches(100, 4)])
    rounds.begins_with(None)
    rounds.begin()
    for rows in list(batches(100, 1))[:3]:
        rounds.begins_with(x[rows])
    rounds.begin()  # the model was evaluated early
    assert firsts(rounds, [None] * 15) == []
    assert firsts(rounds, [x[rows] for rows in batches(48, 2)]) == [3]


def test_one_batch_that_comes_again_makes_no_round():
    x, rounds = np.eye(8), Rounds()
    assert not any(rounds.begins_with(x) for _ in range(5))


def test_data_that_never_come_again_make_no_round():
    rng, rounds = np.random.default_rng(0), Rounds()
    assert not any(rounds.begins_with(rng.normal(size=(8, 3))) for _ in range(50))


def test_what_is_no_row_of_numbers_makes_no_round():
    rounds = Rounds()
    for batch in (None, np.array(["a", "b"]), [np.zeros((2, 1)), np.zeros((3, 1))], 5, np.array(5.0), {"a": [1, 2]}):
        assert not any(rounds.begins_with(batch, batch) for _ in range(3))
    assert not rounds.have_moving_targets


def test_targets_that_are_worked_out_anew_move():
    x, rounds, rng = np.eye(64), Rounds(), np.random.default_rng(0)
    for rows in batches(64, 3):
        rounds.begins_with(x[rows], rng.normal(size=16))
    assert rounds.have_moving_targets


def test_targets_that_stay_or_are_mixed_up_do_not_move():
    x, y, rng = np.eye(64), np.arange(64.0), np.random.default_rng(0)
    own, others = Rounds(), Rounds()
    for rows in batches(64, 4):
        own.begins_with(x[rows], y[rows])
        others.begins_with(x[rows], rng.permutation(y)[rows])
    assert not own.have_moving_targets
    assert not others.have_moving_targets
