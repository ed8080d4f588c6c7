import math

import pytest

from scram_analyzers.engine import analyze_run
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, OptimizerInfo, RunInfo, StepRecord


def codes(rate, losses, rules, arrays=()):
    info = RunInfo(
        run="r",
        script="/p/train.py",
        started="",
        optimizer=OptimizerInfo("Adam", rate),
        losses=("binary_crossentropy",),
    )
    history = RunHistory(info)
    for step, loss in enumerate(losses, start=1):
        history.add_step(StepRecord(step, 1, loss, arrays))
    return [finding.code for finding in analyze_run(history, rules, None)]


@pytest.mark.parametrize(("losses", "symptom"), [([0.7, math.nan], "SCR601"), ([0.7, *[1e9] * 6], "SCR602")])
def test_a_symptom_is_silent_when_its_cause_is_named(losses, symptom):
    assert codes(1e10, losses, RuleSet.default()) == ["SCR101"]
    assert codes(1e-3, losses, RuleSet.default()) == [symptom]
    assert codes(1e10, losses, RuleSet.build({symptom})) == [symptom]


def test_nan_in_the_data_is_not_the_learning_rates_doing():
    bad = ArrayStatistics("input", "x", "float32", (32, 4), 0.0, 1.0, 0.5, 0.3, nonfinite=1)
    assert codes(0.05, [0.7, math.nan], RuleSet.default(), (bad,)) == ["SCR202"]
