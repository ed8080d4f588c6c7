"""The rules are documented in full, and the generated pages say what the classes say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from scram_analyzers import rules
from scram_analyzers.rules.base import Rule
from scram_analyzers.rules.registry import rule_classes

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date(generate: ModuleType) -> None:
    assert list(generate.differing(generate.wanted())) == []


def test_check_exits_with_1_and_names_the_page(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text(f"{generate.TABLE_BEGIN}\n{generate.TABLE_END}\n")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "README", tmp_path / "README.md")
    monkeypatch.setattr(generate, "PAGES", tmp_path / "rules")
    assert generate.main(["--check"]) == 1
    assert f"{rule_classes()[0].name}.md" in capsys.readouterr().out
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "rules" / "rule-that-is-gone.md").write_text("old")
    assert generate.main(["--check"]) == 1


@pytest.mark.parametrize("rule", rule_classes(), ids=lambda rule: rule.name)
def test_rule_is_documented(generate: ModuleType, rule: type[Rule]) -> None:
    assert re.fullmatch(r"SCR[1-9]\d\d", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert not rule.summary.endswith("."), "it finishes the sentence 'This rule reports ...'"
    for text in (rule.why, rule.how):
        assert len(text) > 20
        assert text.endswith("."), text
    assert rule.references
    assert all(option.source and option.meaning for option in rule.options)
    if generate.reads_source(rule):
        assert rule.bad
        assert rule.good
    assert generate.reads_source(rule) or generate.reads_run(rule)


@pytest.mark.parametrize("rule", rule_classes(), ids=lambda rule: rule.name)
def test_module_is_named_after_the_rule(rule: type[Rule]) -> None:
    assert rule.__module__.rpartition(".")[2] == rule.name.replace("-", "_")


def test_a_folder_of_rules_holds_rules_alone() -> None:
    """What they ask of a program stands in `evidence/` below it, so that a rule is found by the list of the files."""
    folder = Path(rules.__file__).parent
    modules = {path for path in folder.glob("*/*.py") if path.stem != "__init__"}
    declared = {rule.__module__.removeprefix(f"{rules.__name__}.") for rule in rule_classes()}
    assert {".".join(path.relative_to(folder).with_suffix("").parts) for path in modules} == declared


def test_names_and_codes_are_unique() -> None:
    rules = rule_classes()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
