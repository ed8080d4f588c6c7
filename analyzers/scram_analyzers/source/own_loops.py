"""Where a loop that the program runs itself, and tells a `Watcher` of, says how long and on what it trains."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.search import found, nodes
from scram_analyzers.source.reading.walk import children

WATCHER = "Watcher"

_INNER = (cst.For, cst.While, cst.FunctionDef, cst.ClassDef, cst.Lambda)


def epochs_at(program: Program) -> Place | None:
    """What the loop goes over whose every round is an epoch: `range(EPOCHS)`."""
    loop = _loop_that_tells(program, "epoch")
    return Place(loop.section, loop.node.iter) if loop is not None and isinstance(loop.node, cst.For) else None


def batches_at(program: Program) -> Place | None:
    """The only call of `batch` that makes what the loop over batches goes through, else what it goes over."""
    loop = _loop_that_tells(program, "step")
    if loop is None or not isinstance(loop.node, cst.For):
        return None
    names = {each.value for each in nodes(loop.node.iter, cst.Name)}
    made = [place for assigned, place in found(program, cst.Assign, "batch") if _names_of(assigned) & names]
    calls = [Place(place.section, call) for place in made for call in nodes(place.node, cst.Call) if _is_batch(call)]
    return calls[0] if len(calls) == 1 else Place(loop.section, loop.node.iter)


def told_at(program: Program, argument: str) -> Place | None:
    """The value of an argument of the only call that tells a watcher of a step."""
    watchers = set(_watchers(program))
    calls = [
        (call, place)
        for call, place in found(program, cst.Call, ".step(")
        if _last_name(call.func) == "step" and _owner(call.func) in watchers
    ]
    if len(calls) != 1:
        return None
    call, place = calls[0]
    given = (each.value for each in call.args if each.keyword is not None and each.keyword.value == argument)
    return next((Place(place.section, value) for value in given), None)


def _loop_that_tells(program: Program, method: str) -> Place | None:
    """The only `for` in whose own rounds a watcher's method is called."""
    watchers = set(_watchers(program))
    loops = [place for loop, place in found(program, cst.For, f".{method}(") if _tells(loop.body, watchers, method)]
    return loops[0] if len(loops) == 1 else None


def _watchers(program: Program) -> Iterator[str]:
    """The names under which watchers go: `with Watcher(model) as watcher`, `watcher = Watcher(model)`."""
    for assigned, _ in found(program, cst.Assign, WATCHER):
        if isinstance(assigned.value, cst.Call) and _last_name(assigned.value.func) == WATCHER:
            yield from _names_of(assigned)
    for item, _ in found(program, cst.WithItem, WATCHER):
        name = item.asname.name if item.asname is not None else None
        if isinstance(item.item, cst.Call) and _last_name(item.item.func) == WATCHER and isinstance(name, cst.Name):
            yield name.value


def _tells(body: cst.BaseSuite, watchers: set[str], method: str) -> bool:
    waiting: list[cst.CSTNode] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Call) and _last_name(node.func) == method and _owner(node.func) in watchers:
            return True
        waiting.extend(child for child in children(node) if not isinstance(child, _INNER))
    return False


def _names_of(assigned: cst.Assign) -> set[str]:
    return {each.target.value for each in assigned.targets if isinstance(each.target, cst.Name)}


def _is_batch(call: cst.Call) -> bool:
    return _last_name(call.func) == "batch"


def _owner(function: cst.BaseExpression) -> str:
    """The plain name before the last dot."""
    if isinstance(function, cst.Attribute) and isinstance(function.value, cst.Name):
        return function.value.value
    return ""


def _last_name(function: cst.BaseExpression) -> str:
    if isinstance(function, cst.Attribute):
        return function.attr.value
    return function.value if isinstance(function, cst.Name) else ""
