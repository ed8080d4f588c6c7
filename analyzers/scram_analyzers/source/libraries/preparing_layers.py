"""Keras layers used on data outside a model: what each makes of them."""

from __future__ import annotations

import math

from scram_analyzers.source.data import Data, DataStep, Interval, Learned, StepKind
from scram_analyzers.source.keras_api.layers import ACTIVATIONS, AUGMENTING, ENCODING
from scram_analyzers.source.libraries.moved_ranges import moved_range
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, integer, number, text


def through_layer(
    data: Data, kind: str, arguments: Arguments, place: Place, *, resting: bool = False, learned: Learned | None = None
) -> Data:
    """Data passed through a layer outside a model (`Rescaling(1/255)(images)`); `resting`: with `training=False`.

    `learned` is what a layer was adapted to that numbers words or categories.
    """
    name = kind.rpartition(".")[2]
    if name == "Rescaling":
        scale, offset = number(arguments.value("scale")), number(arguments.value("offset"))
        moved = moved_range("Multiply", data.range, scale) if scale is not None else None
        if moved is not None and offset is not None:
            moved = moved_range("Add", moved, offset)
        return data.after(DataStep(StepKind.SCALED, kind, place), range=moved, dtype="float32")
    if name == "Normalization":
        return data.after(DataStep(StepKind.SCALED, kind, place), range=Interval(-5, 5), dtype="float32")
    if name in ENCODING:
        step = DataStep(StepKind.ENCODED, kind, place, learned=learned)
        mode = arguments.value("output_mode")
        numbers = name in ("TextVectorization", "StringLookup", "IntegerLookup")
        ids = numbers and (mode is None or text(mode) == "int")
        most = integer(arguments.value("max_tokens"))
        interval = Interval(0, most - 1) if ids and most else None
        form = data.labels if ids else None  # rows, or numbers of bins
        return data.after(step, range=interval, shape=None, token_ids=ids, labels=form)
    if name in AUGMENTING:
        step = DataStep(StepKind.OTHER if resting else StepKind.AUGMENTED, kind, place)
        return data.after(step, shape=None if name == "RandomCrop" else data.shape)
    kept = name in ("InputLayer", "Resizing", "CenterCrop", "Flatten", "Reshape", "Permute")
    step = DataStep(StepKind.OTHER, kind, place)
    return data.after(step, range=data.range if kept else None, shape=_shape_after(data, name))


def _shape_after(data: Data, name: str) -> tuple[int | None, ...] | None:
    """The shape of data behind a layer; None where the layer's arguments would have to be asked."""
    if name == "InputLayer" or name in ACTIVATIONS:
        return data.shape
    if name != "Flatten" or not data.shape:
        return None
    samples, *axes = data.shape
    known = [axis for axis in axes if axis is not None]
    return (samples, math.prod(known) if len(known) == len(axes) else None)
