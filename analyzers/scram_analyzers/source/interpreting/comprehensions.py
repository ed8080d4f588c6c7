"""What comprehensions make: their items, where few enough are gone through, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, Interval
from scram_analyzers.source.interpreting import containers, iteration
from scram_analyzers.source.interpreting.state import DictObject, ListObject, rest_of
from scram_analyzers.source.libraries import data_operations, spans
from scram_analyzers.source.values import Constant, Counter, OneOf, Unknown, Value, number

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class _Made:
    """What a comprehension makes: `items` and, when it is `open`, more like them; of `count` in all, where known."""

    items: tuple[Value, ...]
    open: bool
    count: int | None


_Evaluate = Callable[["Interpreter", cst.BaseExpression], Value]
"""How one element of a comprehension is worked out."""


def as_list(interpreter: Interpreter, node: cst.ListComp | cst.GeneratorExp | cst.SetComp) -> Value:
    """`[f(x) for x in xs]`, and sets and generators alike."""
    made, place = _made(interpreter, node.for_in, node.elt, _element), interpreter.place(node)
    if isinstance(node, cst.ListComp) and made.items and _marks_one(interpreter, node):
        return replace(data_operations.one_hot(Data("literal", place), made.count, place), one_row=True)
    if not made.open:
        return interpreter.new_list(made.items, place)
    count = None if isinstance(node, cst.SetComp) else made.count
    return interpreter.allocate(ListObject(made.items, True, rest_of(made.items), count), place)


def _marks_one(interpreter: Interpreter, node: cst.ListComp) -> bool:
    """Whether a row has a 1 where its place is that of a class: `[1 if place == kind else 0 for place in range(5)]`."""
    element, clause = node.elt, node.for_in
    test: cst.BaseExpression | None = None
    if isinstance(element, cst.IfExp) and [_written(element.body), _written(element.orelse)] == [1, 0]:
        test = element.test
    elif (
        isinstance(element, cst.Call) and isinstance(element.func, cst.Name) and element.func.value in ("int", "float")
    ):
        test = element.args[0].value if len(element.args) == 1 else None
    if (
        not isinstance(test, cst.Comparison)
        or len(test.comparisons) != 1
        or clause.ifs
        or clause.inner_for_in is not None
    ):
        return False
    sides = (test.left, test.comparisons[0].comparator)
    others = [side for side in sides if not side.deep_equals(clause.target)]
    if not isinstance(test.comparisons[0].operator, cst.Equal) or len(others) != 1:
        return False
    return not isinstance(interpreter.evaluate(others[0]), Constant)


def _written(node: cst.BaseExpression) -> float | None:
    return float(node.evaluated_value) if isinstance(node, (cst.Integer, cst.Float)) else None


def as_dict(interpreter: Interpreter, node: cst.DictComp) -> Value:
    """`{word: number for number, word in enumerate(words)}`, `{name: Input((1,), name=name) for name in columns}`."""
    keys: list[Value] = []

    def entry(interpreter: Interpreter, value: cst.BaseExpression) -> Value:
        keys.append(interpreter.evaluate(node.key))
        return interpreter.evaluate(value)

    made, place = _made(interpreter, node.for_in, node.value, entry), interpreter.place(node)
    table = _columns_by_name(interpreter, node)
    if table is not None:
        return table
    number_of_word = (
        containers.word_number(place) if containers.numbers_words(node.key, node.value, node.for_in) else None
    )
    named = [key.value for key in keys if isinstance(key, Constant)]
    if not made.open and len(named) == len(made.items):
        rest = _between(number_of_word, made.items) if number_of_word is not None else None
        return interpreter.allocate(DictObject(dict(zip(named, made.items, strict=True)), rest=rest), place)
    return interpreter.allocate(DictObject({}, open=True, rest=number_of_word), place)


def _between(number_of_word: Data, numbers: tuple[Value, ...]) -> Data:
    """The number of a word, which is one of those that are all told."""
    told = [each for each in map(number, numbers) if each is not None]
    return replace(number_of_word, range=Interval(min(told), max(told))) if told else number_of_word


def _columns_by_name(interpreter: Interpreter, node: cst.DictComp) -> Data | None:
    """The table of `{name: column.values[:, None] for name, column in table.items()}`: its columns as they are."""
    clause, value = node.for_in, node.value
    call = clause.iter
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "items":
        return None
    while isinstance(value, (cst.Attribute, cst.Subscript, cst.Call)):
        value = value.func if isinstance(value, cst.Call) else value.value
    column = clause.target.elements[-1].value if isinstance(clause.target, cst.Tuple) else None
    if column is None or not value.deep_equals(column) or clause.ifs or clause.inner_for_in is not None:
        return None
    table = interpreter.evaluate(call.func.value)
    return table if isinstance(table, Data) and table.is_table else None


def _made(interpreter: Interpreter, clause: cst.CompFor, element: cst.BaseExpression, evaluate: _Evaluate) -> _Made:
    iterable = interpreter.evaluate(clause.iter)
    items = iteration.iterated(interpreter, iterable)
    plain = not (clause.ifs or clause.inner_for_in is not None)
    if items is not None and plain and evaluate is _element and element.deep_equals(clause.target):
        return _Made(items, False, len(items))  # a copy, however long: `[i for i in range(1000)]`
    known = items is not None and iteration.may_unroll(interpreter, len(items)) and not clause.ifs
    outer = interpreter.frame.scope
    interpreter.frame.scope = interpreter.new_scope(outer)
    results: list[Value] = []
    open_ = not known
    try:
        for item in items if known and items is not None else (iteration.element_of(interpreter, iterable),):
            # Nothing within goes through a group of this number: it is no class then, but a number.
            alone = spans.span_of(item) if isinstance(item, Counter) and clause.inner_for_in is None else None
            interpreter.assign(clause.target, alone or item)
            if clause.inner_for_in is not None:
                inner = _made(interpreter, clause.inner_for_in, element, evaluate)
                results += inner.items
                open_ = open_ or inner.open
            else:
                results.append(evaluate(interpreter, element))
    finally:
        interpreter.frame.scope = outer
    return _Made(tuple(results), open_, iteration.count_of(interpreter, iterable) if plain else None)


def _element(interpreter: Interpreter, element: cst.BaseExpression) -> Value:
    """An element; where it is one of several whole numbers (`1 if ... else 0`), data of these."""
    value = interpreter.evaluate(element)
    if isinstance(value, OneOf):
        return data_operations.one_of([*map(float, value.numbers)], interpreter.place(element)) or value
    leaves = _leaves(element)
    if not isinstance(value, Unknown) or len(leaves) < 2:
        return value
    numbers = [number(interpreter.evaluate(leaf)) for leaf in leaves]
    found = data_operations.one_of([each for each in numbers if each is not None], interpreter.place(element))
    return found if found is not None and None not in numbers else value


def _leaves(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What a conditional expression may come to."""
    return [*_leaves(node.body), *_leaves(node.orelse)] if isinstance(node, cst.IfExp) else [node]
