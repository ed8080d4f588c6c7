"""What the source of one text says, under the settings of its file; the analysis is loaded when first asked."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from scram_lsp.deferred_modules import deferred_modules
from scram_lsp.garbage import collect_seldom
from scram_lsp.quick_dataclasses import quick_dataclasses
from scram_lsp.quick_nodes import make_nodes_quickly
from scram_lsp.server.documents.configuration import Configuration, is_excluded

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis
    from scram_analyzers.source.reading.chunks import ParseCache
    from scram_lsp.config import Settings

CheckText: TypeAlias = "Callable[[str, str, Settings, Path | None, ParseCache], Analysis]"
"""`check_text`: text, file name, settings, the file where there is one, cache."""

LARGE_CHARACTERS = 150_000
"""A text from about 4,000 lines on has a thread of its own, so that no other waits for it."""

_loading = threading.Lock()


class TextAnalysis:
    """Analyzes texts, on any thread: a large one and one that is not at a time. `check` stands for `check_text`."""

    def __init__(self, configuration: Configuration, check: CheckText | None = None) -> None:
        self._configuration = configuration
        self._check = check
        self._first: dict[str, tuple[object, Analysis]] = {}
        self._caches: dict[bool, ParseCache] = {}
        self._turns = {large: threading.RLock() for large in (False, True)}
        self._excluded: tuple[object, bool] = (None, False)

    def __call__(self, filename: str, text: str) -> Analysis:
        """Everything the source says; `filename` is as `Document` has it."""
        load_analysis()
        with self._turns[is_large(text)]:
            return self._analyze(filename, text)

    def first(self, filename: str, text: str) -> Analysis:
        """The same for a text which will be asked for again."""
        with self._turns[is_large(text)]:
            analysis = self(filename, text)
            path = Path(filename) if os.path.isabs(filename) else None
            self._first[filename] = (text, self._configuration.of(path)), analysis
        return analysis

    def is_busy(self) -> bool:
        """Whether a text is under analysis at this moment."""
        for turn in self._turns.values():
            if not turn.acquire(blocking=False):
                return True
            turn.release()
        return False

    def _analyze(self, filename: str, text: str) -> Analysis:
        from scram_analyzers.engine import Analysis
        from scram_analyzers.rules.registry import RuleSet
        from scram_analyzers.source.reading.chunks import ParseCache
        from scram_lsp.checking import check_text

        path = Path(filename) if os.path.isabs(filename) else None
        settings = self._configuration.of(path)
        if path is not None and self._is_excluded(path, settings):
            return Analysis(filename, RuleSet(), None, ())
        asked, analysis = self._first.pop(filename, (None, None))
        if analysis is not None and asked == (text, settings):
            return analysis
        cache = self._caches.setdefault(is_large(text), ParseCache())  # one for each thread
        return (self._check or check_text)(text, filename, settings, path, cache)

    def _is_excluded(self, path: Path, settings: Settings) -> bool:
        """`is_excluded`; what was asked last is remembered, as it is asked at every keystroke."""
        asked = path, settings, self._configuration.folders
        known, answer = self._excluded
        if known != asked:
            answer = is_excluded(path, settings, asked[2])
            self._excluded = asked, answer
        return answer


def load_analysis() -> None:
    """Load the parser and the rules, a quarter of a second of work; any thread may call this, and at any time.

    A collector that is switched off stays so: the opening is over sooner without it.
    """
    with _loading, quick_dataclasses(), deferred_modules():
        from scram_analyzers.rules.registry import rule_classes

        if rule_classes.cache_info().currsize:
            return
        is_collecting = gc.isenabled()
        gc.disable()  # nothing is garbage while modules are loaded
        try:
            import scram_lsp.checking  # noqa: F401 (to have it loaded)

            collect_seldom()
            make_nodes_quickly()
            rule_classes()
            gc.freeze()  # what is loaded stays: the collector need not look at it again
        finally:
            if is_collecting:
                gc.enable()


def is_large(text: str) -> bool:
    """Whether the analysis of a text may take longer than others should wait for."""
    return len(text) >= LARGE_CHARACTERS
