"""SCR202 nonfinite-data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER, VALIDATING_DATA
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.nonfinite_weights import nonfinite_weights
from scram_analyzers.run.questions import question_inputs
from scram_analyzers.run.records import DataArray, OriginPlace, Subject, SubjectKind
from scram_analyzers.run.task import has_built_in_loss
from scram_analyzers.run.wording import counted, rounded


class NonfiniteData(Rule):
    """NaN or infinite values in what is fed to the model."""

    code = "SCR202"
    name = "nonfinite-data"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    holds_for_moving_targets = True
    hears_questions = True
    summary = "training data that hold NaN or infinite values"
    why = (
        "One NaN among the inputs or targets makes the loss and then every weight it reaches NaN; TensorFlow on "
        "a CPU can even hide it behind a loss that looks fine."
    )
    how = (
        "Find the rows with ~np.isfinite(...).all(axis=1) and drop them or fill them in before fit; see which "
        "step made them (a missing value in the file, a division by 0, a log of 0)."
    )
    references = (
        THE_DEEP_CHECKER,
        VALIDATING_DATA,
    )
    false_alarms = "A model that masks or fills in NaN itself; missing labels under a loss of one's own are left to it."

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """One report for the inputs and one for the targets; for what the trained model is asked, of its inputs."""
        if history.moment is Moment.ASKED:
            yield from islice(_question(history), 1)
            return
        for role, kind in (("input", SubjectKind.INPUTS), ("target", SubjectKind.TARGETS)):
            if role == "target" and not has_built_in_loss(history) and not _became_loss(history):
                continue  # a loss of one's own may leave missing labels out
            found = _array(history, role) or _batch(history, role) or _origin(history, role)
            if found is not None:
                message, step = found
                yield RunReport(subject=Subject(kind), message=message, step=step)
        yield from _validation(history)


def _question(history: RunHistory) -> Iterator[RunReport]:
    """Of a model that learned from inputs without such values, whatever it does with them is not meant."""
    for trained, asked in question_inputs(history):
        if asked.nonfinite and not trained.nonfinite:
            values, rows = counted(asked.nonfinite, "NaN or infinite value"), counted(asked.nonfinite_rows, "row")
            yield RunReport(
                subject=Subject(SubjectKind.QUESTION),
                message=(
                    f"The inputs that the trained model is asked about hold {values} in {rows}: what it answers to "
                    "those is NaN, and so is a mean over all of them."
                ),
                why="NaN in, NaN out: one such value makes the loss of the whole evaluation NaN.",
            )


def _became_loss(history: RunHistory) -> bool:
    """Whether the first step of a loop's own whose targets were seen to hold such values has one for its loss."""
    for record in history.looked_at if history.info.is_overheard else ():
        if any(array.role == "target" and array.nonfinite for array in record.arrays):
            return record.loss is not None and not math.isfinite(record.loss)
    return False


def _validation(history: RunHistory) -> Iterator[RunReport]:
    """A validation loss that never was a number, of a model that trains: no array of that part was looked at."""
    arrays = history.data.arrays if history.data is not None else ()
    looked_at = any(array.part == "validation" and array.rows_read for array in arrays)
    losses = [(epoch, epoch.value("loss"), epoch.value("val_loss")) for epoch in history.epochs]
    if (
        looked_at
        or nonfinite_weights(history) is not None
        or not losses
        or any(loss is None or value is None for _, loss, value in losses)
    ):
        return
    if any(math.isfinite(value or 0.0) or not math.isfinite(loss or 0.0) for _, loss, value in losses):
        return
    first = losses[0][0]
    yield RunReport(
        subject=Subject(SubjectKind.VALIDATION),
        message=(
            f"The validation loss has been {losses[0][2]:g} since epoch {first.epoch} while the training loss is "
            f"{rounded(losses[-1][1] or 0.0)}: the validation data hold NaN or infinite values."
        ),
        step=first.step,
        epoch=first.epoch,
    )


def _array(history: RunHistory, role: str) -> tuple[str, int | None] | None:
    arrays = history.data.arrays if history.data is not None else ()
    bad = next((array for array in arrays if array.role == role and array.nonfinite), None)
    return (_array_message(bad), None) if bad is not None else None


def _array_message(bad: DataArray) -> str:
    what = "labels or targets" if bad.role == "target" else "inputs"
    read = f" of the {bad.rows_read:,} looked at" if bad.rows != bad.rows_read else f" of {bad.rows_read:,}"
    rows = f" in {bad.nonfinite_rows:,}{read} rows" if bad.nonfinite_rows else ""
    return f"The {bad.part} {what} ({bad.name}) hold {counted(bad.nonfinite, 'NaN or infinite value')}{rows}."


def _origin(history: RunHistory, role: str) -> tuple[str, int | None] | None:
    """What a replay of the step found in its batch, which nobody had looked at."""
    place = OriginPlace.INPUTS if role == "input" else OriginPlace.TARGETS
    origin = history.origin
    if origin is None or origin.place is not place:
        return None
    rows = f" (row {origin.rows[0]} of it, counted from 0)" if origin.rows else ""
    return f"The batch of step {origin.step}{rows} holds NaN or infinite values in {origin.array or role}.", origin.step


def _batch(history: RunHistory, role: str) -> tuple[str, int | None] | None:
    for record in history.looked_at:
        for array in record.arrays:
            if array.role == role and array.nonfinite:
                values = counted(array.nonfinite, "NaN or infinite value")
                return f"The batch of step {record.step} holds {values} in {array.name}.", record.step
    return None
