from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from scram_analyzers.findings import Confidence, Finding, Severity, SourceRange
from scram_analyzers.rules import registry
from scram_analyzers.rules.base import Option, Rule
from scram_lsp.config import NOTHING_SET, ConfigError, ConfigLayer, SettingsLoader, load_settings, read_layer

NOTES = {"SCR900", "SCR901", "SCR902", "SCR903"}


class TooHigh(Rule):
    code, name, severity, confidence = "SCR101", "rate-too-high", Severity.ERROR, Confidence.HIGH
    options = (Option("max", 0.1, "the highest rate", "a book"),)


class TooLow(Rule):
    code, name, severity, confidence = "SCR102", "rate-too-low", Severity.WARNING, Confidence.HIGH


class Unscaled(Rule):
    code, name, severity, confidence = "SCR201", "inputs-not-scaled", Severity.WARNING, Confidence.HIGH


class Opinion(Rule):
    code, name, severity, confidence = "SCR301", "many-layers", Severity.HINT, Confidence.LOW
    enabled_by_default = False


@pytest.fixture(autouse=True)
def _four_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (TooHigh, TooLow, Unscaled, Opinion)
    monkeypatch.setattr(registry, "rule_classes", lambda: rules)


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def rules_in(folder: Path, overrides: ConfigLayer = NOTHING_SET) -> set[str]:
    return set(load_settings(folder, overrides).codes) - NOTES


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "train.py")
    assert settings.codes == {"SCR101", "SCR102", "SCR201"} | NOTES
    assert settings.file is None
    assert (settings.unsafe_fixes, settings.output_format) == (False, "full")
    assert settings.excludes(tmp_path / "node_modules", True)
    assert not settings.excludes(tmp_path / "src", True)


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ('select = ["SCR101"]', {"SCR101"}),
        ('select = ["rate-too-low"]', {"SCR102"}),
        ('select = ["SCR1"]', {"SCR101", "SCR102"}),
        ('select = ["ALL"]', {"SCR101", "SCR102", "SCR201", "SCR301"}),
        ('select = ["scr2", "Rate-Too-High"]', {"SCR101", "SCR201"}),
        ("select = []", set()),
        ('select = ["SCR8"]', set()),
        ('ignore = ["SCR1"]', {"SCR201"}),
        ('ignore = ["rate-too-high"]', {"SCR102", "SCR201"}),
        ('extend-select = ["SCR301"]', {"SCR101", "SCR102", "SCR201", "SCR301"}),
        ('select = ["SCR1"]\nignore = ["SCR101"]', {"SCR102"}),
        ('select = ["SCR101"]\nignore = ["SCR1"]', {"SCR101"}),
        ('select = ["SCR101"]\nignore = ["SCR101"]', set()),
        ('select = ["ALL"]\nignore = ["ALL"]', set()),
    ],
)
def test_selection(tmp_path: Path, keys: str, codes: set[str]) -> None:
    assert rules_in(write(tmp_path, f"[tool.scram]\n{keys}\n")) == codes


def test_the_command_line_goes_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[tool.scram]\nselect = ["SCR1"]\nunsafe-fixes = true\noutput-format = "json"\n')
    assert rules_in(tmp_path, ConfigLayer(select=("SCR2",))) == {"SCR201"}
    assert rules_in(tmp_path, ConfigLayer(ignore=("SCR101",))) == {"SCR102"}
    assert rules_in(tmp_path, ConfigLayer(extend_select=("SCR301",))) == {"SCR101", "SCR102", "SCR301"}
    settings = load_settings(tmp_path, ConfigLayer(output_format="concise"))
    assert (settings.unsafe_fixes, settings.output_format) == (True, "concise")


def test_the_closest_file_holds_alone(tmp_path: Path) -> None:
    write(tmp_path, '[tool.scram]\nselect = ["SCR1"]\n')
    inner = write(tmp_path / "inner", '[tool.scram]\nignore = ["SCR101"]\n')
    assert rules_in(inner) == {"SCR102", "SCR201"}
    assert rules_in(write(tmp_path / "other", "[tool.black]\nline-length = 100\n")) == {"SCR101", "SCR102"}


def test_scram_toml_goes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path, '[tool.scram]\nselect = ["SCR1"]\n')
    write(tmp_path, 'select = ["SCR2"]\n', "scram.toml")
    assert rules_in(tmp_path) == {"SCR201"}


def test_isolated_reads_no_file(tmp_path: Path) -> None:
    write(tmp_path, "[tool.scram]\nnonsense = 1\n")
    assert SettingsLoader(isolated=True).for_path(tmp_path).file is None


def test_files_ignore_rules_of_their_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[tool.scram.per-file-ignores]\n"tests/*" = ["SCR1"]\n"old.py" = ["inputs-not-scaled"]\n"*_gen.py" = ["ALL"]\n',
    )
    settings = load_settings(tmp_path)
    assert settings.codes_for(tmp_path / "tests" / "a.py") == {"SCR201"} | NOTES
    assert settings.codes_for(tmp_path / "old.py") == {"SCR101", "SCR102"} | NOTES
    assert settings.codes_for(tmp_path / "deep" / "a_gen.py") == set()
    assert set(settings.rule_set(tmp_path / "tests" / "a.py").by_code) == {"SCR201"}
    assert set(settings.rule_set().by_code) == {"SCR101", "SCR102", "SCR201"}


def test_excludes_replace_or_extend_the_defaults(tmp_path: Path) -> None:
    replaced = load_settings(write(tmp_path / "a", '[tool.scram]\nexclude = ["old/"]\n'))
    assert replaced.excludes(tmp_path / "a" / "old", True)
    assert not replaced.excludes(tmp_path / "a" / "build", True)
    extended = load_settings(write(tmp_path / "b", '[tool.scram]\nextend-exclude = ["made/*.py"]\n'))
    assert extended.excludes(tmp_path / "b" / "made" / "x.py", False)
    assert extended.excludes(tmp_path / "b" / "build", True)


def test_severities_and_options_reach_the_rules(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[tool.scram.severity]\nSCR101 = "hint"\n[tool.scram.rules.rate-too-high]\nmax = 1\n',
    )
    rule = load_settings(tmp_path).rule_set().by_code["SCR101"]
    assert rule.severity_override is Severity.HINT
    assert rule.option("max") == 1.0


def test_admit_drops_what_is_ignored_and_sets_severities(tmp_path: Path) -> None:
    write(tmp_path, '[tool.scram]\nignore = ["SCR901"]\n[tool.scram.severity]\nunused-suppression = "hint"\n')
    findings = [
        Finding(*(code, "", Severity.INFO, Confidence.HIGH, "", "", "", "a.py"), range=SourceRange.of(1, 0, 1, 0))
        for code in ("SCR901", "SCR902")
    ]
    admitted = load_settings(tmp_path).admit(findings, tmp_path / "a.py")
    assert [(each.code, each.severity) for each in admitted] == [("SCR902", Severity.HINT)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.scram]\nselct = []\n", "[tool.scram]: unknown key 'selct'; did you mean 'select'?"),
        ("[tool.scram]\nextend_select = []\n", "unknown key 'extend_select'; did you mean 'extend-select'?"),
        ('[tool.scram]\nselect = ["SCR1O1"]\n', "unknown rule 'SCR1O1'; did you mean 'SCR101'?"),
        (
            '[tool.scram]\nignore = ["rate-to-high"]\n',
            "unknown rule 'rate-to-high'; did you mean 'rate-too-high'?",
        ),
        ('[tool.scram]\nselect = [""]\n', "unknown rule ''"),
        (
            '[tool.scram]\nselect = "SCR101"\n',
            "'select' must be a list of texts, as in [\"SCR101\"], not 'SCR101'",
        ),
        ('[tool.scram.per-file-ignores]\n"a.py" = ["SCR777"]\n', "unknown rule 'SCR777'"),
        (
            '[tool.scram.severity]\nSCR101 = "fatal"\n',
            "'severity.SCR101' must be one of error, warning, info, hint",
        ),
        ('[tool.scram.severity]\nSCR777 = "hint"\n', "unknown rule 'SCR777'"),
        ("[tool.scram.rules.SCR101]\nmx = 1\n", "unknown key 'mx' in 'rules.SCR101'; did you mean 'max'?"),
        ("[tool.scram.rules.SCR102]\nmax = 1\n", "unknown key 'max' in 'rules.SCR102'"),
        ("[tool.scram.rules.SCR101]\nmax = true\n", "'rules.SCR101.max' must be a number, not True"),
        ("[tool.scram.rules.SCR101]\nmax = nan\n", "'rules.SCR101.max' must be a number, not nan"),
        (
            '[tool.scram]\noutput-format = "xml"\n',
            "'output-format' must be one of full, concise, json, github, sarif, not 'xml'",
        ),
        ("[tool.scram]\nunsafe-fixes = 1\n", "'unsafe-fixes' must be true or false, not 1"),
        ("[tool.scram]\nseverity = 1\n", "'severity' must be a table, not 1"),
        ("[tool.scram\n", "is not valid TOML"),
    ],
)
def test_a_bad_file_is_one_line_with_the_file_and_the_mend(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text))
    assert words in str(caught.value)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_file_that_is_not_ours_is_passed_over(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "[project\n")).file is None


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.scram]\n# \xff\n")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_settings(tmp_path)


def test_a_layer_from_elsewhere_names_its_source() -> None:
    with pytest.raises(ConfigError, match="command line: unknown rule 'SCR7777'"):
        read_layer({"select": ["SCR7777"]}, "command line")


def test_a_loader_reads_each_file_once(tmp_path: Path) -> None:
    write(tmp_path, '[tool.scram]\nselect = ["SCR1"]\n')
    loader = SettingsLoader()
    first = loader.for_path(tmp_path / "a" / "x.py")
    write(tmp_path, '[tool.scram]\nselect = ["SCR2"]\n')
    assert loader.for_path(tmp_path / "b" / "y.py") is first
    assert SettingsLoader().for_path(tmp_path / "b" / "y.py").codes != first.codes


def test_settings_travel_to_other_processes(tmp_path: Path) -> None:
    write(tmp_path, '[tool.scram.severity]\nSCR101 = "hint"\n[tool.scram.rules.SCR101]\nmax = 1\n')
    settings = load_settings(tmp_path)
    assert pickle.loads(pickle.dumps(settings)) == settings
