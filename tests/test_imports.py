"""Imports run one way, and what must stay light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ANALYZERS = ROOT / "analyzers" / "scram_analyzers"

# What each part of scram_analyzers may import from the rest of it.
ALLOWED: dict[str, set[str]] = {
    "findings": set(),
    "notes": {"findings"},
    "source": {"source", "findings"},
    "run": {"run", "findings"},
    "fixes": {"source", "findings"},
    "layer_edits": {"fixes", "source", "findings"},
    "rules": {"rules", "fixes", "layer_edits", "source", "run", "findings"},
    "suppression": {"notes", "source", "findings"},
    "merging": {"findings"},
    "diagnosis": {"rules", "source", "run", "findings"},
    "engine": {"diagnosis", "rules", "suppression", "notes", "source", "run", "findings"},
}
BETWEEN_SOURCE_AND_RUN = "source/locate.py"
"""The one module that knows both: it finds where what a run speaks of is written."""

HEAVY = {
    "pygls",
    "lsprotocol",
    "libcst",
    "numpy",
    "keras",
    "tensorflow",
    "rich",
    "attrs",
    "cattrs",
    "sqlite3",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(path: Path) -> str:
    return path.relative_to(ANALYZERS).parts[0].removesuffix(".py")


def allowed(path: Path) -> set[str]:
    both = path.relative_to(ANALYZERS).as_posix() == BETWEEN_SOURCE_AND_RUN
    return ALLOWED[part(path)] | ({"run"} if both else set())


@pytest.mark.parametrize("path", sorted(ANALYZERS.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_analyzers_import_one_way(path: Path) -> None:
    for name in imports(path):
        assert name.split(".")[0] not in {"scram_lsp", "pygls", "lsprotocol", "tensorflow", "keras", "socket"}
        if name.startswith("scram_analyzers.") and part(path) != "__init__":
            assert name.split(".")[1] in allowed(path), f"{part(path)} imports {name}"


@pytest.mark.parametrize("folder", ["cli", "server", "reporters", "live", "store"])
def test_only_the_training_side_imports_keras(folder: str) -> None:
    files = sorted((ROOT / "scram_lsp" / folder).rglob("*.py"))
    assert files
    for path in files:
        assert {name.split(".")[0] for name in imports(path)}.isdisjoint({"keras", "tensorflow"}), path


def loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_scram_lsp_is_light() -> None:
    assert loaded_by("import scram_lsp") & HEAVY == set()


@pytest.mark.parametrize("module", ["scram_lsp.cli.lint", "scram_lsp.cli.serve", "scram_lsp.cli.scram"])
def test_commands_never_load_keras(module: str) -> None:
    assert loaded_by(f"import {module}") & {"keras", "tensorflow"} == set()


def test_server_never_loads_keras() -> None:
    loaded = loaded_by(
        "import pkgutil, importlib, scram_lsp.server as s; "
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(s.__path__, 'scram_lsp.server.')]"
    )
    assert "pygls" in loaded
    assert loaded & {"keras", "tensorflow"} == set()
