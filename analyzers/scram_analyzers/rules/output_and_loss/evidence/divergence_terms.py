"""The sign with which the divergence of a variational autoencoder comes into its loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

_MEANS = frozenset(("mean", "sum", "reduce_mean", "reduce_sum"))
_LIKELIHOOD = re.compile(r"log_?p|log_?lik|likelihood|elbo", re.IGNORECASE)
_CORE = re.compile(r"1(\.0*)?\s*\+[^=]*\bexp\(")


def made_small(program: Program) -> Iterator[Place]:
    """Where a loss takes the divergence away, or adds it with its sign turned: it falls as the divergence grows."""
    for section in program.sections_with("exp("):
        yield from _made_small_in(section)


@once
def _made_small_in(section: Section) -> tuple[Place, ...]:
    found: dict[tuple[int, int], Place] = {}
    if not section.parsed.matches(_CORE):
        return ()
    for function in section.parsed.nodes.get(cst.FunctionDef, ()):
        assert isinstance(function, cst.FunctionDef)
        if _CORE.search(Place(section, function).text):
            found.update((place.key, place) for place in _in_scope(section, function))
    return tuple(found.values())


def _in_scope(section: Section, function: cst.FunctionDef) -> Iterator[Place]:
    """The sums in one function, read from its first line to the last, each name as it was given last."""
    signs: dict[str, int | None] = {}
    lines = search.nodes(function.body, cst.SimpleStatementLine)
    for statement in (each for line in lines for each in line.body):
        if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
            target = statement.targets[0].target
            name = target.value if isinstance(target, cst.Name) else ""
            wrong = _turned(statement.value, signs) if "loss" in name.lower() else None
            signs[name] = _sign(statement.value, signs)
        elif isinstance(statement, cst.AugAssign) and isinstance(statement.target, cst.Name):
            factor = _number(statement.value) if isinstance(statement.operator, cst.MultiplyAssign) else None
            signs[statement.target.value] = _times(signs.get(statement.target.value), factor)
            continue
        elif isinstance(statement, cst.Return) and statement.value is not None:
            wrong = _turned(statement.value, signs) if "loss" in function.name.value.lower() else None
        else:
            continue
        if wrong is not None:
            yield Place(section, wrong)


def _turned(node: cst.BaseExpression, signs: Mapping[str, int | None]) -> cst.BaseExpression | None:
    """A sum in which the divergence stands with a minus beside another loss."""
    node = _within_means(node)
    terms = list(_terms(node, 1))
    if len(terms) < 2 or _core(terms) is not None:
        return None
    for sign, term in terms:
        if _times(_sign(term, signs), sign) == -1:
            others = [each for _, each in terms if each is not term]
            named = [dotted_name(each) or "" for each in others]
            return node if all(named) and not any(map(_LIKELIHOOD.search, named)) else None
    return None


def _sign(node: cst.BaseExpression, signs: Mapping[str, int | None]) -> int | None:
    """Whether an expression is the divergence (1), or less than nothing by as much (-1); None for anything else."""
    factor = 1.0
    while True:
        node = _within_means(node)
        given: float | None = -1.0
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            node = node.expression
        elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Multiply, cst.Divide)):
            first = _number(node.left) if isinstance(node.operator, cst.Multiply) else None
            given = first if first is not None else _number(node.right)
            node = node.right if first is not None else node.left
        else:
            break
        if not given:
            return None
        factor *= 1 if given > 0 else -1
    return _times(signs.get(node.value) if isinstance(node, cst.Name) else _core(list(_terms(node, 1))), factor)


def _within_means(node: cst.BaseExpression) -> cst.BaseExpression:
    """What a mean or sum is taken of."""
    while isinstance(node, cst.Call) and node.args and (dotted_name(node.func) or "").rpartition(".")[2] in _MEANS:
        node = node.args[0].value
    return node


def _terms(node: cst.BaseExpression, sign: int) -> Iterator[tuple[int, cst.BaseExpression]]:
    """The terms of a sum, each with its sign."""
    while isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract)):
        yield from _terms(node.right, -sign if isinstance(node.operator, cst.Subtract) else sign)
        node = node.left
    yield sign, node


def _core(terms: list[tuple[int, cst.BaseExpression]]) -> int | None:
    """The sign of `1 + log_var - square(mean) - exp(log_var)`, which is never above 0; None for any other sum."""
    ones = [sign for sign, term in terms if _number(term) == 1]
    exponentials = [sign for sign, term in terms if _calls(term, "exp")]
    squares = [sign for sign, term in terms if _calls(term, "square") or _is_power(term)]
    if len(terms) != 4 or not (len(ones) == len(exponentials) == len(squares) == 1):
        return None
    return -ones[0] if exponentials == squares == [-ones[0]] else None


def _calls(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Call) and (dotted_name(node.func) or "").rpartition(".")[2] == name


def _is_power(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power)


def _number(node: cst.BaseExpression) -> float | None:
    """A number as it is written, with a minus or without."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        held = _number(node.expression)
        return -held if held is not None else None
    return float(node.evaluated_value) if isinstance(node, (cst.Integer, cst.Float)) else None


def _times(sign: int | None, factor: float | None) -> int | None:
    if sign is None or not factor:
        return None
    return sign if factor > 0 else -sign
