"""Generators for training and validation that are made by one and the same call: of the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.data import Data
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.bound_words import bound_words
from scram_analyzers.source.reading.parents import ancestors
from scram_analyzers.source.values import Argument, Ref


def of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    """Validation batches that the program's own class or function makes of just what those to train on are made of."""
    x, judged = fit.x, fit.validation
    if x is None or judged is None or judged.place is None or not _are_read(x) or not _are_read(judged):
        return
    ours, theirs = (_maker(fit.arguments.get(name)) for name in ("x", "validation_data"))
    if ours is None or theirs is None or ours.key == theirs.key or not ours.node.deep_equals(theirs.node):
        return
    if _arguments(ours) and not _is_bound_between(program, ours, theirs):
        message = f"The validation batches are made of the training data: {theirs.text} in both places."
        yield Report(theirs, message, (Related(ours, "The batches to train on."),))


def _are_read(given: Argument) -> bool:
    """Whether batches hold what was read from somewhere, and not what is drawn anew each time."""
    data = given.value
    if not isinstance(data, Data) or not data.batched or not data.source:
        return False
    return data.images or data.source.rpartition(".")[2] in ("load", "fromfile", "load_data") or data.is_table


def _maker(given: Argument | None) -> Place | None:
    """The call that makes a generator: where it is handed over, or where its object was made."""
    if given is None:
        return None
    made = given.value.place if isinstance(given.value, Ref) else given.place
    return made if made is not None and isinstance(made.node, cst.Call) else None


def _arguments(call: Place) -> frozenset[str]:
    """The names that a call's arguments are made of."""
    given = call.node.args if isinstance(call.node, cst.Call) else ()
    return frozenset(name.value for each in given for name in search.nodes(each.value, cst.Name))


def _is_bound_between(program: Program, ours: Place, theirs: Place) -> bool:
    """Whether one of the arguments may be something else by the second call, or where that can't be seen."""
    scopes = [[each for each in ancestors(place) if isinstance(each, cst.FunctionDef)] for place in (ours, theirs)]
    if scopes[0] != scopes[1]:
        return True
    first, second = sorted((program.range_of(place) for place in (ours, theirs)), key=lambda each: each.start)
    between = program.text.splitlines()[first.end.line : second.start.line - 1]
    return not _arguments(ours).isdisjoint(bound_words("\n".join(between)))
