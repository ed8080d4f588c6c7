from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.engine import analyze_run, analyze_source
from scram_analyzers.findings import Origin, SourceRange
from scram_analyzers.merging import merge
from scram_analyzers.notes import RULE_FAILED, UNREADABLE
from scram_analyzers.rules.base import Report, Rule, RunReport
from scram_analyzers.rules.hyperparameters.learning_rate_too_high import LearningRateTooHigh
from scram_analyzers.rules.registry import RuleSet, rule_classes
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import OptimizerInfo, RunInfo, StepRecord
from scram_analyzers.source.program import Program

SCRIPT = """import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(1e10), "mse")
"""
ONE_RULE = RuleSet({"SCR101": LearningRateTooHigh()})


class Broken(LearningRateTooHigh):
    code = "SCR199"
    name = "broken"

    def check_program(self, program: Program) -> Iterator[Report]:
        raise ZeroDivisionError("of its own")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        raise ZeroDivisionError("of its own")


def diverged() -> RunHistory:
    info = RunInfo("r1", "train.py", "2026-01-01T10:00:00+00:00", fit_line=4, optimizer=OptimizerInfo("Adam", 1e10))
    history = RunHistory(info)
    history.add_step(StepRecord(1, 1, 0.7))
    history.add_step(StepRecord(2, 1, float("nan")))
    return history


def test_a_file_without_keras_is_not_read() -> None:
    analysis = analyze_source("import numpy\nx = (\n", "x.py", RuleSet.default())
    assert analysis.program is None
    assert analysis.findings == ()


def test_broken_code_is_said_once_and_the_rest_is_checked() -> None:
    analysis = analyze_source(SCRIPT + "\n\nx = = 1\n\ny = 2\n", "x.py", ONE_RULE)
    assert [(each.code, each.range.start.line) for each in analysis.findings] == [("SCR101", 3), (UNREADABLE.code, 6)]


def test_a_rule_that_fails_leaves_the_others_their_say() -> None:
    rules = RuleSet({"SCR101": LearningRateTooHigh(), "SCR199": Broken()})
    analysis = analyze_source(SCRIPT, "train.py", rules)
    assert {each.code for each in analysis.findings} == {"SCR101", RULE_FAILED.code}
    findings = analyze_run(diverged(), rules, analysis.program)
    assert {each.code for each in findings} == {"SCR101", RULE_FAILED.code}
    assert {each.origin for each in findings} == {Origin.RUN}


def test_a_run_confirms_the_source_in_one_finding_on_one_place() -> None:
    analysis = analyze_source(SCRIPT, "train.py", ONE_RULE)
    run = analyze_run(diverged(), ONE_RULE, analysis.program)
    (merged,) = merge(analysis.findings, run)
    assert merged.origin is Origin.RUN
    assert merged.range == analysis.findings[0].range == SourceRange.of(3, 36, 3, 40)
    assert merged.moment is not None
    assert (merged.moment.run, merged.moment.step) == ("r1", 2)
    assert analysis.fix(merged) == analysis.fix(analysis.findings[0])
    assert merged.recipe == analysis.findings[0].recipe != "", "the code to write, which a run does not know"


def test_without_a_program_a_run_finding_stands_on_the_line_of_fit() -> None:
    (finding,) = analyze_run(diverged(), ONE_RULE, None)
    assert finding.range.start.line == 4


def test_a_generated_file_too_large_to_read_gets_one_line() -> None:
    (finding,) = analyze_source("import keras\n" + "x = 1\n" * 400_000, "big.py", RuleSet.default()).findings
    assert finding.code == UNREADABLE.code
    assert "2,000,000" in finding.message


def test_codes_and_names_are_not_shared_and_speak_of_the_mistake() -> None:
    names = [rule.name for rule in rule_classes()]
    assert len(set(names)) == len(names)
    for rule in rule_classes():
        assert rule.code.startswith("SCR")
        assert len(rule.code) == 6
        assert rule.name == rule.name.lower()
        assert not rule.name.startswith(("no-op", "disallow"))
        assert issubclass(rule, Rule)
