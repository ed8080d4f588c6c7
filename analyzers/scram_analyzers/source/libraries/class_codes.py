"""Functions of pandas and numpy that number what they are given: `pd.factorize`, `pd.cut`, `np.select`, ..."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Tuple, Unknown, Value, boolean, integer, number

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


BOTH = 2
"""Classes that a label of 0 or 1 tells apart."""


def coded(data: Data, name: str, place: Place, classes: int | None = None) -> Data:
    """One whole number from 0 on for each value of a column; `classes` of them where that is known."""
    form = LabelForm.BINARY if classes == BOTH else LabelForm.INTEGER
    interval = Interval(0, classes - 1) if classes is not None else None
    shape = (data.samples,) if data.shape else None
    step = DataStep(StepKind.ENCODED, name, place)
    return data.after(step, labels=form, classes=classes, range=interval, shape=shape, dtype="int64")


def factorized(data: Data, name: str, place: Place) -> Value:
    """`codes, names = column.factorize()`."""
    return Tuple((coded(data, name, place), Unknown(place)), place)


def _factorize(_: Interpreter, data: Data, name: str, __: Arguments, place: Place) -> Value:
    return factorized(data, name, place)


def _numbered(_: Interpreter, data: Data, name: str, __: Arguments, place: Place) -> Value:
    """`np.digitize(column, edges)`, of which nobody knows which bins are empty."""
    return coded(data, name, place)


def _categories(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Value:
    """The codes of `pd.Categorical(column, categories=names)`."""
    named = interpreter.items_of(arguments.value("categories", 1))
    return coded(data, name, place, len(named) if named else None)


def _cut(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`pd.cut(column, 3, labels=False)`, or with numbers for labels; without that, what it gives are intervals."""
    named = [number(each) for each in interpreter.items_of(arguments.value("labels", 2)) or ()]
    first = named[0] if named else None
    if first is not None and first.is_integer() and named == [first + step for step in range(len(named))]:
        return replace(coded(data, name, place, len(named)), range=Interval(first, first + len(named) - 1))
    if boolean(arguments.value("labels")) is not False:
        return None
    given = arguments.value("q", 1) or arguments.value("bins")
    edges = interpreter.items_of(given)
    return coded(data, name, place, len(edges) - 1 if edges is not None else integer(given))


def _unique(_: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`names, codes = np.unique(column, return_inverse=True)`."""
    if boolean(arguments.value("return_inverse")) is not True:
        return None
    with_index, with_counts = (boolean(arguments.value(f"return_{each}")) for each in ("index", "counts"))
    before = (Unknown(place),) * (2 if with_index else 1)
    after = (Unknown(place),) * (1 if with_counts else 0)
    return Tuple((*before, coded(data, name, place), *after), place)


def _select(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`np.select([column < 1, column < 2], [0, 1], default=2)`: the number that goes with the first that is true."""
    conditions = interpreter.items_of(arguments.value("condlist", 0))
    choices = interpreter.items_of(arguments.value("choicelist", 1))
    compared = data_operations.as_data(conditions[0]) if conditions else None
    default = arguments.value("default", 2)
    options = [0.0 if default is None else number(default), *map(number, choices or ())]
    known = [each for each in options if each is not None]
    if compared is None or not choices or len(known) < len(options):
        return Unknown(place)
    if sorted(set(known)) == list(range(len(set(known)))):
        return coded(compared, name, place, len(set(known)))
    step = DataStep(StepKind.ENCODED, name, place)
    dtype = "int64" if all(each.is_integer() for each in known) else None
    shape = (compared.samples,) if compared.shape else None
    interval = Interval(min(known), max(known))
    return compared.after(step, labels=None, classes=None, range=interval, dtype=dtype, shape=shape)


_OF_DATA: Mapping[str, Callable[[Interpreter, Data, str, Arguments, Place], Value | None]] = MappingProxyType(
    {
        "pandas.factorize": _factorize,
        "pandas.Categorical": _categories,
        "pandas.cut": _cut,
        "pandas.qcut": _cut,
        "numpy.digitize": _numbered,
        "numpy.unique": _unique,
    }
)


def call(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """The numbers that a function makes of data; None for any other function, and for what it makes else."""
    if name == "numpy.select":
        return _select(interpreter, name, arguments, place)
    handler = _OF_DATA.get(name)
    first = arguments.positional[0].value if arguments.positional else None
    data = data_operations.as_data(first) if handler is not None else None
    if handler is None or data is None or arguments.open:
        return None
    return handler(interpreter, data, name.rpartition(".")[2], arguments, place)
