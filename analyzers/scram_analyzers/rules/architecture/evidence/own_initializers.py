"""What a program's own initializer draws: `def init(shape, dtype=None): return K.random_normal(shape, stddev=10)`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import Argument, Arguments, Constant, Function

_CONSTANT: Mapping[str, str] = MappingProxyType({"zeros": "zeros", "ones": "ones"})
"""What fills an array of a shape, and what Keras calls the initializer that does so."""

_NUMPY: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {"normal": ("randomnormal", ("mean", "stddev")), "uniform": ("randomuniform", ("minval", "maxval"))}
)
"""What numpy draws, by the arguments that come before the shape."""

_DRAWN: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "random_normal": ("randomnormal", ("shape", "mean", "stddev")),
        "normal": ("randomnormal", ("shape", "mean", "stddev")),
        "truncated_normal": ("randomnormal", ("shape", "mean", "stddev")),
        "random_uniform": ("randomuniform", ("shape", "minval", "maxval")),
        "uniform": ("randomuniform", ("shape", "minval", "maxval")),
    }
)
"""What TensorFlow and Keras draw."""

_RENAMED = {"loc": "mean", "scale": "stddev", "low": "minval", "high": "maxval"}


def drawn_by(function: Function) -> tuple[str, Arguments] | None:
    """The initializer that a function stands for, whose one return is a call that fills or draws an array."""
    call = _returned(function)
    name = dotted_name(call.func) if call is not None else None
    if call is None or name is None:
        return None
    last = name.rpartition(".")[2]
    if last in _CONSTANT:
        return _CONSTANT[last], Arguments()
    by_numpy = name.startswith(("np.random.", "numpy.random."))
    known = (_NUMPY if by_numpy else _DRAWN).get(last)
    return (known[0], _numbers(function, call, known[1])) if known is not None else None


def _returned(function: Function) -> cst.Call | None:
    if isinstance(function.node, cst.Lambda):
        value: cst.BaseExpression | None = function.node.body
    else:
        returns = list(search.nodes(function.node.body, cst.Return))
        value = returns[0].value if len(returns) == 1 else None
    return value if isinstance(value, cst.Call) else None


def _numbers(function: Function, call: cst.Call, parameters: tuple[str, ...]) -> Arguments:
    """The numbers that are written out; `open` where anything else may tell the spread."""
    found: dict[str, Argument] = {}
    is_open = False
    for position, argument in enumerate(call.args):
        word = argument.keyword.value if argument.keyword is not None else None
        ordered = parameters[position] if position < len(parameters) else ""
        name = _RENAMED.get(word, word) if word is not None else ordered
        value = _written(argument.value)
        if argument.star or value is None:
            is_open = is_open or bool(argument.star) or name in ("stddev", "minval", "maxval")
        elif name:
            place = Place(function.section, argument.value)
            found[name] = Argument(Constant(value, place), place, name)
    return Arguments((), found, is_open)


def _written(node: cst.BaseExpression) -> float | None:
    """A number that is written out, with or without a minus."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        value = _written(node.expression)
        return None if value is None else -value
    return float(node.evaluated_value) if isinstance(node, (cst.Integer, cst.Float)) else None
