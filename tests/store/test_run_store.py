import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from scram_analyzers.findings import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Origin,
    RunMoment,
    Severity,
    SourceRange,
    TextEdit,
)
from scram_analyzers.run.records import RunInfo
from scram_lsp.store.run_store import RUNS_KEPT, RunStore, RunStoreError

NO_PROCESS = 2**22 + 1


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import keras\n")
    (tmp_path / "pyproject.toml").touch()
    return path


def info(run, script):
    return RunInfo(run=run, script=str(script), started="2026-11-21T14:02:33+00:00")


def finding(script, message="too high", step=3):
    return Finding(
        code="SCR101",
        name="learning-rate-too-high",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message=message,
        why="why",
        how="how",
        filename=str(script),
        range=SourceRange.of(12, 25, 12, 29),
        origin=Origin.RUN,
        moment=RunMoment("20261121-140233-3f2a", step, 1),
    )


FIX = Fix("Set to 0.001", Applicability.UNSAFE, (TextEdit(SourceRange.of(12, 25, 12, 29), "0.001"),))


def test_a_finding_comes_back_as_it_was(script):
    with RunStore.open_for(script) as store:
        store.begin(info("a", script), "digest")
        store.add_findings("a", [(1, finding(script), FIX)])
        store.add_findings("a", [(1, finding(script, "again"), FIX), (2, finding(script, "second"), None)])
        first, second = store.findings("a")
    assert (first.sequence, first.finding, first.fix) == (1, finding(script), FIX)
    assert (second.sequence, second.finding.message, second.fix) == (2, "second", None)


def test_what_was_told_again_stands_once_and_what_was_refuted_not_at_all(script):
    severe = replace(finding(script, "sure now"), severity=Severity.ERROR)
    elsewhere = replace(finding(script, "elsewhere"), range=SourceRange.of(3, 1, 3, 5))
    harmless = replace(elsewhere, refutation="it trained well")
    with RunStore.open_for(script) as store:
        store.begin(info("a", script), "digest")
        told = [replace(finding(script), severity=Severity.WARNING), elsewhere, severe, harmless]
        store.add_findings("a", [(number, each, None) for number, each in enumerate(told, start=1)])
        assert [each.sequence for each in store.findings("a")] == [1, 2, 3, 4]
        (standing,) = store.standing("a")
    assert (standing.sequence, standing.finding) == (3, severe)


def test_runs_are_listed_newest_first_with_their_end(script):
    with RunStore.open_for(script) as store:
        for run in ("20261121-140233-aaaa", "20261121-150000-bbbb"):
            store.begin(info(run, script), "d")
        store.add_findings("20261121-140233-aaaa", [(1, finding(script), None)])
        store.finish("20261121-140233-aaaa", "finished")
        newest, oldest = store.runs()
    assert (newest.run, newest.status, newest.findings_count) == ("20261121-150000-bbbb", "running", 0)
    assert (oldest.run, oldest.status, oldest.findings_count) == ("20261121-140233-aaaa", "finished", 1)


def test_a_run_whose_process_is_gone_has_failed(script):
    with RunStore.open_for(script) as store:
        store.begin(info("a", script), "d")
        store._connection.execute("UPDATE runs SET pid = ?", (NO_PROCESS,))
        assert store.runs()[0].status == "failed"


def test_old_runs_go_with_their_findings(script):
    with RunStore.open_for(script) as store:
        for number in range(RUNS_KEPT + 2):
            store.begin(info(f"{number:04}", script), "d")
            store.add_findings(f"{number:04}", [(1, finding(script), None)])
            store.finish(f"{number:04}", "finished")
        store.begin(info("9999", script), "d")
        assert len(store.runs()) == RUNS_KEPT
        assert store.findings("0002") == []
        assert len(store.findings("0003")) == 1


def test_delete(script):
    with RunStore.open_for(script) as store:
        store.begin(info("a", script), "d")
        assert store.delete("a")
        assert not store.delete("a")


def test_git_ignores_the_store(script):
    RunStore.open_for(script).close()
    assert (script.parent / ".scram" / ".gitignore").read_text() == "*\n"


def test_an_existing_store_is_found_from_the_folder_and_none_is_made(script):
    assert RunStore.open_existing(script.parent) is None
    assert not (script.parent / ".scram").exists()
    RunStore.open_for(script).close()
    store = RunStore.open_existing(script.parent)
    assert store is not None
    store.close()


def test_a_damaged_file_is_named_with_its_mend(script):
    RunStore.open_for(script).close()
    file = script.parent / ".scram" / "runs.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(RunStoreError, match=r"runs\.sqlite is damaged.*remove the file"):
        RunStore.open_for(script)


def test_a_damaged_row_is_named(script):
    with RunStore.open_for(script) as store:
        store.begin(info("a", script), "d")
        other = sqlite3.connect(store.file)
        other.execute("INSERT INTO findings VALUES ('a', 1, '{}')")
        other.commit()
        other.close()
        with pytest.raises(RunStoreError, match="damaged"):
            store.findings("a")


def test_a_file_of_a_later_version_is_left_alone(script):
    with RunStore.open_for(script) as store:
        store._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(RunStoreError, match="newer version"):
        RunStore.open_for(script)


def test_a_folder_that_cannot_be_made(script):
    (script.parent / ".scram").write_text("a file in the way")
    with pytest.raises(RunStoreError, match="can't be used"):
        RunStore.open_for(script)


def test_two_runs_write_and_a_reader_reads_at_once(script):
    RunStore.open_for(script).close()
    failures = []

    def write(run):
        try:
            with RunStore.open_for(script) as store:
                store.begin(info(run, script), "d")
                for sequence in range(1, 31):
                    store.add_findings(run, [(sequence, finding(script), None)])
        except RunStoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(run,)) for run in ("a", "b")]
    for thread in threads:
        thread.start()
    with RunStore.open_for(script) as reader:
        while any(thread.is_alive() for thread in threads):
            reader.runs()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [run.findings_count for run in reader.runs()] == [30, 30]


def test_a_killed_process_leaves_its_findings(script):
    program = f"""
import os, signal
from pathlib import Path
from scram_analyzers.findings import *
from scram_analyzers.run.records import RunInfo
from scram_lsp.store.run_store import RunStore
store = RunStore.open_for(Path({str(script)!r}))
store.begin(RunInfo(run="a", script={str(script)!r}, started=""), "d")
store.add_findings("a", [(1, Finding("SCR601", "loss-not-finite", Severity.ERROR, Confidence.HIGH, "m", "w", "h",
                                     {str(script)!r}, SourceRange.of(1, 0, 1, 1)), None)])
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, env=os.environ)
    with RunStore.open_for(script) as store:
        assert [each.finding.code for each in store.findings("a")] == ["SCR601"]
        assert store.runs()[0].status == "failed"
