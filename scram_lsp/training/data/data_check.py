"""The data given to `fit`, checked before the first step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import DataArray, DataRecord
from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.data.row_hashes import SameRows, same_rows, with_numbered_texts
from scram_lsp.training.data.target_columns import columns_that_say_the_target
from scram_lsp.training.data.whole_arrays import Part, Role, describe_array
from scram_lsp.training.host_arrays import as_array

MOST_TARGETS = 8
"""Of a model with more outputs than this none is looked for among the inputs: each takes a look at all columns."""

MAX_CONVERTED_VALUES = 50_000_000
"""An array that is not numpy's is converted up to so many values; of a larger one its first rows are."""

Array = npt.NDArray[Any]


def check_data(arguments: Mapping[str, Any], consumers: Mapping[str, str]) -> DataRecord | None:
    """What the local variables of Keras's `fit` hold, after it has split off the validation data.

    Of a stream (tf.data, a generator, a PyDataset) only what it declares is known. None without any data.
    """
    training = (arguments.get("x"), arguments.get("y"), arguments.get("sample_weight"))
    validation = _parts_of(arguments.get("validation_data"))
    record = DataRecord(
        arrays=(*_described("training", training, consumers), *_described("validation", validation, consumers)),
        validation_split=arguments.get("validation_split") or None,
        is_shuffled=_is_shuffled(arguments),
        has_class_weight=arguments.get("class_weight") is not None,
        class_weights=_class_weights(arguments.get("class_weight")),
        has_sample_weight=training[2] is not None,
    )
    if not record.arrays:
        return None
    if record.validation_split is not None:
        record = replace(record, arrays=tuple(_with_last_classes(record.arrays)))
    stretches = _label_stretches(training[1]) if record.is_shuffled is False else None
    record = replace(record, target_columns=_target_columns(training), label_stretches=stretches)
    return _with_same_rows(record, _same_rows(training, validation))


def check_question(arguments: Mapping[str, Any], consumers: Mapping[str, str]) -> tuple[DataArray, ...]:
    """What the local variables of Keras's `evaluate` or `predict` hold; nothing of a stream, which is not read."""
    asked = (arguments.get("x"), arguments.get("y"), None)
    return tuple(each for each in _described("asked", asked, consumers) if each.rows is not None)


def _class_weights(given: Any) -> tuple[tuple[float, float], ...]:
    """Pairs of label and weight; empty where they are not numbers."""
    if not isinstance(given, Mapping):
        return ()
    try:
        return tuple(sorted((float(label), float(weight)) for label, weight in given.items()))
    except (TypeError, ValueError):
        return ()


def _target_columns(training: tuple[Any, Any, Any]) -> tuple[str, ...]:
    named = [(name, _as_array(leaf)) for name, leaf in named_leaves("x", training[0])]
    inputs = [(name, array) for name, array in named if array is not None and array.dtype.kind not in "SUO"]
    targets = [array for array in _arrays_in(training[1]) if array.ndim]
    if not inputs or any(array is None for _, array in named) or len(targets) > MOST_TARGETS:
        return ()
    found = (columns_that_say_the_target(inputs, target) for target in targets)
    return tuple(dict.fromkeys(column for columns in found for column in columns))


def _label_stretches(targets: Any) -> int | None:
    """How many stretches of equal labels there are, one after the other; None where the only array holds no labels."""
    arrays = _arrays_in(targets)
    if len(arrays) != 1 or not arrays[0].ndim or arrays[0].dtype.kind not in "biuf" or not arrays[0].size:
        return None
    rows = arrays[0].reshape(len(arrays[0]), -1)
    return 1 + int((rows[1:] != rows[:-1]).any(axis=1).sum())


def _parts_of(data: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights of `validation_data`."""
    if not isinstance(data, tuple | list):
        return data, None, None
    padded = [*tuple(data), None, None, None]
    return padded[0], padded[1], padded[2]


def _described(part: Part, data: tuple[Any, Any, Any], consumers: Mapping[str, str]) -> Iterator[DataArray]:
    if (spec := _stream_spec(data[0])) is not None:
        yield from _declared(part, spec, consumers)
        return
    roles: tuple[tuple[Role, str], ...] = (("input", "x"), ("target", "y"), ("weight", "sample_weight"))
    for (role, name), value in zip(roles, data, strict=True):
        for leaf_name, leaf in named_leaves(name, value):
            array = _as_array(leaf)
            if array is not None:
                found = describe_array(part, role, leaf_name, array, consumers.get(leaf_name, ""))
                yield replace(found, rows=int(leaf.shape[0]), shape=tuple(leaf.shape)) if array.ndim else found


def _stream_spec(data: Any) -> Any:
    """What a tf.data dataset declares of its elements, or None."""
    return getattr(data, "element_spec", None)


def _declared(part: Part, spec: Any, consumers: Mapping[str, str]) -> Iterator[DataArray]:
    inputs, targets, _ = _parts_of(spec)
    roles: tuple[tuple[Role, str, Any], ...] = (("input", "x", inputs), ("target", "y", targets))
    for role, name, structure in roles:
        for leaf_name, leaf in named_leaves(name, structure):
            shape = getattr(leaf, "shape", None)
            if shape is None or getattr(shape, "rank", 1) is None:
                continue
            dtype = str(getattr(leaf.dtype, "name", leaf.dtype))
            yield DataArray(part, role, leaf_name, dtype, tuple(shape), None, 0, consumer=consumers.get(leaf_name, ""))


def _as_array(leaf: Any) -> Array | None:
    """The leaf's values in numpy; None for what has none (a stream, a ragged or sparse tensor, a string)."""
    shape = getattr(leaf, "shape", None)
    if shape is None or hasattr(leaf, "flat_values") or hasattr(leaf, "dense_shape") or hasattr(leaf, "nnz"):
        return None
    if isinstance(leaf, np.ndarray) and not isinstance(leaf, np.memmap):
        return np.asarray(leaf)
    size = int(np.prod(shape))
    if size > MAX_CONVERTED_VALUES:
        leaf = leaf[: max(1, MAX_CONVERTED_VALUES * int(shape[0]) // size)]
    return as_array(leaf)


def _is_shuffled(arguments: Mapping[str, Any]) -> bool | None:
    """Whether Keras shuffles; None where the source decides by itself."""
    x = arguments.get("x")
    if _stream_spec(x) is not None or not any(hasattr(leaf, "shape") for _, leaf in named_leaves("x", x)):
        return None
    shuffle = arguments.get("shuffle")
    return bool(shuffle) if shuffle is not None else None


def _with_last_classes(arrays: tuple[DataArray, ...]) -> Iterator[DataArray]:
    last = {array.name: array.classes for array in arrays if (array.part, array.role) == ("validation", "target")}
    for array in arrays:
        is_split = (array.part, array.role) == ("training", "target")
        yield replace(array, last_classes=last.get(array.name, ())) if is_split else array


def _same_rows(training: tuple[Any, Any, Any], validation: tuple[Any, Any, Any]) -> SameRows:
    parts = (training[0], training[1], validation[0])
    x, y, other_x = ([with_numbered_texts(array) for array in _arrays_in(each)] for each in parts)
    return same_rows(x, y, other_x)


def _arrays_in(structure: Any) -> list[Array]:
    """All arrays of a structure; none when one of them can't be read as such."""
    arrays = [_as_array(leaf) for _, leaf in named_leaves("", structure)]
    return [array for array in arrays if array is not None] if all(each is not None for each in arrays) else []


def _with_same_rows(record: DataRecord, same: SameRows) -> DataRecord:
    return replace(
        record,
        training_rows_hashed=same.training_rows,
        validation_rows_hashed=same.validation_rows,
        duplicate_rows=same.duplicate_rows,
        shared_rows=same.shared_rows,
        conflicting_rows=same.conflicting_rows,
    )
