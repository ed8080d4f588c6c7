from scram_lsp.training.sample_schedule import STEADY_INTERVAL, SampleSchedule


def sampled(steps, per_execution=1):
    schedule, found = SampleSchedule(), []
    for last in range(per_execution, steps + 1, per_execution):
        if schedule.is_due(last):
            found.append(last)
            schedule.passed(last)
    return found


def test_dense_at_first_then_steady():
    steps = sampled(400)
    assert steps[:8] == [1, 2, 3, 5, 8, 13, 21, 34]
    assert {later - earlier for earlier, later in zip(steps[-4:], steps[-3:], strict=False)} == {STEADY_INTERVAL}


def test_executions_of_many_steps():
    assert sampled(40, per_execution=10) == [10, 20, 30, 40]
