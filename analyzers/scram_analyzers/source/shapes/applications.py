"""What the ready-made backbones of `keras.applications` give back, and how many weights they have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scram_analyzers.source.graph import Shape
from scram_analyzers.source.model import Model
from scram_analyzers.source.shapes.effects import Effect
from scram_analyzers.source.values import Tuple, Value, boolean, integer, is_none, text

_STEPS: Mapping[str, Callable[[int], int]] = MappingProxyType(
    {
        "half": lambda size: size // 2,
        "half, rounded up": lambda size: math.ceil(size / 2),
        "quarter": lambda size: size // 4,
        "window of 3 in steps of 2": lambda size: (size - 3) // 2 + 1,
        "window of 3": lambda size: size - 2,
    }
)
_HALVED = ("half",) * 5
_HALVED_UP = ("half, rounded up",) * 5
_STRIDED, _CUT = "window of 3 in steps of 2", "window of 3"
_INCEPTION = (_STRIDED, _CUT, _STRIDED, _CUT, _STRIDED, _STRIDED, _STRIDED)
_XCEPTION = (_STRIDED, _CUT, *("half, rounded up",) * 4)
_DENSE = (*("half, rounded up",) * 2, *("half",) * 3)
_QUARTERED = ("quarter", *("half",) * 3)


@dataclass(frozen=True, slots=True)
class _Backbone:
    """Channels of the last map, weights without the top, how the map shrinks; the usual input size."""

    channels: int
    parameters: int
    steps: tuple[str, ...]
    size: int = 224


_BACKBONES: Mapping[str, _Backbone] = MappingProxyType(
    {
        "VGG16": _Backbone(512, 14_714_688, _HALVED),
        "VGG19": _Backbone(512, 20_024_384, _HALVED),
        "ResNet50": _Backbone(2048, 23_587_712, _HALVED_UP),
        "ResNet101": _Backbone(2048, 42_658_176, _HALVED_UP),
        "ResNet152": _Backbone(2048, 58_370_944, _HALVED_UP),
        "ResNet50V2": _Backbone(2048, 23_564_800, _HALVED_UP),
        "ResNet101V2": _Backbone(2048, 42_626_560, _HALVED_UP),
        "ResNet152V2": _Backbone(2048, 58_331_648, _HALVED_UP),
        "MobileNet": _Backbone(1024, 3_228_864, _HALVED),
        "MobileNetV2": _Backbone(1280, 2_257_984, _HALVED_UP),
        "MobileNetV3Small": _Backbone(576, 939_120, _HALVED_UP),
        "MobileNetV3Large": _Backbone(960, 2_996_352, _HALVED_UP),
        "DenseNet121": _Backbone(1024, 7_037_504, _DENSE),
        "DenseNet169": _Backbone(1664, 12_642_880, _DENSE),
        "DenseNet201": _Backbone(1920, 18_321_984, _DENSE),
        "Xception": _Backbone(2048, 20_861_480, _XCEPTION, 299),
        "InceptionV3": _Backbone(2048, 21_802_784, _INCEPTION, 299),
        "InceptionResNetV2": _Backbone(1536, 54_336_736, _INCEPTION, 299),
        "EfficientNetB0": _Backbone(1280, 4_049_571, _HALVED_UP, 224),
        "EfficientNetB1": _Backbone(1280, 6_575_239, _HALVED_UP, 240),
        "EfficientNetB2": _Backbone(1408, 7_768_569, _HALVED_UP, 260),
        "EfficientNetB3": _Backbone(1536, 10_783_535, _HALVED_UP, 300),
        "EfficientNetB4": _Backbone(1792, 17_673_823, _HALVED_UP, 380),
        "EfficientNetB5": _Backbone(2048, 28_513_527, _HALVED_UP, 456),
        "EfficientNetV2B0": _Backbone(1280, 5_919_312, _HALVED_UP, 224),
        "EfficientNetV2B1": _Backbone(1280, 6_931_124, _HALVED_UP, 240),
        "EfficientNetV2B2": _Backbone(1408, 8_769_374, _HALVED_UP, 260),
        "EfficientNetV2B3": _Backbone(1536, 12_930_622, _HALVED_UP, 300),
        "EfficientNetV2S": _Backbone(1280, 20_331_360, _HALVED_UP, 384),
        "EfficientNetV2M": _Backbone(1280, 53_150_388, _HALVED_UP, 480),
        "ConvNeXtTiny": _Backbone(768, 27_820_128, _QUARTERED),
        "ConvNeXtSmall": _Backbone(768, 49_454_688, _QUARTERED),
    }
)
_DENSE_TOP_ON_PIXELS = frozenset(("VGG16", "VGG19"))
_OTHER_TOP = frozenset(("MobileNetV3Small", "MobileNetV3Large"))


def application_effect(model: Model, source: Shape | None) -> Effect:
    """The output and the weights of a ready-made model on an input of shape `source`."""
    name = (model.application or "").rpartition(".")[2]
    backbone = _BACKBONES.get(name)
    if backbone is None:
        return Effect()
    arguments = model.arguments
    image = _image(arguments, source, backbone)
    top = _switch(arguments.get("include_top"), True)
    if top is None:
        return Effect()
    parameters = backbone.parameters if image is None or image[-1] == 3 else None
    if top:
        return _with_top(name, backbone, arguments, parameters)
    pooling = arguments.get("pooling")
    if pooling is not None and not is_none(pooling):
        return Effect((backbone.channels,) if text(pooling) is not None else None, parameters)
    if image is None or len(image) != 3:
        return Effect((None, None, backbone.channels), parameters)
    return Effect((_shrunk(image[0], backbone), _shrunk(image[1], backbone), backbone.channels), parameters)


def _with_top(name: str, backbone: _Backbone, arguments: Mapping[str, Value], parameters: int | None) -> Effect:
    given = arguments.get("classes")
    classes = 1000 if given is None else integer(given)
    if classes is None or parameters is None or name in _OTHER_TOP:
        return Effect((classes,))
    if name in _DENSE_TOP_ON_PIXELS:
        hidden = (7 * 7 * backbone.channels + 1) * 4096 + (4096 + 1) * 4096
        return Effect((classes,), parameters + hidden + (4096 + 1) * classes)
    return Effect((classes,), parameters + (backbone.channels + 1) * classes)


def _image(arguments: Mapping[str, Value], source: Shape | None, backbone: _Backbone) -> Shape | None:
    declared = arguments.get("input_shape")
    if isinstance(declared, Tuple):
        return tuple(integer(item) for item in declared.items)
    if declared is not None and not is_none(declared):
        return source
    if source is not None:
        return source
    top = _switch(arguments.get("include_top"), True)
    return (backbone.size, backbone.size, 3) if top else None


def _switch(value: Value | None, default: bool) -> bool | None:
    return default if value is None else boolean(value)


def _shrunk(size: int | None, backbone: _Backbone) -> int | None:
    for step in backbone.steps:
        size = _STEPS[step](size) if size is not None else None
    return size
