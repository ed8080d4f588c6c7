"""What a run says on the terminal: short lines beside Keras's progress bar."""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from scram_analyzers.findings import Finding, Severity
from scram_lsp.files import short_path

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

log = logging.getLogger(__name__)

_STYLES = {
    Severity.ERROR: ("✗", "x", "bold red"),
    Severity.WARNING: ("!", "!", "bold yellow"),
    Severity.INFO: ("i", "i", "bold cyan"),
    Severity.HINT: ("·", "-", "dim"),
}
"""For each severity its mark, the mark where the encoding lacks it, and its style on a terminal."""


_LONGEST_ERROR = 200
"""Characters of an error's own text in a line of ours."""


class RunConsole:
    """Writes to standard error, so that the program's own output stays as it is.

    `is_quiet` leaves out everything. Colour only on a terminal that has any, and not against NO_COLOR.
    A line of ours never runs into a progress bar of Keras's or tqdm's, nor into another one of ours: any thread may
    write. `is_bar_open` is told by the thread that draws the bar.
    """

    def __init__(self, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self.is_bar_open = False
        self.offs: list[str] = []
        self._lock = threading.RLock()

    def __reduce__(self) -> tuple[type[RunConsole], tuple[bool]]:
        """Tuners copy callbacks, and other processes are sent them; a lock has no copy."""
        return RunConsole, (self._is_quiet,)

    def prepare(self) -> None:
        """Load what writing takes, so that the first line is not late."""
        with self._lock:
            if not self._is_quiet:
                self._console  # noqa: B018 (made when first asked for)

    def finding(self, finding: Finding) -> None:
        """One finding on one line, with the place that an editor or terminal can open."""
        mark, plain_mark, style = _STYLES[finding.severity]
        place = finding.range.start
        cell = f"cell {finding.cell}:" if finding.cell is not None else ""
        where = f"{short_path(Path(finding.filename))}:{cell}{place.line}:{place.column + 1}"
        self._write(
            [
                ("scram ", "bold"),
                (mark if _can_encode(mark) else plain_mark, style),
                (f" {finding.code} ", style),
                (f"{where} ", ""),
                (f"{finding.name}: ", "bold"),
                (finding.message, ""),
            ]
        )

    def off(self, text: str) -> None:
        """One line about what scram can't look at, which its report at the end says again."""
        self.offs.append(text)
        self.note(text)

    def note(self, text: str) -> None:
        """One line about scram itself."""
        self._write([("scram: ", "bold"), (text, "")])

    def _write(self, parts: list[tuple[str, str]]) -> None:
        if self._is_quiet:
            return
        with self._lock:
            try:
                self._write_line(parts)
            except (OSError, ValueError) as error:  # nobody reads it any more, its disk is full, or it is closed
                log.debug("a line could not be written", exc_info=error)

    def _write_line(self, parts: list[tuple[str, str]]) -> None:
        from rich.text import Text

        line = Text.assemble(*((" ".join(text.split("\n")), style) for text, style in parts))
        bar_file = _file_of_tqdm_bars()
        if bar_file is not None and _share_a_screen(bar_file, sys.stderr):
            self._write_beside_bars(line)
            return
        if self.is_bar_open and _share_a_screen(sys.stdout, sys.stderr):
            self._console.print()
            self.is_bar_open = False
        self._console.print(line, soft_wrap=True, highlight=False)

    def _write_beside_bars(self, line: Text) -> None:
        """tqdm takes its bars away, and draws them again below what is written."""
        with self._console.capture() as captured:
            self._console.print(line, soft_wrap=True, highlight=False)
        sys.modules["tqdm"].tqdm.write(captured.get(), file=sys.stderr, end="")

    @functools.cached_property
    def _console(self) -> Console:
        from rich.console import Console

        class Lines(Console):
            """Its lines are not what the program is for."""

            def on_broken_pipe(self) -> None:
                """Raise what was raised, where rich would end the program and send its standard output nowhere."""
                raise BrokenPipeError

        is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM") in ("dumb", "unknown")
        return Lines(stderr=True, force_jupyter=False, color_system=None if is_plain else "auto")


def brief(error: Exception) -> str:
    """What kind of error it is and the beginning of what it says, which a backend goes on with for pages."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    text = first if len(first) <= _LONGEST_ERROR else f"{first[:_LONGEST_ERROR]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _file_of_tqdm_bars() -> TextIO | None:
    """Where tqdm draws the bars that it has open; None without any."""
    module = sys.modules.get("tqdm")
    bars = list(getattr(getattr(module, "tqdm", None), "_instances", ()))
    file = getattr(bars[0], "fp", None) if bars else None
    return getattr(file, "_wrapped", file)


def _can_encode(mark: str) -> bool:
    try:
        mark.encode(getattr(sys.stderr, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _share_a_screen(one: TextIO, other: TextIO) -> bool:
    """Whether the two streams end in one place, so that a line of one can run into a line of the other."""
    try:
        first, second = os.fstat(one.fileno()), os.fstat(other.fileno())
    except (OSError, ValueError, AttributeError):  # a notebook's streams have no file and share its cell
        return True
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
