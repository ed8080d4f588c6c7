"""The calls by which data went through their steps."""

from __future__ import annotations

from collections.abc import Mapping

from scram_analyzers.source.data import DataStep
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Program


def call_of(program: Program, step: DataStep) -> Call | None:
    """The call that a step is; None where it is an operator, an item, or the like."""
    return _calls_by_node(program).get(step.node)


@once
def _calls_by_node(program: Program) -> Mapping[object, Call]:
    """The first call of each expression."""
    found: dict[object, Call] = {}
    for call in (*program.calls, *program.method_calls):
        found.setdefault(call.place.node, call)
    return found
