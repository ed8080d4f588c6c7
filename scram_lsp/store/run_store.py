"""The runs of a project and what was found in each, in one SQLite file.

Several runs may write at once and the server may read meanwhile (write-ahead log); a killed process leaves a
sound file. A `RunStore` may be used from any thread, by one at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
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

BUSY_SECONDS = 1.0
"""How long a write waits for another run's write; such a write takes milliseconds."""

SCHEMA_VERSION = 1

_SCHEMA = """
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
"""


class RunStoreError(Exception):
    """The store can't be used; the text names the file, the reason and the mend."""


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
            if version not in (0, SCHEMA_VERSION):
                raise RunStoreError(
                    f"{file} was written by another version of scram-lsp (form {version}, this one reads "
                    f"{SCHEMA_VERSION}): remove the file, or use that version"
                )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            if version == 0:
                connection.executescript(_SCHEMA)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
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

    def begin(self, info: RunInfo, script_digest: str) -> None:
        """Record that a run begins in this process, and remove the oldest runs over `RUNS_KEPT`."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, 'running', ?, ?)",
                (info.run, info.script, info.started, script_digest, os.getpid()),
            )
            connection.execute(
                "DELETE FROM runs WHERE run NOT IN (SELECT run FROM runs ORDER BY run DESC LIMIT ?)",
                (RUNS_KEPT,),
            )

    def add_finding(self, run: str, finding: Finding, fix: Fix | None) -> int:
        """Store a finding of `run`; it is on disk when this returns its sequence number."""
        data = json.dumps(finding_to_json(finding, fix))
        with self._transaction() as connection:
            query = "SELECT coalesce(max(sequence), 0) + 1 FROM findings WHERE run = ?"
            sequence: int = connection.execute(query, (run,)).fetchone()[0]
            connection.execute("INSERT INTO findings VALUES (?, ?, ?)", (run, sequence, data))
        return sequence

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
        """What was found in `run`, in order; empty for a run that is not here."""
        with _faults_named(self.file):
            rows = self._connection.execute(
                "SELECT sequence, finding FROM findings WHERE run = ? ORDER BY sequence", (run,)
            ).fetchall()
            return [StoredFinding(sequence, *finding_from_json(json.loads(data))) for sequence, data in rows]

    def delete(self, run: str) -> bool:
        """Remove a run and its findings; False when it is not here."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM runs WHERE run = ?", (run,)).rowcount > 0

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _faults_named(self.file):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _known_status(status: RunStatus, pid: int) -> RunStatus:
    return "failed" if status == "running" and not is_alive(pid) else status


@contextlib.contextmanager
def _faults_named(file: Path) -> Iterator[None]:
    """Turn what goes wrong with the file into one clear line."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RunStoreError(f"the run store {file} can't be used: {error}") from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise RunStoreError(f"the run store {file} is damaged ({error}): remove the file to start a new one") from error
    except OSError as error:
        raise RunStoreError(f"the run store {file} can't be used: {error.strerror or error}") from error
