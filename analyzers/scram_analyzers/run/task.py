"""What a run is asked to learn, and how well a guess that ignores the inputs would do it."""

from __future__ import annotations

import enum
import math
import statistics
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.records import DataArray, LabelForm, OutputInfo

CATEGORICAL = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy"})
CROSS_ENTROPIES = CATEGORICAL | {"binary_crossentropy"}
SQUARED = "mean_squared_error"
REGRESSIONS = frozenset(
    {
        SQUARED, "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
        "huber", "log_cosh",
    }
)  # fmt: skip
BUILT_IN = CROSS_ENTROPIES | REGRESSIONS
"""Losses of Keras that can't be negative when labels and outputs are what they should be."""

_NORMAL_ABSOLUTE = math.sqrt(2 / math.pi)
"""Mean absolute deviation of a normal distribution, in standard deviations."""


class Task(enum.Enum):
    """What the only loss of a run says that is to be learned."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a guess reaches that knows the targets' distribution and never looks at an input.

    `accuracy` is the share of the most frequent class; `loss` that of the best constant prediction, without
    regularization; None when it can't be told. `rows` are the training rows it was read from, if known.
    """

    task: Task
    loss: float | None
    accuracy: float | None
    rows: int | None = None


def has_built_in_loss(history: RunHistory) -> bool:
    """Whether every loss is Keras's own, so that targets mean what it says; False for custom or unknown ones."""
    losses = history.info.losses
    return bool(losses) and all(loss in BUILT_IN for loss in losses)


def the_output(history: RunHistory) -> OutputInfo | None:
    """The model's only output; None with several, or when they are not known."""
    outputs = history.info.outputs
    return outputs[0] if len(outputs) == 1 else None


def targets(history: RunHistory, part: str = "training") -> DataArray | None:
    """The only target array of a part, None when unknown."""
    return history.data.array(part, "target") if history.data is not None else None


@asked_once
def task(history: RunHistory) -> Task | None:
    """None for custom, several, or mixed losses, and where labels are not exclusive (multi-label, autoencoders)."""
    losses = history.info.losses
    if len(losses) != 1 or len(history.info.outputs) > 1:
        return None
    if losses[0] in REGRESSIONS:
        return Task.REGRESSION
    if losses[0] in CATEGORICAL:
        return Task.CLASSIFICATION
    return Task.CLASSIFICATION if losses[0] == "binary_crossentropy" and _is_binary(history) else None


def _is_binary(history: RunHistory) -> bool:
    array, output = targets(history), the_output(history)
    if array is not None and array.label_form is not None:
        return array.label_form is LabelForm.BINARY
    return output is not None and output.units == 1


@asked_once
def baseline(history: RunHistory) -> Baseline | None:
    """The blind guess's loss and accuracy, None when the task is unknown."""
    kind, array = task(history), targets(history)
    if kind is Task.CLASSIFICATION:
        shares = class_shares(array) or _equal_shares(history)
        if not shares:
            return None
        loss = None if _is_weighted(history) else -sum(share * math.log(share) for share in shares if share > 0)
        return Baseline(kind, loss, max(shares), array.rows if array is not None else None)
    if kind is Task.REGRESSION:
        loss = None if _is_weighted(history) else _constant_loss(history, array)
        return Baseline(kind, loss, None, array.rows if array is not None else None)
    return None


def class_shares(array: DataArray | None) -> tuple[float, ...]:
    """The share of each class in a target array that holds classes; empty when it doesn't, or is unknown."""
    forms = (LabelForm.CLASS_INDICES, LabelForm.ONE_HOT, LabelForm.BINARY)
    if array is None or array.label_form not in forms or len(array.classes) < 2:
        return ()
    total = sum(count for _, count in array.classes)
    return tuple(count / total for _, count in array.classes) if total else ()


def _equal_shares(history: RunHistory) -> tuple[float, ...]:
    classes = history.info.classes
    return (1 / classes,) * classes if classes is not None and classes > 1 else ()


def _is_weighted(history: RunHistory) -> bool:
    data, stream = history.data, history.stream
    is_given = data is not None and (data.has_class_weight or data.has_sample_weight)
    return is_given or (stream is not None and stream.is_weighted)


def _constant_loss(history: RunHistory, array: DataArray | None) -> float | None:
    """Of the mean of each column as the prediction."""
    loss, output = history.info.losses[0], the_output(history)
    is_read = array is not None and array.deviation is not None
    is_single = array is None or not is_read or math.prod(size or 1 for size in array.shape[1:]) == 1
    if array is not None and is_read:
        deviation = array.deviation if is_single else array.column_deviation
    else:
        deviation = _streamed_deviation(history)
    if not deviation:
        return None
    if loss == SQUARED:
        return deviation**2
    if not is_single:
        return None
    if loss == "huber" and output is not None and output.delta:
        return constant_huber(deviation, output.delta)
    return _NORMAL_ABSOLUTE * deviation if loss == "mean_absolute_error" else None


BATCHES = 10
"""So many batches of a stream tell how far its targets lie apart. Ours."""


def _streamed_deviation(history: RunHistory) -> float | None:
    """That of a stream's only target, where it has one column; None before an epoch of it is over."""
    seen = [each for record in history.looked_at for each in record.arrays if each.role == "target"]
    known = [(each.mean, each.deviation) for each in seen if each.mean is not None and each.deviation is not None]
    is_single = all(math.prod(size or 1 for size in each.shape[1:]) == 1 for each in seen)
    if history.stream is None or len(known) < BATCHES or len({each.name for each in seen}) > 1 or not is_single:
        return None
    square = statistics.fmean(mean**2 + deviation**2 for mean, deviation in known)
    return math.sqrt(max(0.0, square - statistics.fmean(mean for mean, _ in known) ** 2))


def constant_huber(deviation: float, delta: float = 1.0) -> float:
    """The mean Huber loss of normal errors: half their square up to `delta`, in a straight line beyond."""
    bound = delta / deviation
    within = math.erf(bound / math.sqrt(2))
    density = math.exp(-(bound**2) / 2) / math.sqrt(2 * math.pi)
    inside = deviation**2 * (within / 2 - bound * density)
    return inside + 2 * delta * deviation * density - delta**2 * (1 - within) / 2
