import dataclasses
import sys
import threading

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import DataRecord, EpochRecord, FrameworkWarning, ProbeRecord, RunInfo, StepRecord
from scram_lsp.live.discovery import RUNTIME_DIR_VARIABLE
from scram_lsp.live.sender import Sender
from scram_lsp.store.run_store import RunStore
from scram_lsp.training.background import Background
from scram_lsp.training.console import RunConsole
from scram_lsp.training.kept_history import KeptHistory
from scram_lsp.training.publication import Publication

RUN = "20261121-140233-3f2a"


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(tmp_path / "runtime"))
    (tmp_path / "pyproject.toml").touch()
    path = tmp_path / "train.py"
    path.touch()
    return path


@pytest.fixture
def finding(script):
    return Finding(
        "SCR101",
        "learning-rate-too-high",
        Severity.WARNING,
        Confidence.HIGH,
        "too high",
        "why",
        "how",
        str(script),
        SourceRange.of(1, 0, 1, 4),
        origin=Origin.RUN,
        moment=RunMoment(RUN, 3, 1),
    )


class Published:
    """A publication with its background, in which `publish` is done."""

    def __init__(self, script):
        info = RunInfo(run=RUN, script=str(script), started="2026-11-21T14:02:33+00:00")
        self.background = Background("test")
        self.background.start()
        self.of = Publication(info, "digest", RunConsole(is_quiet=False), self.background)

    def publish(self, finding):
        self.background.do(lambda: self.of.publish(finding, None))

    def wait(self):
        """Until everything is done that waits."""
        is_done = threading.Event()
        self.background.do(is_done.set)
        self.background.release()
        assert is_done.wait(60)

    def end(self, status="finished"):
        self.of.end(status)
        assert self.background.finish(60)
        assert self.background.fault is None


def test_a_finding_is_on_disk_before_it_is_sent_and_sent_before_it_is_shown(script, finding, monkeypatch):
    order = []
    for owner, name in [(RunStore, "add_findings"), (Sender, "send"), (RunConsole, "finding")]:
        original = getattr(owner, name)

        def noted(self, *args, original=original, name=name):
            order.append(name)
            return original(self, *args)

        monkeypatch.setattr(owner, name, noted)
    published = Published(script)
    published.publish(finding)
    published.end()
    assert order == ["add_findings", "add_findings", "send", "finding"], "the first one begins the run"


def test_news_is_what_was_not_said_or_is_worse_now(script, finding):
    published = Published(script)
    assert published.of.is_news(finding)
    published.publish(finding)
    published.wait()
    assert not published.of.is_news(finding)
    assert not published.of.is_news(dataclasses.replace(finding, message="in other words"))
    worse = dataclasses.replace(finding, severity=Severity.ERROR)
    assert published.of.is_news(worse)
    published.publish(worse)
    published.wait()
    assert not published.of.is_news(finding)
    assert published.of.is_news(dataclasses.replace(finding, range=SourceRange.of(2, 0, 2, 4)))
    assert published.of.count == 1
    published.end()


def test_the_end_is_stored(script, finding):
    published = Published(script)
    published.publish(finding)
    published.end("failed")
    with RunStore.open_for(script) as store:
        (run,) = store.runs()
        assert (run.run, run.status, run.findings_count) == (RUN, "failed", 1)


def test_a_store_that_cannot_be_opened_is_one_line_and_findings_are_still_shown(script, finding, capsys):
    (script.parent / ".scram").write_text("in the way")
    published = Published(script)
    published.publish(finding)
    published.end()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "can't be used" in lines[0]
    assert "SCR101" in lines[1]
    assert not published.of.is_stored


def test_a_python_without_sqlite_shows_findings_and_says_in_one_line_that_it_stores_none(
    script, finding, monkeypatch, capsys
):
    monkeypatch.delitem(sys.modules, "scram_lsp.store.journal", raising=False)
    monkeypatch.delitem(sys.modules, "scram_lsp.store.run_store", raising=False)
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    published = Published(script)
    published.publish(finding)
    published.end()
    assert not published.of.is_stored
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "not stored" in line] == [lines[0]]
    assert "SCR101" in lines[1]


def test_every_record_of_the_history_is_stored_once(script):
    published = Published(script)
    history = KeptHistory(RunInfo(run=RUN, script=str(script), started=""), published.of.observe)
    history.data = DataRecord(())
    history.warnings.append(FrameworkWarning("no gradients", "UserWarning", 0))
    history.add_step(StepRecord(1, 1, 0.5))
    history.add_probe(ProbeRecord(1, 1, 16, 0.5))
    history.add_epoch(EpochRecord(1, 1, (("loss", 0.5),)))
    history.end()
    published.end()
    with RunStore.open_for(script) as store:
        assert [each.kind for each in store.observations(RUN)] == ["run", "step", "data", "warning", "probe", "epoch"]
