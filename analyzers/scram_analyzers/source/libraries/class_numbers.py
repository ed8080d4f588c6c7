"""Lists that a program fills with the numbers of its classes, in loops over them."""

from __future__ import annotations

from scram_analyzers.source.data import Data, Interval, LabelForm
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.values import Constant, Counter, Value

LEAST_CLASSES = 2


def numbered(thing: ListObject, held: tuple[Value, ...]) -> Data | None:
    """A list that loops over the classes filled with their numbers, from 0 on, as labels; None for anything else."""
    counters = [each for each in held if isinstance(each, Counter)]
    if held and len(counters) == len(held):
        counts = {each.count for each in counters}
        classes = next(iter(counts)) if len(counts) == 1 else None
        if classes is not None:
            interval = Interval(0, classes - 1)
            form = LabelForm.INTEGER
            return Data("list", range=interval, dtype="int64", shape=(None,), labels=form, classes=classes)
        return Data("list", dtype="int64", shape=(None,), labels=LabelForm.INTEGER)
    numbers = {each.value for each in held if isinstance(each, Constant) and type(each.value) is int}
    if not thing.rest or not all(isinstance(each, Constant) for each in held) or numbers != set(range(len(numbers))):
        return None
    if len(numbers) < LEAST_CLASSES:
        return None
    form = LabelForm.BINARY if len(numbers) == LEAST_CLASSES else LabelForm.INTEGER
    interval = Interval(0, len(numbers) - 1)
    return Data("list", range=interval, dtype="int64", shape=(None,), labels=form, classes=len(numbers))
