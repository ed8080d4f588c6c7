"""Tables of one class each, joined one below the other: their rows stand class by class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from scram_analyzers.rules.data.evidence.dataset_order import MIXING
from scram_analyzers.rules.data.evidence.judging import in_random_order
from scram_analyzers.source.data import Data, DataStep
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_JOINING = ("pandas.concat", "append")
_ORDERING = ("sort_values", "sort_index", "merge", "join", "groupby", "argsort")
"""Steps after which rows no longer stand as they were joined."""


def joined_class_by_class(program: Program, labels: Data) -> bool:
    """Whether labels are a column that holds one value in each of the tables that were joined, and nothing mixed."""
    joined = [position for position, step in enumerate(labels.steps) if step.name in _JOINING]
    if not labels.is_table or len(joined) != 1 or program.matches(MIXING):
        return False
    later = labels.steps[joined[0] + 1 :]
    column = next((step.column for step in reversed(later) if step.column is not None), None)
    if column is None or in_random_order(replace(labels, source="", steps=later)):
        return False
    if any(step.name in _ORDERING for step in later):
        return False
    tables = _tables(labels.steps[joined[0]])
    values = [_only_value(program, table, column) for table in tables]
    return len(values) > 1 and None not in values and len(set(values)) == len(values)


def _tables(step: DataStep) -> list[str]:
    """The names of the tables that a call joins: `pd.concat([a, b])`, `a.append(b)`; empty where any has none."""
    call = step.node
    if not isinstance(call, cst.Call) or not call.args:
        return []
    given = call.args[0].value
    if step.name == "append":
        owner = call.func.value if isinstance(call.func, cst.Attribute) else None
        parts = [owner, given]
    else:
        parts = [each.value for each in given.elements] if isinstance(given, (cst.List, cst.Tuple)) else []
    names = [part.value for part in parts if isinstance(part, cst.Name)]
    return names if len(names) == len(parts) else []


def _only_value(program: Program, table: str, column: str) -> str | None:
    """The one value that the program writes into a whole column of a table, as text; None for none or several."""
    written = {*_written(program, table, column)}
    return written.pop() if len(written) == 1 else None


def _written(program: Program, table: str, column: str) -> Iterator[str | None]:
    for assigned, _ in search.found(program, cst.Assign, table):
        target = assigned.targets[0].target
        if isinstance(target, cst.Name) and target.value == table:
            yield from _of_assign(assigned.value, column)
        elif isinstance(target, cst.Subscript) and dotted_name(target.value) in (table, f"{table}.loc"):
            key = target.slice[-1].slice
            if isinstance(key, cst.Index) and _text(key.value) == column:
                yield _constant(assigned.value)
        elif dotted_name(target) == f"{table}.{column}":
            yield _constant(assigned.value)


def _of_assign(value: cst.BaseExpression, column: str) -> Iterator[str | None]:
    """What `table.assign(column=...)` writes, if anything."""
    if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute):
        return
    if value.func.attr.value == "assign":
        for each in value.args:
            if each.keyword is not None and each.keyword.value == column:
                yield _constant(each.value)


def _constant(value: cst.BaseExpression) -> str | None:
    """One number or word for all rows: a literal, `np.zeros(n)`, `[1] * n`; None for anything else."""
    if isinstance(value, (cst.Integer, cst.Float)):
        return str(float(value.evaluated_value))
    if isinstance(value, cst.SimpleString):
        return _text(value)
    if isinstance(value, cst.Call):
        return _FILLED.get((dotted_name(value.func) or "").rpartition(".")[2])
    if isinstance(value, cst.BinaryOperation) and isinstance(value.left, cst.List) and len(value.left.elements) == 1:
        return _constant(value.left.elements[0].value)
    return None


_FILLED = {"zeros": "0.0", "ones": "1.0"}


def _text(node: cst.BaseExpression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None
