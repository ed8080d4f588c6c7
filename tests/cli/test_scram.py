from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import EpochRecord, RunInfo, StepRecord
from scram_lsp.cli.scram import main
from scram_lsp.store.observations import LossSpan, Record, kind_of, record_to_json, step_of
from scram_lsp.store.run_store import Observation, RunStore

SCRIPT = "import keras\n\nmodel.fit(x, y)\n"


@pytest.fixture(autouse=True)
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scram.toml").touch()
    path = tmp_path / "train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture
def store(script: Path) -> Iterator[RunStore]:
    """Two runs: an older one that found something, a newer one that did not."""
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    with RunStore.open_for(script) as store:
        for run in ("20260101-old", "20260102-new"):
            store.begin(RunInfo(run=run, script=str(script), started="2026-01-01T10:00:00+00:00"), digest)
            store.finish(run, "finished")
        finding = Finding(
            *("SCR601", "loss-not-finite", Severity.ERROR, Confidence.HIGH, "The loss is NaN.", "Why.", "How."),
            filename=str(script),
            range=SourceRange.of(3, 0, 3, 15),
            origin=Origin.RUN,
            moment=RunMoment("20260101-old", step=3, epoch=1),
        )
        store.add_findings("20260101-old", [(1, finding, None)])
        yield store


def scram(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.usefixtures("store")
def test_runs_are_listed_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = scram(capsys, "runs", "list")
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["RUN", "STARTED", "STATUS", "FINDINGS", "SCRIPT"],
        ["20260102-new", "2026-01-01T10:00:00+00:00", "finished", "0", "train.py"],
        ["20260101-old", "2026-01-01T10:00:00+00:00", "finished", "1", "train.py"],
    ]
    table = json.loads(scram(capsys, "runs", "list", "--output-format", "json")[1])
    assert [(each["run"], each["findings_count"]) for each in table] == [("20260102-new", 0), ("20260101-old", 1)]


@pytest.mark.usefixtures("store")
def test_a_run_is_shown_by_the_begin_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = scram(capsys, "runs", "show", "20260101")
    assert (status, err) == (0, "")
    assert out.startswith("Run 20260101-old of train.py, started 2026-01-01T10:00:00+00:00, finished.\n")
    assert "train.py:3:1: error SCR601 loss-not-finite (seen in a run, epoch 1, step 3)" in out
    assert "3 | model.fit(x, y)\n  | ^^^^^^^^^^^^^^^" in out
    assert out.endswith("Found 1 problem.\n")


@pytest.mark.usefixtures("store")
def test_a_run_as_json_says_when(capsys: pytest.CaptureFixture[str]) -> None:
    (data,) = json.loads(scram(capsys, "runs", "show", "20260101-old", "--output-format", "json")[1])
    assert (data["code"], data["origin"]) == ("SCR601", "run")
    assert (data["run"], data["step"], data["epoch"]) == ("20260101-old", 3, 1)


@pytest.mark.usefixtures("store")
def test_the_newest_run_is_shown_unless_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    out = scram(capsys, "runs", "show")[1]
    assert out.startswith("Run 20260102-new")
    assert out.endswith("Nothing was found in this run.\n")


@pytest.mark.usefixtures("store")
def test_lines_of_a_changed_script_are_not_shown(capsys: pytest.CaptureFixture[str], script: Path) -> None:
    script.write_text("# new\n" + SCRIPT, encoding="utf-8")
    status, out, err = scram(capsys, "runs", "show", "20260101-old")
    assert status == 0
    assert "SCR601" in out
    assert " | " not in out
    assert err == "scram: train.py has changed since this run, so its lines are not shown\n"
    script.unlink()
    assert "can't read train.py" in scram(capsys, "runs", "show", "20260101-old")[2]


def test_a_run_is_deleted(capsys: pytest.CaptureFixture[str], store: RunStore) -> None:
    assert scram(capsys, "runs", "delete", "20260101-old") == (0, "Deleted run 20260101-old.\n", "")
    assert [run.run for run in store.runs()] == ["20260102-new"]


def test_a_run_that_goes_on_is_not_deleted(capsys: pytest.CaptureFixture[str], script: Path, store: RunStore) -> None:
    store.begin(RunInfo(run="20260103-now", script=str(script), started="2026-01-03T10:00:00+00:00"), "")
    status, _, error = scram(capsys, "runs", "delete", "20260103")
    assert (status, error) == (2, "scram: the run 20260103-now is still going on; delete it when it is over\n")


def test_what_a_run_observed(capsys: pytest.CaptureFixture[str], store: RunStore) -> None:
    records: list[Record] = [
        StepRecord(1, 1, 0.75),
        StepRecord(2, 1, 0.5),
        LossSpan(3, 9, 1, 7, 0.375, 0.25, 0.5),
        EpochRecord(1, 9, (("loss", 0.4375), ("val_loss", 0.625))),
        EpochRecord(2, 18, (("loss", 0.25),)),
    ]
    rows = [
        Observation(number, kind_of(record), step_of(record), record_to_json(record))
        for number, record in enumerate(records, 1)
    ]
    store.add_observations("20260102-new", rows)
    status, out, _ = scram(capsys, "runs", "show", "--observations")
    assert (status, out.splitlines()) == (
        0,
        [
            "Stored: 2 steps, 1 stretch of steps summed up, 2 epochs; loss 0.75 at first, 0.375 at last.",
            "EPOCH  STEP    loss  val_loss",
            "    1     9  0.4375     0.625",
            "    2    18    0.25          ",
        ],
    )
    status, out, _ = scram(capsys, "runs", "show", "--observations", "--output-format", "json")
    assert json.loads(out)[0] == {"kind": "step", "step": 1, "epoch": 1, "loss": 0.75}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "2026"), "2 runs begin with 2026; write more of the name"),
        (("delete", "2027"), "no run is called 2027; see: scram runs list"),
        (("list", "--project", "nowhere"), "no such file or folder: nowhere"),
    ],
)
def test_what_is_not_there_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert scram(capsys, "runs", *arguments) == (2, "", f"scram: {words}\n")


def test_a_project_without_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = scram(capsys, "runs", "list", "--output-format", "json")
    assert (status, out) == (0, "[]\n")
    assert "no runs are stored for this project yet" in err
    assert scram(capsys, "runs", "show")[0] == 2
    assert not (tmp_path / ".scram").exists()


def test_a_damaged_store_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / ".scram").mkdir()
    (tmp_path / ".scram" / "runs.sqlite").write_bytes(b"nonsense" * 100)
    status, out, err = scram(capsys, "runs", "list")
    assert (status, out) == (2, "")
    assert "runs.sqlite is damaged" in err
    assert len(err.splitlines()) == 1


def test_rules_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = scram(capsys, "explain", "SCR101")
    assert status == 0
    assert out.startswith("# learning-rate-too-high (SCR101)")
