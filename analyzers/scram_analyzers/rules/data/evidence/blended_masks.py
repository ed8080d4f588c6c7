"""Masks of class numbers that are brought to another size by a mean of what lies around each place."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.reading import search

_KEEPING = (
    *("stack", "reshape", "expand_dims", "Divide", "convert", "squeeze"),
    *("batch", "cache", "prefetch", "repeat"),
    *("flip_left_right", "flip_up_down", "rot90", "transpose", "random_flip_left_right", "random_flip_up_down"),
)
"""Steps after which what was blended still is."""

_BLENDING = ("LINEAR", "CUBIC", "AREA", "LANCZOS", "BILINEAR", "BICUBIC", "ANTIALIAS", "HAMMING", "BOX")


def blended(data: Data) -> DataStep | None:
    """The resizing that makes numbers between the classes of a mask, where nothing makes them whole again."""
    place = next((number for number, step in enumerate(data.steps) if _blends(data, step)), None)
    if place is None:
        return None
    later = data.steps[place + 1 :]
    picking = (StepKind.SELECTED, StepKind.SPLIT, StepKind.SHUFFLED, StepKind.CONVERTED)
    keeps = all(step.kind in picking or step.name.rpartition(".")[2] in _KEEPING for step in later)
    return data.steps[place] if keeps else None


def _blends(data: Data, step: DataStep) -> bool:
    node = step.node
    if not step.certain or not isinstance(node, cst.Call):
        return False
    if step.name == "cv2.resize":
        return _takes_means(node, "interpolation", 2)
    if step.name == "tensorflow.image.resize":
        joined = any(each.name == "stack" for each in data.steps)  # with the picture, whose steps these may be
        return not joined and data.source.startswith("tensorflow.") and _takes_means(node, "method", 2)
    is_grey = any(each.name == "convert" for each in data.steps)  # one with a palette takes the nearest by itself
    return step.name == "resize" and data.source == "PIL.Image.open" and is_grey and _takes_means(node, "resample", 1)


def _takes_means(call: cst.Call, parameter: str, plain: int) -> bool:
    """Whether a way of blending is named, or none of two that blend by default."""
    named = next((each for each in call.args if each.keyword is not None and each.keyword.value == parameter), None)
    if named is None:
        return sum(each.keyword is None for each in call.args) <= plain and not any(each.star for each in call.args)
    words = [each.value for each in search.nodes(named.value, cst.Name)]
    words += [each.raw_value.upper() for each in search.nodes(named.value, cst.SimpleString)]
    return any(word.removeprefix("INTER_") in _BLENDING for word in words)
