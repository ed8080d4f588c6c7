"""What a call says of `training`, and the layers that hear of it."""

from __future__ import annotations

import libcst as cst

RANDOM_LAYERS = frozenset(
    (
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
    )
)
"""Layers that do something at random in training and nothing in predictions."""


def training_argument(call: cst.Call) -> cst.BaseExpression | None:
    """What a call says of training, if it says anything by that name."""
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == "training":
            return argument.value
    return None


def says(call: cst.Call, mode: bool) -> bool:
    """Whether a call is told in so many words that it trains (True), or that it does not (False)."""
    value = training_argument(call)
    return isinstance(value, cst.Name) and value.value == str(mode)
