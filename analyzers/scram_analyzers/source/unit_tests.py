"""Which code of a module is a unit test: it asks whether code runs as it should, and nobody uses what it trains."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import TypeAlias

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.reading.search import nodes

_TEST = re.compile(r"[tT]est")
_FILE = re.compile(r"test_.*|.*_test")
_EXPECTATION = re.compile(r"raises|assertRaises\w*")
_CHECK = re.compile(r"assert\w+|raises")


def in_unit_test(program: Program, place: Place) -> bool:
    """Whether a place is in a unit test, or anywhere in a module that only tests."""
    if _only_tests(program):
        return True
    if _TEST.search(place.section.parsed.text) is None:
        return False
    return any(map(_is_test, parents.ancestors(place))) or any(map(_holds_test, program.class_of(place.section)))


def expected_to_fail(place: Place) -> bool:
    """Whether the code at a place is there to raise: within `pytest.raises(...)` or `assertRaises(...)`."""
    if "aises" not in place.section.parsed.text:
        return False
    withs = (node for node in parents.ancestors(place) if isinstance(node, cst.With))
    return any(_calls(item.item, _EXPECTATION) for node in withs for item in node.items)


@once
def _only_tests(program: Program) -> bool:
    """Whether the module tests and does nothing else; functions beside the tests are then their helpers."""
    name = PurePath(program.filename).stem
    if name == "conftest":
        return True
    mention_tests = {*program.sections_with("test"), *program.sections_with("Test")}
    holds_test = _holds_named_test if _FILE.fullmatch(name) else _holds_test
    if not any(map(holds_test, mention_tests)):
        return False
    return not _trains_when_run(program, [each for section in program.sections() for each in _statements(section)])


_Statements: TypeAlias = "Sequence[cst.SimpleStatementLine | cst.BaseCompoundStatement]"


def _statements(section: Section) -> _Statements:
    return section.parsed.module.body if section.parsed.module is not None else ()


@once
def _holds_test(section: Section) -> bool:
    return any(map(_is_test, _statements(section)))


@once
def _holds_named_test(section: Section) -> bool:
    return any(map(_is_named_test, _statements(section)))


def _trains_when_run(program: Program, statements: _Statements) -> bool:
    """Whether running the module trains: in a statement of its own, or in a function that it calls."""
    definitions = (cst.FunctionDef, cst.ClassDef)
    for place in (each.place for trained in (program.compiles, program.fits) for each in trained):
        if not any(isinstance(node, definitions) for node in parents.ancestors(place)):
            return True
    own = {each.name.value for each in statements if isinstance(each, cst.FunctionDef)}
    calls = (call for each in statements if not isinstance(each, definitions) for call in nodes(each, cst.Call))
    return any(isinstance(call.func, cst.Name) and call.func.value in own for call in calls)


def _is_test(node: cst.CSTNode) -> bool:
    """Whether a class or function tests: by its base class, by pytest's mark on it, or as it is named so and checks."""
    if isinstance(node, cst.ClassDef):
        return _is_test_case(node) or (_is_named_test(node) and any(map(_is_test, node.body.body)))
    if not isinstance(node, cst.FunctionDef) or not _is_named_test(node):
        return False
    marks = (each.decorator for each in node.decorators)
    if any((_name(each) or "").startswith("pytest.") for each in marks):
        return True
    if any(True for _ in nodes(node.body, cst.Assert)):
        return True
    return any(_calls(call, _CHECK) for call in nodes(node.body, cst.Call))


def _is_named_test(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.ClassDef):
        return node.name.value.startswith("Test") or _is_test_case(node)
    return isinstance(node, cst.FunctionDef) and node.name.value.startswith("test_")


def _is_test_case(node: cst.ClassDef) -> bool:
    return any((dotted_name(base.value) or "").endswith("TestCase") for base in node.bases)


def _calls(node: cst.CSTNode, names: re.Pattern[str]) -> bool:
    """Whether a node calls something by one of these names, whatever it is an attribute of."""
    name = _name(node) if isinstance(node, cst.Call) else None
    return name is not None and names.fullmatch(name.rpartition(".")[2]) is not None


def _name(node: cst.CSTNode) -> str | None:
    return dotted_name(node.func if isinstance(node, cst.Call) else node)
