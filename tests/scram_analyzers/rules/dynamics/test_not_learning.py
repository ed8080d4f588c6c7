"""Symptoms of a run that does not learn: each is silent on its own and speaks with a cause."""

from __future__ import annotations

from dataclasses import replace

from scram_analyzers.engine import analyze_run, analyze_source
from scram_analyzers.findings import Origin, Severity
from scram_analyzers.merging import merge
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.dynamics.loss_not_decreasing import LossNotDecreasing
from scram_analyzers.rules.dynamics.loss_oscillating import LossOscillating
from scram_analyzers.rules.dynamics.output_collapsed import OutputCollapsed
from scram_analyzers.rules.dynamics.slow_convergence import SlowConvergence
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.records import OptimizerInfo, SubjectKind
from tests.run_histories import (
    data,
    history,
    inputs,
    kernel,
    labels,
    measured,
    panel,
    probe,
    regression_info,
    reports,
    run_info,
)

BALANCED = data(inputs(), labels([144] * 10))
STUCK = [2.3028, 2.3026, 2.3027, 2.3025]
AT_CHANCE = {"accuracy": [0.10, 0.11, 0.10, 0.10]}

SCRIPT = """import keras
x, y = load()
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(
    keras.optimizers.Adam(1e-7),
    "sparse_categorical_crossentropy", metrics=["accuracy"])


model.fit(x, y, epochs=10)
"""


def stuck(ended: bool = False, **info: object):
    return history(run_info(**info), STUCK, BALANCED, ended, **AT_CHANCE)


def codes(seen, rules: RuleSet | None = None) -> list[str]:
    return [finding.code for finding in analyze_run(seen, rules or RuleSet.default(), None)]


def only(*rules: type[Rule]) -> RuleSet:
    return RuleSet({rule.code: rule() for rule in rules})


def test_a_standstill_without_a_cause_is_not_reported() -> None:
    (report,) = reports(LossNotDecreasing, stuck())
    assert report.causes == ()
    assert codes(stuck()) == []


def test_a_standstill_is_put_on_the_observed_cause() -> None:
    seen = stuck(optimizer=OptimizerInfo("Adam", 1e-7))
    for step in (5, 21, 55, 144):
        weights = tuple(kernel(name, step, update_ratio=1e-8) for name in ("dense", "head"))
        seen.add_probe(replace(probe(step), weights=weights))
    (finding,) = analyze_run(seen, only(LossNotDecreasing), None)
    assert finding.severity is Severity.WARNING
    assert "has stood at 2.303 for 2 epochs" in finding.message
    assert "Most likely: each step moves the weights by 1e-8 of their size only" in finding.message


def test_weights_that_no_step_changes_are_the_cause_of_a_standstill() -> None:
    seen = stuck()
    for step in (5, 21, 55, 144):
        weights = tuple(kernel(name, step, update_ratio=0.0) for name in ("dense", "head"))
        seen.add_probe(replace(probe(step), weights=weights))
    (finding,) = analyze_run(seen, only(LossNotDecreasing), None)
    assert "Most likely: no step has changed a weight" in finding.message


def test_the_run_confirms_what_the_source_knew_in_one_diagnostic() -> None:
    analysis = analyze_source(SCRIPT, "/project/train.py", RuleSet.default())
    source = [each for each in analysis.findings if each.code == "SCR102"]
    seen = stuck(optimizer=OptimizerInfo("Adam", 1e-7))
    run = analyze_run(seen, RuleSet.default(), analysis.program, analysis.findings)
    (finding,) = [each for each in run if each.severity.rank <= Severity.WARNING.rank]
    assert (finding.code, finding.range.start.line, finding.origin) == ("SCR102", 5, Origin.RUN)
    assert "Confirmed in this run: the training loss has stood at 2.303" in finding.message
    assert [each.code for each in merge(source, run)] == [each.code for each in run]


def test_a_run_that_learns_is_not_standing_still() -> None:
    assert reports(LossNotDecreasing, history(record=BALANCED, accuracy=[0.5, 0.8, 0.9, 0.95, 0.97])) == []


def test_a_trained_model_that_gets_no_better_is_left_alone() -> None:
    assert reports(LossNotDecreasing, history(losses=[0.1] * 5, record=BALANCED, accuracy=[0.97] * 5)) == []


def test_a_regression_that_never_leaves_the_mean() -> None:
    seen = history(regression_info(), [1.01, 1.0, 0.999, 0.998], data(inputs(), measured()), ended=False)
    (report,) = reports(LossNotDecreasing, seen)
    assert "a constant guess would reach 1" in report.message


def test_a_crawl_says_where_it_would_end() -> None:
    losses = [2.30, 2.28, 2.26, 2.24, 2.22]
    seen = history(run_info(optimizer=OptimizerInfo("SGD", 1e-4, momentum=0.0)), losses, BALANCED, ended=False)
    (report,) = reports(SlowConvergence, seen)
    assert "ends at 2.12 after all 10 epochs" in report.message
    assert report.causes[0].subject.kind is SubjectKind.OPTIMIZER


def test_a_crawl_that_would_arrive_is_none() -> None:
    assert reports(SlowConvergence, history(losses=[2.3, 2.2, 2.1], record=BALANCED, ended=False)) == []


def test_plain_sgd_is_named_for_its_crawl() -> None:
    losses = [2.30, 2.28, 2.26, 2.24, 2.22]
    seen = history(run_info(optimizer=OptimizerInfo("SGD", 1e-2, momentum=0.0)), losses, BALANCED, ended=False)
    assert "SCR107" in codes(seen)
    adam = history(run_info(), losses, BALANCED, ended=False)
    assert "SCR107" not in codes(adam)


def test_one_answer_to_everything() -> None:
    column = tuple(tuple(36 if taken == 3 else 0 for taken in range(10)) for _ in range(10))
    seen = history(record=BALANCED, losses=STUCK, ended=False, **AT_CHANCE)
    for epoch in (1, 2):
        seen.add_panel(panel(45 * epoch, epoch, confusion=column))
    (report,) = reports(OutputCollapsed, seen)
    assert "100% of 360 rows are taken for class 3, 10% are of it" in report.message


def test_predictions_of_no_variance() -> None:
    seen = history(regression_info(), [1.0, 1.0, 1.0], data(inputs(), measured()), ended=False)
    for epoch in (1, 2):
        seen.add_panel(panel(45 * epoch, epoch, mean=0.1, deviation=1e-4, target_deviation=1.0))
    assert len(reports(OutputCollapsed, seen)) == 1


def test_an_oscillating_loss_with_large_steps() -> None:
    seen = history(losses=[2.0, 1.2] * 6, record=BALANCED, ended=False, accuracy=[0.2, 0.4] * 6)
    assert codes(seen, only(LossOscillating)) == []
    for step in (5, 21, 55):
        seen.add_probe(replace(probe(step), weights=(kernel("dense", step, update_ratio=0.05),)))
    (finding,) = analyze_run(seen, only(LossOscillating), None)
    assert "in 5 of the last 11 epochs" in finding.message
    assert "5% of their size" in finding.message


def test_weights_that_never_move_are_told_where_no_guess_is_known() -> None:
    info = run_info(losses=("own_loss",), outputs=())
    made = history(info, [2.30, 2.31, 2.30, 2.29], ended=False)
    for step in (45, 90):
        still = tuple(kernel(name, step, update_ratio=0.0) for name in ("dense", "head"))
        made.add_probe(replace(probe(step), weights=still))
    (report,) = reports(LossNotDecreasing, made.copy())
    assert report.message == "The model does not learn: after 180 steps all weights are what they were before."
    assert report.causes[0].text.startswith("no step has changed a weight")
    moved = (kernel("dense", 40, update_ratio=1e-3), kernel("head", 40, update_ratio=1e-3))
    once = history(info, [2.30, 2.31, 2.30, 2.29], ended=False)
    once.add_probe(replace(probe(40), weights=moved))
    for step in (45, 90):
        once.add_probe(replace(probe(step), weights=still))
    assert reports(LossNotDecreasing, once) == []
    early = history(info, [2.30], ended=False)
    for step in (2, 5):
        early.add_probe(replace(probe(step), weights=still))
    assert reports(LossNotDecreasing, early) == []
