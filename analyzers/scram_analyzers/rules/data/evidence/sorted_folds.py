"""Folds of a cross-validation that are stretches of rows sorted by class."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.rules.base import Report
from scram_analyzers.rules.data.evidence.sorted_rows import comes_sorted, name_of_source
from scram_analyzers.source.data import Data
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.values import Argument, Ref, boolean

KFOLD = "sklearn.model_selection.KFold"
FOLDS = frozenset((KFOLD,))


def of_folds(program: Program, call: Call) -> Iterator[Report]:
    """A KFold that cuts a data set which comes sorted by class into stretches."""
    if call.arguments.open or not isinstance(call.result, Ref):
        return
    shuffle = call.arguments.get("shuffle", 1)
    if shuffle is not None and boolean(shuffle.value) is not False:
        return
    for given in _cut_by(program, call, call.result):
        data = given.value
        if isinstance(data, Data) and comes_sorted(data):
            message = (
                f"The rows of {name_of_source(data)} are sorted by class, and a KFold that does not shuffle "
                "takes stretches of them: each fold holds out classes of which training sees few or none."
            )
            yield Report(call.place, message, recipe="StratifiedKFold(n_splits=5, shuffle=True)")
            return


def _cut_by(program: Program, folds: Call, made: Ref) -> Iterator[Argument]:
    """The inputs that one KFold divides: given to its own `split`, or beside it to a function that trains on each."""
    for call in program.calls:
        cv, x = call.arguments.value("cv"), call.arguments.get("X", 1)
        if x is not None and isinstance(cv, Ref) and cv.identity == made.identity:
            yield x
    only = len(program.calls_of(FOLDS)) == 1
    for call in program.method_calls:
        x = call.arguments.get("X", 0)
        if only and call.name == f"{KFOLD}.split" and x is not None:
            yield x
