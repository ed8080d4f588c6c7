"""The rules, asked about a run on a thread of their own: loading them and the parser holds up no step."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scram_analyzers.findings import Finding, Fix
from scram_analyzers.run.history import Moment, RunHistory

if TYPE_CHECKING:
    from scram_lsp.training.places.recorded_places import RecordedPlaces
    from scram_lsp.training.run_rules import RunRules

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """A finding with its fix, as the rules give it; the same one may come again."""

    finding: Finding
    fix: Fix | None


class Inquiry:
    """Questions go in with `ask`, answers are fetched with `take`, both from the thread that trains.

    A question about a step takes the place of one that still waits; those about the begin, an epoch or the end
    are all answered, in order. Nothing is answered before `start`.
    """

    def __init__(self, places: RecordedPlaces) -> None:
        self._places = places
        self._questions: deque[RunHistory] = deque()
        self._answers: deque[Answer] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._seconds = 0.0
        self._fault: Exception | None = None
        self.notes: deque[str] = deque()
        self.checks = 0
        self.families: dict[str, int] = {}

    def ask(self, history: RunHistory) -> None:
        """Have the rules look at the history as it stands now."""
        question = history.copy()
        with self._changed:
            last = self._questions[-1] if self._questions else None
            if last is not None and last.moment is Moment.STEP and question.moment is Moment.STEP:
                self._questions.pop()
            self._questions.append(question)
            self._changed.notify_all()

    def start(self) -> None:
        """Start the thread, once the first step is over: it would slow down what compiles there."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="scram-rules", daemon=True)
            self._thread.start()

    @property
    def has_news(self) -> bool:
        """Whether `take` has something to give, or to raise."""
        return bool(self._answers) or self._fault is not None

    def take(self) -> list[Answer]:
        """The answers that came since the last call; raises what went wrong while asking."""
        if self._fault is not None:
            raise self._fault
        found = []
        while self._answers:
            found.append(self._answers.popleft())
        return found

    def take_seconds(self) -> float:
        """What the rules took (processor time of their thread, loading them left out) since the last call."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds

    def finish(self, timeout: float) -> list[Answer]:
        """Wait for the answers to all questions, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self.start()
        if self._thread is not None:
            self._thread.join(timeout)
        return self.take()

    def _work(self) -> None:
        try:
            from scram_lsp.training.run_rules import RunRules

            rules = RunRules(self._places)
            self.notes.extend(rules.notes)
            self.checks = rules.checks
            self.families = rules.families
            while (question := self._next_question()) is not None:
                self._answer(rules, question)
        except Exception as error:  # the recorder ends the watch
            log.debug("asking the rules failed", exc_info=error)
            self._fault = error

    def _next_question(self) -> RunHistory | None:
        with self._changed:
            while not self._questions and not self._is_closing:
                self._changed.wait()
            return self._questions.popleft() if self._questions else None

    def _answer(self, rules: RunRules, question: RunHistory) -> None:
        begin = time.thread_time()
        for finding, fix in rules.check(question):
            self._answers.append(Answer(finding, fix))
        self._seconds += time.thread_time() - begin

    def abandon(self) -> None:
        """Let the thread end without answering what still waits."""
        with self._changed:
            self._questions.clear()
            self._is_closing = True
            self._changed.notify_all()
