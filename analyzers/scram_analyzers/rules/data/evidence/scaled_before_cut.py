"""Series that are scaled as a whole, before the part to train on is cut off."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import cut_rows
from scram_analyzers.rules.data.evidence.refitting import SCALERS
from scram_analyzers.source.data import WHOLE, Data, DataStep, Learned, StepKind
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents


def leak_by_slices(program: Program, data: Data) -> tuple[Learned, DataStep] | None:
    """A scaler fitted to a whole series of which training takes the rows up to a bound, and others those after it."""
    for position, step in enumerate(data.steps):
        learned = step.learned
        if learned is None or step.kind is not StepKind.SCALED or not scales(learned):
            continue
        if not is_whole(learned.data):
            continue
        rounds: frozenset[int] = frozenset()
        applied_to_parts = learned.data.roots and learned.data.roots <= data.roots | data.origins
        for later in data.steps if applied_to_parts else data.steps[position + 1 :]:
            if later.name == "window":
                rounds |= _loops(later)
            bound = _upper_bound(later)
            if bound is None or rounds & _loops(later):
                continue  # what a round of that loop cuts is a stretch of the series, not the series
            rest = rf"\[\s*{re.escape(bound)}\b[^\]:,]*:"
            share = rf"^\s*{re.escape(bound)}\s*=[^=\n]*\b(?:len\(|shape\[0)[^=\n]*\*\s*0?\.\d"
            if program.matches(re.compile(f"{rest}|{share}", re.MULTILINE)):
                return learned, later
    return None


_KEEPING_ROWS = frozenset(
    [
        *("dropna", "getitem", "column", "fillna", "astype", "reshape", "values", "to_numpy", "reset_index", "copy"),
        *("set_index", "sort_index", "sort_values", "Add", "Subtract", "Multiply", "Divide", "drop", "encoded column"),
        *("interpolate", "ffill", "bfill", "replace", "resample", "sum", "mean", "setitem"),
    ]
)
"""Steps that leave all rows, or all in which nothing is missing, or put one for each day in their place."""


def is_whole(data: Data) -> bool:
    """Whether data hold all rows of a series, but for those in which something is missing."""
    if data.rows is not None or cut_rows(data):
        return data.rows == WHOLE
    return all(step.name in _KEEPING_ROWS for step in data.steps)


def _upper_bound(step: DataStep) -> str | None:
    """The bound, a name or a number, up to which a slice takes the rows from the first on."""
    node = step.node
    if step.kind is not StepKind.SELECTED or step.place is None or not isinstance(node, cst.Subscript):
        return None
    rows = node.slice[0].slice
    if not isinstance(rows, cst.Slice):
        return None
    first = rows.lower is None or (isinstance(rows.lower, cst.Integer) and rows.lower.value == "0")
    last, sign = rows.upper, ""
    if isinstance(last, cst.UnaryOperation) and isinstance(last.operator, cst.Minus):
        last, sign = last.expression, "-"
    return f"{sign}{last.value}" if first and isinstance(last, (cst.Name, cst.Integer)) else None


def _loops(step: DataStep) -> frozenset[int]:
    """The loops around a step."""
    around = parents.ancestors(step.place) if step.place is not None else ()
    return frozenset(id(each) for each in around if isinstance(each, (cst.For, cst.While, cst.BaseComp)))


def scales(learned: Learned) -> bool:
    """Whether it is a scaler, or holds one."""
    return any(kind.rpartition(".")[2] in _LEARNING for kind in (learned.kind, *learned.parts))


WEIGHTED_WORDS = ("TfidfVectorizer", "TfidfTransformer", "TextVectorization")
"""What chooses words, or weighs them, by how many of the texts have each."""

_LEARNING = SCALERS + WEIGHTED_WORDS
