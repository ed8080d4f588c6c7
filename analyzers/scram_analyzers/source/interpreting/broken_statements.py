"""What a statement that can't be parsed leaves unknown: the names it binds, and what it adds to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import keras_models
from scram_analyzers.source.interpreting.state import DictObject, ListObject
from scram_analyzers.source.model import ModelObject
from scram_analyzers.source.reading.broken_text import meant_by
from scram_analyzers.source.values import UNKNOWN, Arguments, Ref, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def pass_over(interpreter: Interpreter, text: str) -> None:
    """Take for unknown what a broken statement may have changed: its next version may do anything with it."""
    meant = meant_by(text)
    scope = interpreter.frame.scope
    for word in sorted(meant.bound):
        if interpreter.name_at((scope, word)) is not None:
            interpreter.set_name((scope, word), UNKNOWN)
    for word in sorted(meant.changed - meant.bound):
        _change(interpreter, interpreter.name_at((scope, word)))


def _change(interpreter: Interpreter, value: Value | None) -> None:
    thing = interpreter.object_of(value)
    if not isinstance(value, Ref):
        return
    if isinstance(thing, ModelObject):
        keras_models.add_layer(interpreter, value, thing, Arguments())
    elif isinstance(thing, (ListObject, DictObject)):
        interpreter.replace_object(value, replace(thing, open=True))
