"""Functions of the module, followed with the arguments of a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.interpreting import binding, calls
from scram_analyzers.source.interpreting.state import State, join_states, join_values
from scram_analyzers.source.values import Arguments, Constant, Function, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


@dataclass
class Frame:
    """One function being followed (or the module itself). `encloses`: a function made in it may ask for its names."""

    scope: int
    function: Function | None = None
    outer_names: set[str] = field(default_factory=set)
    bound: set[tuple[int, str]] = field(default_factory=set)
    encloses: bool = False
    returns: list[tuple[Value, State]] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


def run(interpreter: Interpreter, function: Function, arguments: Arguments) -> Value:
    """What the body of a function gives for these arguments."""
    interpreter.note("entered", function.node, True)
    scope = interpreter.new_scope(function.scope)
    saved_frame, saved_section = interpreter.frame, interpreter.section
    frame = interpreter.frame = Frame(scope, function)
    interpreter.frames.append(frame)
    interpreter.section = function.section
    try:
        binding.bind_parameters(interpreter, function, arguments)
        value = _run_body(interpreter, function)
        return calls.same_generator(interpreter, function, arguments, value) if frame.yields else value
    finally:
        if not frame.encloses:  # no function made in it may still ask for what it bound
            for key in frame.bound:
                interpreter.set_name(key, None)
        interpreter.frames.pop()
        interpreter.frame, interpreter.section = saved_frame, saved_section


def _run_body(interpreter: Interpreter, function: Function) -> Value:
    if isinstance(function.node, cst.Lambda):
        return interpreter.evaluate(function.node.body)
    interpreter.execute(function.node.body.body)
    frame = interpreter.frame
    if interpreter.state.live or not frame.returns:
        frame.returns.append((Constant(None), interpreter.state))
    value, state = frame.returns[0]
    state.live = True
    for other_value, other_state in frame.returns[1:]:
        other_state.live = True
        value = join_values(value, other_value)
        state = join_states(state, other_state)
    interpreter.state = state
    return calls.generator_of(interpreter, frame.yields) if frame.yields else value
