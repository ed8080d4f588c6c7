"""What rules about training loops with a `GradientTape` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

_WEIGHTS = frozenset(("trainable_weights", "trainable_variables", "weights", "variables"))


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


def tape_name(statement: cst.With) -> str | None:
    """The name of the tape that a `with` statement opens."""
    for item in statement.items:
        function = dotted_name(item.item.func) if isinstance(item.item, cst.Call) else None
        name = item.asname.name if item.asname is not None else None
        if function is not None and function.endswith("GradientTape") and isinstance(name, cst.Name):
            return name.value
    return None


def tapes(program: Program) -> Iterator[tuple[cst.With, str, Section]]:
    """Every `with` statement that opens a tape, the tape's name, and the section they stand in."""
    for statement, place in search.found(program, cst.With, "GradientTape"):
        name = tape_name(statement)
        if name is not None:
            yield statement, name, place.section


def gradients(statements: Sequence[cst.CSTNode], tape: str, section: Section) -> Iterator[Gradients]:
    """What these statements ask a tape for, where that is the gradients of a model's weights."""
    for statement in statements:
        for call in search.nodes(statement, cst.Call):
            if dotted_name(call.func) == f"{tape}.gradient" and len(call.args) > 1:
                weights = dotted_name(call.args[1].value) or ""
                owner, _, attribute = weights.rpartition(".")
                if attribute in _WEIGHTS and owner:
                    yield Gradients(owner, weights, call, section)


def surroundings(statement: cst.With, section: Section) -> cst.CSTNode:
    """The function that a statement stands in, or the whole module."""
    around: cst.CSTNode = statement
    for around in section.parsed.ancestors(statement):
        if isinstance(around, cst.FunctionDef):
            break
    return around
