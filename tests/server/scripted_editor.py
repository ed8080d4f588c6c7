"""An editor that is not ours, run without a screen: a script in its own language drives it and writes what it saw."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 120


def saw(command: Sequence[str], project: Path, text: str, **environment: str) -> dict[str, Any]:
    """What the editor, started by `command`, showed of a script with this text."""
    (project / "train.py").write_text(text)
    output = project / "seen.json"
    orders = {
        "SCRAM_TEST_PYTHON": sys.executable,
        "SCRAM_TEST_ROOT": str(project),
        "SCRAM_TEST_OUTPUT": str(output),
        "SCRAM_TEST_DEADLINE": str(DEADLINE_SECONDS),
        **environment,
    }
    done = subprocess.run(
        command, env=os.environ | orders, capture_output=True, text=True, timeout=4 * DEADLINE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(output.read_text())
    return found
