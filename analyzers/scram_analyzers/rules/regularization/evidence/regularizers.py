"""What the rules about L1 and L2 penalties share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import number

_FACTORS = {
    "keras.regularizers.l1": ("l1",),
    "keras.regularizers.L1": ("l1",),
    "keras.regularizers.l2": ("l2",),
    "keras.regularizers.L2": ("l2",),
    "keras.regularizers.l1_l2": ("l1", "l2"),
    "keras.regularizers.L1L2": ("l1", "l2"),
}
_NAMES = frozenset(_FACTORS)


@dataclass(frozen=True, slots=True)
class Strength:
    """One factor of a regularizer: which penalty ("L2"), how much, and where the number is written."""

    call: Call
    penalty: str
    factor: float
    place: Place


def regularizer_calls(program: Program) -> Iterator[Call]:
    """The regularizers that the program makes."""
    return iter(program.calls_of(_NAMES))


def goes_to_another_library(program: Program, call: Call) -> bool:
    """Whether a regularizer is an argument of something that is not Keras's: what it weighs there, nobody knows."""
    above = parents.ancestors(call.place)
    around = above[1] if len(above) > 1 and isinstance(above[0], cst.Arg) else None
    return any(each.place.node is around and not each.name.startswith("keras.") for each in program.calls)


def strengths(program: Program) -> Iterator[Strength]:
    """The factors of all regularizers, as far as they are known."""
    for call in regularizer_calls(program):
        named = call.arguments.named(signatures()[call.name], {"l": _FACTORS[call.name][0]})
        for parameter in _FACTORS[call.name]:
            argument = named.get(parameter)
            factor = number(argument.value) if argument is not None else None
            if argument is not None and factor is not None:
                yield Strength(call, parameter.upper(), factor, argument.value.place or argument.place or call.place)
