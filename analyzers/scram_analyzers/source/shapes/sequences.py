"""Layers that work on sequences: embedding, recurrence, attention, and the wrappers around them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scram_analyzers.source.graph import Layer, Shape
from scram_analyzers.source.shapes.effects import (
    UNKNOWN,
    Effect,
    EffectOf,
    Inputs,
    bias,
    count,
    flag,
    given,
    numbers,
    product,
    total,
    width_of,
    word,
)

_GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


def _embedding(layer: Layer, inputs: Inputs) -> Effect:
    size, source = count(layer, "output_dim"), inputs[0]
    parameters = product([count(layer, "input_dim"), size])
    if given(layer, "lora_rank"):
        parameters = None
    return Effect((*source, size) if source is not None else None, parameters)


def _cell_parameters(layer: Layer, kind: str, width: int | None) -> int | None:
    units, gates = count(layer, "units"), _GATES[kind]
    biases = bias(layer, units)
    if kind == "GRU":
        twice = flag(layer, "reset_after", True)
        biases = product([biases, None if twice is None else (2 if twice else 1)])
    weights = product([units, total([units, width])])
    return product([gates, total([weights, biases])])


def _recurrent(layer: Layer, inputs: Inputs) -> Effect:
    source = inputs[0]
    parameters = _cell_parameters(layer, layer.class_name, width_of(source))
    return Effect(_unrolled(layer, source, count(layer, "units")), parameters)


def _any_recurrent(layer: Layer, inputs: Inputs) -> Effect:
    cell, source = layer.inner, inputs[0]
    kind = cell.class_name.removesuffix("Cell") if cell is not None else ""
    if cell is None or kind not in _GATES or not cell.kind.startswith("keras.layers."):
        return UNKNOWN
    return Effect(_unrolled(layer, source, count(cell, "units")), _cell_parameters(cell, kind, width_of(source)))


def _unrolled(layer: Layer, source: Shape | None, units: int | None) -> Shape | None:
    """The last output, or all of them; None where states come along."""
    returns_all, returns_state = flag(layer, "return_sequences", False), flag(layer, "return_state", False)
    if source is None and returns_all is False and returns_state is False and not layer.arguments.open:
        return (units,)  # whatever sequences it reads
    if source is None or len(source) != 2 or returns_all is None or returns_state is not False:
        return None
    return (source[0], units) if returns_all else (units,)


def _bidirectional(layer: Layer, inputs: Inputs) -> Effect:
    inner = layer.inner
    if inner is None or inner.class_name not in EFFECTS or given(layer, "backward_layer") or inner.arguments.open:
        return UNKNOWN
    once = EFFECTS[inner.class_name](inner, inputs)
    parameters = product([2, once.parameters])
    merged = layer.value("merge_mode")
    mode = word(layer, "merge_mode", "concat")
    if once.shape is None or mode is None or (merged is not None and not given(layer, "merge_mode")):
        return Effect(None, parameters)
    if mode != "concat":
        return Effect(once.shape, parameters)
    return Effect((*once.shape[:-1], product([2, once.shape[-1]])), parameters)


# -- attention


def _attention(layer: Layer, inputs: Inputs) -> Effect:
    if len(inputs) not in (2, 3) or inputs[0] is None or inputs[1] is None:
        return UNKNOWN
    query, value = inputs[0], inputs[1]
    shape = (*query[:-1], value[-1]) if query and value else None
    key = inputs[2] if len(inputs) == 3 else value
    if layer.class_name == "AdditiveAttention":
        scale, weights = flag(layer, "use_scale", True), width_of(key)
    else:
        scale, weights = flag(layer, "use_scale", False), 1
    parameters = None if scale is None else (weights if scale else 0)
    mode = word(layer, "score_mode", "dot")
    if mode != "dot":
        parameters = total([parameters, 1 if mode == "concat" else None])
    return Effect(shape, parameters)


def _multi_head_attention(layer: Layer, inputs: Inputs) -> Effect:
    if len(inputs) not in (2, 3) or any(each is None or not each for each in inputs):
        return UNKNOWN
    query, value, key = inputs[0], inputs[1], inputs[-1]
    assert query is not None
    if width_of(value) != width_of(key):
        return UNKNOWN  # the third tensor may be a mask
    heads, key_size = count(layer, "num_heads"), count(layer, "key_dim")
    value_size = count(layer, "value_dim", key_size)
    target: Shape | None = (query[-1],)
    if given(layer, "output_shape"):
        target = numbers(layer, "output_shape")
    gated = flag(layer, "use_gate", False)
    if target is None:
        return UNKNOWN
    biased = flag(layer, "use_bias", True)
    extra = None if biased is None else int(biased)
    keys, values = product([heads, key_size]), product([heads, value_size])
    parameters = total(
        [
            product([keys, total([query[-1], extra])]),
            product([keys, total([width_of(key), extra])]),
            product([values, total([width_of(value), extra])]),
            product([product(target), total([values, extra])]),
        ]
    )
    return Effect((*query[:-1], *target), parameters if gated is False else None)


def _grouped_attention(layer: Layer, inputs: Inputs) -> Effect:
    if len(inputs) not in (2, 3) or any(each is None or not each for each in inputs):
        return UNKNOWN
    query, value, key = inputs[0], inputs[1], inputs[-1]
    assert query is not None
    if width_of(value) != width_of(key) or flag(layer, "use_gate", False) is not False:
        return UNKNOWN
    size = count(layer, "head_dim")
    biased = flag(layer, "use_bias", True)
    extra = None if biased is None else int(biased)
    queries = product([count(layer, "num_query_heads"), size])
    keys = product([count(layer, "num_key_value_heads"), size])
    parameters = total(
        [
            product([queries, total([query[-1], extra])]),
            product([keys, total([width_of(key), extra])]),
            product([keys, total([width_of(value), extra])]),
            product([query[-1], total([queries, extra])]),
        ]
    )
    return Effect(query, parameters)


EFFECTS: Mapping[str, EffectOf] = MappingProxyType(
    {
        "Embedding": _embedding,
        "LSTM": _recurrent,
        "GRU": _recurrent,
        "SimpleRNN": _recurrent,
        "RNN": _any_recurrent,
        "Bidirectional": _bidirectional,
        "Attention": _attention,
        "AdditiveAttention": _attention,
        "MultiHeadAttention": _multi_head_attention,
        "GroupQueryAttention": _grouped_attention,
    }
)
