from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.nonfinite_weights import nonfinite_weights
from scram_analyzers.run.records import RunInfo, StepRecord


def test_the_first_sight_counts_and_layers_are_named_once():
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    history.add_step(StepRecord(1, 1, 2.3))
    history.add_step(StepRecord(2, 1, 2.3026, nonfinite_weights=("conv/kernel", "conv/bias")))
    history.add_step(StepRecord(3, 1, 2.3026, nonfinite_weights=("conv/kernel", "conv/bias", "dense/kernel")))
    found = nonfinite_weights(history)
    assert found is not None
    assert (found.step, found.loss, found.layers) == (2, 2.3026, ("conv",))


def test_finite_weights_are_no_news():
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    history.add_step(StepRecord(1, 1, 2.3))
    assert nonfinite_weights(history) is None
