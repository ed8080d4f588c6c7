from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scram_analyzers.rules.hyperparameters.learning_rate_too_low import LearningRateTooLow
from scram_analyzers.rules.plugins import plugin_rules


def install(folder: Path, value: str, group: str = "scram.rules") -> None:
    described = folder / "house_rules-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: house-rules\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(f"[{group}]\nhouse = {value}\n")


RULE = f"{LearningRateTooLow.__module__}:LearningRateTooLow"


def test_the_rules_of_another_package_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "nowhere"), str(tmp_path)])
    assert list(plugin_rules()) == []
    install(tmp_path, RULE)
    assert list(plugin_rules()) == [LearningRateTooLow]


def test_an_entry_that_is_no_rule_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    install(tmp_path, "pathlib:Path")
    with pytest.raises(TypeError, match=r"'pathlib:Path' of 'scram\.rules' is not a Rule"):
        list(plugin_rules())


def test_entries_of_others_are_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    install(tmp_path, RULE, "other.rules")
    (tmp_path / "empty.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    assert list(plugin_rules()) == []
    sys.path.append(str(tmp_path / "empty.zip"))
    assert list(plugin_rules()) == []


def test_without_such_packages_what_describes_packages_is_not_loaded() -> None:
    program = """
import sys
from scram_analyzers.rules.plugins import plugin_rules
assert list(plugin_rules()) == []
print("importlib.metadata" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
