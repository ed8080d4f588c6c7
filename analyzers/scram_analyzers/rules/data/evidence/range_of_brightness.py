"""RandomBrightness layers that take scaled images for images of pixels up to 255."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.rules.base import Report
from scram_analyzers.source.graph import InputSpec, Layer, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.values import number

SCALED = 1.5
"""Images whose values are no larger were scaled. Ours."""

SMALL_FACTOR = 0.01
"""A Rescaling by less than that is one of pixels, to about 1."""


def too_bright(_: Program, fit: Fit) -> Iterator[Report]:
    """Report the layers of a trained model that get scaled images, and are not told so."""
    model = fit.model
    if model is None or not model.complete:
        return
    for tensor in model.tensors():
        for layer in _brightness_of(tensor):
            if layer.value("value_range") is None and _is_scaled_before(fit, tensor):
                yield Report(
                    layer.place,
                    "Unless it is told a value_range, RandomBrightness adds to pixels of 0 to 255; these go up to 1: "
                    "it makes them all black, or many times too bright.",
                    recipe=f"{layer.place.text.removesuffix(')')}, value_range=(0, 1))",
                )


def _brightness_of(tensor: Tensor) -> Iterator[Layer]:
    """The layers that make this tensor: one, or those of an inner model which only changes images at random."""
    made_by = tensor.producer
    if isinstance(made_by, Layer) and made_by.class_name == "RandomBrightness":
        yield made_by
    elif isinstance(made_by, Model) and all(map(_keeps_range, made_by.layers)):
        yield from (layer for layer in made_by.layers if layer.class_name == "RandomBrightness")


def _keeps_range(producer: object) -> bool:
    if isinstance(producer, Model):
        return all(map(_keeps_range, producer.layers))
    return isinstance(producer, Layer) and producer.class_name.startswith(("Random", "Input"))


def _is_scaled_before(fit: Fit, tensor: Tensor) -> bool:
    """Whether what goes in is known to be of scaled pixels, by the data or by a layer of the model."""
    before = [each.producer for each in tensor.ancestors() if each is not tensor]
    others = [each for each in before if not isinstance(each, InputSpec) and not _keeps_range(each)]
    if others:
        layer = others[0]
        scale = number(layer.value("scale")) if isinstance(layer, Layer) and layer.class_name == "Rescaling" else None
        return len(others) == 1 and scale is not None and 0 < scale < SMALL_FACTOR
    known = fit.inputs.range if fit.inputs is not None else None
    return known is not None and known.high <= SCALED
