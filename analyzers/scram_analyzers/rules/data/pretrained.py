"""Which pretrained networks scale raw pixels themselves."""

from __future__ import annotations

from scram_analyzers.source.model import Model
from scram_analyzers.source.values import boolean

SELF_SCALING = ("EfficientNet", "MobileNetV3", "ConvNeXt", "RegNet", "ResNetRS")
"""How the names begin of those that do, unless they are made with include_preprocessing=False."""


def scales_itself(network: Model) -> bool:
    """Whether a ready-made network takes pixels from 0 to 255 and scales them."""
    name = (network.application or "").rpartition(".")[2]
    return name.startswith(SELF_SCALING) and boolean(network.arguments.get("include_preprocessing")) is not False
