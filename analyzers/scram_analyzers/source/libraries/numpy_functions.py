"""numpy: what its functions make of data, and the arrays it makes itself."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import PREDICTION, WHOLE, Data, DataStep, Interval, LabelForm, StepKind, join_data
from scram_analyzers.source.libraries import array_shapes, data_arithmetic, data_items, data_operations, reshaping
from scram_analyzers.source.libraries.loaders import new_root
from scram_analyzers.source.libraries.moved_ranges import moved_range
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Arguments,
    Constant,
    Ref,
    Symbol,
    Value,
    WholeNumber,
    integer,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

Handler = Callable[["Interpreter", str, Arguments, Place], "Value | None"]

_SAME = frozenset(["array", "asarray", "asfarray", "float32", "float64", "ascontiguousarray", "copy", "array_equal"])
_RESHAPING = frozenset(
    ["expand_dims", "reshape", "squeeze", "transpose", "moveaxis", "swapaxes", "ravel", "flip", "rot90", "fliplr"]
)
_KEEPING_RANGE = frozenset(["delete", "take", "choice", "unique", "array_split", "split", "nan_to_num"])
_BINARY: Mapping[str, str] = MappingProxyType(
    {
        "divide": "Divide",
        "true_divide": "Divide",
        "subtract": "Subtract",
        "multiply": "Multiply",
        "add": "Add",
        "power": "Power",
        "mod": "Modulo",
        "floor_divide": "FloorDivide",
        "matmul": "MatrixMultiply",
        "dot": "MatrixMultiply",
    }
)
_REAL_VALUED = frozenset(["sin", "cos", "tan", "exp", "log", "log1p", "log10", "sqrt", "tanh", "cumsum"])
"""Functions whose results are measured, not counted: no class labels."""
_BOUNDED: Mapping[str, Interval] = MappingProxyType(
    {"sin": Interval(-1, 1), "cos": Interval(-1, 1), "tanh": Interval(-1, 1)}
)


GENERATOR = "numpy.random.default_rng"
"""What makes an object whose methods are numpy's random functions; `RandomState` is the older one."""


def of_generator(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """A method of a random generator: what numpy's function of that name gives."""
    if name == "shuffle":
        return shuffled_in_place(interpreter, f"{GENERATOR}.shuffle", arguments, place)
    return call(interpreter, "randint" if name == "integers" else name, arguments, place)


def shuffled_in_place(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`np.random.shuffle(x)`, `random.shuffle(items)`: what the name stands for is in another order from here on."""
    argument = arguments.get("x", 0)
    if argument is None or argument.place is None:
        return None
    step = DataStep(StepKind.SHUFFLED, name, place)
    if isinstance(argument.value, Data) and isinstance(argument.place.node, cst.Name):
        interpreter.bind(argument.place.node.value, argument.value.after(step))
    elif isinstance(argument.value, Ref):
        interpreter.note("shuffled", argument.value.identity, step)
    return Constant(None, place)


def call(interpreter: Interpreter, last: str, arguments: Arguments, place: Place) -> Value | None:
    """The value of `numpy.<last>(...)`; None when nothing is known of it."""
    if last in _MAKERS:
        return _MAKERS[last](interpreter, last, arguments, place)
    if last in _JOINING:
        return _joined(interpreter, last, arguments, place)
    if last in _BINARY and len(arguments.positional) > 1:
        return _binary(interpreter, _BINARY[last], arguments, place)
    if last == "where" and len(arguments.positional) == 3:
        return _either(interpreter, arguments, place)
    if last in ("maximum", "minimum", "fmax", "fmin") and len(arguments.positional) > 1:
        return _chosen(interpreter, last, arguments, place)
    data = given(interpreter, arguments)
    if data is None and last == "permutation" and arguments.positional:
        return Data(data_items.PERMUTATION, place)  # of so many row numbers
    if data is not None and last == "clip":
        bounds = Arguments(arguments.positional[1:])
        return data_operations.clipped(data, bounds, DataStep(StepKind.OTHER, last, place))
    sizes = arguments.get("newshape", 1) or arguments.get("shape")
    if data is not None and last == "reshape" and sizes is not None:
        shape = reshaping.reshaped(interpreter, data, (sizes,), place)
        return data.after(DataStep(StepKind.OTHER, last, place), shape=shape)
    if data is not None and (last in _RESHAPING or last == "pad"):
        return _rearranged(interpreter, data, last, arguments, place)
    return _of_data(data, last, place, arguments) if data is not None else None


def _rearranged(interpreter: Interpreter, data: Data, last: str, arguments: Arguments, place: Place) -> Data:
    """The same values in other places, with others around them after `pad`."""
    rest = replace(arguments, positional=arguments.positional[1:])
    shape = array_shapes.rearranged(interpreter, last, data.shape, rest)
    after = data.after(DataStep(StepKind.OTHER, last, place), shape=shape)
    if last != "pad":
        return after
    return replace(after, range=array_shapes.padded_range(data.range, rest), labels=None, rows=None)


def given(interpreter: Interpreter, arguments: Arguments, position: int = 0) -> Data | None:
    """The argument at a position as data, lists of numbers and of arrays included."""
    if position >= len(arguments.positional):
        return None
    value = arguments.positional[position].value
    return data_operations.as_data(value) or data_operations.stacked(interpreter, value)


def _of_data(data: Data, last: str, place: Place, arguments: Arguments) -> Value:
    other = DataStep(StepKind.OTHER, last, place)
    if last == "argmax":
        return data_operations.class_ids(data, place)
    if last in data_operations.STATISTICS:
        return data_operations.statistic(data, last, place, arguments, 1)
    if last == "unique" and data.classes is not None and data.labels in data_operations.NUMBERED:
        return data.after(other, shape=(data.classes,), rows=None)
    if last in _REAL_VALUED:
        scales = last in ("log", "log1p", "sqrt", "tanh", "log10")
        step = DataStep(StepKind.SCALED if scales else StepKind.OTHER, last, place)
        return data.after(step, range=_BOUNDED.get(last), labels=LabelForm.CONTINUOUS, dtype="float64")
    if last in _SAME:
        return replace(data, in_numpy=True)
    if last in ("abs", "absolute", "fabs") and data.range is not None:
        return data.after(other, range=Interval(0, data.range.magnitude))
    if last == "sign":
        return data.after(other, range=Interval(-1, 1), labels=None)
    if last == "square":
        moved = moved_range("Power", data.range, 2)
        return data.after(other, range=moved, labels=LabelForm.CONTINUOUS)
    if last == "sort":
        return data.after(other, rows=None)
    if last == "permutation":
        return data.after(DataStep(StepKind.SHUFFLED, last, place))
    if last in _KEEPING_RANGE:
        return data.after(other, shape=None, rows=data.rows if last == "nan_to_num" else None)
    if last in ("round", "rint", "floor", "ceil", "around"):
        return data_operations.whole(data, other)
    return data.after(other, range=None, shape=None, labels=None, rows=None)


def _binary(interpreter: Interpreter, operator: str, arguments: Arguments, place: Place) -> Value | None:
    values = [argument.value for argument in arguments.positional[:2]]
    left, right = (data_operations.as_data(value) or value for value in values)
    if not isinstance(left, Data) and not isinstance(right, Data):
        data = given(interpreter, arguments)
        if data is None:
            return None
        left = data
    return data_arithmetic.operate(operator, left, right, place)


def _chosen(interpreter: Interpreter, last: str, arguments: Arguments, place: Place) -> Value | None:
    """`np.maximum(a, b)`: of each two values one. A blank array among them takes the other's place in all else."""
    values = [argument.value for argument in arguments.positional[:2]]
    arrays = [data for value in values if (data := data_operations.as_data(value)) is not None]
    if not arrays:
        data = given(interpreter, arguments)
        return _of_data(data, last, place, Arguments()) if data is not None else None
    base = next((each for each in arrays if each.source not in data_items.BLANK), arrays[0])
    bounds = [Interval(held, held) for value in values if (held := number(value)) is not None]
    ranges = [*(each.range for each in arrays), *bounds]
    first, second = ranges if len(ranges) == 2 else (None, None)
    limit = max if last in ("maximum", "fmax") else min
    hull = (
        Interval(limit(first.low, second.low), limit(first.high, second.high))
        if first is not None and second is not None
        else None
    )
    return base.after(DataStep(StepKind.OTHER, last, place), range=hull, labels=None, rows=None)


def _either(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`np.where(condition, a, b)`."""
    condition, *branches = (argument.value for argument in arguments.positional)
    ranges: list[Interval | None] = []
    for value in branches:
        data, constant = data_operations.as_data(value), number(value)
        ranges.append(
            data.range if data is not None else Interval(constant, constant) if constant is not None else None
        )
    first, second = ranges
    hull = first.hull(second) if first is not None and second is not None else None
    base = next((value for value in (*branches, condition) if isinstance(value, Data)), None)
    if base is None:
        return Data("numpy.where", place, range=hull, roots=new_root(interpreter)) if hull is not None else None
    return base.after(DataStep(StepKind.OTHER, "where", place), range=hull, dtype=None, labels=None)


_JOINING = frozenset(["concatenate", "vstack", "hstack", "stack", "dstack", "append", "column_stack", "r_", "c_"])


def _joined(interpreter: Interpreter, last: str, arguments: Arguments, place: Place) -> Value | None:
    values = [argument.value for argument in arguments.positional[: 2 if last == "append" else 1]]
    axis = arguments.value("axis", 2 if last == "append" else 1)
    if last != "append" and values:
        items = interpreter.items_of(values[0])
        if items is None:
            data = given(interpreter, arguments)  # what its rows hold may be arrays themselves
            return data.after(DataStep(StepKind.OTHER, last, place), shape=None) if data is not None else None
        values = list(items)
    return joined(interpreter, values, DataStep(StepKind.OTHER, last, place), Joining(last, axis))


@dataclass(frozen=True, slots=True)
class Joining:
    """By which function of numpy's arrays are put together, and along which axis, None where none is named."""

    name: str
    axis: Value | None


def joined(interpreter: Interpreter, values: list[Value], step: DataStep, how: Joining | None = None) -> Data | None:
    """Arrays put together: the ranges of all, and the rows of all where each has all of its own.

    Of what a model made nothing is known: where it is put beside real data, as for a discriminator, these tell.
    """
    parts = [data_operations.as_data(value) or data_operations.stacked(interpreter, value) for value in values]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    known = [part for part in known if part.source != PREDICTION] or known
    result, hull = known[0], known[0].range
    for part in known[1:]:
        hull = hull.hull(part.range) if hull is not None and part.range is not None else None
        result = join_data(result, part)
    if how is not None and number(how.axis) == -1 and any(part.images and part.range != hull for part in known):
        hull = None  # channels beside channels, as of a picture and its mask, are taken apart again
    roots: frozenset[int] = frozenset()
    origins: frozenset[int] = frozenset()
    for part in known:
        roots, origins = roots | part.roots, origins | part.origins
    whole = all(part.rows == WHOLE for part in known)
    shapes = [part.shape if part is not None else None for part in parts]
    shape = array_shapes.together(how.name, shapes, how.axis) if how is not None else None
    facts = replace(result, source=known[0].source, range=hull, shape=shape, roots=roots, origins=origins)
    if not all(any(step.kind is StepKind.AUGMENTED for step in part.steps) for part in known):
        # Some of the rows are as they were: those a validation part may be cut from.
        facts = replace(facts, steps=tuple(step for step in facts.steps if step.kind is not StepKind.AUGMENTED))
    scaled = [each for part in known for each in part.steps if each.kind is StepKind.SCALED and each.certain]
    if hull is None and not all(part.scaled for part in known):
        scaled = []  # whether the others came scaled is not told; where it is, the hull has what was done to a part
    steps = tuple(replace(each, certain=True) if each in scaled else each for each in facts.steps)
    return replace(replace(facts, steps=steps).after(step), rows=WHOLE if whole else None)


# -- arrays that numpy makes


def _made(low: float, high: float, labels: LabelForm | None = None) -> Handler:
    def make(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
        return Data(
            f"numpy.{name}",
            place,
            range=Interval(low, high),
            dtype=_made_type(arguments) if name in ("zeros", "ones") else "float64",
            shape=_made_shape(interpreter, name, arguments),
            labels=labels,
            roots=new_root(interpreter),
        )

    return make


def _made_type(arguments: Arguments) -> str | None:
    """The type of the numbers in an array that is asked for with one, `float64` where none is named."""
    value = arguments.value("dtype", 1)
    if value is None:
        return "float64"
    return value.dotted.rpartition(".")[2] if isinstance(value, Symbol) else text(value)


SIZE_POSITIONS: Mapping[str, int] = MappingProxyType({"randint": 2, "uniform": 2, "normal": 2})
"""Where numpy's random functions take the shape by position."""


def _made_shape(interpreter: Interpreter, name: str, arguments: Arguments) -> tuple[int | None, ...] | None:
    size = arguments.value("size", SIZE_POSITIONS.get(name)) or arguments.value("shape")
    values: tuple[Value, ...] | None
    if size is not None:
        values = _axes(interpreter, size)
    elif name in ("rand", "randn"):
        values = tuple(argument.value for argument in arguments.positional)
    elif name in ("random", "zeros", "ones", "random_sample", "empty", "ndarray", "full") and arguments.positional:
        values = _axes(interpreter, arguments.positional[0].value)
    else:
        return None
    return tuple(integer(value) for value in values) if values is not None else None


def _axes(interpreter: Interpreter, size: Value) -> tuple[Value, ...] | None:
    """The axes of a shape: of a tuple its items, of a number itself; None for what may be either."""
    items = interpreter.items_of(size)
    is_number = integer(size) is not None or isinstance(size, WholeNumber)
    return items if items is not None else (size,) if is_number else None


def _blank(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    shape = _made_shape(interpreter, name, arguments)
    return Data("numpy.empty", place, dtype=_made_type(arguments), shape=shape, roots=new_root(interpreter))


def _full(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    filled = number(arguments.value("fill_value", 1))
    interval = Interval(filled, filled) if filled is not None else None
    shape = _made_shape(interpreter, name, arguments)
    return Data("numpy.full", place, range=interval, shape=shape, roots=new_root(interpreter))


def _random_integers(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    low, high = number(arguments.value("low", 0)), number(arguments.value("high", 1))
    interval = None
    if low is not None:
        interval = Interval(0, low - 1) if high is None else Interval(low, high - 1)
    shape = _made_shape(interpreter, name, arguments)
    source = "numpy.random.randint"
    return Data(source, place, range=interval, dtype="int64", shape=shape, roots=new_root(interpreter))


def drawn_integer(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`random.randint(low, high)` of Python itself, which may well be the higher of the two."""
    low, high = number(arguments.value("a", 0)), number(arguments.value("b", 1))
    interval = Interval(low, high) if low is not None and high is not None and low <= high else None
    return Data("numpy.random.randint", place, range=interval, dtype="int64", roots=new_root(interpreter))


def _random_uniform(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    bounds = [arguments.value("low", 0) or Constant(0.0), arguments.value("high", 1) or Constant(1.0)]
    low, high = (number(bound) for bound in bounds)
    interval = Interval(min(low, high), max(low, high)) if low is not None and high is not None else None
    return _measured("numpy.random.uniform", interval, _made_shape(interpreter, name, arguments), interpreter, place)


def _measured(
    source: str, interval: Interval | None, shape: tuple[int | None, ...] | None, interpreter: Interpreter, place: Place
) -> Data:
    """Random real numbers."""
    form = LabelForm.CONTINUOUS
    return Data(source, place, range=interval, dtype="float64", shape=shape, labels=form, roots=new_root(interpreter))


def _random_normal(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    mean = number(arguments.value("loc", 0) or Constant(0.0))
    spread = number(arguments.value("scale", 1) or Constant(1.0))
    interval = None
    if mean is not None and spread is not None:
        interval = Interval(mean - 4 * abs(spread), mean + 4 * abs(spread))
    return _measured("numpy.random.normal", interval, _made_shape(interpreter, name, arguments), interpreter, place)


def _random_positive(spread: Callable[..., float], **parameters: float | None) -> Handler:
    """A distribution of numbers from 0 to about `spread` of its parameters, which are named with their defaults."""

    def make(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
        given = [arguments.value(each, at) or Constant(parameters[each]) for at, each in enumerate(parameters)]
        known = [value for each in given if (value := number(each)) is not None]
        interval = None
        if len(known) == len(given):
            with contextlib.suppress(ArithmeticError, ValueError):
                interval = Interval(0, spread(*known))
        size = arguments.value("size", len(parameters))
        axes = _axes(interpreter, size) if size is not None else None
        shape = tuple(integer(each) for each in axes) if axes is not None else None
        return _measured(f"numpy.random.{name}", interval, shape, interpreter, place)

    return make


def _counted(arguments: Arguments) -> int | None:
    """How many numbers `np.arange(10)` has, or `np.arange(2, 10)`."""
    ends = [integer(argument.value) for argument in arguments.positional]
    if arguments.keywords or arguments.open or None in ends or len(ends) not in (1, 2):
        return None
    return max((ends[-1] or 0) - (ends[0] or 0 if len(ends) > 1 else 0), 0)


def _evenly_spaced(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    numbers = [number(argument.value) for argument in arguments.positional[:2]]
    interval = None
    if name == "arange" and len(numbers) == 1 and numbers[0] is not None:
        interval = Interval(0, max(numbers[0] - 1, 0))
    elif len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
        interval = Interval(min(numbers[0], numbers[1]), max(numbers[0], numbers[1]))
    count = integer(arguments.value("num", 2)) if name == "linspace" else _counted(arguments)
    return Data(f"numpy.{name}", place, range=interval, shape=(count,), roots=new_root(interpreter))


def _identity_matrix(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    count = integer(arguments.value("N", 0))
    shape = (count, count)
    return Data(
        "numpy.eye",
        place,
        range=Interval(0, 1),
        shape=shape,
        labels=LabelForm.ONE_HOT,
        classes=count,
        roots=new_root(interpreter),
    )


_MAKERS: Mapping[str, Handler] = MappingProxyType(
    {
        "rand": _made(0, 1, LabelForm.CONTINUOUS),
        "random": _made(0, 1, LabelForm.CONTINUOUS),
        "random_sample": _made(0, 1, LabelForm.CONTINUOUS),
        "randn": _made(-4, 4, LabelForm.CONTINUOUS),
        "standard_normal": _made(-4, 4, LabelForm.CONTINUOUS),
        "zeros": _made(0, 0),
        "empty": _blank,
        "ndarray": _blank,
        "ones": _made(1, 1),
        "full": _full,
        "randint": _random_integers,
        "uniform": _random_uniform,
        "normal": _random_normal,
        "beta": _random_positive(lambda a, b: 1, a=None, b=None),
        "chisquare": _random_positive(lambda df: df + 4 * math.sqrt(2 * df), df=None),
        "exponential": _random_positive(lambda scale: 5 * scale, scale=1.0),
        "gamma": _random_positive(lambda shape, scale: scale * (shape + 4 * math.sqrt(shape)), shape=None, scale=1.0),
        "lognormal": _random_positive(lambda mean, sigma: math.exp(mean + 4 * sigma), mean=0.0, sigma=1.0),
        "linspace": _evenly_spaced,
        "arange": _evenly_spaced,
        "eye": _identity_matrix,
        "identity": _identity_matrix,
    }
)
