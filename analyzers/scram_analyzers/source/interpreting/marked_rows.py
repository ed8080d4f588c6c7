"""One-hot rows that a program writes by itself, with a 1 at a time into an array of zeros: `y[i, k] = 1`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.interpreting.state import ListObject
from scram_analyzers.source.libraries import data_items, data_operations
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.walk import bound_names
from scram_analyzers.source.values import Constant, Counter, OneOf, Ref, Value, WholeNumber, number

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

MARKED = "one-hot"
"""The step of such rows."""


def blank_array(interpreter: Interpreter, node: cst.Subscript, value: Value) -> Data | None:
    """The array of zeros into which `node = value` writes a 1; None for anything else."""
    name, _ = _flattened(node) if number(value) == 1 else (None, [])
    owner = interpreter.evaluate(name) if name is not None else None
    return owner if isinstance(owner, Data) and owner.source in data_items.BLANK else None


def after_mark(interpreter: Interpreter, node: cst.Subscript, before: Data) -> None:
    """Know an array of zeros as one-hot rows once a 1 was written into it, at a class number in a new row each time.

    `before` is the array as it was.
    """
    name, keys = _flattened(node)
    place = interpreter.place(node)
    if name is None or len(keys) != len(before.shape or keys):
        return
    after = interpreter.evaluate(name)
    if not isinstance(after, Data):
        return
    if not _is_blank(before, place):  # a second 1 somewhere: who knows whether in the same row
        interpreter.bind(name.value, replace(after, labels=None, classes=None))
    elif _is_each_row(interpreter, keys) or (
        _is_number(interpreter, keys[-1], place)
        and (_in_new_row(place, keys[:-1]) or (len(keys) == 1 and _is_made_for_it(before.place, place)))
    ):
        step = DataStep(StepKind.ENCODED, MARKED, place)
        known = replace(after, steps=tuple(each for each in after.steps if each.name != data_items.MARKS))
        classes = before.shape[-1] if before.shape else None
        facts = {"labels": LabelForm.ONE_HOT, "classes": classes, "range": Interval(0, 1), "shape": before.shape}
        interpreter.bind(name.value, known.after(step, token_ids=False, **facts))


def mark_list(interpreter: Interpreter, node: cst.Subscript, owner: Ref, row: ListObject, value: Value) -> bool:
    """Know a list of zeros as a one-hot row once a 1 stands at a class number: `row[classes.index(name)] = 1`."""
    name, keys = _flattened(node)
    if name is None or number(value) != 1 or len(keys) != 1 or not row.items:
        return False
    place = interpreter.place(node)
    if not all(number(each) == 0 for each in row.items) or not _is_made_for_it(owner.place, place):
        return False
    if not _is_number(interpreter, keys[0], place):
        return False
    units = None if row.open else len(row.items)
    interpreter.bind(
        name.value,
        Data(
            "list",
            place,
            range=Interval(0, 1),
            dtype="int64",
            shape=(units,),
            labels=LabelForm.ONE_HOT,
            classes=units,
            one_row=True,
        ),
    )
    return True


def _is_made_for_it(made: Place | None, place: Place) -> bool:
    """Whether a row is made anew for each mark: no loop goes round between the two, and writes several into it."""
    if made is None:
        return False
    loops, around = (
        {id(each) for each in parents.ancestors(where) if isinstance(each, (cst.For, cst.While, cst.FunctionDef))}
        for where in (made, place)
    )
    return loops == around


def _is_each_row(interpreter: Interpreter, keys: list[cst.BaseExpression]) -> bool:
    """Whether the rows are picked one after the other, each once: `y[np.arange(len(y)), labels] = 1`."""
    rows = interpreter.evaluate(keys[0])
    mixed = isinstance(rows, Data) and rows.steps
    return len(keys) == BOTH and isinstance(rows, Data) and rows.source == "numpy.arange" and not mixed


BOTH = 2
"""Keys of a table: of rows and of columns."""


def _flattened(node: cst.Subscript) -> tuple[cst.Name | None, list[cst.BaseExpression]]:
    """The array and all its keys, of `y[i][k]` as well; no keys where one is a slice."""
    keys: list[cst.BaseExpression] = []
    owner: cst.BaseExpression = node
    while isinstance(owner, cst.Subscript):
        parts = [each.slice for each in owner.slice]
        if not all(isinstance(part, cst.Index) for part in parts):
            return None, []
        keys = [part.value for part in parts if isinstance(part, cst.Index)] + keys
        owner = owner.value
    return (owner if isinstance(owner, cst.Name) else None), keys


def _is_blank(before: Data, place: Place) -> bool:
    """Whether nothing was written into the array but by this very statement, in earlier turns of a loop."""
    written = [each for each in before.steps if each.kind is StepKind.ENCODED or each.name == "setitem"]
    return all(each.node is place.node for each in written)


def _is_number(interpreter: Interpreter, key: cst.BaseExpression, place: Place) -> bool:
    """Whether a key is a single number of a class, and no list of several."""
    held = interpreter.evaluate(key)
    if isinstance(held, Data):
        return held.labels in data_operations.NUMBERED or held.shape == ()
    if isinstance(held, Constant):  # of a loop over a few classes; one and the same column of every row tells none
        loops = (each for each in parents.ancestors(place) if isinstance(each, cst.For))
        return any(name in _names(key) for loop in loops for name in _names(loop.target))
    if isinstance(held, (OneOf, WholeNumber, Counter)):
        return True
    called = key.func if isinstance(key, cst.Call) else None
    if isinstance(called, cst.Attribute):
        return called.attr.value == "index"
    return isinstance(called, cst.Name) and called.value == "int"


def _in_new_row(place: Place, rows: list[cst.BaseExpression]) -> bool:
    """Whether the innermost loop comes to another row in each of its turns: `for t, word in ...: x[i, t, k] = 1`."""
    loop = next((each for each in parents.ancestors(place) if isinstance(each, (cst.For, cst.While))), None)
    if loop is None:
        return False
    moving = frozenset(bound_names(loop.body)) | (_names(loop.target) if isinstance(loop, cst.For) else frozenset())
    return any(moving & _names(row) for row in rows)


def _names(node: cst.BaseExpression) -> frozenset[str]:
    return frozenset(each.value for each in search.nodes(node, cst.Name))
