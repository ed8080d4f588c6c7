"""The examples hold exactly the mistakes planted in them, and their samples look like the real data."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Finding, Origin
from scram_analyzers.rules.registry import RuleSet, rule_classes
from scram_lsp.store.run_store import RunStore

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_planted = runpy.run_path(str(EXAMPLES / "demo" / "planted.py"))
PLANTED = _planted["PLANTED"]
HEALTHY = _planted["HEALTHY"]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sample_data() -> ModuleType:
    return load("sample_data")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return load("run_with_samples")


def lint(script: str) -> list[tuple[str, str]]:
    text = (EXAMPLES / script).read_text(encoding="utf-8")
    findings = analyze_source(text, script, RuleSet.default()).findings
    return [(each.code, marked_text(text, each)) for each in findings]


def marked_text(text: str, finding: Finding) -> str:
    lines = text.splitlines()
    start, end = finding.range.start, finding.range.end
    if start.line == end.line:
        return lines[start.line - 1][start.column : end.column]
    middle = lines[start.line : end.line - 1]
    return "\n".join([lines[start.line - 1][start.column :], *middle, lines[end.line - 1][: end.column]])


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.script)
def test_planted_mistake_alone_is_found_on_its_expression(planted: Any) -> None:
    assert lint(planted.script) == [(planted.code, planted.expression)]


def test_healthy_example_is_left_alone() -> None:
    assert lint(HEALTHY) == []


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.script)
def test_planted_codes_are_the_rules(planted: Any) -> None:
    assert {rule.name: rule.code for rule in rule_classes()}[planted.rule] == planted.code


def test_images_look_like_the_real_ones(sample_data: ModuleType) -> None:
    for make, shape, label_shape in (
        (sample_data.fashion_mnist, (28, 28), ()),
        (sample_data.cifar10, (32, 32, 3), (1,)),
    ):
        for x, y in make():
            assert x.dtype == y.dtype == np.uint8
            assert x.shape[1:] == shape
            assert y.shape == (len(x), *label_shape)
            assert (x.min(), x.max()) == (0, 255)
            assert set(np.unique(y)) == set(range(10))


def test_reviews_look_like_the_real_ones(sample_data: ModuleType) -> None:
    for x, y in sample_data.imdb(num_words=5000):
        assert x.dtype == object
        assert all(isinstance(review, list) and review[0] == 1 for review in x)
        words = {word for review in x for word in review[1:]}
        assert max(words) == 4999
        assert min(words) == 2
        assert 3 not in words
        assert y.dtype == np.int64
        assert set(np.unique(y)) == {0, 1}
    (all_words, _), _ = sample_data.imdb()
    assert max(map(max, all_words)) > 5000


def test_samples_are_the_same_every_time(sample_data: ModuleType) -> None:
    assert np.array_equal(sample_data.cifar10()[0][0], sample_data.cifar10()[0][0])


def test_sample_takes_the_place_of_a_failed_download_and_says_so(
    runner: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise OSError("no network")

    load_data = runner._with_sample("imdb", fail, lambda num_words: ("sample", num_words))
    assert load_data(num_words=7) == ("sample", 7)
    assert "made-up sample takes the place of imdb" in capsys.readouterr().out


def test_real_data_is_used_where_it_can_be_had(runner: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    load_data = runner._with_sample("imdb", lambda num_words: ("real", num_words), fail_if_called)
    assert load_data(num_words=7) == ("real", 7)
    assert capsys.readouterr().out == ""


def fail_if_called(**_: object) -> None:
    raise AssertionError("the sample was made")


@pytest.fixture
def run_findings(tmp_path: Path) -> Callable[[str], list[Finding]]:
    """Trains an example on its sample; gives the findings of the run."""

    def run(script: str) -> list[Finding]:
        shutil.copy(EXAMPLES / script, tmp_path)
        command = [sys.executable, str(EXAMPLES / "run_with_samples.py"), "--offline", script]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, env=os.environ)
        assert done.returncode == 0, done.stderr[-2000:]
        store = RunStore.open_existing(tmp_path / script)
        assert store is not None
        with store:
            (stored,) = store.runs()
            assert stored.status == "finished"
            return [each.finding for each in store.findings(stored.run)]

    return run


@pytest.mark.tensorflow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.script)
def test_run_finds_the_planted_mistake_on_its_expression(
    planted: Any, run_findings: Callable[[str], list[Finding]]
) -> None:
    text = (EXAMPLES / planted.script).read_text(encoding="utf-8")
    findings = run_findings(planted.script)
    assert all(each.origin is Origin.RUN for each in findings)
    at_expression = {each.code for each in findings if marked_text(text, each) == planted.expression}
    assert planted.code in at_expression
    assert {each.code for each in findings} <= {planted.code, *planted.consequences}


@pytest.mark.tensorflow
def test_run_of_the_healthy_example_is_silent(run_findings: Callable[[str], list[Finding]]) -> None:
    assert run_findings(HEALTHY) == []
