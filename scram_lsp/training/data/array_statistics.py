"""What one batch holds: range, mean, deviation and bad values of each input and target."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import ArrayStatistics
from scram_lsp.training.host_arrays import as_array

MAX_VALUES = 4_000_000
"""Of a larger batch the first rows up to so many values are read, for the range and for bad values."""

SMALL_VALUES = 65_536
"""Tensors of no more values are read whole: a slice by the framework takes longer, as it is an operation of its own."""

MAX_VALUES_FOR_MOMENTS = 500_000
"""Mean and deviation are taken from about so many of them, evenly spread."""

SPARSE_SHARE = 0.9
"""A feature of which more equal the median (a rare category, a border pixel) is left out of the ratio of
deviations: its deviation says how rare it is, not its scale."""

_MIN_ROWS_FOR_RATIO = 8

ROWS_FOR_MEDIAN = 512
"""About so many rows tell what the middle value of a feature is: only one that half of all rows have matters."""


def batch_statistics(batch: Any, consumers: Mapping[str, str]) -> tuple[ArrayStatistics, ...]:
    """Statistics of a batch as Keras hands it to `train_step`: x, (x, y) or (x, y, weights).

    `consumers` gives for each input's name ("x", "x['image']", "x[1]") the class of the layer that reads it.
    """
    x, y = _inputs_and_targets(batch)
    inputs = (_statistics("input", name, leaf, consumers.get(name, "")) for name, leaf in named_leaves("x", x))
    targets = (_statistics("target", name, leaf, "") for name, leaf in named_leaves("y", y))
    with np.errstate(all="ignore"):  # values that overflow are the user's; a warning here would be ours
        return tuple(each for each in (*inputs, *targets) if each is not None)


def named_leaves(name: str, structure: Any) -> Iterator[tuple[str, Any]]:
    """The arrays of a nested structure, each with the expression that reaches it."""
    if structure is None:
        return
    if isinstance(structure, Mapping):
        for key, value in structure.items():
            yield from named_leaves(f"{name}[{key!r}]", value)
    elif isinstance(structure, list | tuple):
        for place, value in enumerate(structure):
            yield from named_leaves(f"{name}[{place}]", value)
    else:
        yield name, structure


def _inputs_and_targets(batch: Any) -> tuple[Any, Any]:
    if not isinstance(batch, tuple | list):
        return batch, None
    if len(batch) == 1:
        return batch[0], None
    return batch[0], batch[1]


def _statistics(role: Literal["input", "target"], name: str, tensor: Any, consumer: str) -> ArrayStatistics | None:
    if type(tensor).__name__ == "PerReplica":
        tensor = tensor.values[0]
    array = _values_of(tensor)
    if array is None:
        return None
    shape = tuple(tensor.shape) if getattr(tensor, "shape", None) is not None else array.shape
    dtype = str(getattr(tensor.dtype, "name", tensor.dtype))
    if array.dtype.kind not in "biuf" or array.size == 0:
        return ArrayStatistics(role, name, dtype, shape, None, None, None, None, consumer=consumer)
    numbers = array.astype(np.float32) if array.dtype == np.float16 else array
    finite = np.isfinite(numbers) if numbers.dtype.kind == "f" else None
    bad = 0 if finite is None else int(numbers.size - np.count_nonzero(finite))
    sound = numbers[finite] if finite is not None and bad else numbers
    if sound.size == 0:
        return ArrayStatistics(role, name, dtype, shape, None, None, None, None, bad, consumer)
    spread = sound.ravel()[:: max(1, sound.size // MAX_VALUES_FOR_MOMENTS)]
    return ArrayStatistics(
        role=role,
        name=name,
        dtype=dtype,
        shape=shape,
        minimum=float(sound.min()),
        maximum=float(sound.max()),
        mean=float(spread.mean(dtype=np.float64)),
        deviation=float(spread.std(dtype=np.float64)),
        nonfinite=bad,
        consumer=consumer,
        feature_deviation_ratio=None if bad else deviation_ratio(numbers),
        zero_share=share_of(spread, 0) if role == "input" else None,
        one_share=share_of(spread, 1) if role == "input" else None,
    )


def share_of(values: npt.NDArray[Any], value: int) -> float:
    """How many of the values are this one."""
    return float(np.count_nonzero(values == value) / values.size)


def _values_of(tensor: Any) -> npt.NDArray[Any] | None:
    """The numbers of a dense, ragged or sparse tensor, bounded by `MAX_VALUES`; None for what has none.

    Of values spread over replicas the first replica's.
    """
    for part in ("flat_values", "values"):
        inner = getattr(tensor, part, None)
        if inner is not None and not callable(inner):
            tensor = inner[0] if isinstance(inner, tuple) else inner
            break
    if not hasattr(tensor, "shape"):
        return None
    per_row = max(1, math.prod(tensor.shape[1:]))
    return first_rows(tensor, max(1, MAX_VALUES // per_row))


def first_rows(tensor: Any, rows: int | None) -> npt.NDArray[Any]:
    """The first rows of a dense tensor as an array; a small one is read whole, for to slice it takes longer."""
    shape = tensor.shape
    if rows is None or not len(shape):
        return as_array(tensor)
    return as_array(tensor)[:rows] if math.prod(shape) <= SMALL_VALUES else as_array(tensor[:rows])


def deviation_ratio(table: npt.NDArray[Any]) -> float | None:
    """The largest over the smallest deviation of a table's features; None for what is no such table."""
    if table.ndim != 2 or table.shape[1] < 2 or table.shape[0] < _MIN_ROWS_FOR_RATIO:
        return None
    some = table[:: -(-len(table) // ROWS_FOR_MEDIAN)]  # to find the median takes longer than all else
    at_median = (table == np.median(some, axis=0)).mean(axis=0)
    deviations = table.std(axis=0, dtype=np.float64)[at_median <= SPARSE_SHARE]
    deviations = deviations[deviations > 0]
    return float(deviations.max() / deviations.min()) if deviations.size > 1 else None


def is_dense(leaf: Any) -> bool:
    """Whether a part of a batch is an array that can be indexed: no sparse or ragged tensor."""
    return hasattr(leaf, "__getitem__") and not any(hasattr(leaf, part) for part in ("flat_values", "indices"))
