"""Edits that scale data which judge a model by the very expressions that scaled its training data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Fix
from scram_analyzers.rules.data.evidence.bound_before import bindings, scope_of
from scram_analyzers.rules.data.evidence.judging import Judged, generator_of, judged_by, trained_on
from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.parents import ancestors, statement_of


def fix_of(program: Program, trained: Judged, judged: Judged) -> Fix | None:
    """Scale the data that judge as those to train on were scaled; None where no edit is right for certain."""
    generators = generator_of(trained.data), generator_of(judged.data)
    if generators[0] is not None and generators[1] is not None:
        return _rescale_argument(program, generators[0], generators[1])
    if judged.data.scaled:
        return None
    texts = _scalings(program, trained.data, judged.place)
    if not texts:
        return None
    if _may_be_bound_anew(program, judged):
        name = judged.place.text
        lines = tuple(f"{name} = {_applied(text, name)}" for text in texts)
        edit = fixes.statement_before(program, judged.place, *lines)
        return Fix(f"Scale {name} as the training data", Applicability.UNSAFE, (edit,))
    if len(texts) > 1 or not isinstance(judged.place.node, (cst.Name, cst.Call, cst.Subscript, cst.Attribute)):
        return None
    content = _applied(texts[0], judged.place.text)
    return Fix(f"Scale them here: {content}", Applicability.UNSAFE, (fixes.replace(program, judged.place, content),))


# -- images that generators read


_WAYS_TO_SCALE = ("preprocessing_function", "samplewise_center", "featurewise_center", "rescale")


def _rescale_argument(program: Program, one: Place, other: Place) -> Fix | None:
    """Give the one of two generators that does not scale the other's `rescale`."""
    if one.node is other.node:
        return None
    for given, lacking in ((one, other), (other, one)):
        factor = fixes.argument_place(given, "rescale")
        if factor is None or not _is_of_numbers(factor.node):
            continue
        if any(fixes.argument_place(lacking, name) is not None for name in _WAYS_TO_SCALE):
            continue
        edit = fixes.set_argument(program, lacking, "rescale", factor.text)
        if edit is not None:
            return Fix(f"Scale these images too: rescale={factor.text}", Applicability.UNSAFE, (edit,))
    return None


def _is_of_numbers(node: cst.CSTNode) -> bool:
    return not any(True for _ in search.nodes(node, cst.Name))


# -- arrays and tables


_HERE = "SCALED_HERE"
"""Stands in an expression for what it scales."""


def _applied(text: str, content: str) -> str:
    return text.replace(_HERE, content)


def _scalings(program: Program, trained: Data, use: Place) -> tuple[str, ...]:
    """The expressions that scaled the training data one after the other; none where one can't be applied elsewhere."""
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    for step in trained.steps:
        statement = statement_of(step.place) if step.kind is StepKind.SCALED and step.place is not None else None
        if step.kind is StepKind.SCALED and statement is None:
            return ()
        if statement is None or statement.key in seen:
            continue
        seen.add(statement.key)
        text = _scaling(program, statement) if scope_of(statement) is scope_of(use) else None
        if text is None:
            return ()
        found.append(text)
    return tuple(found)


def _scaling(program: Program, statement: Place) -> str | None:
    """What a statement assigns to a name, with a mark where what it scales stands."""
    node = statement.node
    small = node.body[0] if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 else None
    if isinstance(small, cst.AugAssign) and isinstance(small.target, cst.Name):
        sign = _SIGNS.get(type(small.operator))
        if sign is None or not _is_settled(program, statement, small.value, small.target):
            return None
        return f"{_HERE} {sign} {_operand(statement, small.value)}"
    if (
        not isinstance(small, cst.Assign)
        or len(small.targets) != 1
        or not isinstance(small.targets[0].target, cst.Name)
    ):
        return None
    subject = _subject(small.value)
    if subject is None or not _is_settled(program, statement, small.value, subject):
        return None
    marked = small.value.deep_replace(subject, cst.Name(_HERE))
    text = cst.Module(()).code_for_node(marked) if isinstance(marked, cst.CSTNode) else ""
    return text.replace(".fit_transform(", ".transform(", 1) if "\n" not in text else None


_SIGNS = {cst.DivideAssign: "/", cst.SubtractAssign: "-", cst.MultiplyAssign: "*"}


def _operand(statement: Place, node: cst.BaseExpression) -> str:
    text = Place(statement.section, node).text
    return f"({text})" if isinstance(node, cst.BinaryOperation) and not node.lpar else text


def _subject(node: cst.BaseExpression) -> cst.Name | None:
    """The name whose values an expression scales one by one, where that is all that it does."""
    if isinstance(node, cst.Name):
        return node
    if isinstance(node, cst.BinaryOperation):
        is_arithmetic = isinstance(node.operator, (cst.Divide, cst.Subtract, cst.Multiply, cst.Add))
        return _subject(node.left) if is_arithmetic else None
    if not isinstance(node, cst.Call):
        return None
    function = node.func
    if isinstance(function, cst.Attribute) and function.attr.value == "astype":
        return _subject(function.value)
    if not isinstance(function, cst.Attribute) or function.attr.value not in ("transform", "fit_transform"):
        return None
    given = node.args[0].value if len(node.args) == 1 and isinstance(function.value, cst.Name) else None
    return given if isinstance(given, cst.Name) else None


def _is_settled(program: Program, statement: Place, value: cst.CSTNode, subject: cst.Name) -> bool:
    """Whether all else in an expression means the same later on: numbers, and names that are bound only once."""
    for name in search.nodes(value, cst.Name):
        if name is subject:
            continue
        if name.value == subject.value:
            return False  # its own mean, say: that of other data is another number
        here = Place(statement.section, name)
        if _is_word_of_attribute(here):
            continue
        bound = bindings(program, name.value, statement)
        if len(bound) > 1 or (name.value not in program.imports.names and not bound):
            return False
        if _is_fitted_twice(program, name.value):
            return False
    return True


def _is_word_of_attribute(place: Place) -> bool:
    """Whether a name is the part after a dot, or the name of an argument: `astype` in `x.astype(dtype="f")`."""
    around = next(iter(ancestors(place)), None)
    if isinstance(around, cst.Attribute):
        return around.attr is place.node
    return isinstance(around, cst.Arg) and around.keyword is place.node


def _is_fitted_twice(program: Program, name: str) -> bool:
    """Whether a scaler of this name learns from data more than once."""
    fitting = re.compile(rf"\b{re.escape(name)}\s*\.\s*(?:partial_)?fit(?:_transform)?\s*\(")
    return sum(len(fitting.findall(section.parsed.text)) for section in program.sections_with(name)) > 1


# -- where the data are used


def _may_be_bound_anew(program: Program, judged: Judged) -> bool:
    """Whether a name may be given scaled data before the statement that uses it: it is run once, and the name is there.

    A name of the module that a function only reads would become one of its own.
    """
    use = judged.place
    statement, scope = statement_of(use), scope_of(use)
    if statement is None or not isinstance(use.node, cst.Name) or isinstance(scope, (cst.ClassDef, cst.Lambda)):
        return False
    if scope is not None and not bindings(program, use.text, use):
        return False
    if any(isinstance(node, _BRANCHES) for node in _within(statement, scope)):
        return False
    return not _is_scaled_elsewhere(program, judged.data)


def _is_scaled_elsewhere(program: Program, judged: Data) -> bool:
    """Whether the program scales these rows itself for another use: then its name must not change its meaning."""
    uses = (each for fit in program.fits for each in (*trained_on(fit), *judged_by(program, fit)))
    return any(each.data.scaled and each.data.roots & judged.roots for each in uses)


_BRANCHES = (cst.For, cst.While, cst.If, cst.Try, cst.CompFor)


def _within(place: Place, scope: cst.CSTNode | None) -> Iterator[cst.CSTNode]:
    for node in (place.node, *ancestors(place)):
        if node is scope:
            return
        yield node
