"""Hears what models are asked once their training is over: data of another scale make every answer worthless."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from scram_lsp.training.background import Background
from scram_lsp.training.places.call_points import CallPoint, call_chain

if TYPE_CHECKING:
    from scram_analyzers.findings import Finding, Fix
    from scram_analyzers.run.history import RunHistory
    from scram_lsp.training.publication import Publication
    from scram_lsp.training.run_rules import RunRules

log = logging.getLogger(__name__)

ASKING = frozenset({"evaluate", "predict"})
"""Keras's methods that put data to a model."""

MOST_PLACES = 20
"""Each place in the program is looked at once, the first time; of so many places at most."""

ANSWER_SECONDS = 30.0
"""How long the end of the watch, or of the process, waits at most until what was found is stored; that takes well under
a second."""


_Told = list[tuple["Finding", "Fix | None"]]


@dataclass
class RunThatEnded:
    """What is kept of a run for as long as its model lives; nothing in it may hold the model."""

    history: RunHistory
    rules: RunRules
    publication: Publication
    process: int = field(default_factory=os.getpid)
    asked_at: set[CallPoint] = field(default_factory=set)


class LaterQuestions:
    """The models that were trained, and what is asked of them. Nothing here raises, and no question is changed."""

    def __init__(self) -> None:
        self._runs: weakref.WeakKeyDictionary[Any, RunThatEnded] = weakref.WeakKeyDictionary()
        self._is_free = threading.Lock()
        self._tellers: dict[int, Background] = {}  # by process: a forked one has no threads of the one before

    def begin_run(self, model: Any) -> None:
        """The model is trained again: what it learned from until now is no measure."""
        self._runs.pop(model, None)

    def end_run(self, model: Any, run: RunThatEnded) -> None:
        """The model has been trained."""
        self._runs[model] = run

    def end(self) -> None:
        """The watch or the process ends: wait for what is still to be told."""
        teller = self._tellers.pop(os.getpid(), None)
        if teller is not None:
            atexit.unregister(self.end)
            teller.finish(ANSWER_SECONDS)

    def hear(self, frame: FrameType) -> None:
        """A model is asked in this frame, of one of the methods in `ASKING`."""
        if not self._runs or not self._is_free.acquire(blocking=False):
            return
        try:
            given = frame.f_locals
            run = self._runs.get(given.get("self"))
            if run is not None and run.process == os.getpid():
                found = _found(run, given, frame)
                if found:
                    teller = self._teller()
                    teller.do(partial(_tell, run.publication, found, teller))
        except Exception as error:  # whoever asks must not see it
            log.debug("could not look at a question", exc_info=error)
        finally:
            self._is_free.release()

    def _teller(self) -> Background:
        """What tells of all questions, one after the other; whoever ends the watch waits for it."""
        teller = self._tellers.get(os.getpid())
        if teller is None:
            teller = self._tellers[os.getpid()] = Background("scram-question")
            teller.start()
            teller.release()
            atexit.register(self.end)
        return teller


def _found(run: RunThatEnded, given: Mapping[str, Any], frame: FrameType) -> _Told:
    """What is wrong with what the model is asked, at a place where it was asked nothing before."""
    chain = call_chain(frame)
    if not chain or chain[0] in run.asked_at or len(run.asked_at) >= MOST_PLACES:
        return []
    run.asked_at.add(chain[0])
    from scram_analyzers.run.history import Moment  # here and below not at the top: `watch` loads this before numpy
    from scram_analyzers.run.records import QuestionRecord
    from scram_lsp.training.data.data_check import check_question
    from scram_lsp.training.run_facts import input_consumers

    history = run.history.copy()
    history.question = QuestionRecord(check_question(given, input_consumers(given["self"])))
    history.moment = Moment.ASKED
    return list(run.rules.check_question(history, chain))


def _tell(publication: Publication, found: _Told, teller: Background) -> None:
    """Add what is new to what the run has said; whoever asked does not wait for it."""
    news = [(finding, fix) for finding, fix in found if publication.is_news(finding)]
    if news:
        publication.reopen(teller)
        for finding, fix in news:
            teller.do(partial(publication.publish, finding, fix))
        publication.end("finished")
