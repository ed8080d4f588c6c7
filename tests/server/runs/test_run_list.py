"""The runs of a workspace, as the editor's Runs view asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import EpochRecord, RunInfo, StepRecord
from scram_lsp.live.messages import Progress
from scram_lsp.server.runs.run_list import delete_run, list_runs, run_details
from scram_lsp.store.observations import Record, kind_of, record_to_json, step_of
from scram_lsp.store.run_store import Observation, RunStore


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text("import keras\n")
    (tmp_path / "pyproject.toml").touch()
    return path


def store_run(script: Path, run: str, *records: Record, status: str = "finished") -> None:
    with RunStore.open_for(script) as store:
        store.begin(RunInfo(run, str(script), "2026-11-21T14:02:33+00:00"), "digest")
        store.add_observations(
            run,
            [
                Observation(number, kind_of(each), step_of(each), record_to_json(each))
                for number, each in enumerate(records, 1)
            ],
        )
        if status != "running":
            store.finish(run, "finished")


def finding(script: Path, run: str) -> Finding:
    return Finding(
        code="SCR601",
        name="loss-not-finite",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="The loss became NaN",
        why="why",
        how="how",
        filename=str(script),
        range=SourceRange.of(1, 0, 1, 6),
        origin=Origin.RUN,
        moment=RunMoment(run, 3, 1),
    )


def test_live_runs_come_first_then_the_newest(script: Path) -> None:
    for run, status in (("a", "finished"), ("b", "running"), ("c", "finished")):
        store_run(script, run, status=status)
    assert [each["run"] for each in list_runs([script, script.parent], {})] == ["b", "c", "a"]


def test_runs_of_projects_within_the_workspace_are_listed_too(script: Path) -> None:
    other = script.parent / "part" / "train.py"
    other.parent.mkdir()
    (other.parent / "pyproject.toml").touch()
    other.touch()
    for run, each in (("a", script), ("b", other)):
        store_run(each, run)
    assert [each["run"] for each in list_runs([script.parent, other], {})] == ["b", "a"]


def test_a_live_run_shows_what_it_said_last(script: Path) -> None:
    store_run(script, "a", EpochRecord(1, 10, (("loss", 2.0),)), status="running")
    (run,) = list_runs([script], {"a": Progress(epoch=2, epochs=5, step=17, loss=1.5)})
    assert (run["status"], run["epoch"], run["epochs"], run["step"], run["loss"]) == ("running", 2, 5, 17, 1.5)


def test_a_past_run_shows_its_last_epoch_and_its_findings(script: Path) -> None:
    store_run(script, "a", EpochRecord(1, 10, (("loss", 2.0),)), EpochRecord(2, 20, (("loss", float("nan")),)))
    with RunStore.open_for(script) as store:
        store.add_findings("a", [(1, finding(script, "a"), None)])
    (run,) = list_runs([script], {})
    assert (run["epoch"], run["step"], run["loss"]) == (2, 20, None)
    assert [each["code"] for each in run["findings"]] == ["SCR601"]


def test_curves_are_the_values_of_the_epochs(script: Path) -> None:
    epochs = [EpochRecord(1, 10, (("loss", 2.0), ("val_loss", float("inf")))), EpochRecord(2, 20, (("loss", 1.0),))]
    store_run(script, "a", StepRecord(1, 1, 2.5), *epochs)
    details = run_details(script, "a", {})
    assert details is not None
    assert details["curves"] == [
        {"name": "loss", "points": [(1, 2.0), (2, 1.0)]},
        {"name": "val_loss", "points": [(1, None)]},
    ]
    assert run_details(script, "other", {}) is None


def test_a_deleted_run_is_gone(script: Path) -> None:
    store_run(script, "a")
    assert delete_run(script, "a")
    assert not delete_run(script, "a")
    assert list_runs([script], {}) == []


def test_a_folder_without_a_store_and_a_damaged_store_have_no_runs(script: Path, tmp_path: Path) -> None:
    assert list_runs([script], {}) == []
    assert not delete_run(script, "a")
    (tmp_path / ".scram").mkdir()
    (tmp_path / ".scram" / "runs.sqlite").write_bytes(b"no database at all, but long enough to be one" * 40)
    assert list_runs([script], {}) == []
