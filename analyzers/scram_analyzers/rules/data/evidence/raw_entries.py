"""Data that reach a model as they are: where they enter it, and tables that nothing scales."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers.rules.data.evidence.unused_copies import unused_copies
from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.entries import entries_from, entries_of, entry_layers
from scram_analyzers.source.graph import InputSpec, Layer, Tensor
from scram_analyzers.source.keras_api.layers import ENCODING, NORMALIZING
from scram_analyzers.source.libraries.changing_objects import SCALED_RANGE
from scram_analyzers.source.libraries.loaders import TEXT_FILE
from scram_analyzers.source.libraries.sounds import COEFFICIENTS
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Program


def unscaled_entry(model: Model, start: Tensor | None = None) -> Tensor | None:
    """Where data enter the model unscaled; None when any way in scales, encodes or can't be understood.

    `start`: only the ways from this one of its inputs.
    """
    entries = entries_of(model) if start is None else entries_from(model, (start,))
    for entry in entries:
        layers = list(entry_layers(entry))
        if not layers or any(not _takes_numbers(layer) for layer in layers):
            return None
    return entries[0] if entries else None


def _takes_numbers(layer: Layer) -> bool:
    known = layer.kind.startswith("keras.layers.") and layer.class_name not in (
        "Lambda",
        "TFSMLayer",
        "Layer",
    )
    return known and layer.class_name not in NORMALIZING and layer.class_name not in ENCODING


def is_raw_table(program: Program, data: Data) -> bool:
    """Whether data come from a text file as they are, in a program that scales nothing."""
    reader = data.source.rpartition(".")[2]
    names = {step.name for step in data.steps}
    if reader not in TABLE_READERS or data.images:
        return False
    if data.source == TEXT_FILE and (data.dtype is None or not data.dtype.startswith("float")):
        return False  # words, or what stands for them
    if data.batched and reader != MADE_OF_BATCHES and (names.isdisjoint(_BATCHING) or "map" in names):
        return False
    if data.scaled or any(step.kind is StepKind.ENCODED and step.certain for step in data.steps):
        return False  # what was joined to marks of words keeps its own columns
    if _may_be_marks(data) or program.matches(_COLUMNS_MOVED):
        return False
    scalers = [call for call in (*program.calls, *program.method_calls) if _scales(call.name)]
    return not scalers or all(_goes_nowhere(program, scaler.name) for scaler in scalers)


def _may_be_marks(data: Data) -> bool:
    """Whether columns that nobody names were taken out of a table in which some are marks of words."""
    encoded = False
    for step in data.steps:
        if encoded and step.kind is StepKind.SELECTED and step.column is None and not step.columns:
            key = step.node.slice[0].slice if isinstance(step.node, cst.Subscript) else None
            if isinstance(key, cst.Index) and isinstance(key.value, cst.Name):
                return True
        encoded = encoded or step.kind is StepKind.ENCODED
    return False


_COLUMNS_MOVED = re.compile(r"\[([A-Za-z_]\w*)\]\s*=\s*\(\s*\w+\[\1\]\s*-")
"""One column after another, each replaced by what is left of it less its mean: `table[name] = (table[name] - ...`."""


def _goes_nowhere(program: Program, scaler: str) -> bool:
    """Whether whatever scalers of this kind return is used by nobody."""
    unused = {call.place.key for call, _ in unused_copies(program)}
    made = [call for call in program.method_calls if call.name in (f"{scaler}.transform", f"{scaler}.fit_transform")]
    return bool(made) and all(call.place.key in unused for call in made)


_BATCHING = ("window", "from_tensor_slices", "flow")
"""Steps that put rows into batches as they are."""

MADE_OF_BATCHES = "make_csv_dataset"

TABLE_READERS = (
    MADE_OF_BATCHES,
    "open",
    "reader",
    "DictReader",
    "read_sql",
    "read_sql_query",
    "read_sql_table",
    "load_dataset",
    "mfcc",
    "power_to_db",
    "amplitude_to_db",
    "read_csv",
    "read_excel",
    "read_feather",
    "read_parquet",
    "read_fwf",
    "read_json",
    "read_stata",
    "read_table",
    "loadtxt",
    "genfromtxt",
    "loadarff",
    "fetch_openml",
    "fetch_ucirepo",
    "download",
    "history",
    "DataReader",
    "get_data_yahoo",
)


def _scales(name: str) -> bool:
    """Whether a call makes, or is, something that scales."""
    last = name.rpartition(".")[2]
    return last in SCALED_RANGE or last in (
        "Normalization",
        "Rescaling",
        "normalize",
        "scale",
        "minmax_scale",
        "zscore",
    )


def takes_table(model: Model, data: Data, start: Tensor | None = None) -> bool:
    """Whether rows of numbers go straight into a layer that weighs them."""
    entry = unscaled_entry(model, start)
    if any(layer.class_name in NORMALIZING for layer in model.layers):
        return False
    layers = list(entry_layers(entry)) if entry is not None else []
    if not layers or any(layer.class_name not in TABLE_LAYERS for layer in layers):
        return False
    return layers[0].class_name != "Conv1D" or not _is_signal(data)


def takes_columns(model: Model, data: Data) -> bool:
    """Whether one of several inputs, which get the columns of a table by name, goes straight into such a layer."""
    inputs = [each for each in model.tensors() if isinstance(each.producer, InputSpec)]
    return len(inputs) > 1 and data.is_table and any(takes_table(model, data, each) for each in inputs)


def _is_signal(data: Data) -> bool:
    """Whether each row got an axis of its own, as one signal has: all columns have its unit, and none dominates.

    Of the coefficients of a sound the first is by far the largest.
    """
    return data.source != COEFFICIENTS and any(step.name == "expand_dims" for step in data.steps)


TABLE_LAYERS = ("Dense", "SimpleRNN", "LSTM", "GRU", "Conv1D", "Conv2D", "Bidirectional")
