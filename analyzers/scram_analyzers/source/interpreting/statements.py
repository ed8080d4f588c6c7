"""How each kind of statement changes the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from scram_analyzers.source.data import Data
from scram_analyzers.source.interpreting import added_layers, class_bodies, containers, expressions, iteration, settings
from scram_analyzers.source.interpreting.narrowing import narrowing
from scram_analyzers.source.interpreting.state import ALL_TRAINED, ListObject, State, join_states, rest_of
from scram_analyzers.source.keras_api.names import is_of_keras
from scram_analyzers.source.libraries import command_line
from scram_analyzers.source.model import ModelObject
from scram_analyzers.source.program import Discarded
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.reading.walk import bound_names
from scram_analyzers.source.values import (
    UNKNOWN,
    Argument,
    Arguments,
    Constant,
    Function,
    Symbol,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def run_block(interpreter: Interpreter, statements: Sequence[cst.CSTNode]) -> None:
    """Run statements in order, until one leaves the block."""
    for statement in statements:
        if not interpreter.state.live:
            return
        interpreter.steps += 1
        if interpreter.steps > interpreter.budget:
            interpreter.stop()
        handler = _STATEMENTS.get(type(statement))
        if handler is not None:
            handler(interpreter, statement)


def _simple_line(interpreter: Interpreter, node: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> None:
    run_block(interpreter, node.body)


# -- binding


def _assign(interpreter: Interpreter, node: cst.Assign) -> None:
    value = interpreter.evaluate(node.value)
    for target in node.targets:
        interpreter.assign(target.target, value)


def _annotated(interpreter: Interpreter, node: cst.AnnAssign) -> None:
    if node.value is not None:
        interpreter.assign(node.target, interpreter.evaluate(node.value))


def _augmented(interpreter: Interpreter, node: cst.AugAssign) -> None:
    left = interpreter.evaluate(node.target)
    right = interpreter.evaluate(node.value)
    operator = type(node.operator).__name__.removesuffix("Assign")
    if operator == "Add" and containers.extended(interpreter, left, right):
        return
    place = interpreter.place(node)
    interpreter.assign(node.target, expressions.operate(interpreter, operator, left, right, place))


def _expression(interpreter: Interpreter, node: cst.Expr) -> None:
    if isinstance(node.value, cst.BaseString):
        return
    value = interpreter.evaluate(node.value)
    if isinstance(value, Symbol) and value.dotted == "builtins.NoReturn":
        interpreter.state.live = False
    elif isinstance(value, Data) and isinstance(node.value, cst.Call):
        _replace_in_place(interpreter, node.value, value)
        interpreter.recording.discarded.append(Discarded(value, interpreter.place(node.value)))


def _replace_in_place(interpreter: Interpreter, call: cst.Call, value: Data) -> None:
    """`table["kind"].replace({"low": 0, "high": 1}, inplace=True)`: as if it were assigned."""
    in_place = any(
        each.keyword is not None and each.keyword.value == "inplace" and interpreter.place(each.value).text == "True"
        for each in call.args
    )
    if in_place and isinstance(call.func, cst.Attribute) and call.func.attr.value == "replace":
        owner = call.func.value
        if isinstance(owner, (cst.Name, cst.Subscript, cst.Attribute)):
            interpreter.assign(owner, value)


def _assert(interpreter: Interpreter, node: cst.Assert) -> None:
    interpreter.evaluate(node.test)


def _delete(interpreter: Interpreter, node: cst.Del) -> None:
    targets = (
        [element.value for element in node.target.elements] if isinstance(node.target, cst.Tuple) else [node.target]
    )
    for target in targets:
        if isinstance(target, cst.Name):
            interpreter.set_name((interpreter.frame.scope, target.value), None)


def _outer_names(interpreter: Interpreter, node: cst.Global | cst.Nonlocal) -> None:
    interpreter.frame.outer_names.update(item.name.value for item in node.names)


# -- imports


def _import(interpreter: Interpreter, node: cst.Import) -> None:
    for alias in node.names:
        dotted = dotted_name(alias.name)
        if dotted is None:
            continue
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            _bind_import(interpreter, alias.asname.name.value, dotted)
        else:
            root = dotted.partition(".")[0]
            _bind_import(interpreter, root, root)


def _import_from(interpreter: Interpreter, node: cst.ImportFrom) -> None:
    if node.relative:
        module = None
    else:
        module = dotted_name(node.module) if node.module is not None else None
    if isinstance(node.names, cst.ImportStar):
        interpreter.add_star(module if module is not None else ".")
        return
    for alias in node.names:
        name = alias.name.value if isinstance(alias.name, cst.Name) else None
        if name is None:
            continue
        bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
        if name == "keras" and (module is None or not is_of_keras(module)):
            _bind_import(interpreter, bound, name)  # of one that chooses: `from .compat import keras`
        elif module is None:
            interpreter.bind(bound, Unknown())
        else:
            _bind_import(interpreter, bound, f"{module}.{name}")


def _bind_import(interpreter: Interpreter, name: str, dotted: str) -> None:
    if interpreter.frame.scope == 0:
        interpreter.recording.imports.append((name, dotted))
    interpreter.bind(name, Symbol(dotted))


# -- definitions


def _function(interpreter: Interpreter, node: cst.FunctionDef) -> None:
    assert interpreter.section is not None
    interpreter.frame.encloses = True
    decorators = tuple(filter(None, (_decorator_name(interpreter, each) for each in node.decorators)))
    around = interpreter.owner
    owner = around if around is not None and around.scope == interpreter.frame.scope else None
    function = Function(
        node,
        interpreter.section,
        interpreter.frame.scope if owner is None else owner.outer,  # a method does not see the names of its class
        _defaults(interpreter, node),
        node.name.value,
        defining_class=owner,
        decorators=decorators,
        place=interpreter.place(node.name),
    )
    if owner is not None:
        interpreter.recording.classes.append(function)
    elif around is None:
        interpreter.recording.definitions.append(function)
        _decorate(interpreter, node, function)
    interpreter.bind(node.name.value, function)


def _decorate(interpreter: Interpreter, node: cst.FunctionDef, function: Function) -> None:
    """Call the decorators that the module defines: one may keep the function, as a registry of builders does.

    What they give in its place is most often the function with something around it, so it stands for itself, and what
    they put around it is not read alone: it would call the function with nothing but defaults.
    """
    before = len(interpreter.recording.definitions)
    for each in reversed(node.decorators):
        decorator = interpreter.evaluate(each.decorator)
        if isinstance(decorator, Function):
            given = Argument(function, interpreter.place(node.name))
            interpreter.call_function(decorator, Arguments((given,)))
    for made in interpreter.recording.definitions[before:]:
        interpreter.note("entered", made.node, True)


def _defaults(interpreter: Interpreter, node: cst.FunctionDef) -> Mapping[str, Value]:
    """The defaults of the parameters; those that are options of a command have them in its decorators."""
    defaults = dict(interpreter.parameter_defaults(node.params))
    for each in node.decorators:
        call = each.decorator
        if isinstance(call, cst.Call) and settings.is_option(interpreter.evaluate(call.func)):
            given = expressions.arguments_of(interpreter, call)
            name = command_line.destination(given)
            if name is not None and "default" in given.keywords:
                defaults[name] = command_line.default(given)
    return defaults


def _decorator_name(interpreter: Interpreter, decorator: cst.Decorator) -> str | None:
    target = decorator.decorator
    return dotted_name(target.func if isinstance(target, cst.Call) else target)


# -- branches


def _if(interpreter: Interpreter, node: cst.If) -> None:
    taken = expressions.truth(interpreter, interpreter.evaluate(node.test))
    if taken is True:
        run_block(interpreter, node.body.body)
        return
    if taken is False:
        _run_branch(interpreter, node.orelse)
        return
    told, other = narrowing(interpreter, node.test), interpreter.state.fork()
    if told is not None:
        told.enter(interpreter, told.inside)
    run_block(interpreter, node.body.body)
    if told is not None:
        told.leave(interpreter)
    after_body = interpreter.state
    interpreter.state = other
    if told is not None:
        told.enter(interpreter, told.outside)
    _run_branch(interpreter, node.orelse)
    if told is not None:
        told.leave(interpreter)
    interpreter.state = join_states(after_body, interpreter.state, ALL_TRAINED)


def _run_branch(interpreter: Interpreter, branch: cst.If | cst.Else | None) -> None:
    if isinstance(branch, cst.If):
        _if(interpreter, branch)
    elif branch is not None:
        run_block(interpreter, branch.body.body)


def _try(interpreter: Interpreter, node: cst.Try | cst.TryStar) -> None:
    before = interpreter.state.fork()
    run_block(interpreter, node.body.body)
    if node.orelse is not None:
        run_block(interpreter, node.orelse.body.body)
    after = interpreter.state
    for handler in node.handlers:
        # The body is taken to succeed; a handler only brings the names that nothing else binds.
        interpreter.state = before.fork()
        if handler.name is not None:
            interpreter.assign(handler.name.name, UNKNOWN)
        run_block(interpreter, handler.body.body)
        if not after.live:
            after = interpreter.state
            continue
        for key, value in interpreter.state.names.items():
            if key not in after.names:
                after.trace.names.asked.add(key)
                after.names[key] = value
        for identity, thing in interpreter.state.heap.items():
            after.heap.setdefault(identity, thing)
    interpreter.state = after
    if node.finalbody is not None:
        run_block(interpreter, node.finalbody.body.body)


def _with(interpreter: Interpreter, node: cst.With) -> None:
    for item in node.items:
        value = interpreter.evaluate(item.item)
        if item.asname is not None:
            interpreter.assign(item.asname.name, value)
    run_block(interpreter, node.body.body)


def _match(interpreter: Interpreter, node: cst.Match) -> None:
    interpreter.evaluate(node.subject)
    before = interpreter.state
    joined = None if any(map(_takes_all, node.cases)) else before.fork()
    for case in node.cases:
        interpreter.state = before.fork()
        run_block(interpreter, case.body.body)
        joined = join_states(joined, interpreter.state) if joined is not None else interpreter.state
    interpreter.state = joined or before


def _takes_all(case: cst.MatchCase) -> bool:
    """Whether a case is that of everything else: `case _`, or a name."""
    return case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None


# -- loops


def _for(interpreter: Interpreter, node: cst.For) -> None:
    iterable = interpreter.evaluate(node.iter)
    items = iteration.iterated(interpreter, iterable)
    breaks, continues = interpreter.frame.breaks, interpreter.frame.continues
    interpreter.frame.breaks = []
    turns = interpreter.turns
    if items is not None and iteration.may_unroll(interpreter, len(items)):
        interpreter.turns *= max(1, len(items))
        try:
            for item in items:
                if not interpreter.state.live:
                    break
                interpreter.assign(node.target, item)
                _run_loop_body(interpreter, node.body)
        finally:
            interpreter.turns = turns
    else:
        interpreter.widen(bound_names(node.body), iteration.counted_groups(node))
        before = interpreter.state.fork()
        interpreter.assign(node.target, iteration.element_of(interpreter, iterable))
        _run_loop_body(interpreter, node.body)
        _open_changed_objects(interpreter, before, iteration.count_of(interpreter, iterable))
    _leave_loop(interpreter, node.orelse)
    interpreter.frame.breaks, interpreter.frame.continues = breaks, continues


def _while(interpreter: Interpreter, node: cst.While) -> None:
    breaks, continues = interpreter.frame.breaks, interpreter.frame.continues
    interpreter.frame.breaks = []
    interpreter.widen(bound_names(node.body))
    if expressions.truth(interpreter, interpreter.evaluate(node.test)) is not False:
        before = interpreter.state.fork()
        _run_loop_body(interpreter, node.body)
        _open_changed_objects(interpreter, before, None)
    _leave_loop(interpreter, node.orelse)
    interpreter.frame.breaks, interpreter.frame.continues = breaks, continues


def _run_loop_body(interpreter: Interpreter, body: cst.BaseSuite) -> None:
    interpreter.frame.continues = []
    run_block(interpreter, body.body)
    for state in interpreter.frame.continues:
        state.live = True
        interpreter.state = join_states(interpreter.state, state)


def _leave_loop(interpreter: Interpreter, orelse: cst.Else | None) -> None:
    if orelse is not None:
        run_block(interpreter, orelse.body.body)
    for state in interpreter.frame.breaks:
        state.live = True
        interpreter.state = join_states(interpreter.state, state)


def _open_changed_objects(interpreter: Interpreter, before: State, turns: int | None) -> None:
    """After a loop that was followed once, what the body added to older objects is there: how often, `turns` tells."""
    if not interpreter.state.live:
        return
    joined = join_states(before, interpreter.state)
    for identity, old in before.heap.items():
        new = interpreter.state.heap[identity]
        if new is old:
            continue
        if isinstance(new, ListObject) and isinstance(old, ListObject) and new.items[: len(old.items)] == old.items:
            interpreter.state.heap[identity] = _grown(old, new, turns)
        elif (
            isinstance(new, ModelObject)
            and isinstance(old, ModelObject)
            and len(new.layers) > len(old.layers)
            and new.layers[: len(old.layers)] == old.layers
        ):
            interpreter.state.heap[identity] = replace(new, layers=added_layers.repeated(interpreter, old, new))
        else:
            interpreter.state.heap[identity] = joined.heap[identity]


def _grown(old: ListObject, new: ListObject, turns: int | None) -> ListObject:
    """A list that each turn of a loop adds to: what it added once stands for all that it adds."""
    added = new.items[len(old.items) :]
    told = bool(old.rest) or not old.open
    each_turn = None if new.open or turns is None else turns * len(added)
    length = len(old.items) + each_turn if each_turn is not None else None
    return ListObject(new.items, new.open or bool(added), rest_of((*added, *new.rest)) if told else (), length)


def _break(interpreter: Interpreter, node: cst.Break) -> None:
    interpreter.frame.breaks.append(_end_path(interpreter))


def _continue(interpreter: Interpreter, node: cst.Continue) -> None:
    interpreter.frame.continues.append(_end_path(interpreter))


def _return(interpreter: Interpreter, node: cst.Return) -> None:
    value = interpreter.evaluate(node.value) if node.value is not None else Constant(None)
    interpreter.frame.returns.append((value, _end_path(interpreter)))


def _raise(interpreter: Interpreter, node: cst.Raise) -> None:
    interpreter.state.live = False


def _end_path(interpreter: Interpreter) -> State:
    ended = interpreter.state
    ended.live = False
    interpreter.state = State(ended.trace)
    interpreter.state.live = False
    return ended


_STATEMENTS: Mapping[type[cst.CSTNode], Callable[[Interpreter, Any], None]] = {
    cst.SimpleStatementLine: _simple_line,
    cst.SimpleStatementSuite: _simple_line,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Expr: _expression,
    cst.Assert: _assert,
    cst.Del: _delete,
    cst.Global: _outer_names,
    cst.Nonlocal: _outer_names,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.FunctionDef: _function,
    cst.ClassDef: class_bodies.define,
    cst.If: _if,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.Match: _match,
    cst.For: _for,
    cst.While: _while,
    cst.Break: _break,
    cst.Continue: _continue,
    cst.Return: _return,
    cst.Raise: _raise,
}
