"""Losses that a module defines: what they return, and what of the predictions is in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

MAX_NAMES = 4
"""So many names in a row are looked up: a name may be given what is worked out of it, `y_pred = K.mean(y_pred)`."""

_AVERAGING = frozenset(("mean", "sum", "reduce_mean", "reduce_sum", "average"))


@dataclass(frozen=True, eq=False, slots=True)
class Definition:
    """A function of the module with two parameters or more, as losses and metrics have."""

    node: cst.FunctionDef
    section: Section
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.node.name.value

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its first two parameters: the labels and the predictions."""
        return tuple(each.name.value for each in self.node.params.params[:2])


def own_losses(program: Program) -> Iterator[tuple[Loss, Definition]]:
    """The functions of the module that models are trained to make small, each once."""
    said = set()
    for compiled in program.compiles:
        for loss in compiled.losses:
            function = loss.function
            node = function.node if function is not None else None
            if function is None or not isinstance(node, cst.FunctionDef) or id(node) in said:
                continue
            said.add(id(node))
            if len(node.params.params) >= 2 and function.owner is None and not node.decorators:
                yield loss, _definition_of(function.section, node)


@once
def definitions(program: Program) -> Mapping[str, Definition]:
    """The functions of the module by their names."""
    return {each.name: each for section in program.sections_with("def ") for each in _definitions_in(section)}


@once
def _definitions_in(section: Section) -> tuple[Definition, ...]:
    found = section.parsed.nodes.get(cst.FunctionDef, ())
    return tuple(Definition(each, section) for each in found if isinstance(each, cst.FunctionDef))


def _definition_of(section: Section, node: cst.FunctionDef) -> Definition:
    return next(each for each in _definitions_in(section) if each.node is node)


@once
def returned(definition: Definition) -> Place | None:
    """The one expression that a function returns, with a name in its place resolved; None for several."""
    returns = list(search.nodes(definition.node.body, cst.Return))
    if len(returns) != 1 or returns[0].value is None:
        return None
    return Place(definition.section, _resolved(definition, returns[0].value))


def _resolved(definition: Definition, node: cst.BaseExpression) -> cst.BaseExpression:
    """What a name was given, where the function gives it something only once."""
    for _ in range(MAX_NAMES):
        if not isinstance(node, cst.Name):
            break
        name = node.value
        given = [each.value for each in search.nodes(definition.node.body, cst.Assign) if _gives(each, name)]
        if len(given) != 1 or any(_changes(each, name) for each in search.nodes(definition.node.body, cst.AugAssign)):
            break
        node = given[0]
    return node


def _gives(assigned: cst.Assign, name: str) -> bool:
    return any(isinstance(each.target, cst.Name) and each.target.value == name for each in assigned.targets)


def _changes(assigned: cst.AugAssign, name: str) -> bool:
    return isinstance(assigned.target, cst.Name) and assigned.target.value == name


def without_mean(definition: Definition, node: cst.BaseExpression) -> cst.BaseExpression:
    """What is averaged or added up: `y_true - y_pred` of `K.mean(y_true - y_pred, axis=-1)`."""
    for _ in range(MAX_NAMES):
        averages = isinstance(node, cst.Call) and (dotted_name(node.func) or "").rpartition(".")[2] in _AVERAGING
        if not averages or not isinstance(node, cst.Call) or not node.args:
            break
        node = _resolved(definition, node.args[0].value)
    return node
