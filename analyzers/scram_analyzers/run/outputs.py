"""What the predictions on the panel say of the model's outputs, and which arrays feed which layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
        for record in history.looked_at
        for each in record.arrays
        if each.role == "target" and each.minimum is not None and each.maximum is not None
    ]
    names = {each.name for record in history.looked_at for each in record.arrays if each.role == "target"}
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


def targets_by_output(history: RunHistory, batches: int = BATCHES) -> Iterator[OutputTargets]:
    """Each output whose targets can be told: the only one's, else those that go by the output's name or number.

    Of a stream so many `batches` must have been seen, where there are several outputs.
    """
    outputs, losses = history.info.outputs, history.info.losses
    if not outputs and len(losses) == 1:
        outputs = (OutputInfo("output", loss=losses[0]),)
    if len(outputs) == 1:
        seen, array = target_range(history), targets(history)
        if seen is not None:
            yield OutputTargets(outputs[0], *seen, array.label_form if array is not None else None)
        return
    known = {output.name: array for output, array in target_arrays(history)}
    for position, output in enumerate(outputs):
        names = _names_of_targets(output, position)
        array = known.get(output.name)
        if array is not None and array.minimum is not None and array.maximum is not None:
            yield OutputTargets(output, array.minimum, array.maximum, array.deviation, array.label_form)
        elif array is None or array.rows is None:
            yield from _targets_of_batches(history, output, names, batches)


def target_arrays(history: RunHistory) -> Iterator[tuple[OutputInfo, DataArray]]:
    """Each of several outputs with the array of its training targets, where that goes by its name or number."""
    arrays = history.data.arrays if history.data is not None else ()
    named = {each.name: each for each in arrays if (each.part, each.role) == ("training", "target")}
    for position, output in enumerate(history.info.outputs):
        found = [named[name] for name in _names_of_targets(output, position) if name in named]
        if found:
            yield output, found[0]


def _names_of_targets(output: OutputInfo, position: int) -> tuple[str, str]:
    return f"y[{output.name!r}]", f"y[{position}]"


def _targets_of_batches(
    history: RunHistory, output: OutputInfo, names: Sequence[str], batches: int
) -> Iterator[OutputTargets]:
    """The targets of one of several outputs as the batches of a stream held them."""
    seen = [
        array
        for record in history.looked_at
        for array in record.arrays
        if array.role == "target" and array.name in names and not array.nonfinite
    ]
    lows = [each.minimum for each in seen if each.minimum is not None]
    highs = [each.maximum for each in seen if each.maximum is not None]
    if len(lows) >= batches:
        yield OutputTargets(output, min(lows), max(highs), None)


def target_columns(history: RunHistory) -> Iterator[tuple[OutputInfo, int]]:
    """Outputs that are rows of numbers, each with how many numbers a row of its targets has."""
    outputs = history.info.outputs
    batch = next((record.arrays for record in history.looked_at), ())
    given = history.data.arrays if history.data is not None else ()
    shapes = {each.name: each.shape for each in batch if each.role == "target"}
    shapes |= {each.name: each.shape for each in given if (each.part, each.role) == ("training", "target")}
    for position, output in enumerate(outputs):
        names = ("y",) if len(outputs) == 1 else _names_of_targets(output, position)
        shape: tuple[int | None, ...] = next((shapes[name] for name in names if name in shapes), ())
        columns = shape[1] if output.rank == len(shape) == 2 else None
        if columns is not None:
            yield output, columns


_ENDS = {"relu": (0.0, None), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""Where the outputs of an activation end, below and above."""

AT_END = 1e-3
"""How near to the end of its range a sigmoid or tanh comes whose targets lie beyond. Ours."""


def with_maker(history: RunHistory, output: OutputInfo) -> OutputInfo:
    """The only output of a model without a graph, with the layer that makes it, if predictions show its activation.

    That is the last layer with weights; its activation shows where predictions keep within its range up to the end.
    """
    last = next((layer for layer in reversed(history.info.layers) if layer.parameters), None)
    ends = _ENDS.get(last.activation or "") if last is not None else None
    panels = list(history.panels)[-2:]
    if output.layer is not None or output.activation is not None or last is None or ends is None or len(panels) < 2:
        return output
    if len(history.info.outputs) != 1 or not all(_keeps_within(panel, *ends) for panel in panels):
        return output
    return replace(output, layer=last.name, activation=last.activation)


def _keeps_within(panel: PanelRecord, low: float, high: float | None) -> bool:
    seen = panel.outputs[0] if len(panel.outputs) == 1 else None
    if seen is None or seen.nonfinite or not seen.deviation or seen.minimum < low:
        return False
    if high is None:
        return seen.minimum == low
    return seen.maximum <= high and (seen.minimum - low < AT_END or high - seen.maximum < AT_END)


def whole_labels(history: RunHistory) -> DataArray | None:
    """The training targets, when they are class numbers."""
    array = history.data.array("training", "target") if history.data is not None else None
    forms = (LabelForm.CLASS_INDICES, LabelForm.BINARY)
    return array if array is not None and array.label_form in forms else None


def inputs_seen(history: RunHistory) -> Iterator[ArrayStatistics | DataArray]:
    """Every input that was looked at: the arrays given to fit, then the batches."""
    if history.data is not None:
        yield from (array for array in history.data.arrays if array.role == "input")
    for record in history.looked_at:
        yield from (array for array in record.arrays if array.role == "input")
