"""The rules, asked about a run in the background: loading them and the parser holds up no step."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from scram_analyzers.findings import Finding, Fix
from scram_analyzers.run.history import Moment, RunHistory
from scram_lsp.training.background import Background
from scram_lsp.training.quick_loading import quick_loading

if TYPE_CHECKING:
    from scram_lsp.training.places.recorded_places import RecordedPlaces
    from scram_lsp.training.run_rules import RunRules


class Inquiry:
    """Questions go in with `ask`; each answer goes to `tell` the moment it is found, in the background.

    A question about a step takes the place of one that still waits; those about the begin, an epoch or the end
    are all answered, in order. `tell` may hear one finding several times; `note` takes a line for the user.
    `only_in_source` counts, after the end, the source's warnings and errors that the run says nothing about.
    """

    def __init__(
        self,
        places: RecordedPlaces,
        background: Background,
        tell: Callable[[Finding, Fix | None], None],
        note: Callable[[str], None],
    ) -> None:
        self._places = places
        self._background = background
        self._tell = tell
        self._note = note
        self._rules: RunRules | None = None
        self._questions: deque[RunHistory] = deque()
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._counted = 0.0
        self.checks = 0
        self.only_in_source = 0
        self.families: dict[str, int] = {}

    def ask(self, history: RunHistory) -> None:
        """Have the rules look at the history as it stands now."""
        question = history.copy()
        with self._lock:
            last = self._questions[-1] if self._questions else None
            if last is not None and last.moment is Moment.STEP and question.moment is Moment.STEP:
                self._questions[-1] = question
                return
            self._questions.append(question)
        self._background.do(self._answer)
        if question.moment is Moment.BEGIN:
            self._background.do(self._read_script)

    @property
    def rules(self) -> RunRules | None:
        """Those that were asked, once they are loaded."""
        return self._rules

    @property
    def is_idle(self) -> bool:
        """Whether no question waits."""
        return not self._questions

    def take_seconds(self) -> float:
        """What the rules took (processor time of their thread, loading them left out) since the last call."""
        seconds = self._seconds
        counted, self._counted = self._counted, seconds
        return seconds - counted

    def _answer(self) -> None:
        """Answer the oldest question: there is one of them for each time that this is done."""
        rules = self._rules or self._load()
        with self._lock:
            question = self._questions.popleft()
        begin = time.thread_time()
        for finding, fix in rules.check(question):
            self._tell(finding, fix)
        self.only_in_source = rules.only_in_source
        self._seconds += time.thread_time() - begin

    def _read_script(self) -> None:
        """Do beside training what its end would wait for."""
        if self._rules is not None:
            self._rules.read_script()

    def _load(self) -> RunRules:
        with quick_loading():
            from scram_lsp.training.run_rules import RunRules

            self._rules = rules = RunRules(self._places)
        self.checks = rules.checks
        self.families = rules.families
        for note in rules.notes:
            self._note(note)
        return rules
