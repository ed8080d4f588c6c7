"""SCR206 constant-feature."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, VALIDATING_DATA
from scram_analyzers.run.data_parts import input_pair
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import targets
from scram_analyzers.run.wording import counted, listed


class ConstantFeature(Rule):
    """Columns, or targets, that never change."""

    code = "SCR206"
    name = "constant-feature"
    severity = Severity.HINT
    confidence = Confidence.HIGH
    summary = "columns of the inputs, or targets, that have the same value in every row"
    why = "A column with one value tells the model nothing; a target with one value leaves nothing to learn."
    how = (
        "Drop such columns, and see whether the step that made them went wrong (a failed join, a wrong column, "
        "labels that were overwritten)."
    )
    references = (
        DEEP_CHECKS,
        VALIDATING_DATA,
    )
    false_alarms = (
        "The border pixels of images that were flattened to a table are constant and harmless: this is a hint."
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report constant targets and a table of constant columns as errors, single columns as a hint."""
        target, table = targets(history), input_pair(history)[0]
        if target is not None and target.deviation == 0 and (target.rows or 0) > 1 and target.minimum is not None:
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=f"All {target.rows:,} targets are {target.minimum:g}: there is nothing to learn from them.",
                severity=Severity.ERROR,
            )
        if table is None or not table.columns or not table.constant_columns:
            return
        count = len(table.constant_columns)
        everything = count == table.columns
        names = listed(map(str, table.constant_columns))
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS),
            message=(
                f"{counted(count, 'column')} of {table.columns} in the training input never change (columns {names})."
            ),
            severity=Severity.ERROR if everything else None,
        )
