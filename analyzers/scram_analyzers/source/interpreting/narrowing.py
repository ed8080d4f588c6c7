"""What a test says, in its branches, of a name that holds a default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.interpreting.reuse import Name
from scram_analyzers.source.values import Constant, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A name that held `before`, and what it holds where the test is true, and where it is false."""

    name: Name
    before: Value
    inside: Value
    outside: Value

    def enter(self, interpreter: Interpreter, value: Value) -> None:
        """Begin a branch in which the name holds `value`."""
        interpreter.set_name(self.name, value)

    def leave(self, interpreter: Interpreter) -> None:
        """End a branch: unless it bound the name anew, the default is as likely as before."""
        held = interpreter.state.names.get(self.name)
        if held is self.inside or held is self.outside:
            interpreter.set_name(self.name, self.before)


def narrowing(interpreter: Interpreter, test: cst.BaseExpression) -> Narrowing | None:
    """What `optimizer == "adam"` says of a parameter with a default; None for any other test.

    Where the default is ruled out, the name may hold anything.
    """
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or not isinstance(test.left, cst.Name):
        return None
    operator, comparator = test.comparisons[0].operator, test.comparisons[0].comparator
    if not isinstance(operator, (cst.Equal, cst.NotEqual)) or not isinstance(comparator, cst.SimpleString):
        return None
    name = (interpreter.frame.scope, test.left.value)
    held, asked = interpreter.evaluate(test.left), interpreter.evaluate(comparator)
    if interpreter.state.names.get(name) is not held or not isinstance(held, Constant) or not held.assumed:
        return None
    other = Unknown(held.place) if isinstance(asked, Constant) and asked.value == held.value else held
    return Narrowing(name, held, *((asked, other) if isinstance(operator, cst.Equal) else (other, asked)))
