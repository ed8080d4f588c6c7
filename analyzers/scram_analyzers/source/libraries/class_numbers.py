"""Lists that a program fills with the numbers of its classes, in loops over them."""

from __future__ import annotations

from collections.abc import Callable

from scram_analyzers.source.data import Data, Interval, LabelForm
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.values import Choice, Constant, Counter, Value, WholeNumber, whole_numbers

LEAST_CLASSES = 2


def one_of_rows(held: tuple[Value, ...], items_of: Callable[[Value], tuple[Value, ...] | None]) -> Data | None:
    """A list to which one of a few rows is added each time, as `[1, 0] if ... else [0, 1]`; None for anything else."""
    options = [option for each in held for option in (each.options if isinstance(each, Choice) else (each,))]
    rows = {_row(items_of(each)) for each in options}
    units = max((len(row) for row in rows), default=0)
    if len(rows) < LEAST_CLASSES or any(sorted(row) != [0] * (units - 1) + [1] for row in rows):
        return None
    form = LabelForm.ONE_HOT
    return Data("list", range=Interval(0, 1), dtype="int64", shape=(None, units), labels=form, classes=units)


def _row(items: tuple[Value, ...] | None) -> tuple[int, ...]:
    """The whole numbers of a row that is written out; none for any other."""
    numbers = [each.value for each in items or () if isinstance(each, Constant) and type(each.value) is int]
    return tuple(numbers) if len(numbers) == len(items or ()) else ()


def numbered(thing: ListObject, held: tuple[Value, ...]) -> Data | None:
    """A list that loops over classes filled with their numbers, from 0 on, as labels, or with others; else None."""
    counters = [each for each in held if isinstance(each, Counter)]
    if held and len(counters) == len(held):
        counts = {each.count for each in counters}
        classes = next(iter(counts)) if len(counts) == 1 else None
        if classes is not None:
            interval = Interval(0, classes - 1)
            form = LabelForm.INTEGER
            return Data("list", range=interval, dtype="int64", shape=(None,), labels=form, classes=classes)
        return Data("list", dtype="int64", shape=(None,), labels=LabelForm.INTEGER)
    if held and all(isinstance(each, (Counter, WholeNumber)) for each in held):  # labels, or an age or a size
        return Data("list", dtype="int64", shape=(None,))
    told = [whole_numbers(each) for each in held]
    numbers = frozenset().union(*told)
    first = min(numbers, default=0)
    in_a_row = first in (0, 1) and numbers == set(range(first, first + len(numbers)))
    if not thing.rest or not all(told) or not in_a_row or len(numbers) < LEAST_CLASSES:
        return None
    form = LabelForm.BINARY if numbers == {0, 1} else LabelForm.INTEGER
    interval = Interval(first, first + len(numbers) - 1)
    return Data("list", range=interval, dtype="int64", shape=(None,), labels=form, classes=len(numbers))
