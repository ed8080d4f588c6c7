import pytest

from scram_lsp.training.budget import START_ALLOWANCE, Budget


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def trained(budget, clock, seconds, costs, step=0.01):
    """Train for so long, doing each activity whenever it is affordable; gives how often each was done."""
    done = dict.fromkeys(costs, 0)
    while clock.now < seconds:
        clock.now += step
        for activity, cost in costs.items():
            if budget.affords(activity):
                clock.now += cost
                budget.spend(activity, cost)
                budget.hold_up(cost)
                done[activity] += 1
    return done


def test_a_long_run_keeps_its_share():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    trained(budget, clock, 1000, {"batches": 0.003, "layers": 0.02, "rules": 0.05})
    assert budget.used_share == pytest.approx(0.02, rel=0.1)


def test_a_cheap_activity_leaves_room_for_a_costly_one():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    done = trained(budget, clock, 100, {"batches": 0.001, "layers": 0.05})
    assert done["layers"] * 0.05 == pytest.approx(0.4 * (START_ALLOWANCE + 2.0), rel=0.25)


def test_the_first_steps_are_seen_before_there_is_a_share():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    assert trained(budget, clock, 0.2, {"batches": 0.001})["batches"] > 10


def test_a_go_that_took_far_too_long_holds_up_no_other_activity():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    for activity, seconds in (("layers", 0.1), ("layers", 5.0), ("snapshots", 0.01), ("snapshots", 0.001)):
        budget.spend(activity, seconds)
    assert budget.affords("snapshots")
    assert budget.affords("weights")
    assert not budget.affords("layers")


def test_a_budget_of_nothing_allows_nothing():
    clock = Clock()
    budget = Budget(0.0, 0, clock)
    assert trained(budget, clock, 1.0, {"batches": 0.001})["batches"] == 0


def test_the_first_go_may_compile_and_is_not_taken_as_usual():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    budget.spend("layers", 0.15)
    budget.spend("layers", 0.01)
    clock.now = 1.0
    assert budget.affords("layers")


def test_what_compiles_at_first_waits_until_it_is_a_small_part_of_the_run():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    budget.expect("layers", 5.0)
    budget.expect("panel", 0.2)
    assert budget.affords("panel")
    assert not budget.affords("layers")
    clock.now = 300.0
    assert budget.affords("layers")


def test_what_makes_an_activity_cheaper_comes_once_it_is_a_small_part_of_the_run():
    clock = Clock()
    budget = Budget(0.02, 0, clock)
    assert not budget.affords_once(8 * budget.usual("layers"))  # not known yet
    budget.spend("layers", 0.3)
    budget.spend("layers", 0.1)
    assert not budget.affords_once(8 * budget.usual("layers"))
    clock.now = 100.0
    assert budget.affords_once(8 * budget.usual("layers"))
    budget.begin_anew("layers")
    budget.spend("layers", 2.0)
    budget.spend("layers", 0.01)
    assert budget.usual("layers") == 0.01


def test_bytes_are_held_within_the_limit():
    budget = Budget(0.02, 100)
    assert budget.hold("panel", 60)
    assert not budget.hold("snapshots", 50)
    assert budget.hold("panel", 10)
    assert budget.hold("snapshots", 50)
    assert (budget.room, budget.used_bytes) == (40, 60)
