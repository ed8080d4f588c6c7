"""SCR206 constant-feature."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, VALIDATING_DATA
from scram_analyzers.run.blank_inputs import blank_inputs
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import DataArray, Subject, SubjectKind
from scram_analyzers.run.task import has_built_in_loss, targets
from scram_analyzers.run.wording import counted, listed

MANY = 0.2
"""From this share on of a table's columns, constant ones are more than a leftover. Ours."""

NARROW = 40
"""In a table of no more columns each is one that somebody chose; wide ones have leftovers. Ours."""

ENOUGH = 500
"""Rows of a stream: a mark that one row in fifty bears is missing from so many in one of 20,000 cases. Ours."""

SMALLEST_IMAGE = 49
"""Pixels: of 7 rows and columns."""


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
        "The border pixels of flattened images are constant and harmless: a table with as many columns as a square "
        "image has values is taken for one. Targets that only stand in for what a loss of one's own computes are "
        "left alone."
    )
    options = (Option("pixels", 0.9, "share of constant columns that is too much even for an image", "scram"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Constant targets and tables are errors, columns of narrow ones and many of wide ones an info."""
        target = targets(history)
        if target is not None and _is_constant(target) and has_built_in_loss(history):
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=(
                    f"All {target.rows or 0:,} targets are {target.minimum or 0:g}: there is nothing to learn "
                    f"from them."
                ),
                severity=Severity.ERROR,
            )
        blank = blank_inputs(history)
        if blank is not None:
            yield RunReport(
                subject=Subject(SubjectKind.INPUTS),
                message=f"Every value of the training inputs is {blank:g}: no row can be told from another.",
                severity=Severity.ERROR,
            )
            return
        tables = [array for array in _training_inputs(history) if array.columns and array.constant_columns]
        for table in tables or _of_stream(history):
            yield from self._of_table(table)
        for single in filter(_is_constant_feature, _training_inputs(history)):
            yield RunReport(
                subject=Subject(SubjectKind.INPUTS),
                message=f"All {single.rows or 0:,} values of the training input {single.name} are {single.minimum:g}.",
                severity=Severity.INFO,
            )

    def _of_table(self, table: DataArray) -> Iterator[RunReport]:
        columns, count = table.columns or 0, len(table.constant_columns)
        if _may_be_pixels(columns) and count < self.option("pixels") * columns:
            return
        everything, is_told = count == columns, count >= MANY * columns or columns <= NARROW
        table_name = "the training input" if table.name == "x" else table.name
        names = listed(map(str, table.constant_columns))
        looked_at = "" if table.rows is not None else f" in the {table.rows_read:,} rows looked at"
        yield RunReport(
            subject=Subject(SubjectKind.INPUTS),
            message=(
                f"{counted(count, 'column')} of {columns} in {table_name} never change{looked_at} (columns {names})."
            ),
            severity=Severity.ERROR if everything else Severity.INFO if is_told else None,
        )


def _of_stream(history: RunHistory) -> tuple[DataArray, ...]:
    """The narrow inputs of a stream with such columns, once so many rows were seen that a rare mark would have been.

    In wide ones, as of word counts, many columns are rarer than that.
    """
    inputs = history.stream.constant_inputs if history.stream is not None else ()
    return tuple(array for array in inputs if array.rows_read >= ENOUGH and (array.columns or 0) <= NARROW)


def _training_inputs(history: RunHistory) -> tuple[DataArray, ...]:
    arrays = history.data.arrays if history.data is not None else ()
    return tuple(array for array in arrays if (array.part, array.role) == ("training", "input"))


FEATURE_READERS = ("Normalization", "BatchNormalization", "Dense", "Concatenate")
"""Layers that read a column of numbers as a feature; others may be handed lengths, masks or placeholders."""


def _is_constant_feature(array: DataArray) -> bool:
    """Whether an input is a single column of numbers that never change."""
    if (
        array.shape[1:] not in ((), (1,))
        or array.consumer not in FEATURE_READERS
        or not array.dtype.startswith("float")
    ):
        return False
    return array.minimum is not None and array.deviation == 0 and array.rows_read == array.rows and array.rows_read > 1


def _is_constant(target: DataArray) -> bool:
    return target.deviation == 0 and (target.rows or 0) > 1 and target.minimum is not None


def _may_be_pixels(columns: int) -> bool:
    """Whether a table has as many columns as a square image has values: 64, 784, 3 * 32 * 32."""
    return any(
        columns % channels == 0
        and columns // channels >= SMALLEST_IMAGE
        and math.isqrt(columns // channels) ** 2 == columns // channels
        for channels in (1, 3)
    )
