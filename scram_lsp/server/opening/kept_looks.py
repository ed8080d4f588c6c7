"""What was found in the texts that were looked at lately, kept on disk: an editor that starts shows it at once.

It stands until the text has been looked at again, a second later or so, and gives way to whatever is found then. So it
may be lost at any time, and need not know of everything that a finding rests on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scram_lsp import __version__
from scram_lsp.server.documents.configuration import Configuration

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis
    from scram_analyzers.findings import Finding

log = logging.getLogger(__name__)

MOST_KEPT = 300
"""Texts; those that were shown or looked at last stay."""

MOST_FINDINGS = 200
"""What has more in it is not kept: the folder holds some megabytes at most."""

FOLDER = "looks"


def shown_of(analysis: Analysis) -> list[Finding]:
    """What of an analysis a client is shown while no run has said anything."""
    from scram_analyzers.merging import merge
    from scram_analyzers.notes import UNREADABLE

    return merge([each for each in analysis.findings if each.code != UNREADABLE.code], ())


class KeptLooks:
    """Keeps findings by the text that they are in, its file and what is known of its settings. Never raises."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def of(self, filename: str, text: str) -> list[Finding] | None:
        """What was found in this very text the last time; None where nothing is kept of it."""
        from scram_lsp.finding_json import finding_from_json

        try:
            file = self._file(filename, text)
            kept = json.loads(file.read_bytes())
            findings = [finding_from_json(each)[0] for each in kept["findings"]]
            os.utime(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, LookupError) as error:
            log.info("what was kept of %s can't be read: %s", filename, error)
            return None
        return findings

    def keep(self, filename: str, text: str, findings: Sequence[Finding]) -> None:
        """Keep what was found in a text, in the place of what has not been asked for the longest."""
        from scram_lsp.finding_json import finding_to_json

        if len(findings) > MOST_FINDINGS:
            return
        written = json.dumps({"findings": [finding_to_json(each, None) for each in findings]})
        try:
            file = self._file(filename, text)
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.write_text(written, encoding="utf-8")
            unfinished.replace(file)
            _make_room(file.parent)
        except (OSError, ValueError) as error:  # a folder that can't be written, a text that can't be encoded
            log.info("what was found in %s is not kept: %s", filename, error)

    def _file(self, filename: str, text: str) -> Path:
        import platformdirs

        basis = self._configuration.basis(Path(filename) if os.path.isabs(filename) else None)
        about = json.dumps([__version__, filename, basis, text])
        digest = hashlib.sha256(about.encode()).hexdigest()
        return platformdirs.user_cache_path("scram-lsp", appauthor=False) / FOLDER / f"{digest}.json"


def _make_room(folder: Path) -> None:
    with os.scandir(folder) as entries:
        files = [each.path for each in entries]
    if len(files) <= MOST_KEPT:
        return
    for file in sorted(files, key=_used)[:-MOST_KEPT]:
        with contextlib.suppress(OSError):  # another server makes room as well
            os.unlink(file)


def _used(file: str) -> float:
    try:
        return os.stat(file).st_mtime
    except OSError:
        return 0.0
