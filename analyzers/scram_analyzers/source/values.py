"""What an expression may be worth, as far as the source tells.

Values never change; what a program changes in place (lists, dicts, objects, layers, models) lives in the
`State`'s heap and is named by a `Ref`. Anything not understood is `Unknown`, and nothing follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from scram_analyzers.source.keras_api.names import canonical_name
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading.chunks import Section

if TYPE_CHECKING:
    from scram_analyzers.source.data import Data
    from scram_analyzers.source.graph import Tensor

Scalar: TypeAlias = "int | float | str | bool | bytes | None"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value the source does not tell."""

    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Statistic(Unknown):
    """A number worked out of `data`, or one for each column: what it is the source does not tell, but whose."""

    name: str = ""
    data: Data | None = None


@dataclass(frozen=True, slots=True)
class Counter(Unknown):
    """The number that `enumerate` gives to each of things whose count the source does not tell.

    Or that a loop over a `range` from 0 gives, with how many there are: `count`.
    """

    count: int | None = None


@dataclass(frozen=True, slots=True)
class WholeNumber(Unknown):
    """A whole number that the source does not tell, as `int(name[:3])` makes of a text."""


@dataclass(frozen=True, slots=True)
class Between(Unknown):
    """A number from `low` to `high`, as a loop over many goes through them; `whole` when they have no fractions."""

    low: float = 0
    high: float = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class OneOf(Unknown):
    """One of a few whole numbers, as branches chose: `1 if found else 0`."""

    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FurtherTurns(Unknown):
    """What more turns of a loop put into a model, between the layers of its first turn and those of its last."""


@dataclass(frozen=True, slots=True)
class Sometimes(Unknown):
    """`layers` that only one of two paths puts into a model."""

    layers: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnNames(Unknown):
    """The names of some columns of a table that the source does not tell; `one`: the name of one of them."""

    one: bool = False


WORD_INDEX = "word_index"
"""What a `Tokenizer` calls the dict of its words; as a `Statistic` the number of them, wherever it is handed."""

DIFFERENT_VALUES = "nunique"
"""The name of a `Statistic` that counts the different values of a column."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, string, bool or None. `assumed`: a default that a caller or the command line may override."""

    value: Scalar
    place: Place | None = field(default=None, compare=False)
    assumed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple of known length."""

    items: tuple[Value, ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something from outside this module, by the dotted name that reaches it ("tensorflow.keras.layers.Dense")."""

    dotted: str
    place: Place | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The canonical name ("keras.layers.Dense")."""
        return canonical_name(self.dotted)

    def attribute(self, name: str, place: Place | None = None) -> Symbol:
        """The symbol's attribute."""
        return Symbol(f"{self.dotted}.{name}", place)


@dataclass(frozen=True, slots=True)
class Ref:
    """A mutable object, by its identity in the heap. `place` is the expression that made it."""

    identity: int
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A function or lambda of this module. `scope` is where it was defined, `owner` a method's object."""

    node: cst.FunctionDef | cst.Lambda
    section: Section
    scope: int
    defaults: Mapping[str, Value]
    name: str
    owner: Value | None = None
    defining_class: Class | None = None
    decorators: tuple[str, ...] = ()
    place: Place | None = None

    def bind(self, owner: Value) -> Function:
        """The method bound to its object."""
        return replace(self, owner=owner)


@dataclass(frozen=True, eq=False, slots=True)
class Class:
    """A class of this module. Its body has bound its members in `scope`; `outer` is where it was defined itself."""

    node: cst.ClassDef
    section: Section
    bases: tuple[Value, ...]
    scope: int
    outer: int
    name: str
    place: Place | None = None

    def external_bases(self) -> tuple[str, ...]:
        """Canonical names of the bases from outside this module."""
        names: list[str] = []
        for base in self.bases:
            if isinstance(base, Symbol):
                names.append(base.name)
            elif isinstance(base, Class):
                names += base.external_bases()
        return tuple(names)


@dataclass(frozen=True, slots=True)
class Method:
    """An attribute of an object that comes from outside, waiting to be called (`model.fit`, `x.astype`)."""

    owner: Value
    name: str
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few objects, after branches that made different ones; never holds constants."""

    options: tuple[Value, ...]
    place: Place | None = field(default=None, compare=False)


Value: TypeAlias = "Unknown | Constant | Tuple | Symbol | Ref | Function | Class | Method | Choice | Data | Tensor"

UNKNOWN = Unknown()
MAX_CHOICES = 4


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: its value, and the expression as written (None: a default)."""

    value: Value
    place: Place | None
    keyword: str | None = None

    @property
    def written_at(self) -> Place | None:
        """Where its number or text stands, when it can be replaced there; else the argument."""
        for place in (self.value.place, self.place):
            if place is not None and isinstance(place.node, cst.BaseExpression):
                return place
        return self.place


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call by position and keyword; `open` when `*` or `**` brought more than can be seen."""

    positional: tuple[Argument, ...] = ()
    keywords: Mapping[str, Argument] = field(default_factory=dict)
    open: bool = False

    def get(self, name: str, position: int | None = None) -> Argument | None:
        """The argument called `name`, or the one at `position`."""
        if name in self.keywords:
            return self.keywords[name]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None

    def value(self, name: str, position: int | None = None) -> Value | None:
        """The value of `get`."""
        argument = self.get(name, position)
        return argument.value if argument is not None else None

    def named(self, parameters: tuple[str, ...], aliases: Mapping[str, str]) -> Arguments:
        """The same with positional arguments named by the signature, and old names by their new ones."""
        keywords = {aliases.get(name, name): argument for name, argument in self.keywords.items()}
        for parameter, argument in zip(parameters, self.positional, strict=False):
            keywords.setdefault(parameter, argument)
        return Arguments(self.positional[len(parameters) :], keywords, self.open)


def constant(value: Value | None) -> Scalar:
    """The Python value of a constant; None for anything else (and for the constant None)."""
    return value.value if isinstance(value, Constant) else None


def number(value: Value | None) -> float | None:
    """The number a constant holds; None for anything else, bools included."""
    held = constant(value)
    return float(held) if isinstance(held, (int, float)) and not isinstance(held, bool) else None


def integer(value: Value | None) -> int | None:
    """The whole number a constant holds; None for anything else."""
    held = number(value)
    return int(held) if held is not None and held == held and abs(held) < 2**53 and held == int(held) else None


def text(value: Value | None) -> str | None:
    """The string a constant holds; None for anything else."""
    held = constant(value)
    return held if isinstance(held, str) else None


def boolean(value: Value | None) -> bool | None:
    """The bool a constant holds; None for anything else."""
    held = constant(value)
    return held if isinstance(held, bool) else None


def is_none(value: Value | None) -> bool:
    """Whether the value is known to be None."""
    return isinstance(value, Constant) and value.value is None


def assumed(value: Value) -> Value:
    """The value as a default that somebody may override."""
    return replace(value, assumed=True) if isinstance(value, Constant) else value


def agree(left: Value, right: Value) -> bool:
    """Whether two values are certainly the same."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return type(left.value) is type(right.value) and left.value == right.value
    return left == right


def whole_numbers(value: Value) -> frozenset[int]:
    """The whole numbers of which a value is certainly one; none where the source does not tell."""
    if isinstance(value, OneOf):
        return value.numbers
    if isinstance(value, Constant) and type(value.value) is int and not value.assumed:
        return frozenset((value.value,))
    return frozenset()


def placed(value: Value, place: Place) -> Value:
    """The value, made at `place` unless it already has one."""
    if value.place is not None:
        return value
    if type(value) is Unknown:  # the most frequent by far
        return Unknown(place)
    known = (Unknown, Constant, Tuple, Symbol, Method, Choice)
    return replace(value, place=place) if isinstance(value, known) else value
