"""Functions that cut a series into windows, each beginning a row after the last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import DataStep, StepKind
from scram_analyzers.source.libraries import data_operations, numpy_functions
from scram_analyzers.source.libraries.moving_windows import WINDOW
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Value, number

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def of_series(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`timeseries_dataset_from_array(data, targets, ...)`: batches of windows over the rows, each with its target."""
    data = numpy_functions.given(interpreter, arguments) or data_operations.as_data(arguments.value("data"))
    if data is None:
        return None
    targets = data_operations.as_data(arguments.value("targets", 1))
    step = DataStep(StepKind.SELECTED, WINDOW, place)
    return replace(data.after(step, shape=None, rows=None), targets=targets, batched=True)


def of_view(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`sliding_window_view(series, n)`: every window of so many rows."""
    data = data_operations.as_data(arguments.value("x", 0))
    if data is None:
        return None
    step = DataStep(StepKind.SELECTED, WINDOW, place, number(arguments.value("window_shape", 1)))
    return replace(data.after(step, shape=None), rows=None)
