"""Pixels that a model itself scales before a part of it that scales them once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers import fixes
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.pretrained import (
    is_trained,
    name_of_network,
    passes_pixels_on,
    prepares_pixels,
    scales_itself,
)
from scram_analyzers.source.graph import Layer, Operation, Tensor
from scram_analyzers.source.keras_api.layers import AUGMENTING
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import number

LARGEST_SCALE = 0.02
"""Factors up to this are meant for pixels up to 255, and leave nothing of them but values around 1. Ours."""


@dataclass(frozen=True, slots=True)
class _ScaledTwice:
    """A `Rescaling` layer whose small values reach `again`, at `place`, which expects pixels from 0 to 255."""

    layer: Layer
    again: str
    place: Place | None


def scaled_inside(_: Program, model: Model) -> Iterator[Report]:
    """What a model scales before a part of it that scales."""
    for each in _scaled_twice(model):
        scale = fixes.number_text(number(each.layer.value("scale")) or 0.0)
        related = (Related(each.place, f"{each.again} is applied here."),) if each.place is not None else ()
        yield Report(
            each.layer.place,
            f"Rescaling({scale}) makes the pixels small before {each.again}, which expects them from 0 to 255 and "
            "scales them itself.",
            related,
            how=f"Leave this layer out: {each.again} takes the pixels as they are.",
        )


def _scaled_twice(model: Model) -> Iterator[_ScaledTwice]:
    """Each layer of a model that makes pixels small before a network, or a function, that wants them whole."""
    for tensor in model.tensors():
        wanting = _wanting_pixels(tensor)
        layer = _rescaling_before(tensor) if wanting is not None else None
        if wanting is not None and layer is not None:
            place = tensor.producer.place if isinstance(tensor.producer, Model) else tensor.place
            yield _ScaledTwice(layer, wanting, place)


def _wanting_pixels(tensor: Tensor) -> str | None:
    """What makes a tensor, in words, when it is made for pixels from 0 to 255; None for anything else."""
    producer = tensor.producer
    if isinstance(producer, Model):
        ready = producer.application is not None and is_trained(producer) and scales_itself(producer)
        return name_of_network(producer) if ready else None
    if isinstance(producer, Operation) and prepares_pixels(producer.name):
        return ".".join(producer.name.split(".")[-2:])
    return None


def _rescaling_before(tensor: Tensor) -> Layer | None:
    """The layer that scales what a tensor is made of, with nothing but augmentation between."""
    while len(tensor.inputs) == 1:
        tensor = tensor.inputs[0]
        producer = tensor.producer
        if isinstance(producer, Operation) and passes_pixels_on(producer.name):
            continue
        last = _last_layer(producer) if isinstance(producer, Model) else producer
        if not isinstance(last, Layer):
            return None
        if last.class_name == "Rescaling":
            scale = number(last.value("scale"))
            return last if scale is not None and 0 < abs(scale) <= LARGEST_SCALE else None
        if last.class_name not in AUGMENTING and last.class_name not in _MOVING:
            return None
    return None


def _last_layer(model: Model) -> Layer | None:
    """The layer of a small model of augmentation that a scaling is in, or its last one."""
    if not model.complete or any(each.class_name not in {*AUGMENTING, *_MOVING, "Rescaling"} for each in model.layers):
        return None
    scaling = (each for each in model.layers if each.class_name == "Rescaling")
    return next(scaling, model.layers[-1] if model.layers else None)


_MOVING = ("Resizing", "CenterCrop", "Reshape", "ZeroPadding2D", "Cropping2D")
