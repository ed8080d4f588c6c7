"""What rules about training loops with a `GradientTape` share."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

WEIGHTS = frozenset(("trainable_weights", "trainable_variables", "weights", "variables"))
"""Attributes of a model that a tape is asked about."""


@dataclass(frozen=True, eq=False, slots=True)
class Gradients:
    """One call of `tape.gradient(loss, model.trainable_weights)`; `model` is how the program names the model."""

    model: str
    weights: str
    call: cst.Call
    section: Section

    @property
    def place(self) -> Place:
        """The call."""
        return Place(self.section, self.call)


def tape_names(statement: cst.With) -> Iterator[str]:
    """The names of the tapes that a `with` statement opens."""
    for item in statement.items:
        function = dotted_name(item.item.func) if isinstance(item.item, cst.Call) else None
        name = item.asname.name if item.asname is not None else None
        if function is not None and function.endswith("GradientTape") and isinstance(name, cst.Name):
            yield name.value


@dataclass(frozen=True, eq=False, slots=True)
class Tape:
    """A `with` statement that opens a tape, the tape's name, and the section they stand in; one may open several."""

    statement: cst.With
    name: str
    section: Section
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def opened(self) -> int:
        """The `id` of the first call in the statement, which makes the tape or what is entered before it."""
        return id(next(call for item in self.statement.items for call in search.nodes(item, cst.Call)))

    @property
    def around(self) -> cst.CSTNode:
        """The function that it stands in, or the whole section."""
        return _around(self)


@once
def _around(tape: Tape) -> cst.CSTNode:
    around: cst.CSTNode = tape.statement
    for around in tape.section.parsed.ancestors(tape.statement):
        if isinstance(around, cst.FunctionDef):
            break
    return around


def tapes(program: Program) -> Iterator[Tape]:
    """Every tape of the module."""
    for section in search.parts(program, "GradientTape"):
        yield from _tapes_in(section)


@once
def _tapes_in(section: Section) -> tuple[Tape, ...]:
    statements = [each for each in section.parsed.nodes.get(cst.With, ()) if isinstance(each, cst.With)]
    return tuple(Tape(statement, name, section) for statement in statements for name in tape_names(statement))


@once
def asked_of(tape: Tape) -> tuple[Gradients, ...]:
    """What the function around a tape asks it for, before it gives the tape's name to another one."""
    calls = search.within(tape.section, tape.around, cst.Call)
    asked = tuple(_gradients(calls, tape.name, tape.section))
    same = [each for each in _tapes_in(tape.section) if each.name == tape.name]
    if len(same) < 2:
        return asked
    order = {id(call): n for n, call in enumerate(calls)}
    starts = [order[each.opened] for each in same if each.opened in order]
    if len(starts) < 2:
        return asked
    start = order[tape.opened]
    stop = min((each for each in starts if each > start), default=len(order))
    return tuple(each for each in asked if start < order[id(each.call)] < stop)


@once
def calls_under(tape: Tape) -> tuple[cst.Call, ...]:
    """The calls that a tape records."""
    return tuple(search.nodes(tape.statement.body, cst.Call))


def gradients(statements: Sequence[cst.CSTNode], tape: str, section: Section) -> Iterator[Gradients]:
    """What these statements ask a tape for, where that is the gradients of a model's weights."""
    for statement in statements:
        yield from _gradients(search.nodes(statement, cst.Call), tape, section)


def _gradients(calls: Iterable[cst.Call], tape: str, section: Section) -> Iterator[Gradients]:
    for call in calls:
        if dotted_name(call.func) == f"{tape}.gradient" and len(call.args) > 1:
            weights = written_out(call.args[1].value, section) or ""
            owner, _, attribute = weights.rpartition(".")
            if attribute in WEIGHTS and owner:
                yield Gradients(owner, weights, call, section)


def name_given(asked: Gradients) -> str | None:
    """The one name that the gradients are assigned to; "" for a call that is a statement of its own."""
    around = next(asked.section.parsed.ancestors(asked.call), None)
    if isinstance(around, cst.Expr):
        return ""
    if isinstance(around, cst.Assign) and len(around.targets) == 1:
        target = around.targets[0].target
        return target.value if isinstance(target, cst.Name) else None
    return None


def written_out(weights: cst.BaseExpression, section: Section) -> str | None:
    """The weights asked for, with dots; a name that the function assigns only once stands for what it is given."""
    if not isinstance(weights, cst.Name):
        return dotted_name(weights)
    around = parents.function_around(Place(section, weights))
    if around is None:
        return None
    given = [each.value for each in search.within(section, around, cst.Assign) if _assigns(each, weights.value)]
    return dotted_name(given[0]) if len(given) == 1 else None


def _assigns(assigned: cst.Assign, name: str) -> bool:
    targets = [each.target for each in assigned.targets]
    return any(isinstance(each, cst.Name) and each.value == name for each in targets)
