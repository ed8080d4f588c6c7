"""Keras layers used on data outside a model: what each makes of them."""

from __future__ import annotations

from scram_analyzers.source.data import Data, DataStep, Interval, StepKind
from scram_analyzers.source.keras_api.layers import AUGMENTING, ENCODING
from scram_analyzers.source.libraries.data_arithmetic import moved_range
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, integer, number, text


def through_layer(data: Data, kind: str, arguments: Arguments, place: Place, *, resting: bool = False) -> Data:
    """Data passed through a layer outside a model (`Rescaling(1/255)(images)`); `resting`: with `training=False`."""
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
        step = DataStep(StepKind.ENCODED, kind, place)
        mode = arguments.value("output_mode")
        numbers = name in ("TextVectorization", "StringLookup", "IntegerLookup")
        ids = numbers and (mode is None or text(mode) == "int")
        most = integer(arguments.value("max_tokens"))
        return data.after(step, range=Interval(0, most - 1) if ids and most else None, token_ids=ids)
    if name in AUGMENTING:
        return data.after(DataStep(StepKind.OTHER if resting else StepKind.AUGMENTED, kind, place))
    kept = name in ("InputLayer", "Resizing", "CenterCrop")
    return data.after(DataStep(StepKind.OTHER, kind, place), range=data.range if kept else None)
