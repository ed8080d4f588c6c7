"""Layers that work on maps: convolutions, pooling, padding, cropping, resizing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from scram_analyzers.source.graph import Layer, Shape
from scram_analyzers.source.shapes.effects import (
    UNKNOWN,
    Effect,
    EffectOf,
    Inputs,
    axes_of,
    bias,
    channels_first,
    count,
    flag,
    given,
    grid_of,
    product,
    sizes,
    total,
    word,
)
from scram_analyzers.source.values import Tuple, integer


def window(size: int | None, reach: int | None, stride: int | None, padding: str | None) -> int | None:
    """How many places a window takes over `size`; 0 or less where it does not fit once."""
    if size is None or not stride or padding is None:
        return None
    if padding in ("same", "causal"):
        return math.ceil(size / stride)
    return (size - reach) // stride + 1 if reach is not None else None


def slid(layer: Layer, spatial: Shape) -> Shape:
    """The spatial sizes after a convolution's window has gone over them."""
    axes = len(spatial)
    kernel = sizes(layer, "kernel_size", axes, None)
    dilation = sizes(layer, "dilation_rate", axes, 1)
    strides = sizes(layer, "strides", axes, 1)
    padding = word(layer, "padding", "valid")
    reach = [
        (size - 1) * rate + 1 if size is not None and rate is not None else None
        for size, rate in zip(kernel, dilation, strict=True)
    ]
    return tuple(
        window(size, span, stride, padding) for size, span, stride in zip(spatial, reach, strides, strict=True)
    )


def _convolution(layer: Layer, inputs: Inputs) -> Effect:
    axes, filters = axes_of(layer), count(layer, "filters")
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return UNKNOWN
    groups = count(layer, "groups", 1)
    depth = grid.channels // groups if grid.channels is not None and groups else None
    weights = product([*sizes(layer, "kernel_size", axes, None), depth, filters])
    return Effect(grid.shape(slid(layer, grid.spatial), filters), total([weights, bias(layer, filters)]))


def _depthwise(layer: Layer, inputs: Inputs) -> Effect:
    axes, multiplier = axes_of(layer), count(layer, "depth_multiplier", 1)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return UNKNOWN
    filters = product([grid.channels, multiplier])
    weights = product([*sizes(layer, "kernel_size", axes, None), filters])
    return Effect(grid.shape(slid(layer, grid.spatial), filters), total([weights, bias(layer, filters)]))


def _separable(layer: Layer, inputs: Inputs) -> Effect:
    axes, filters = axes_of(layer), count(layer, "filters")
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return UNKNOWN
    depth = product([grid.channels, count(layer, "depth_multiplier", 1)])
    depthwise = product([*sizes(layer, "kernel_size", axes, None), depth])
    weights = [depthwise, product([depth, filters]), bias(layer, filters)]
    return Effect(grid.shape(slid(layer, grid.spatial), filters), total(weights))


def _transposed(layer: Layer, inputs: Inputs) -> Effect:
    axes, filters = axes_of(layer), count(layer, "filters")
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return UNKNOWN
    kernel = sizes(layer, "kernel_size", axes, None)
    spatial = tuple(
        _widened(layer, *each)
        for each in zip(
            grid.spatial,
            kernel,
            sizes(layer, "strides", axes, 1),
            sizes(layer, "dilation_rate", axes, 1),
            sizes(layer, "output_padding", axes, None),
            strict=True,
        )
    )
    weights = product([*kernel, grid.channels, filters])
    return Effect(grid.shape(spatial, filters), total([weights, bias(layer, filters)]))


def _widened(
    layer: Layer, size: int | None, kernel: int | None, stride: int | None, dilation: int | None, extra: int | None
) -> int | None:
    padding = word(layer, "padding", "valid")
    if size is None or kernel is None or stride is None or dilation is None or padding is None:
        return None
    if extra is None and given(layer, "output_padding"):
        return None
    reach = (kernel - 1) * dilation + 1
    if padding == "same":
        return size * stride if extra is None else (size - 1) * stride + reach % 2 + extra
    return (size - 1) * stride + reach + (max(stride - reach, 0) if extra is None else extra)


# -- pooling


def _pooling(layer: Layer, inputs: Inputs) -> Effect:
    axes = axes_of(layer)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return Effect(None, 0)
    pool = sizes(layer, "pool_size", axes, 2)
    strides = sizes(layer, "strides", axes, None) if given(layer, "strides") else pool
    padding = word(layer, "padding", "valid")
    spatial = tuple(window(*each, padding) for each in zip(grid.spatial, pool, strides, strict=True))
    return Effect(grid.shape(spatial, grid.channels), 0)


def _global_pooling(layer: Layer, inputs: Inputs) -> Effect:
    axes, kept = axes_of(layer), flag(layer, "keepdims", False)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None or kept is None:
        return Effect(None, 0)
    return Effect(grid.shape((1,) * axes, grid.channels) if kept else (grid.channels,), 0)


def _adaptive_pooling(layer: Layer, inputs: Inputs) -> Effect:
    axes = axes_of(layer)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return Effect(None, 0)
    return Effect(grid.shape(sizes(layer, "output_size", axes, None), grid.channels), 0)


# -- padding, cropping, resizing


def _margins(layer: Layer, name: str, axes: int, default: int) -> Shape:
    """What is added or taken along each axis, both sides together."""
    value = layer.value(name)
    if not isinstance(value, Tuple):
        each = count(layer, name, default)
        return (2 * each if each is not None else None,) * axes
    if axes == 1 and len(value.items) == 2:
        return (total([integer(item) for item in value.items]),)
    if len(value.items) != axes:
        return (None,) * axes
    margins: list[int | None] = []
    for item in value.items:
        if isinstance(item, Tuple):
            margins.append(total([integer(side) for side in item.items]))
        else:
            side = integer(item)
            margins.append(2 * side if side is not None else None)
    return tuple(margins)


def _padded(layer: Layer, inputs: Inputs) -> Effect:
    axes = axes_of(layer)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return Effect(None, 0)
    margins = _margins(layer, "padding", axes, 1)
    spatial = tuple(total([size, margin]) for size, margin in zip(grid.spatial, margins, strict=True))
    return Effect(grid.shape(spatial, grid.channels), 0)


def _cropped(layer: Layer, inputs: Inputs) -> Effect:
    axes = axes_of(layer)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return Effect(None, 0)
    spatial = tuple(
        size - margin if size is not None and margin is not None else None
        for size, margin in zip(grid.spatial, _margins(layer, "cropping", axes, 1 if axes == 1 else 0), strict=True)
    )
    return Effect(grid.shape(spatial, grid.channels), 0)


def _upsampled(layer: Layer, inputs: Inputs) -> Effect:
    axes = axes_of(layer)
    grid = grid_of(layer, inputs[0], axes)
    if grid is None:
        return Effect(None, 0)
    factors = sizes(layer, "size", axes, 2)
    spatial = tuple(product(pair) for pair in zip(grid.spatial, factors, strict=True))
    return Effect(grid.shape(spatial, grid.channels), 0)


def _resized(layer: Layer, inputs: Inputs) -> Effect:
    source, first = inputs[0], channels_first(layer)
    if source is None or len(source) < 2 or first is None:
        return Effect(None, 0)
    target = (count(layer, "height"), count(layer, "width"))
    return Effect((*source[:-2], *target) if first else (*source[:-3], *target, source[-1]), 0)


# -- recurrent convolutions


def _convolutional_lstm(layer: Layer, inputs: Inputs) -> Effect:
    axes, filters = axes_of(layer), count(layer, "filters")
    source = inputs[0]
    grid = grid_of(layer, source[1:], axes) if source else None
    returns_all, returns_state = flag(layer, "return_sequences", False), flag(layer, "return_state", False)
    if grid is None or source is None:
        return UNKNOWN
    kernel = sizes(layer, "kernel_size", axes, None)
    channels = total([grid.channels, filters])
    weights = product([4, *kernel, channels, filters])
    biases = bias(layer, filters)
    parameters = total([weights, product([4, biases])])
    if returns_all is None or returns_state is not False:
        return Effect(None, parameters)
    one = grid.shape(slid(layer, grid.spatial), filters)
    return Effect((source[0], *one) if returns_all else one, parameters)


def _layers(pattern: str, axes: tuple[int, ...], effect: EffectOf) -> dict[str, EffectOf]:
    return {pattern.format(each): effect for each in axes}


EFFECTS: Mapping[str, EffectOf] = MappingProxyType(
    {
        **_layers("Conv{}D", (1, 2, 3), _convolution),
        **_layers("Conv{}DTranspose", (1, 2, 3), _transposed),
        **_layers("SeparableConv{}D", (1, 2), _separable),
        **_layers("DepthwiseConv{}D", (1, 2), _depthwise),
        **_layers("ConvLSTM{}D", (1, 2, 3), _convolutional_lstm),
        **_layers("MaxPooling{}D", (1, 2, 3), _pooling),
        **_layers("AveragePooling{}D", (1, 2, 3), _pooling),
        **_layers("GlobalMaxPooling{}D", (1, 2, 3), _global_pooling),
        **_layers("GlobalAveragePooling{}D", (1, 2, 3), _global_pooling),
        **_layers("AdaptiveMaxPooling{}D", (1, 2, 3), _adaptive_pooling),
        **_layers("AdaptiveAveragePooling{}D", (1, 2, 3), _adaptive_pooling),
        **_layers("ZeroPadding{}D", (1, 2, 3), _padded),
        **_layers("Cropping{}D", (1, 2, 3), _cropped),
        **_layers("UpSampling{}D", (1, 2, 3), _upsampled),
        "Resizing": _resized,
        "CenterCrop": _resized,
        "RandomCrop": _resized,
    }
)
