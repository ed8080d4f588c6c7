"""Builds histories of runs for the tests of rules: say what matters, the rest is a healthy run's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import (
    ArrayStatistics,
    DataArray,
    DataRecord,
    EpochRecord,
    LabelForm,
    LayerInfo,
    LayerObservation,
    OptimizerInfo,
    OutputInfo,
    OutputStatistics,
    PanelRecord,
    ProbeRecord,
    RunInfo,
    StepRecord,
    WeightObservation,
)

STEPS_PER_EPOCH = 45
HEALTHY_LOSSES = (1.2, 0.5, 0.3, 0.22, 0.18, 0.15, 0.14, 0.135, 0.134, 0.1335)


def run_info(**changes: Any) -> RunInfo:
    """Ten classes, an Adam of 0.001, two hidden ReLU layers, 10 epochs of 45 steps."""
    info = RunInfo(
        run="r1",
        script="/project/train.py",
        started="2026-01-01T10:00:00+00:00",
        fit_line=9,
        backend="tensorflow",
        optimizer=OptimizerInfo("Adam", 1e-3),
        losses=("sparse_categorical_crossentropy",),
        layers=(
            LayerInfo("dense", "Dense", 4160, units=64, activation="relu"),
            LayerInfo("dense_1", "Dense", 4160, units=64, activation="relu"),
            LayerInfo("head", "Dense", 650, units=10, activation="softmax"),
        ),
        parameters=8970,
        training_samples=1440,
        epochs=10,
        steps_per_epoch=STEPS_PER_EPOCH,
        batch_size=32,
        has_validation=True,
        classes=10,
        outputs=(OutputInfo("head", "head", "softmax", 10, "sparse_categorical_crossentropy", False),),
    )
    return replace(info, **changes)


def regression_info(**changes: Any) -> RunInfo:
    """One linear output under mean squared error."""
    layers = (
        LayerInfo("dense", "Dense", 640, units=64, activation="relu"),
        LayerInfo("head", "Dense", 65, units=1, activation="linear"),
    )
    outputs = (OutputInfo("head", "head", "linear", 1, "mean_squared_error", False),)
    known = {"losses": ("mean_squared_error",), "layers": layers, "outputs": outputs, "classes": None}
    return run_info(**(known | changes))


def labels(counts: Sequence[int], part: str = "training", **changes: Any) -> DataArray:
    """Class numbers from 0 with so many rows of each."""
    rows = sum(counts)
    mean = sum(label * count for label, count in enumerate(counts)) / rows
    array = DataArray(
        part, "target", "y", "int64", (rows,), rows, rows, 0.0, len(counts) - 1.0, mean, 1.0,
        label_form=LabelForm.BINARY if len(counts) == 2 else LabelForm.CLASS_INDICES,
        classes=tuple((float(label), count) for label, count in enumerate(counts) if count),
    )  # fmt: skip
    return replace(array, **changes)


def measured(part: str = "training", mean: float = 0.0, deviation: float = 1.0, **changes: Any) -> DataArray:
    """Targets of a regression."""
    array = DataArray(
        part, "target", "y", "float32", (1440,), 1440, 1440,
        mean - 3 * deviation, mean + 3 * deviation, mean, deviation, label_form=LabelForm.CONTINUOUS,
    )  # fmt: skip
    return replace(array, **changes)


def inputs(part: str = "training", rows: int = 1440, **changes: Any) -> DataArray:
    """A standardized table of 64 columns."""
    array = DataArray(
        part, "input", "x", "float32", (rows, 64), rows, rows, -3.0, 3.0, 0.0, 1.0, columns=64, consumer="Dense"
    )
    return replace(array, **changes)


def data(*arrays: DataArray, **changes: Any) -> DataRecord:
    """What fit was given; nothing repeated, shared or in conflict."""
    known = {"is_shuffled": True, "training_rows_hashed": 1440, "validation_rows_hashed": 360}
    return DataRecord(arrays, **(known | {"duplicate_rows": 0, "shared_rows": 0, "conflicting_rows": 0} | changes))


def history(
    info: RunInfo | None = None,
    losses: Sequence[float] = HEALTHY_LOSSES,
    record: DataRecord | None = None,
    ended: bool = True,
    step_losses: Sequence[float] | None = None,
    **logs: Sequence[float],
) -> RunHistory:
    """A run with these losses at the ends of its epochs; `logs` are further series ("accuracy", "val_loss")."""
    made = RunHistory(info or run_info())
    made.data = record
    first = step_losses if step_losses is not None else [losses[0] * 1.5] if losses else []
    for place, loss in enumerate(first, start=1):
        made.add_step(StepRecord(place, 1, loss))
    for place, loss in enumerate(losses):
        values = [("loss", loss), *((name, series[place]) for name, series in logs.items() if place < len(series))]
        made.add_epoch(EpochRecord(place + 1, (place + 1) * STEPS_PER_EPOCH, tuple(values)))
    if ended:
        made.end()
    return made


def healthy(**changes: Any) -> RunHistory:
    """A run that learned ten classes well, with everything that is observed of it."""
    rising = [1 - 0.4 * loss / HEALTHY_LOSSES[0] for loss in HEALTHY_LOSSES]
    made = history(
        run_info(**changes),
        record=data(inputs(), labels([144] * 10), inputs("validation", 360), labels([36] * 10, "validation")),
        ended=False,
        accuracy=rising,
        val_accuracy=[value - 0.01 for value in rising],
        val_loss=[loss + 0.05 for loss in HEALTHY_LOSSES],
    )
    for step in (1, 5, 21, 55, 144, 233, 377, 450):
        made.add_probe(probe(step))
    for epoch in range(1, 11):
        made.add_panel(panel(epoch * STEPS_PER_EPOCH, epoch, confusion=diagonal(10, 36)))
    made.end()
    return made


def probe(step: int, epoch: int | None = None, **changes: Any) -> ProbeRecord:
    """A healthy probe of the model of `run_info`, at a loss that falls with the steps."""
    record = ProbeRecord(
        step,
        epoch if epoch is not None else 1 + (step - 1) // STEPS_PER_EPOCH,
        rows=64,
        loss=2.3 / (1 + step / 20),
        layers=(layer("dense"), layer("dense_1"), layer("head", dead_share=None)),
        weights=(kernel("dense", step), kernel("dense_1", step), kernel("head", step)),
    )
    return replace(record, **changes)


def layer(name: str, **changes: Any) -> LayerObservation:
    """A healthy ReLU layer's outputs."""
    known: dict[str, Any] = {
        "mean": 0.4, "deviation": 0.6, "maximum": 4.0, "zero_share": 0.4, "units": 64, "dead_share": 0.03,
    }  # fmt: skip
    return LayerObservation(name, **(known | changes))


def kernel(name: str, step: int = 5, **changes: Any) -> WeightObservation:
    """A healthy kernel; its update is unknown at the first step."""
    known: dict[str, Any] = {
        "norm": 5.0, "gradient_norm": 0.3, "update_ratio": 1e-3 if step > 1 else None, "deviation": 0.1,
    }  # fmt: skip
    return WeightObservation(f"{name}/kernel", name, **(known | changes))


def panel(step: int, epoch: int, **changes: Any) -> PanelRecord:
    """Probabilities on 360 validation rows; `changes` are those of its only output."""
    known: dict[str, Any] = {
        "minimum": 0.0, "maximum": 1.0, "mean": 0.1, "deviation": 0.3,
        "row_sum_minimum": 1.0, "row_sum_maximum": 1.0,
    }  # fmt: skip
    return PanelRecord(step, epoch, 360, True, (OutputStatistics("head", **(known | changes)),))


def diagonal(classes: int, rows: int) -> tuple[tuple[int, ...], ...]:
    """The confusion of a model that is always right."""
    return tuple(tuple(rows if one == other else 0 for other in range(classes)) for one in range(classes))


def batch(**changes: Any) -> ArrayStatistics:
    """One batch of standardized inputs."""
    known: dict[str, Any] = {
        "role": "input", "name": "x", "dtype": "float32", "shape": (32, 64), "minimum": -3.0, "maximum": 3.0,
        "mean": 0.0, "deviation": 1.0, "consumer": "Dense",
    }  # fmt: skip
    return ArrayStatistics(**(known | changes))


def reports(rule: type[Rule], seen: RunHistory) -> list[RunReport]:
    """What one rule says of a history."""
    return list(rule().check_run(seen))


def unknown() -> RunHistory:
    """A run of which hardly anything could be read: no rule may speak."""
    made = RunHistory(RunInfo("r1", "/project/train.py", "2026-01-01T10:00:00+00:00"))
    made.begin()
    for step in range(1, 6):
        made.add_step(StepRecord(step, 1))
    nothing = DataArray("training", "input", "x", "float32", (None, 4), None, 0)
    made.data = DataRecord((nothing, replace(nothing, role="target", name="y", shape=(None,))))
    bare_layer = LayerObservation("dense", None, None, None, None)
    bare_weight = WeightObservation("dense/kernel", "dense", 1.0, 0.1)
    for step in range(1, 13):
        made.add_probe(ProbeRecord(step, 1, 16, None, (bare_layer,), (bare_weight,)))
        made.add_panel(PanelRecord(step, 1, 16, False, (OutputStatistics("out", -5.0, 5.0, 0.0, 1.0),)))
    for epoch in range(1, 13):
        made.add_epoch(EpochRecord(epoch, epoch * 10, ()))
    made.end()
    return made
