"""Labels of which only some were taken, by what they hold or by their numbers."""

from __future__ import annotations

import itertools

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, StepKind


def picks_rows(step: DataStep) -> bool:
    """Whether rows are taken by a mask or by their numbers: `y[y < 5]`; not a stretch of all, nor a table's column."""
    node = step.node
    if step.kind is not StepKind.SELECTED or not isinstance(node, cst.Subscript):
        return False
    first = node.slice[0].slice
    return isinstance(first, cst.Index) and not isinstance(first.value, cst.Ellipsis | cst.SimpleString)


def since_numbered(labels: Data) -> bool:
    """Whether rows were taken after the labels got their numbers; `table[table.fold == 1]` before is not meant."""
    after = itertools.takewhile(lambda step: step.kind is not StepKind.ENCODED, reversed(labels.steps))
    return any(map(picks_rows, after))
