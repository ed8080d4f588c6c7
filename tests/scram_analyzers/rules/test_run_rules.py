"""What holds for every rule that reads runs."""

from __future__ import annotations

import time

import pytest

from scram_analyzers.engine import analyze_run
from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.registry import RuleSet, rule_classes
from scram_analyzers.run.history import PROBES_KEPT, STEPS_KEPT
from scram_analyzers.run.records import EpochRecord, StepRecord
from tests.run_histories import batch, diagonal, healthy, panel, probe, reports, unknown

RUN_RULES = [rule for rule in rule_classes() if rule.check_run is not Rule.check_run]


@pytest.mark.parametrize("rule", RUN_RULES, ids=lambda rule: rule.name)
def test_a_run_of_which_nothing_is_known_raises_no_finding(rule: type[Rule]) -> None:
    assert reports(rule, unknown()) == []


@pytest.mark.parametrize("rule", RUN_RULES, ids=lambda rule: rule.name)
def test_a_healthy_run_is_silent(rule: type[Rule]) -> None:
    assert reports(rule, healthy()) == []


def test_symptoms_name_rules_that_exist() -> None:
    codes = {rule.code for rule in rule_classes()}
    for rule in rule_classes():
        assert set(rule.symptom_of) <= codes, rule.name
        is_in_source = rule.check_program is not Rule.check_program
        assert is_in_source or rule.code not in rule.symptom_of, rule.name  # a run confirms what the source showed


def test_the_rules_take_little_time_on_a_full_history() -> None:
    made = healthy()
    for step in range(1, STEPS_KEPT + 1):
        arrays = (batch(),) if step % 50 == 0 else ()
        made.add_step(StepRecord(step, 1 + step // 45, 2.0 / (1 + step / 100), arrays, seconds=0.01, data_seconds=1e-4))
    for step in range(1, PROBES_KEPT + 1):
        made.add_probe(probe(step * 10))
        made.add_panel(panel(step * 10, 1 + step // 5, confusion=diagonal(10, 36)))
    rules = RuleSet.default()
    for epoch in range(11, 100):
        made.add_epoch(EpochRecord(epoch, epoch * 45, (("loss", 0.1), ("accuracy", 0.97), ("val_loss", 0.15))))
    analyze_run(made, rules, None)
    times = []
    for epoch in range(100, 105):
        made.add_epoch(EpochRecord(epoch, epoch * 45, (("loss", 0.1), ("accuracy", 0.97), ("val_loss", 0.15))))
        begin = time.thread_time()
        analyze_run(made, rules, None)
        times.append(time.thread_time() - begin)
    assert min(times) < 0.05  # measured: about a fifth of this on a quiet machine


def test_every_run_rule_says_why_and_how() -> None:
    for rule in (each for each in RUN_RULES if each.check_program is Rule.check_program):
        assert rule.why.endswith("."), rule.name
        assert rule.how.endswith("."), rule.name
        assert rule.references, rule.name
        assert rule.false_alarms, rule.name
        assert isinstance(rule.severity, Severity)
