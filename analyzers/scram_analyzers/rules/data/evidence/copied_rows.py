"""Rows that are copied before they are parted, so that copies of one row come into training and validation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.calls_of_steps import call_of
from scram_analyzers.source.data import DataStep, StepKind
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.values import Tuple, boolean, number


def of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    """Rows that are copied and then split at random: copies of one row come into both parts."""
    copied: DataStep | None = None
    for step in fit.inputs.steps if fit.inputs is not None else ():
        if step.name in ("repeat", "tile") and _copies_rows(program, step):
            copied = step
        elif step.kind is StepKind.SPLIT and copied is not None and copied.place is not None:
            split = call_of(program, step)
            if split is None or split.arguments.open or boolean(split.arguments.value("shuffle")) is False:
                return
            yield Report(
                copied.place,
                "The rows are copied before they are split at random, so most validation rows are also in the training "
                "data.",
                (Related(split.place, "This split takes copies of one row apart."),),
            )
            return


def _copies_rows(program: Program, step: DataStep) -> bool:
    """Whether it is `np.repeat(x, 3, axis=0)` or `np.tile(x, (3, 1))`, and not one of columns or channels."""
    call = call_of(program, step)
    if call is None or call.arguments.open:
        return False
    if step.name == "repeat":
        axis = call.arguments.value("axis", 2)
        return axis is not None and number(axis) == 0
    times = call.arguments.value("reps", 1)
    counts = [number(each) for each in times.items] if isinstance(times, Tuple) else []
    return len(counts) > 1 and (counts[0] or 0) > 1 and set(counts[1:]) == {1}
