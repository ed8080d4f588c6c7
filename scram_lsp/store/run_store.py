"""The runs of a project and what was found in each, in one SQLite file.

Several runs may write at once and the server may read meanwhile (write-ahead log); a killed process leaves a
sound file. A `RunStore` may be used from any thread, by one at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from scram_analyzers.findings import Finding, Fix
from scram_analyzers.run.records import RunInfo
from scram_lsp.finding_json import finding_from_json, finding_to_json
from scram_lsp.live.processes import is_alive
from scram_lsp.store.location import project_folder, store_file

RunStatus = Literal["running", "finished", "failed"]

RUNS_KEPT = 50
"""Older runs are removed when a new one begins."""

STORE_BYTES = 128 * 1024 * 1024
"""So much the store may hold; the oldest runs are removed over it, when a new one begins."""

BUSY_SECONDS = 1.0
"""How long a write waits for another run's write; such a write takes milliseconds."""

SCHEMA_VERSION = 2

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY,
    script TEXT NOT NULL,
    started TEXT NOT NULL,
    status TEXT NOT NULL,
    script_digest TEXT NOT NULL,
    pid INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS findings (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    finding TEXT NOT NULL,
    PRIMARY KEY (run, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS observations (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    step INTEGER NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""
"""Also brings a store of an earlier form up to this one."""

_USED_BYTES = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)


class RunStoreError(Exception):
    """The store can't be used; the text names the file, the reason and the mend."""


class RunStoreDamagedError(RunStoreError):
    """The file is no store (any more): only another one in its place helps."""


class RunGoneError(RunStoreError):
    """The run was removed from the store while it was going on."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run. `started` is ISO 8601 with the time zone; `script_digest` is SHA-256 of its text in hex.

    `status` is "failed" also for a run whose process is gone without a word.
    """

    run: str
    script: str
    started: str
    status: RunStatus
    findings_count: int
    script_digest: str


@dataclass(frozen=True, slots=True)
class Observation:
    """One row of what was observed; `kind` and `row` as `store.observations` writes them, `number` counts from 1."""

    number: int
    kind: str
    step: int
    row: str


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """One finding of a run; `sequence` counts from 1 within the run."""

    sequence: int
    finding: Finding
    fix: Fix | None


class RunStore:
    """The store of one project. Its methods raise `RunStoreError` when the file can't be read or written."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self.file = file
        self._connection = connection
        self._identity = identity_of(file)

    @classmethod
    def open_for(cls, script: Path) -> RunStore:
        """Open the store of the project that holds `script`; it is made when missing."""
        file = store_file(project_folder(script))
        with _faults_named(file):
            file.parent.mkdir(exist_ok=True)
            ignore = file.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            return cls._open(file)

    @classmethod
    def open_existing(cls, path: Path) -> RunStore | None:
        """Open the store of the project that holds `path` (a script or a folder), or None without one."""
        file = store_file(project_folder(path))
        with _faults_named(file):
            return cls._open(file) if file.is_file() else None

    @classmethod
    def _open(cls, file: Path) -> RunStore:
        connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise RunStoreError(
                    f"{file} was written by a newer version of scram-lsp (form {version}, this one reads "
                    f"{SCHEMA_VERSION}): remove the file, or use that version"
                )
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if version < SCHEMA_VERSION:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                _use_write_ahead_log(connection)
                connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return cls(file, connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> RunStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the file is still where it was; what is written to a removed one is lost."""
        return self._identity is not None and identity_of(self.file) == self._identity

    def begin(self, info: RunInfo, script_digest: str) -> None:
        """Record that a run goes on in this process, and remove the oldest runs over `RUNS_KEPT` and `STORE_BYTES`."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, 'running', ?, ?)",
                (info.run, info.script, info.started, script_digest, os.getpid()),
            )
            for run in self._surplus(info.run):
                connection.execute("DELETE FROM runs WHERE run = ?", (run,))
        self._give_back_space()

    def add_findings(self, run: str, findings: Iterable[tuple[int, Finding, Fix | None]]) -> None:
        """Store findings of `run` with their sequence numbers; they are on disk when this returns.

        A sequence number that is here already is passed over. Raises `RunGoneError` when the run is not here.
        """
        rows = [(run, sequence, json.dumps(finding_to_json(finding, fix))) for sequence, finding, fix in findings]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO findings VALUES (?, ?, ?)", rows)

    def add_observations(self, run: str, observations: Iterable[Observation]) -> None:
        """Store observations of `run`, in one transaction. Raises `RunGoneError` when the run is not here."""
        rows = [(run, each.number, each.kind, each.step, each.row) for each in observations]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO observations VALUES (?, ?, ?, ?, ?)", rows)

    def finish(self, run: str, status: Literal["finished", "failed"]) -> None:
        """Record how `run` ended."""
        with self._transaction() as connection:
            connection.execute("UPDATE runs SET status = ? WHERE run = ?", (status, run))

    def runs(self) -> list[StoredRun]:
        """All runs, the newest first."""
        with _faults_named(self.file):
            rows = self._connection.execute(
                "SELECT run, script, started, status, pid, script_digest,"
                " (SELECT count(*) FROM findings WHERE findings.run = runs.run) FROM runs ORDER BY run DESC"
            ).fetchall()
        return [
            StoredRun(run, script, started, _known_status(status, pid), count, digest)
            for run, script, started, status, pid, digest, count in rows
        ]

    def findings(self, run: str) -> list[StoredFinding]:
        """All that was told of `run`, in order; empty for a run that is not here.

        A finding that became more severe was told again, and a refutation is told as a finding: see `standing`.
        """
        with _faults_named(self.file):
            rows = self._connection.execute(
                "SELECT sequence, finding FROM findings WHERE run = ? ORDER BY sequence", (run,)
            ).fetchall()
            return [StoredFinding(sequence, *finding_from_json(json.loads(data))) for sequence, data in rows]

    def standing(self, run: str) -> list[StoredFinding]:
        """The findings of `run` as they are now: each once, as it was told last, and none that was refuted."""
        last: dict[tuple[object, ...], StoredFinding] = {}
        for each in self.findings(run):
            found = each.finding
            last[found.code, found.filename, found.cell, found.range] = each
        return [each for each in last.values() if not each.finding.refutation]

    def observations(self, run: str, kind: str | None = None) -> list[Observation]:
        """What was observed in `run` (of one kind, or all), in order; empty for a run that is not here."""
        query = (
            "SELECT number, kind, step, row FROM observations"
            " WHERE run = ? AND kind = coalesce(?, kind) ORDER BY number"
        )
        with _faults_named(self.file):
            return [Observation(*row) for row in self._connection.execute(query, (run, kind))]

    def delete(self, run: str) -> bool:
        """Remove a run with all that it saw and found; False when it is not here."""
        with self._transaction() as connection:
            is_here = connection.execute("DELETE FROM runs WHERE run = ?", (run,)).rowcount > 0
        self._give_back_space()
        return is_here

    def _surplus(self, newest: str) -> Iterator[str]:
        """The runs to remove, the oldest first; never `newest`, and none that still goes on."""
        rows = self._connection.execute("SELECT run, status, pid FROM runs ORDER BY run").fetchall()
        left = len(rows)
        for run, status, pid in rows:
            if left <= RUNS_KEPT and self._connection.execute(_USED_BYTES).fetchone()[0] <= STORE_BYTES:
                return
            if run != newest and _known_status(status, pid) != "running":
                yield run
                left -= 1

    def _give_back_space(self) -> None:
        with _faults_named(self.file):
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _faults_named(self.file):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends it by itself when the disk is full
                    self._connection.execute("ROLLBACK")
                raise


def _known_status(status: RunStatus, pid: int) -> RunStatus:
    return "failed" if status == "running" and not is_alive(pid) else status


def set_aside(file: Path) -> Path:
    """Take a damaged store out of the way, in place of an earlier one; gives where it is kept.

    Raises `RunStoreError` when that can't be done.
    """
    kept = file.with_name(f"{file.name}.damaged")
    with _faults_named(file):
        os.replace(file, kept)
        for suffix in ("-wal", "-shm"):  # they belong to the damaged file, and would damage the next
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    return kept


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """SQLite does not wait here for another process that does the same, so this waits itself."""
    deadline = time.monotonic() + BUSY_SECONDS
    while not _took_write_ahead_log(connection, time.monotonic() > deadline):
        time.sleep(0.01)


def _took_write_ahead_log(connection: sqlite3.Connection, is_last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:
        if is_last_try:
            raise
        return False
    return True


def identity_of(file: Path) -> tuple[int, int] | None:
    """Equal as long as the same file is in its place; None when there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextlib.contextmanager
def _faults_named(file: Path) -> Iterator[None]:
    """Turn what goes wrong with the file into one clear line."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RunStoreError(f"the run store {file} can't be used: {error}") from error
    except sqlite3.IntegrityError as error:
        raise RunGoneError(f"the run was removed from the run store {file}") from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise RunStoreDamagedError(
            f"the run store {file} is damaged ({error}): remove the file, or let the next run begin a new one"
        ) from error
    except OSError as error:
        raise RunStoreError(f"the run store {file} can't be used: {error.strerror or error}") from error
