"""Data that a program scales by their own mean, spread or bounds, without a scaler, before it takes the test part."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.data import WHOLE, Data, DataStep, StepKind
from scram_analyzers.source.libraries.data_functions import BY_STATISTICS
from scram_analyzers.source.program import Program


def by_hand(program: Program, data: Data, cut: DataStep | None) -> Iterator[Report]:
    """Data divided by their own spread, or less their own mean, before they are split or cut."""
    for position, step in enumerate(data.steps):
        split = next((later for later in data.steps[position + 1 :] if later.kind is StepKind.SPLIT), None)
        if split is None and cut is not None and step.measured is not None and has_all(step.measured.data, data):
            split = cut
        elif not any(_by_statistic(program, each) for each in _within(step)):
            continue
        if split is None or step.place is None or data.images:
            continue
        related = () if split.place is None else (Related(split.place, "The data are split only here."),)
        message = (
            "All data are scaled by their own statistics before they are split: those of the test part are in them."
        )
        yield Report(step.place, message, related, severity=Severity.INFO)
        return


def _within(step: DataStep) -> tuple[DataStep, ...]:
    """A step, or what was done to the column that it puts back: `table[name] = (table[name] - low) / spread`."""
    return step.put[1].steps[-2:] if step.put is not None and step.kind is StepKind.SCALED else (step,)


_STATISTIC = re.compile(r"\.(mean|std|min|max|median)\(")


def _by_statistic(program: Program, step: DataStep) -> bool:
    """Whether a step scales by a mean, spread or extreme, which the expression works out or a name stands for."""
    node = step.node
    if step.name in BY_STATISTICS:
        return step.measured is not None
    if step.kind is not StepKind.SCALED or step.number is not None or not isinstance(node, cst.BinaryOperation):
        return False
    assert step.place is not None
    if _STATISTIC.search(step.place.text):
        return True
    right = node.right.value if isinstance(node.right, cst.Name) else None
    pattern = (
        rf"^\s*(?:\w+\s*,\s*)?{re.escape(right)}\b[^=\n]*=[^=\n]*{_STATISTIC.pattern}" if right is not None else None
    )
    return pattern is not None and program.matches(re.compile(pattern, re.MULTILINE))


def has_all(learned: Data, data: Data) -> bool:
    """Whether what was learned from are all rows that the data were cut out of, and no test part was set aside."""
    return learned.rows == WHOLE and bool(learned.roots & data.roots) and split_of(learned) is None


def split_of(data: Data) -> DataStep | None:
    """The first split that the data went through."""
    return next((step for step in data.steps if step.kind is StepKind.SPLIT), None)
