"""The findings of running and finished trainings, kept where their code is now.

For each script the newest run counts. Its findings speak of the text that was on disk when it began; edits
made since then move them, and an edit in the text that a finding speaks of removes it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from weakref import WeakKeyDictionary

from scram_analyzers.findings import Finding, RelatedPlace, RunMoment
from scram_lsp.live.listener import LiveRun
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.edits import Edit
from scram_lsp.server.documents.file_names import file_key
from scram_lsp.store.digest import is_of_cells, text_digest

log = logging.getLogger(__name__)

MAX_FINDINGS_PER_FILE = 500
MAX_FILE_BYTES = 8_000_000


@dataclass(slots=True)
class _Run:
    """A run that counts, and the edits that each open document had seen when its text was the one that runs.

    `waiting` are findings in a script whose text, as far as the client has told, is not the one that runs.
    """

    run: LiveRun
    marks: WeakKeyDictionary[Document, int]
    waiting: dict[int, Finding] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The script, as `file_key` names it."""
        return file_key(Path(self.run.script))


@dataclass(slots=True)
class _File:
    """What runs found in one file, by run and sequence number. `digest` is of its text while it is closed."""

    path: Path
    digest: str | None = None
    found: dict[tuple[str, int], Finding] = field(default_factory=dict)


class LiveFindings:
    """Run findings by file. Methods that change them give the files that must be shown anew."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._runs: dict[str, _Run] = {}
        self._files: dict[str, _File] = {}

    def begin(self, run: LiveRun) -> set[Path]:
        """Take a run as its script's newest and drop the findings of the run before it.

        Nothing changes for a run that comes back, or that began before the one that counts.
        """
        key = file_key(Path(run.script))
        known = self._runs.get(key)
        if known is not None and (known.run.run == run.run or _begun(run) < _begun(known.run)):
            return set()
        marks = WeakKeyDictionary({each: _mark_at_begin(each) for each in self._documents})
        document = self._documents.of_file(key)
        if run.digest and document is not None:
            del marks[document]  # found by the digest, when the first finding comes
        self._runs[key] = _Run(run, marks)
        return self._drop_run(known.run.run) if known is not None else set()

    def add(self, run: LiveRun, sequence: int, finding: Finding) -> set[Path]:
        """Take one finding of a run, unless it is known or its run does not count any more."""
        current = self._runs.get(file_key(Path(run.script)))
        if current is None or current.run.run != run.run:
            return set()
        path = Path(run.script).parent / finding.filename  # stays as it is where it is absolute
        cell = self._documents.cell(path, finding.cell) if finding.cell is not None else None
        if cell is not None:
            return self._add_in_cell(current, sequence, finding, path, cell)
        key = file_key(path)
        file = self._files.setdefault(key, _File(path))
        if (run.run, sequence) in file.found:
            return set()
        if len(file.found) >= MAX_FINDINGS_PER_FILE:
            log.warning("%s has %d findings already; one more is not shown", path, len(file.found))
            return set()
        if key == current.key and not self._has_text_of(current, file.path):
            current.waiting[sequence] = finding
            return set()
        here = self._where_it_is_now(finding, key, file, current)
        if here is None:
            log.info("finding %d of run %s speaks of text that has changed since", sequence, run.run)
            return set()
        moment = replace(finding.moment or RunMoment(run.run), run=run.run)
        file.found[run.run, sequence] = replace(here, moment=moment)
        return {path}

    def of(self, path: Path) -> list[Finding]:
        """The findings in one file, where they are now, under the name `path`."""
        return self._named(file_key(path), path)

    def of_document(self, document: Document) -> list[Finding]:
        """The findings in an open document, where they are now."""
        if document.path is not None:
            return self._named(document.key, document.path)
        file = self._file_of(document)
        return list(file.found.values()) if file is not None else []

    def cells_changed(self, notebook: Path) -> set[Path]:
        """Put what was found in a notebook into its cells, as far as they are open now."""
        file = self._files.get(file_key(notebook))
        if file is None:
            return set()
        changed: set[Path] = set()
        for (name, sequence), finding in list(file.found.items()):
            cell = self._documents.cell(notebook, finding.cell) if finding.cell is not None else None
            run = next((each for each in self._runs.values() if each.run.run == name), None)
            if cell is not None and run is not None:
                del file.found[name, sequence]
                changed |= self._add_in_cell(run, sequence, finding, notebook, cell)
        return changed

    def run_of(self, finding: Finding) -> LiveRun | None:
        """The run that showed a finding, while it counts."""
        run = finding.moment.run if finding.moment is not None else None
        return next((each.run for each in self._runs.values() if each.run.run == run), None)

    def has_run_of(self, script: Path) -> bool:
        """Whether a run of that script is known."""
        return file_key(script) in self._runs

    def edited(self, document: Document, edits: Sequence[Edit]) -> None:
        """Move the findings in a document along with edits just made to it."""
        file = self._file_of(document)
        if file is not None:
            moved = {key: follow(finding, edits) for key, finding in file.found.items()}
            file.found = {key: finding for key, finding in moved.items() if finding is not None}
        self._add_waiting(document)

    def opened(self, document: Document) -> None:
        """Keep the findings of a file that was closed only if it has the text they were found in."""
        file = self._file_of(document)
        if file is not None:
            if file.digest is not None and file.digest != text_digest(document.text):
                file.found.clear()
            file.digest = None
        self._add_waiting(document)

    def closed(self, document: Document) -> None:
        """Keep the findings of a file that is closed only if its last text is the one on disk."""
        file = self._file_of(document)
        if file is None:
            return
        file.digest = _digest_of_file(file.path)
        if file.digest != text_digest(document.text):
            file.found.clear()

    def clear(self, path: Path) -> set[Path]:
        """Drop what was found in a file, because the user has seen it."""
        file = self._files.get(file_key(path))
        if file is None or not file.found:
            return set()
        file.found.clear()
        return {file.path}

    def changed_on_disk(self, path: Path) -> set[Path]:
        """Drop what was found in a file that is not open and has another text now, or is gone."""
        key = file_key(path)
        file = self._files.get(key)
        if file is None or not file.found or self._documents.of_file(key) is not None:
            return set()
        if file.digest == _digest_of_file(path):
            return set()
        file.found.clear()
        return {file.path}

    def _has_text_of(self, run: _Run, path: Path) -> bool:
        """Whether the text that runs is known: the one on disk, or one that the open document has or had."""
        if not run.run.digest or is_of_cells(run.run.digest):
            return True
        document = self._documents.of_file(run.key)
        if document is None:
            return _digest_of_file(path) == run.run.digest
        if document not in run.marks:
            mark = document.mark_of(run.run.digest)
            if mark is None:
                return False
            run.marks[document] = mark
        return True

    def _add_waiting(self, document: Document) -> None:
        """Try again what waits for the text of a document, which may be there now."""
        run = self._runs.get(document.key)
        if run is not None and run.waiting:
            waiting, run.waiting = run.waiting, {}
            for sequence, finding in waiting.items():
                self.add(run.run, sequence, finding)

    def _where_it_is_now(self, finding: Finding, key: str, file: _File, run: _Run) -> Finding | None:
        document = self._documents.of_file(key)
        if document is None:
            file.digest = file.digest or _digest_of_file(file.path)
            return finding
        edits = document.edits_since(run.marks.get(document, 0))
        return None if edits is None else follow(finding, edits)

    def _add_in_cell(self, run: _Run, sequence: int, finding: Finding, notebook: Path, cell: Document) -> set[Path]:
        """Take a finding in a cell that is open; its lines are the cell's own."""
        file = self._files.setdefault(cell.uri, _File(notebook))
        edits = cell.edits_since(run.marks.get(cell, 0))
        here = replace(finding, filename=cell.filename, cell=None)
        followed = follow(here, edits) if edits is not None else None
        if followed is None or (run.run.run, sequence) in file.found or len(file.found) >= MAX_FINDINGS_PER_FILE:
            return set()
        moment = replace(finding.moment or RunMoment(run.run.run), run=run.run.run)
        file.found[run.run.run, sequence] = replace(followed, moment=moment)
        return {notebook}

    def _named(self, key: str, path: Path) -> list[Finding]:
        """The findings in the file of a key, under the name `path`."""
        file = self._files.get(key)
        return [] if file is None else [replace(each, filename=str(path)) for each in file.found.values()]

    def _drop_run(self, run: str) -> set[Path]:
        changed = set()
        for file in self._files.values():
            kept = {key: finding for key, finding in file.found.items() if key[0] != run}
            if len(kept) < len(file.found):
                file.found = kept
                changed.add(file.path)
        self._files = {key: file for key, file in self._files.items() if file.found}
        return changed

    def _file_of(self, document: Document) -> _File | None:
        return self._files.get(document.key)


def _mark_at_begin(document: Document) -> int:
    """A run reads a module from disk, and a cell from the editor."""
    return document.saved_mark if document.path is not None else document.edit_count


def follow(finding: Finding, edits: Iterable[Edit]) -> Finding | None:
    """The finding after edits to its file, or None when they changed the text that it speaks of."""
    place, related = finding.range, list(finding.related)
    for edit in edits:
        moved = edit.move(place)
        if moved is None:
            return None
        place = moved
        related = [each for each in (_move(each, finding.filename, edit) for each in related) if each is not None]
    return replace(finding, range=place, related=tuple(related))


def _move(place: RelatedPlace, filename: str, edit: Edit) -> RelatedPlace | None:
    """A place that takes part in a finding after an edit to `filename`."""
    if place.filename != filename:
        return place
    moved = edit.move(place.range)
    return None if moved is None else replace(place, range=moved)


def _begun(run: LiveRun) -> datetime:
    """When a run began; one that does not say so in a readable form counts as the oldest."""
    try:
        began = datetime.fromisoformat(run.started)
    except ValueError:
        return datetime.min.replace(tzinfo=timezone.utc)
    return began if began.tzinfo is not None else began.replace(tzinfo=timezone.utc)


def _digest_of_file(path: Path) -> str | None:
    """The digest of a file's text, or None when it can't be read."""
    text = read_text(path)
    return None if text is None else text_digest(text)


def read_text(path: Path) -> str | None:
    """A file's text as an editor would open it, or None when it can't be read or is too large to be code."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    return None if len(content) > MAX_FILE_BYTES else content.decode("utf-8-sig", "replace")
