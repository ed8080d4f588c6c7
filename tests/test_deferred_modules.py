"""Modules that are run when something is first taken from them are like all others."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scram_lsp import deferred_modules as deferred

WIDE = """
import time
first = 1
time.sleep(0.05)
import wide
second = getattr(wide, "first", None)
def third():
    return last
last = 4
"""


@pytest.fixture
def wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A module that is put off, of a name that no other has."""
    (tmp_path / "wide.py").write_text(WIDE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(deferred, "SELDOM_USED", frozenset({"wide"}))
    monkeypatch.delitem(sys.modules, "wide", raising=False)
    with deferred.deferred_modules():
        import wide  # type: ignore[import-not-found]

        yield wide
    sys.modules.pop("wide", None)


def test_a_module_is_run_when_something_is_taken_from_it(wide: object) -> None:
    assert "last" not in vars(wide)
    assert wide.third() == 4  # type: ignore[attr-defined]
    assert vars(wide)["last"] == 4
    assert "__getattr__" not in vars(wide)
    assert wide.second == 1, "it may look at itself meanwhile"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="module 'wide' has no attribute 'fourth'"):
        wide.fourth  # type: ignore[attr-defined]  # noqa: B018


def test_what_it_does_not_have_is_told_as_ever(wide: object) -> None:
    with pytest.raises(AttributeError, match="module 'wide' has no attribute 'fourth'"):
        wide.fourth  # type: ignore[attr-defined]  # noqa: B018


def test_threads_see_it_whole(wide: object) -> None:
    start, seen = threading.Barrier(4), []

    def use() -> None:
        start.wait()
        seen.append((wide.first, wide.third()))  # type: ignore[attr-defined]

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(1, 4)] * 4


def test_outside_it_nothing_is_put_off(wide: object) -> None:
    del sys.modules["wide"]
    finders = [each for each in sys.meta_path if isinstance(each, deferred._Finder)]
    for each in finders:
        sys.meta_path.remove(each)
    import wide as again

    assert vars(again)["last"] == 4
    sys.meta_path[:0] = finders


LOADED = """
import json, sys
from scram_lsp.deferred_modules import SELDOM_USED, deferred_modules
with deferred_modules():
    from scram_lsp.deferred_methods import deferred_methods
    with deferred_methods():
        import scram_lsp.server.main
        from scram_lsp.server.analysis.text_analysis import load_analysis
load_analysis()
loaded = [each for each in SELDOM_USED if each in sys.modules]
print(json.dumps([each for each in loaded if "__getattr__" not in vars(sys.modules[each])]))
"""


def test_a_start_needs_none_of_them() -> None:
    answer = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    needed = {"inspect"} if sys.version_info >= (3, 13) else set()  # `dataclasses` asks it for annotations
    assert set(json.loads(answer.stdout)) <= needed
