"""Classes of the module: their bodies bind their members, in a scope that is asked for as long as there are objects.

A class at the level of the module comes as its head and then its methods, each in a section of its own: one that is
edited changes a member, and what asks for no other than those it asked for before is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.interpreting import calls
from scram_analyzers.source.interpreting.state import MODULE_SCOPE
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import UNKNOWN, Arguments, Class, Function, Ref

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter
    from scram_analyzers.source.reading.chunks import ParsedChunk

_LAST_CLASS = "the class whose head was read last"
_DEFINED = re.compile(r"^[ \t]+(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)", re.MULTILINE)


def define(interpreter: Interpreter, node: cst.ClassDef) -> None:
    """A class statement, or the head of a class."""
    assert interpreter.section is not None
    bases = tuple(interpreter.evaluate(argument.value) for argument in node.bases if argument.star == "")
    outer = interpreter.frame.scope
    scope = interpreter.new_scope(outer)
    cls = Class(node, interpreter.section, bases, scope, outer, node.name.value, interpreter.place(node.name))
    interpreter.recording.classes.append(cls)
    interpreter.frame.encloses = True
    if outer == MODULE_SCOPE:
        interpreter.note(_LAST_CLASS, None, cls)
    _run_body(interpreter, cls, node.body.body)
    interpreter.bind(node.name.value, cls)


def go_on(interpreter: Interpreter, piece: ParsedChunk) -> None:
    """What follows the head of a class."""
    cls = interpreter.fact(_LAST_CLASS)
    body = piece.module.body[0] if piece.module is not None else None
    if isinstance(cls, Class) and isinstance(body, cst.ClassDef) and cls.name == body.name.value:
        _run_body(interpreter, cls, body.body.body)


def bind_broken(interpreter: Interpreter, text: str) -> None:
    """A method that can't be read: there it is all the same."""
    cls, defined = interpreter.fact(_LAST_CLASS), _DEFINED.search(text)
    if isinstance(cls, Class) and defined is not None:
        interpreter.set_name((cls.scope, defined[1]), UNKNOWN)


def read_alone(interpreter: Interpreter, part: Class | Function) -> None:
    """An object of a class that nothing instantiates, or a method that nothing calls."""
    if isinstance(part, Class):
        _make_alone(interpreter, part)
    else:
        _run_alone(interpreter, part)


def _make_alone(interpreter: Interpreter, cls: Class) -> None:
    if interpreter.fact("instance", cls.node) is None:
        interpreter.section = cls.section
        calls.instantiate(interpreter, cls, Arguments(open=True), Place(cls.section, cls.node))


def _run_alone(interpreter: Interpreter, method: Function) -> None:
    cls = method.defining_class
    if cls is not None and interpreter.name_at((cls.scope, method.name)) is method:
        owner = interpreter.fact("instance", cls.node)
        interpreter.run_alone(method.bind(owner if isinstance(owner, Ref) else UNKNOWN))


def _run_body(interpreter: Interpreter, cls: Class, statements: Sequence[cst.CSTNode]) -> None:
    frame, owner = interpreter.frame, interpreter.owner
    outer, frame.scope, interpreter.owner = frame.scope, cls.scope, cls
    try:
        interpreter.execute(statements)
    finally:
        frame.scope, interpreter.owner = outer, owner
