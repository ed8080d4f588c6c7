"""What the losses of two models that train against each other want one of them to say of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.output_and_loss.evidence.own_losses import Definition, definitions
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_LABELS = frozenset(("ones_like", "zeros_like"))
MAX_DEPTH = 8
"""So many names and calls of the module's functions are followed, one within the other."""


@dataclass(frozen=True, slots=True)
class Term:
    """A loss that wants `judged` (the text of an expression) to be all ones or all zeros, where it is worked out."""

    labels: str
    judged: str
    place: Place


def contradictions(program: Program) -> Iterator[tuple[Term, Term]]:
    """What a model is trained by alone that the other's loss, which has other terms as well, wants just as much."""
    for tape in tapes.tapes(program):
        beside = [each for each in tapes.tapes(program) if each.around is tape.around and each.name != tape.name]
        if not beside or not isinstance(tape.around, cst.FunctionDef):
            continue
        around = Definition(tape.around, tape.section)
        wanted = [(asked.model, _terms_of(program, around, asked)) for asked in tapes.asked_of(tape)]
        others = [(asked.model, _terms_of(program, around, asked)) for each in beside for asked in tapes.asked_of(each)]
        for model, terms in wanted:
            for other, theirs in others:
                if model != other and len(terms) == 1 and len(theirs) > 1:
                    same = [each for each in theirs if (each.labels, each.judged) == (terms[0].labels, terms[0].judged)]
                    if same:
                        yield terms[0], same[0]


def _terms_of(program: Program, around: Definition, asked: tapes.Gradients) -> list[Term]:
    return list(_terms(program, around, asked.call.args[0].value, {}, MAX_DEPTH))


def _terms(
    program: Program, around: Definition, node: cst.BaseExpression, names: Mapping[str, str], depth: int
) -> Iterator[Term]:
    """The parts of a loss; `names` are what the parameters of a function of the module stand for."""
    if depth == 0:
        return
    if isinstance(node, cst.Name):
        given = [each.value for each in search.nodes(around.node.body, cst.Assign) if _gives(each, node.value)]
        if len(given) == 1:
            yield from _terms(program, around, given[0], names, depth - 1)  # it may be worked out of itself
    elif isinstance(node, cst.BinaryOperation):
        for side in (node.left, node.right):
            yield from _terms(program, around, side, names, depth)
    elif isinstance(node, cst.Call):
        yield from _of_call(program, around, node, names, depth)


def _of_call(
    program: Program, around: Definition, call: cst.Call, names: Mapping[str, str], depth: int
) -> Iterator[Term]:
    labels = call.args[0].value if len(call.args) > 1 else None
    kind = (dotted_name(labels.func) or "").rpartition(".")[2] if isinstance(labels, cst.Call) else ""
    if kind in _LABELS and isinstance(labels, cst.Call) and labels.args:
        said = Place(around.section, call.args[1].value).text
        yield Term(kind, names.get(said, said), Place(around.section, labels))
        return
    name = dotted_name(call.func) or ""
    called = definitions(program).get(name.removeprefix(_OWN))
    if called is None or any(each.star or each.keyword is not None for each in call.args):
        return
    given = [Place(around.section, each.value).text for each in call.args]
    parameters = [each.name.value for each in called.node.params.params]
    if name.startswith(_OWN):
        here, there = (search.class_around(program, Place(each.section, each.node)) for each in (around, called))
        if there is None or there != here:
            return
        parameters = parameters[1:]
    inner = {parameter: names.get(text, text) for parameter, text in zip(parameters, given, strict=False)}
    for returned in search.nodes(called.node.body, cst.Return):
        if returned.value is not None:
            yield from _terms(program, called, returned.value, inner, depth - 1)


_OWN = "self."


def _gives(assigned: cst.Assign, name: str) -> bool:
    return any(isinstance(each.target, cst.Name) and each.target.value == name for each in assigned.targets)
