"""Losses that a loop of the program's own works out to judge its model by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.rules.api.evidence.named_for_judging import is_in_judging_step, names_given
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.rules.data.evidence.steps_of_loops import calls_of_step, goes_over
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.source.data import Data, shares_rows
from scram_analyzers.source.program import LossCall, Program

_NAMED_VALIDATION = re.compile(r"(val|valid|validation|test|dev)(_|$)")


def judged_by_training_rows(program: Program) -> Iterator[Report]:
    """Losses that are to judge a model and are worked out of the rows that it is trained on."""
    for trained in own_loops(program):
        for call in _judgements(program, trained):
            yield from _of_loop(program, trained, call)


def _judgements(program: Program, trained: LossCall) -> Iterator[LossCall]:
    """The later losses of a model in a loop of the program's own, where names say that they are to judge it."""
    for call in program.loss_calls:
        same = call.model is not None and trained.model is not None and call.model.identity == trained.model.identity
        named = is_in_judging_step(call.place) or any(map(_NAMED_VALIDATION.match, names_given(call.place)))
        if same and call is not trained and named:
            yield call


def _of_loop(program: Program, trained: LossCall, call: LossCall) -> Iterator[Report]:
    """A validation loss of the very rows that the model is trained on."""
    ours = trained.x.value if trained.x is not None else None
    theirs = call.x.value if call.x is not None else None
    if not isinstance(ours, Data) or not isinstance(theirs, Data) or call.x is None or call.x.place is None:
        return
    calls = calls_of_step(program, call.place)
    if not shares_rows(ours, theirs) or len(calls) > 1:  # of several calls others may be given other rows
        return
    related = (Related(trained.place, "The loss that it is trained with."),)
    place = (goes_over(calls[0]) or calls[0]) if calls else call.place
    rows = name_of(place if calls else call.x.place, "these")
    name = next(filter(_NAMED_VALIDATION.match, names_given(call.place)), "the loss that is to judge it")
    yield Report(place, f"The model is trained on the rows ({rows}) of which {name} is worked out.", related)
