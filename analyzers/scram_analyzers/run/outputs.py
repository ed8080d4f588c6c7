"""What the predictions on the panel say of the model's outputs, and which arrays feed which layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, DataArray, LabelForm, OutputInfo, OutputStatistics, PanelRecord
from scram_analyzers.run.task import CATEGORICAL, CROSS_ENTROPIES, targets, the_output
from scram_analyzers.run.wording import rounded

TOLERANCE = 0.01
"""What half precision may add to a probability or a sum of them (catalogue A1)."""

BATCHES = 3
"""Batches of a stream from which the range of its targets is judged. Ours."""


@dataclass(frozen=True, slots=True)
class NotProbabilities:
    """Predictions that a cross-entropy takes for probabilities and that are none."""

    output: OutputInfo
    panel: PanelRecord
    clause: str


def not_probabilities(history: RunHistory) -> NotProbabilities | None:
    """The newest panel's, for a single output under a built-in cross-entropy without from_logits."""
    output = the_output(history)
    panel = history.panels[-1] if history.panels else None
    if output is None or panel is None or len(panel.outputs) != 1:
        return None
    if output.loss not in CROSS_ENTROPIES or output.from_logits is not False:
        return None
    seen = panel.outputs[0]
    if seen.nonfinite:
        return None
    if seen.minimum < -TOLERANCE or seen.maximum > 1 + TOLERANCE:
        return NotProbabilities(
            output, panel, f"its outputs reach from {rounded(seen.minimum)} to {rounded(seen.maximum)}"
        )
    return _bad_sum(output, panel, seen)


def _bad_sum(output: OutputInfo, panel: PanelRecord, seen: OutputStatistics) -> NotProbabilities | None:
    low, high = seen.row_sum_minimum, seen.row_sum_maximum
    if output.loss not in CATEGORICAL or low is None or high is None:
        return None
    if low >= 1 - TOLERANCE and high <= 1 + TOLERANCE:
        return None
    return NotProbabilities(
        output, panel, f"its outputs for a row add up to {rounded(low)} to {rounded(high)}, not to 1"
    )


def target_range(history: RunHistory) -> tuple[float, float, float | None] | None:
    """Smallest and largest target, and their deviation, from the data given to fit, else from the batches seen."""
    array = history.data.array("training", "target") if history.data is not None else None
    if array is not None and array.minimum is not None and array.maximum is not None:
        return array.minimum, array.maximum, array.deviation
    seen = [
        (each.minimum, each.maximum)
        for record in history.steps
        for each in record.arrays
        if each.role == "target" and each.minimum is not None and each.maximum is not None
    ]
    names = {each.name for record in history.steps for each in record.arrays if each.role == "target"}
    if not seen or len(names) != 1:
        return None
    return min(low for low, _ in seen), max(high for _, high in seen), None


@dataclass(frozen=True, slots=True)
class OutputTargets:
    """One output with the range of the targets it is given, and their deviation where that is known."""

    output: OutputInfo
    low: float
    high: float
    deviation: float | None
    form: LabelForm | None = None


def targets_by_output(history: RunHistory) -> Iterator[OutputTargets]:
    """Each output whose targets can be told: the only one's, else those that go by the output's name or number."""
    outputs = history.info.outputs
    if len(outputs) == 1:
        seen, array = target_range(history), targets(history)
        if seen is not None:
            yield OutputTargets(outputs[0], *seen, array.label_form if array is not None else None)
        return
    arrays = history.data.arrays if history.data is not None else ()
    named = {each.name: each for each in arrays if (each.part, each.role) == ("training", "target")}
    for position, output in enumerate(outputs):
        names = (f"y[{output.name!r}]", f"y[{position}]")
        array = named.get(names[0]) or named.get(names[1])
        if array is not None and array.minimum is not None and array.maximum is not None:
            yield OutputTargets(output, array.minimum, array.maximum, array.deviation, array.label_form)
        elif array is None or array.rows is None:
            yield from _targets_of_batches(history, output, names)


def _targets_of_batches(history: RunHistory, output: OutputInfo, names: Sequence[str]) -> Iterator[OutputTargets]:
    """The targets of one of several outputs as the batches of a stream held them."""
    seen = [
        array
        for record in history.steps
        for array in record.arrays
        if array.role == "target" and array.name in names and not array.nonfinite
    ]
    lows = [each.minimum for each in seen if each.minimum is not None]
    highs = [each.maximum for each in seen if each.maximum is not None]
    if len(lows) >= BATCHES:
        yield OutputTargets(output, min(lows), max(highs), None)


def whole_labels(history: RunHistory) -> DataArray | None:
    """The training targets, when they are class numbers."""
    array = history.data.array("training", "target") if history.data is not None else None
    forms = (LabelForm.CLASS_INDICES, LabelForm.BINARY)
    return array if array is not None and array.label_form in forms else None


def inputs_seen(history: RunHistory) -> Iterator[ArrayStatistics | DataArray]:
    """Every input that was looked at: the arrays given to fit, then the batches."""
    if history.data is not None:
        yield from (array for array in history.data.arrays if array.role == "input")
    for record in history.steps:
        yield from (array for array in record.arrays if array.role == "input")
