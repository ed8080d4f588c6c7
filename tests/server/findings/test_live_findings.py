"""Run findings as files are opened, edited, closed and run again."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import Confidence, Finding, Origin, RelatedPlace, Severity, SourceRange
from scram_lsp.live.listener import LiveRun
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.findings import live_findings
from scram_lsp.server.findings.live_findings import LiveFindings
from scram_lsp.store.digest import text_digest

TEXT = "import keras\nx = Adam(1e10)\n"
PLACE = SourceRange.of(2, 9, 2, 13)


class World:
    """A script, the documents that are open, and what runs found."""

    def __init__(self, script: Path) -> None:
        self.script = script
        script.write_text(TEXT)
        self.documents = Documents()
        self.runs = LiveFindings(self.documents)

    def run(self, name: str = "r1", minute: int = 0, text: str | None = None) -> LiveRun:
        digest = "" if text is None else text_digest(text)
        run = LiveRun(name, str(self.script), f"2026-01-01T14:{minute:02}:00+00:00", digest)
        self.runs.begin(run)
        return run

    def finding(self, place: SourceRange = PLACE, filename: str | None = None) -> Finding:
        return Finding(
            code="SCR101",
            name="learning-rate-too-high",
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            message="The loss became NaN",
            why="",
            how="",
            filename=filename or str(self.script),
            range=place,
            related=(RelatedPlace("imported here", filename or str(self.script), SourceRange.of(1, 7, 1, 12)),),
            origin=Origin.RUN,
        )

    def open(self, text: str = TEXT) -> Document:
        item = types.TextDocumentItem(self.script.as_uri(), "python", 1, text)
        document = self.documents.open(item, PositionCodec())
        self.runs.opened(document)
        return document

    def edit(self, document: Document, text: str) -> None:
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.runs.edited(document, document.change(document.version + 1, [change]))

    def close(self, document: Document) -> None:
        self.documents.close(document.uri)
        self.runs.closed(document)

    @property
    def ranges(self) -> list[SourceRange]:
        return [each.range for each in self.runs.of(self.script)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "train.py")


def test_a_finding_knows_its_run_and_the_name_its_file_is_asked_by(world: World) -> None:
    run = world.run()
    assert world.runs.add(run, 1, world.finding(filename="train.py")) == {world.script}
    link = world.script.parent / "link.py"
    link.symlink_to(world.script)
    (finding,) = world.runs.of(link)
    assert finding.filename == str(link)
    assert world.runs.run_of(finding) == run


def test_the_same_finding_counts_once(world: World) -> None:
    run = world.run()
    assert world.runs.add(run, 1, world.finding())
    assert not world.runs.add(run, 1, world.finding())
    assert len(world.ranges) == 1


def test_only_the_newest_run_of_a_script_counts(world: World) -> None:
    first = world.run("first", minute=1)
    world.runs.add(first, 1, world.finding())
    second = LiveRun("second", str(world.script), "2026-01-01T14:02:00+00:00")
    assert world.runs.begin(second) == {world.script}
    assert world.ranges == []
    assert not world.runs.add(first, 2, world.finding())
    assert world.runs.begin(first) == set(), "an old run that comes back stays old"
    assert world.runs.add(second, 1, world.finding())
    assert world.runs.begin(second) == set(), "the same run that comes back keeps what it found"
    assert len(world.ranges) == 1


def test_a_run_without_a_readable_time_counts_as_the_oldest(world: World) -> None:
    world.run("dated")
    undated = LiveRun("undated", str(world.script), "yesterday")
    world.runs.begin(undated)
    assert not world.runs.add(undated, 1, world.finding())


def test_runs_of_other_scripts_are_not_touched(world: World) -> None:
    run = world.run()
    world.runs.add(run, 1, world.finding())
    other = LiveRun("other", str(world.script.with_name("other.py")), "2026-01-01T15:00:00+00:00")
    assert world.runs.begin(other) == set()
    assert len(world.ranges) == 1


def test_related_places_move_too_and_go_when_their_text_changes(world: World) -> None:
    document = world.open()
    run = world.run()
    world.runs.add(run, 1, world.finding())
    world.edit(document, "\n" + TEXT)
    (finding,) = world.runs.of(world.script)
    assert (finding.range, finding.related[0].range) == (SourceRange.of(3, 9, 3, 13), SourceRange.of(2, 7, 2, 12))
    world.edit(document, "\n" + TEXT.replace("import keras", "import os"))
    (finding,) = world.runs.of(world.script)
    assert finding.related == ()


def test_what_was_saved_before_the_run_is_what_it_speaks_of(world: World) -> None:
    document = world.open()
    world.edit(document, "\n" + TEXT)
    document.note_saved()
    world.edit(document, "\n\n" + TEXT)
    run = world.run()
    world.runs.add(run, 1, world.finding(SourceRange.of(3, 9, 3, 13)))
    assert world.ranges == [SourceRange.of(4, 9, 4, 13)]


def test_a_run_that_is_heard_of_before_the_save_speaks_of_the_text_that_runs(world: World) -> None:
    document = world.open()
    world.edit(document, "\n" + TEXT)
    run = world.run(text="\n" + TEXT)
    document.note_saved()
    world.runs.add(run, 1, world.finding(SourceRange.of(3, 9, 3, 13)))
    assert world.ranges == [SourceRange.of(3, 9, 3, 13)]


def test_a_run_of_an_older_text_is_mapped_from_that_text(world: World) -> None:
    document = world.open()
    for lines in range(1, 4):
        world.edit(document, "\n" * lines + TEXT)
        document.note_saved()
    run = world.run(text="\n" + TEXT)
    world.runs.add(run, 1, world.finding(SourceRange.of(3, 9, 3, 13)))
    assert world.ranges == [SourceRange.of(5, 9, 5, 13)]


def test_findings_wait_for_a_text_that_the_client_has_not_told_yet(world: World) -> None:
    document = world.open()
    run = world.run(text="\n" + TEXT)
    place = SourceRange.of(3, 9, 3, 13)
    assert world.runs.add(run, 1, world.finding(place)) == set()
    assert world.ranges == []
    world.edit(document, "\n" + TEXT)
    assert world.ranges == [place]


def test_a_run_of_a_text_that_is_nowhere_shows_nothing(world: World) -> None:
    run = world.run(text="another text")
    assert world.runs.add(run, 1, world.finding()) == set()
    document = world.open()
    world.edit(document, "\n" + TEXT)
    assert world.ranges == []


def test_a_finding_about_text_that_was_edited_meanwhile_is_not_taken(world: World) -> None:
    document = world.open()
    run = world.run()
    world.edit(document, TEXT.replace("1e10", "1e-3"))
    assert not world.runs.add(run, 1, world.finding())


def test_a_closed_file_keeps_its_findings_while_its_text_is_the_same(world: World) -> None:
    run = world.run()
    world.runs.add(run, 1, world.finding())
    assert world.runs.changed_on_disk(world.script) == set(), "touched, not changed"
    document = world.open()
    assert world.ranges == [PLACE]
    world.close(document)
    assert world.ranges == [PLACE]
    world.script.write_text("\n" + TEXT)
    assert world.runs.changed_on_disk(world.script) == {world.script}
    assert world.ranges == []


def test_a_file_opened_with_another_text_loses_its_findings(world: World) -> None:
    run = world.run()
    world.runs.add(run, 1, world.finding())
    world.open("\n" + TEXT)
    assert world.ranges == []


def test_edits_thrown_away_on_closing_take_the_findings_with_them(world: World) -> None:
    document = world.open()
    run = world.run()
    world.runs.add(run, 1, world.finding())
    world.edit(document, "\n" + TEXT)
    world.close(document)
    assert world.ranges == []


def test_a_file_that_was_deleted_loses_its_findings(world: World) -> None:
    run = world.run()
    world.runs.add(run, 1, world.finding())
    world.script.unlink()
    assert world.runs.changed_on_disk(world.script) == {world.script}


def test_a_file_holds_a_bounded_number_of_findings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_findings, "MAX_FINDINGS_PER_FILE", 3)
    run = world.run()
    for sequence in range(1, 10):
        world.runs.add(run, sequence, world.finding())
    assert len(world.ranges) == 3
