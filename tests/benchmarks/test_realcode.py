"""The benchmark on real programs counts as its README says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "realcode.py"
TOO_HIGH = "import keras\noptimizer = keras.optimizers.Adam(learning_rate=1e10)\n"
HEALTHY = "import keras\noptimizer = keras.optimizers.Adam(learning_rate=1e-3)\n"
BUGGY_COLUMNS = "program_id,fault_category,description,lines,detectable"


@pytest.fixture
def realcode(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("realcode", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "realcode", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name, text in {
        "buggy/one.py": TOO_HIGH,
        "buggy/two.py": HEALTHY,
        "clean/fine.py": HEALTHY,
        "clean/known.py": TOO_HIGH,
        "clean/alarm.py": TOO_HIGH,
        "buggy.csv": (
            f"{BUGGY_COLUMNS}\n"
            "one,lr-too-high,rate,2,static\n"
            'one,lr-too-high,elsewhere,"1, 5-7",both\n'
            "one,dead-relu,other cause,2,static\n"
            "one,lr-too-high,only in the run,2,dynamic\n"
            "two,lr-too-high,missed,2,static\n"
            "absent,lr-too-high,no such file,2,static\n"
        ),
        "clean.csv": "clean_id,true_findings\nfine,\nknown,2: the rate ;; 9: more\nalarm,\nabsent,\n",
        "categories.csv": "category,rules\nlr-too-high,learning-rate-*\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_recall_counts_lines_and_causes(realcode: ModuleType, corpus: Path) -> None:
    checked = realcode.check_folder(corpus / "buggy")
    recall, missed = realcode.score_recall(
        realcode.read_table(corpus / "buggy.csv"), realcode.accepted_rules(corpus), checked
    )
    assert recall == {"lr-too-high": realcode.Recall(3, 1, 1), "dead-relu": realcode.Recall(1, 1, 0)}
    assert len(missed) == 3
    assert "said there: learning-rate-too-high" in missed[1]


def test_false_alarms_leave_out_listed_faults(realcode: ModuleType, corpus: Path) -> None:
    alarms = realcode.score_alarms(realcode.read_table(corpus / "clean.csv"), realcode.check_folder(corpus / "clean"))
    assert (alarms.files, alarms.files_hit) == (3, 1)
    assert alarms.by_rule == {"learning-rate-too-high": 1}


def test_prints_the_score(
    realcode: ModuleType, corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["realcode.py", str(corpus), "--list"])
    assert realcode.main() == 0
    printed = capsys.readouterr().out
    assert "lr-too-high          3           1            1" in printed
    assert "false alarms: 1 in 1 files" in printed
    assert "crashes: 0" in printed


def test_crash_is_counted_and_fails(
    realcode: ModuleType, corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(realcode, "analyze_source", crash)
    monkeypatch.setattr(sys, "argv", ["realcode.py", str(corpus)])
    assert realcode.main() == 1
    assert "RecursionError: too deep" in capsys.readouterr().out


def test_missing_corpus_is_named(
    realcode: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["realcode.py", str(tmp_path)])
    with pytest.raises(SystemExit):
        realcode.main()
    assert str(tmp_path / "buggy.csv") in capsys.readouterr().err
