"""What a run writes, whatever becomes of the file under it."""

import shutil
import sqlite3

import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import EpochRecord, RunInfo, StepRecord
from scram_lsp.store import journal as journal_module
from scram_lsp.store.journal import RunJournal
from scram_lsp.store.observations import record_from_json
from scram_lsp.store.run_store import RunStore, RunStoreError

RUN = "20261121-140233-3f2a"


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import keras\n")
    (tmp_path / "pyproject.toml").touch()
    return path


class World:
    """A run that writes, and what it was told."""

    def __init__(self, script, run=RUN):
        self.script = script
        self.run = run
        self.said = []
        info = RunInfo(run=run, script=str(script), started="2026-11-21T14:02:33+00:00")
        self.journal = RunJournal(info, "digest", self.said.append)

    def find(self, sequence):
        place = SourceRange.of(sequence, 0, sequence, 4)
        self.journal.add_finding(
            sequence,
            Finding(
                "SCR601", "loss-not-finite", Severity.ERROR, Confidence.HIGH, "NaN", "why", "how", str(self.script),
                place, origin=Origin.RUN, moment=RunMoment(self.run, 3, 1),
            ),
            None,
        )  # fmt: skip

    @property
    def file(self):
        return self.script.parent / ".scram" / "runs.sqlite"

    @property
    def stored(self):
        """The sequence numbers on disk."""
        with RunStore.open_for(self.script) as store:
            return [each.sequence for each in store.findings(self.run)]

    @property
    def observed(self):
        with RunStore.open_for(self.script) as store:
            return [record_from_json(each.kind, each.row) for each in store.observations(self.run)]


@pytest.fixture
def world(script):
    return World(script)


def test_observations_are_on_disk_in_batches_and_at_the_end(world, monkeypatch):
    monkeypatch.setattr(journal_module, "BATCH_ROWS", 10)
    for step in range(1, 13):
        world.journal.observe(StepRecord(step, 1, 1 / step))
    assert len(world.observed) == 10, "what is known of the run, and nine steps"
    world.journal.observe(EpochRecord(1, 12, (("loss", 0.25),)))
    world.journal.end("finished")
    assert [record.step for record in world.observed[1:13]] == list(range(1, 13))
    assert world.observed[-1] == EpochRecord(1, 12, (("loss", 0.25),))


def test_later_steps_are_summed_up(world, monkeypatch):
    monkeypatch.setattr(journal_module, "STEPS_FULL", 4)
    world = World(world.script, "b")
    for step in range(1, 17):
        world.journal.observe(StepRecord(step, 1, float("nan") if step == 9 else float(step)))
    world.journal.end("finished")
    steps = [(getattr(record, "first", record.step), record.step) for record in world.observed[1:]]
    assert steps == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 11), (12, 12), (13, 15),
                     (16, 16)]  # fmt: skip
    span = world.observed[9]
    assert (span.count, span.mean, span.minimum, span.maximum, span.nonfinite) == (2, 10.5, 10.0, 11.0, 1)


def test_a_run_writes_a_bounded_amount(world, monkeypatch):
    monkeypatch.setattr(journal_module, "RUN_BYTES", 2000)
    for step in range(1, 1000):
        world.journal.observe(StepRecord(step, 1, 0.5))
    world.journal.observe(EpochRecord(1, 999, (("loss", 0.5),)))
    world.journal.end("finished")
    assert len(world.observed) < 80
    assert isinstance(world.observed[-1], EpochRecord), "epochs are kept"


def test_a_full_disk_is_said_once_and_everything_found_is_stored_when_there_is_room(world, monkeypatch):
    world.find(1)
    monkeypatch.setattr(journal_module, "FIRST_RETRY_SECONDS", 0.0)

    def full(*_):
        raise RunStoreError("the run store can't be used: database or disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(RunStore, "add_findings", full)
        world.find(2)
        world.find(3)
        assert not world.journal.is_stored
    world.journal.end("finished")
    assert world.stored == [1, 2, 3]
    (line,) = world.said
    assert "disk is full" in line


def test_a_full_disk_is_real(world):
    """SQLite's own limit of pages stands for the disk's."""
    store = world.journal._store
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    for sequence in range(1, 100):
        world.find(sequence)
    assert "full" in world.said[0]
    world.journal.end("finished")
    assert len(world.stored) == 99, "a file opened again has room"


@pytest.mark.parametrize("garbage", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_moved_aside_before_the_run(world, garbage):
    world.journal.end("finished")
    world.file.write_bytes(garbage)
    later = World(world.script, "b")
    later.find(1)
    later.journal.end("finished")
    assert later.stored == [1]
    (line,) = later.said
    assert "damaged" in line
    assert world.file.with_name("runs.sqlite.damaged").read_bytes() == garbage


def test_a_file_damaged_during_the_run_is_moved_aside_and_nothing_found_is_lost(world):
    world.find(1)
    with sqlite3.connect(world.file) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    data = bytearray(world.file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    world.file.write_bytes(data)
    world.journal._store._connection.execute("PRAGMA shrink_memory")
    world.find(2)
    world.journal.end("finished")
    assert world.stored == [1, 2]


def test_a_folder_removed_during_the_run_is_made_again(world):
    world.find(1)
    shutil.rmtree(world.file.parent)
    world.find(2)
    world.journal.end("finished")
    assert world.stored == [1, 2]
    assert world.said == []


def test_a_run_deleted_while_it_goes_on_comes_back_whole(world):
    world.find(1)
    with RunStore.open_for(world.script) as store:
        store.delete(RUN)
    world.find(2)
    assert world.stored == [1, 2]


def test_a_folder_that_cannot_be_used_is_one_line(script):
    (script.parent / ".scram").write_text("in the way")
    world = World(script)
    for sequence in range(1, 4):
        world.find(sequence)
        world.journal.observe(StepRecord(sequence, 1, 0.5))
    world.journal.end("finished")
    assert len(world.said) == 1
    assert not world.journal.is_stored


def test_the_oldest_runs_go_when_the_store_is_too_large(script, monkeypatch):
    monkeypatch.setattr("scram_lsp.store.run_store.STORE_BYTES", 300_000)
    for number in range(8):
        world = World(script, f"{number}")
        for epoch in range(1000):
            world.journal.observe(EpochRecord(epoch, epoch, (("loss", 0.5), ("accuracy", 0.25))))
        world.journal.end("finished")
    with RunStore.open_for(script) as store:
        runs = [run.run for run in store.runs()]
    assert runs[0] == "7"
    assert len(runs) < 8
    assert world.file.stat().st_size < 500_000
