import dataclasses

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import DataRecord, EpochRecord, FrameworkWarning, ProbeRecord, RunInfo, StepRecord
from scram_lsp.live.discovery import RUNTIME_DIR_VARIABLE
from scram_lsp.store.run_store import RunStore
from scram_lsp.training import publication
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


def publication_of(script):
    info = RunInfo(run=RUN, script=str(script), started="2026-11-21T14:02:33+00:00")
    return Publication(info, "digest", RunConsole(is_quiet=False))


def test_a_finding_is_on_disk_before_it_is_sent_and_sent_before_it_is_shown(script, finding, monkeypatch):
    order = []
    for owner, name in [(RunStore, "add_findings"), (publication.Sender, "send"), (RunConsole, "finding")]:
        original = getattr(owner, name)

        def noted(self, *args, original=original, name=name):
            order.append(name)
            return original(self, *args)

        monkeypatch.setattr(owner, name, noted)
    published = publication_of(script)
    published.publish(finding, None)
    published.end("finished")
    assert order == ["add_findings", "add_findings", "send", "finding"], "the first one begins the run"


def test_news_is_what_was_not_said_or_is_worse_now(script, finding):
    published = publication_of(script)
    assert published.is_news(finding)
    published.publish(finding, None)
    assert not published.is_news(finding)
    assert not published.is_news(dataclasses.replace(finding, message="in other words"))
    worse = dataclasses.replace(finding, severity=Severity.ERROR)
    assert published.is_news(worse)
    published.publish(worse, None)
    assert not published.is_news(finding)
    assert published.is_news(dataclasses.replace(finding, range=SourceRange.of(2, 0, 2, 4)))
    assert published.count == 1
    published.end("finished")


def test_the_end_is_stored(script, finding):
    published = publication_of(script)
    published.publish(finding, None)
    published.end("failed")
    with RunStore.open_for(script) as store:
        (run,) = store.runs()
        assert (run.run, run.status, run.findings_count) == (RUN, "failed", 1)


def test_a_store_that_cannot_be_opened_is_one_line_and_findings_are_still_shown(script, finding, capsys):
    (script.parent / ".scram").write_text("in the way")
    published = publication_of(script)
    published.publish(finding, None)
    published.end("finished")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "can't be used" in lines[0]
    assert "SCR101" in lines[1]
    assert not published.is_stored


def test_every_record_of_the_history_is_stored_once(script):
    published = publication_of(script)
    history = KeptHistory(RunInfo(run=RUN, script=str(script), started=""), published.observe)
    history.data = DataRecord(())
    history.warnings.append(FrameworkWarning("no gradients", "UserWarning", 0))
    history.add_step(StepRecord(1, 1, 0.5))
    history.add_probe(ProbeRecord(1, 1, 16, 0.5))
    history.add_epoch(EpochRecord(1, 1, (("loss", 0.5),)))
    history.end()
    published.end("finished")
    with RunStore.open_for(script) as store:
        assert [each.kind for each in store.observations(RUN)] == ["run", "step", "data", "warning", "probe", "epoch"]
