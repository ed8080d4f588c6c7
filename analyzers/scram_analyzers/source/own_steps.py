"""Where a model of the program's own works out what Keras can't be asked about: its step and its call."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.search import found, nodes

_RISKY = frozenset(("log", "sqrt", "rsqrt", "divide", "truediv", "reciprocal", "pow", "power", "exp", "norm", "std"))
"""What is not a number, or infinite, for some numbers, or has no slope there."""


def step_loss_at(program: Program) -> Place | None:
    """Where the only `train_step` last works out the loss that it asks gradients of."""
    method = _only_method(program, "train_step")
    if method is None:
        return None
    asked = {name for call in nodes(method.node, cst.Call) if (name := _differentiated(call)) is not None}
    assigned = [each for each in nodes(method.node, cst.Assign) if _names_of(each) & asked]
    return Place(method.section, assigned[-1]) if len(asked) == 1 and assigned else method


def clipping_at(program: Program) -> Place | None:
    """The only call that clips gradients in the only `train_step`, else what `step_loss_at` gives."""
    method = _only_method(program, "train_step")
    calls = nodes(method.node, cst.Call) if method is not None else ()
    clipping = [call for call in calls if _last_name(call.func).startswith(_CLIPS)]
    if method is not None and len(clipping) == 1:
        return Place(method.section, clipping[0])
    return step_loss_at(program)


_CLIPS = "clip_by_"
"""`tf.clip_by_global_norm`, `tf.clip_by_norm`, `tf.clip_by_value`."""


def test_step_at(program: Program) -> Place | None:
    """The only loss that the only `test_step` works out by a call of Keras's, else that method's head."""
    method = _only_method(program, "test_step")
    if method is None:
        return None
    within = {id(node) for node in nodes(method.node, cst.Call)}
    losses = [call.place for call in program.loss_calls if id(call.place.node) in within]
    return losses[0] if len(losses) == 1 else method


def call_at(program: Program) -> Place | None:
    """The only risky computation in the only `call` of the program, else that method's head."""
    method = _only_method(program, "call")
    if method is None:
        return None
    risky = list(_risky(method))
    return risky[0] if len(risky) == 1 else method


def only_risk_at(program: Program) -> Place | None:
    """The only risky computation in all functions that ask a tape for gradients and in all calls of layers and models;
    None for none or several."""
    steps = [place for node, place in found(program, cst.FunctionDef, ".gradient(") if _asks(node)]
    calls = [place for node, place in found(program, cst.FunctionDef, "def call(") if node.name.value == "call"]
    risky = [each for place in (*steps, *calls) for each in _risky(place)]
    return risky[0] if len(risky) == 1 else None


def _asks(function: cst.FunctionDef) -> bool:
    return any(_differentiated(call) is not None for call in nodes(function, cst.Call))


def _risky(place: Place) -> Iterator[Place]:
    for call in nodes(place.node, cst.Call):
        if _last_name(call.func) in _RISKY:
            yield Place(place.section, call)
    for operation in nodes(place.node, cst.BinaryOperation):
        if _is_division(operation):
            yield Place(place.section, operation)


def _only_method(program: Program, name: str) -> Place | None:
    methods = [place for node, place in found(program, cst.FunctionDef, f"def {name}(") if node.name.value == name]
    return methods[0] if len(methods) == 1 else None


def _differentiated(call: cst.Call) -> str | None:
    """The name that a tape is asked the gradients of: `tape.gradient(loss, ...)`."""
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "gradient" or not call.args:
        return None
    first = call.args[0].value
    return first.value if isinstance(first, cst.Name) else None


def _names_of(assigned: cst.Assign) -> set[str]:
    return {each.target.value for each in assigned.targets if isinstance(each.target, cst.Name)}


def _is_division(node: cst.BinaryOperation) -> bool:
    return isinstance(node.operator, cst.Divide) and not isinstance(node.right, (cst.Integer, cst.Float))


def _last_name(function: cst.BaseExpression) -> str:
    if isinstance(function, cst.Attribute):
        return function.attr.value
    return function.value if isinstance(function, cst.Name) else ""
