"""Which cell of which notebook a piece of code came from, as far as IPython and the editor tell."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scram_lsp.files import FileError, absolute_path, read_source

_NOTEBOOK_VARIABLE = "__vsc_ipynb_file__"
"""What VS Code puts among the notebook's own variables."""

_SESSION_VARIABLE = "JPY_SESSION_NAME"
"""What Jupyter servers tell their kernels by the environment."""


def notebook_file() -> Path | None:
    """The notebook that this process runs, or None."""
    shell = _shell()
    if shell is None:
        return None
    named = shell.user_ns.get(_NOTEBOOK_VARIABLE) or os.environ.get(_SESSION_VARIABLE)
    path = Path(absolute_path(named)) if isinstance(named, str) else None
    return path if path is not None and path.suffix == ".ipynb" and path.is_file() else None


def cell_source(filename: str) -> str | None:
    """The source of the cell that IPython compiled under this name, as the user wrote it; None for other code."""
    shell = _shell()
    number = getattr(getattr(shell, "compile", None), "_filename_map", {}).get(filename)
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", [])
    return history[number] if isinstance(number, int) and number < len(history) else None


def code_cells(notebook: Path) -> tuple[str | None, ...]:
    """The sources of the cells on disk, None for one that is no code; nothing when the notebook can't be read."""
    try:
        cells = json.loads(read_source(notebook).text)["cells"]
        return tuple("".join(cell["source"]) if cell["cell_type"] == "code" else None for cell in cells)
    except (FileError, ValueError, KeyError, TypeError):
        return ()


def cell_number(cells: Iterable[str | None], source: str) -> int | None:
    """The number, from 1 over all cells, of the first cell that reads `source`; None when none does (any more)."""
    wanted = source.rstrip()
    return next((place for place, text in enumerate(cells, 1) if text is not None and text.rstrip() == wanted), None)


def _shell() -> Any:
    """IPython's shell where it runs the user's code."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
