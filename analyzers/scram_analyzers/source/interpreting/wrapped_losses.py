"""Losses of a program's own that are one of Keras's in other clothes: `lambda y, p: mean_squared_error(y, p)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.interpreting import compiling, expressions
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.keras_api.losses import OF_LOGITS, loss_name
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import Arguments, Function, Ref, Symbol, Value, boolean

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

PACKAGES = ("keras.losses", "keras.metrics", "keras.backend", "tensorflow.losses")
"""Where the loss functions of Keras are found."""

_AVERAGING = ("mean", "reduce_mean")

MAX_MEANS = 4
"""So many means of means are looked through: a name may be given the mean of itself."""


def of_function(interpreter: Interpreter, function: Function, place: Place) -> Loss:
    """The loss that a function is, named at `place`: one of Keras's where it hands its arguments on as they are."""
    own = Loss(None, place, None, Arguments(), None, function, place)
    call = _handed_on(function)
    if call is None:
        return own
    saved = interpreter.section
    interpreter.section = function.section
    try:
        callee = interpreter.evaluate(call.func)
        inner = _keras_loss(interpreter, callee, call)
    finally:
        interpreter.section = saved
    return own if inner is None else replace(inner, function=function, use=place)


def _keras_loss(interpreter: Interpreter, callee: Value, call: cst.Call) -> Loss | None:
    made = interpreter.object_of(callee)
    if isinstance(made, Created) and isinstance(callee, Ref) and made.kind.startswith("keras.losses."):
        return compiling.loss_of(interpreter, callee, made.place)
    if not isinstance(callee, Symbol):
        return None
    package, _, last = callee.name.rpartition(".")
    arguments, place = expressions.arguments_of(interpreter, call), interpreter.place(call)
    if callee.name in OF_LOGITS:
        return Loss(OF_LOGITS[callee.name], place, True, arguments)
    if package not in PACKAGES or last[:1].isupper():
        return None
    given = arguments.get("from_logits", 2)
    from_logits = boolean(given.value) if given is not None else (None if arguments.open else False)
    return Loss(loss_name(last), place, from_logits, arguments)


def _handed_on(function: Function) -> cst.Call | None:
    """The call that a function gives its labels and predictions on to, if its answer is that call's, or the mean."""
    names = [each.name.value for each in function.node.params.params]
    labels, predictions, *_ = [*(names[1:] if function.owner is not None else names), "", ""]
    if not labels or not predictions or {labels, predictions} & _rebound(function):
        return None
    answer = _answer(function)
    for _ in range(MAX_MEANS):
        if not isinstance(answer, cst.Call) or (dotted_name(answer.func) or "").rpartition(".")[2] not in _AVERAGING:
            break
        answer = _resolved(function, answer.args[0].value) if answer.args else None
    if not isinstance(answer, cst.Call) or [_name(each.value) for each in answer.args[:2]] != [labels, predictions]:
        return None
    keywords = [each.keyword.value for each in answer.args[:2] if each.keyword is not None]
    return answer if keywords in ([], ["y_true", "y_pred"], ["labels", "logits"]) else None


def _name(node: cst.BaseExpression) -> str | None:
    """A name, of another type at most: `tf.cast(y_true, tf.int32)`."""
    is_cast = isinstance(node, cst.Call) and (dotted_name(node.func) or "").rpartition(".")[2] == "cast"
    if is_cast and isinstance(node, cst.Call) and node.args:
        node = node.args[0].value
    return node.value if isinstance(node, cst.Name) else None


def _answer(function: Function) -> cst.BaseExpression | None:
    """What a function returns, in one place alone."""
    if isinstance(function.node, cst.Lambda):
        return function.node.body
    returned = [each.value for each in search.nodes(function.node.body, cst.Return)]
    return _resolved(function, returned[0]) if len(returned) == 1 and returned[0] is not None else None


def _resolved(function: Function, node: cst.BaseExpression) -> cst.BaseExpression:
    """What a name was given, where the function gives it something only once."""
    if not isinstance(node, cst.Name) or isinstance(function.node, cst.Lambda):
        return node
    given = [
        each.value
        for each in search.nodes(function.node.body, cst.Assign)
        if any(isinstance(target.target, cst.Name) and target.target.value == node.value for target in each.targets)
    ]
    changed = any(_name(each.target) == node.value for each in search.nodes(function.node.body, cst.AugAssign))
    return given[0] if len(given) == 1 and not changed else node


def _rebound(function: Function) -> set[str]:
    """The names that a function binds anew."""
    if isinstance(function.node, cst.Lambda):
        return set()
    targets = [target.target for each in search.nodes(function.node.body, cst.Assign) for target in each.targets]
    changed = [each.target for each in search.nodes(function.node.body, cst.AugAssign)]
    return {name.value for target in (*targets, *changed) for name in search.nodes(target, cst.Name)}
