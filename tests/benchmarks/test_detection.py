"""The detection benchmark: every fault fits its program, and the earlier tools' heuristics do what their papers say."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "detection"
MODULES = ("planting", "kinds", "scoring", "tables", "trial", "choosing", "kept")


@pytest.fixture(scope="module")
def detection() -> Iterator[SimpleNamespace]:
    """The benchmark's modules; they are scripts of one folder, not a package."""
    before = dict(sys.modules)
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(FOLDER))
    modules = {name: importlib.import_module(name) for name in MODULES}
    modules["heuristics"] = importlib.import_module("peers.heuristics")
    modules["observation"] = importlib.import_module("peers.observation")
    yield SimpleNamespace(**modules)
    patch.undo()
    for name in set(sys.modules) - set(before):
        if str(FOLDER) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_every_plant_fits_its_program(detection: SimpleNamespace) -> None:
    for fault in detection.choosing.every_plant():
        planted = detection.planting.plant(fault)
        ast.parse(planted.text)
        assert planted.lines, fault.name
        assert max(planted.lines) <= planted.text.count("\n"), fault.name
        text = detection.planting.with_seed(planted.text, 3)
        assert "ScramCallback()" in text or "Watcher(model)" in text, fault.name


def test_every_variant_fits_its_program(detection: SimpleNamespace) -> None:
    for variant in detection.choosing.every_variant():
        ast.parse(detection.planting.edited(detection.planting.program_text(variant.program), variant.edits))


def test_enough_kinds_over_enough_programs(detection: SimpleNamespace) -> None:
    plants = detection.choosing.every_plant()
    assert len({fault.kind.name for fault in plants}) >= 25
    assert len({fault.program for fault in plants}) >= 6
    assert len({fault.name for fault in plants}) == len(plants)


def test_every_cause_is_a_rule(detection: SimpleNamespace) -> None:
    from scram_analyzers.rules.registry import RuleSet

    rules = {rule.name for rule in RuleSet.default()}
    for fault in detection.choosing.every_plant():
        assert rules.issuperset(fault.kind.rules), fault.kind.name


def test_an_edit_must_fit_once(detection: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match="stands 2 times"):
        detection.planting.edited("a = 1\na = 1\n", (detection.planting.swap("a = 1", "a = 2"),))


def test_quick_trains_each_kind_once(detection: SimpleNamespace) -> None:
    jobs = detection.choosing.chosen_jobs(["*"], 1, is_quick=True)
    kinds = [job.subject.kind.name for job in jobs if hasattr(job.subject, "kind")]
    assert len(kinds) == len(set(kinds))
    assert any(not hasattr(job.subject, "kind") for job in jobs)


def test_parts_are_chosen_alone(detection: SimpleNamespace) -> None:
    faults = detection.choosing.chosen_jobs(["digits_mlp*"], 1, is_quick=False, parts=["faults"])
    healthy = detection.choosing.chosen_jobs(["digits_mlp*"], 1, is_quick=False, parts=["healthy"])
    assert all(hasattr(job.subject, "kind") for job in faults)
    assert not any(hasattr(job.subject, "kind") for job in healthy)
    assert len(faults) + len(healthy) == len(detection.choosing.chosen_jobs(["digits_mlp*"], 1, is_quick=False))


def test_a_kept_training_is_not_made_again(detection: SimpleNamespace, tmp_path: Path) -> None:
    first, second = detection.choosing.chosen_jobs(["digits_mlp/rate-*"], 1, is_quick=False)[:2]
    found = (_finding("learning-rate-too-high", 3, step=5),)
    outcome = detection.trial.Outcome((), found, (_seen(detection),), None, 1.5, ("scram: used 1 s",))
    file = tmp_path / "results.jsonl"
    detection.kept.KeptOutcomes(file, "callback").keep(first, outcome)
    again = detection.kept.KeptOutcomes(file, "callback")
    assert again.outcome(first) == outcome
    assert again.outcome(second) is None
    assert detection.kept.KeptOutcomes(file, "run").outcome(first) is None


def _finding(name: str, line: int, severity: Severity = Severity.WARNING, step: int | None = None) -> Finding:
    return Finding(
        code="SCR101",
        name=name,
        severity=severity,
        confidence=Confidence.HIGH,
        message="so",
        why="",
        how="",
        filename="program.py",
        range=SourceRange.of(line, 0, line, 5),
        origin=Origin.SOURCE if step is None else Origin.RUN,
        moment=None if step is None else RunMoment("run", step, 1),
    )


def _fault(detection: SimpleNamespace) -> tuple[Any, Any]:
    fault = next(each for each in detection.choosing.every_plant() if each.name == "digits_mlp/rate-enormous")
    return fault, detection.planting.plant(fault)


def test_score_wants_cause_and_line(detection: SimpleNamespace) -> None:
    fault, planted = _fault(detection)
    line = min(planted.lines)
    source = (_finding("learning-rate-too-high", line + 1),)
    run = (_finding("loss-not-finite", line, step=7), _finding("learning-rate-too-high", line, step=3))
    outcome = detection.trial.Outcome(source, run, (), None, 1.0)
    judged = detection.scoring.score(fault, planted, 1, outcome)
    assert (judged.in_source, judged.in_run, judged.step) == (False, True, 3)
    hint = (_finding("learning-rate-too-high", line, Severity.HINT),)
    judged = detection.scoring.score(fault, planted, 1, detection.trial.Outcome(hint, (), (), None, 1.0))
    assert (judged.is_found, judged.has_cause, judged.has_line) == (False, False, False)


def test_healthy_alarms_are_warnings_and_errors(detection: SimpleNamespace) -> None:
    variant = detection.choosing.every_variant()[0]
    findings = (_finding("no-seed", 1, Severity.INFO), _finding("overfitting", 9))
    judged = detection.scoring.health(variant, "", 1, detection.trial.Outcome(findings, (), (), None, 1.0))
    assert len(judged.alarms) == 1


def test_tables_have_all_columns(detection: SimpleNamespace) -> None:
    fault, planted = _fault(detection)
    judged = detection.scoring.score(fault, planted, 1, detection.trial.Outcome((), (), (), None, 1.0))
    lines = list(detection.tables.fault_table([judged], ["SCRAM"]))
    assert len({line.count("|") for line in lines}) == 1
    assert "missed digits_mlp/rate-enormous" in "\n".join(detection.tables.miss_lines(judged))


def _seen(detection: SimpleNamespace, **facts: Any) -> Any:
    layer = detection.observation.LayerSeen
    normal = {
        "layers": [layer("Dense", "relu"), layer("Dense", "softmax")],
        "input_shape": [100, 8],
        "input_dtype": "float32",
        "input_minimum": 0.0,
        "input_maximum": 1.0,
        "epochs": [{"loss": 1.0, "val_loss": 1.1}, {"loss": 0.8, "val_loss": 1.0}, {"loss": 0.7, "val_loss": 0.9}],
        "rates": [0.001, 0.001, 0.001],
        "steps": 30,
    }
    return detection.observation.Observation(**{**normal, **facts})


def _names(peer: ModuleType, tool: str, seen: Any) -> set[str]:
    return {each.name for each in peer.PEERS[tool](seen, "model = Sequential()\nmodel.fit(x, y)\n")}


def test_peers_say_nothing_of_a_healthy_run(detection: SimpleNamespace) -> None:
    seen = _seen(detection)
    assert _names(detection.heuristics, "SCRAM", seen) == set()
    assert _names(detection.heuristics, "UMLAUT", seen) == set()


def test_scram_heuristics(detection: SimpleNamespace) -> None:
    rising = [{"loss": 1.0 - epoch / 10, "val_loss": 1.0 + epoch / 10} for epoch in range(3)]
    seen = _seen(detection, epochs=rising, input_maximum=255.0, first_bad_step=4)
    assert _names(detection.heuristics, "SCRAM", seen) == {
        "input-not-normalized",
        "learning-rate-too-high",
        "overfitting",
    }
    found = detection.heuristics.scram(seen, "model = Sequential()\nmodel.fit(x, y)\n")
    assert {each.name: (each.line, each.step) for each in found}["learning-rate-too-high"] == (2, 4)


def test_umlaut_heuristics_before_training(detection: SimpleNamespace) -> None:
    layer = detection.observation.LayerSeen
    hidden = [layer("Dense", "linear"), layer("Dropout", None, 0.6)]
    seen = _seen(detection, layers=[*hidden, layer("Dense", "sigmoid")])
    assert _names(detection.heuristics, "UMLAUT", seen) == {
        "missing-softmax",
        "missing-activation",
        "final-layer-has-activation",
        "high-dropout",
    }
    separate = [layer("Dense", "relu"), layer("Dense", "linear"), layer("Softmax")]
    assert _names(detection.heuristics, "UMLAUT", _seen(detection, layers=separate)) == set()


def test_umlaut_heuristics_at_epochs(detection: SimpleNamespace) -> None:
    nan = float("nan")
    seen = _seen(
        detection,
        input_shape=[10, 8, 9, 1],
        input_dtype="uint8",
        input_minimum=-2.0,
        input_has_nan=True,
        epochs=[{"loss": 1.0, "val_loss": 1.0}, {"loss": 0.9, "val_loss": 1.1}, {"loss": nan, "val_loss": nan}],
        rates=[0.1, 1e-9, 1e-3],
    )
    assert _names(detection.heuristics, "UMLAUT", seen) == {
        "input-wrong-shape",
        "input-not-normalized",
        "input-not-floating",
        "nan-in-input",
        "learning-rate-high",
        "learning-rate-low",
        "overfitting",
    }
    confident = [{"loss": 1.0, "accuracy": 0.9, "val_loss": 1.0, "val_accuracy": 0.97}] * 5
    seen = _seen(detection, epochs=confident, rates=[1e-3] * 5)
    assert _names(detection.heuristics, "UMLAUT", seen) == {"high-validation-accuracy"}
