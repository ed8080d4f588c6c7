"""Helix in a terminal of its own, set up as the README says: one more client that is not ours."""

from __future__ import annotations

import os
import re
import select
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.server.editor import RATE, TRAIN

HELIX = shutil.which("hx")
DEADLINE_SECONDS = 120
ROWS, COLUMNS = 40, 130

pytestmark = pytest.mark.skipif(HELIX is None or sys.platform == "win32", reason="Helix is not installed")


class Terminal:
    """Helix with a file open; it is ended with this."""

    def __init__(self, file: Path, home: Path) -> None:
        import fcntl
        import pty
        import termios

        self._screen, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home), "PATH": path}
        self.process = subprocess.Popen(
            ["hx", file.name],
            cwd=file.parent,
            env={**os.environ, **environment, "TERM": "xterm-256color"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def wait_for(self, wanted: str) -> None:
        """Wait until something is drawn."""
        drawn, end = b"", time.monotonic() + DEADLINE_SECONDS
        while wanted.encode() not in drawn:
            ready, _, _ = select.select([self._screen], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                pytest.fail(f"Helix does not show {wanted!r}: {drawn[-2000:]!r}")
            drawn += os.read(self._screen, 1 << 16)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


def test_helix_shows_and_mends_with_the_lines_of_the_readme(project: Path, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    lines = re.search(r"<summary>Helix</summary>\s*```toml\n(.*?)```", readme, re.DOTALL)
    assert lines is not None
    (tmp_path / "helix").mkdir()
    (tmp_path / "helix" / "languages.toml").write_text(lines[1])
    script = project / "train.py"
    terminal = Terminal(script, tmp_path)
    try:
        terminal.wait_for("●")
        terminal.type(f":{RATE.start.line + 1}\rgl3h")
        terminal.wait_for("SCR101")
        terminal.type(" a")
        terminal.wait_for("Set the learning rate to 0.001")
        terminal.type("\r")
        terminal.wait_for("[+]")
        terminal.type(":wq\r")
        terminal.process.wait(DEADLINE_SECONDS)
    finally:
        terminal.end()
    assert script.read_text() == TRAIN.replace("1e10", "0.001")
