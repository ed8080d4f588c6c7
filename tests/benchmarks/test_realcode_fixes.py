"""The benchmark on fixes sees what a bad fix does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import SourceRange, TextEdit
from scram_analyzers.rules.registry import RuleSet

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "realcode_fixes.py"
PROGRAM = "import keras\noptimizer = keras.optimizers.Adam(learning_rate=1e10)  # too fast\n"


@pytest.fixture
def realcode_fixes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("realcode_fixes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "realcode_fixes", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("edit", "faults"),
    [
        (TextEdit(SourceRange.of(2, 48, 2, 52), "0.001"), []),
        (TextEdit(SourceRange.of(2, 48, 2, 52), "1e9"), ["the finding stays"]),
        (TextEdit(SourceRange.of(2, 48, 2, 52), "("), ["no longer parses"]),
        (TextEdit(SourceRange.of(2, 48, 2, 65), "0.001)"), ["takes a comment away"]),
        (TextEdit(SourceRange.of(2, 0, 2, 52), "import keras\noptimizer = keras.optimizers.Adam(0.001"), ["twice"]),
        (TextEdit(SourceRange.of(2, 48, 2, 52), "-1.0"), ["brings learning-rate-not-positive"]),
    ],
)
def test_what_is_wrong_with_a_fix(realcode_fixes: ModuleType, edit: TextEdit, faults: list[str]) -> None:
    before = analyze_source(PROGRAM, "train.py", RuleSet.default())
    (finding,) = before.findings
    said = list(realcode_fixes.faults_of(PROGRAM, finding, (edit,), before))
    assert len(said) == len(faults)
    assert all(expected in words for expected, words in zip(faults, said, strict=True)), said
