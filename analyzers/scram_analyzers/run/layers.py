"""What the probes of a run show of its layers: roles, and what lasts over several probes in a row."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.records import LayerObservation, ProbeRecord, WeightObservation

KERNELS = ("kernel", "embeddings", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel")
"""The last part of the path of weights that multiply; biases and scales start at 0 or 1 and move otherwise."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """A layer's condition that has held since the probe `since`; `now` is the newest observation."""

    since: ProbeRecord
    last: ProbeRecord
    now: LayerObservation


def output_layers(history: RunHistory) -> frozenset[str]:
    """Layers that make the model's outputs; the last one where the outputs are not known."""
    named = {output.layer for output in history.info.outputs if output.layer is not None}
    if not named and history.info.layers:
        named = {history.info.layers[-1].name}
    return frozenset(named)


def lasting_layers(
    history: RunHistory, holds: Callable[[LayerObservation, ProbeRecord], bool], probes: int, after: int = 0
) -> list[Lasting]:
    """The hidden layers for which a condition held in each of the newest probes, and for `probes` of them at least.

    Only probes after step `after` count. In the order of the model.
    """
    seen = [probe for probe in history.probes if probe.step > after]
    if len(seen) < probes:
        return []
    hidden = [layer for layer in seen[-1].layers if layer.layer not in output_layers(history)]
    return [found for layer in hidden if (found := _lasting(layer.layer, seen, holds, probes)) is not None]


def _lasting(
    name: str, seen: Sequence[ProbeRecord], holds: Callable[[LayerObservation, ProbeRecord], bool], probes: int
) -> Lasting | None:
    since = None
    count = 0
    for probe in reversed(seen):
        layer = layer_at(probe, name)
        if layer is None or not holds(layer, probe):
            break
        since, count = probe, count + 1
    newest = layer_at(seen[-1], name)
    if since is None or newest is None or count < probes:
        return None
    return Lasting(since, seen[-1], newest)


EXPLODED = 1e3
"""A deviation of outputs from which a hidden layer has exploded (SageMaker Debugger; ours)."""


@asked_once
def exploded_at_start(history: RunHistory) -> LayerObservation | None:
    """The first hidden layer whose outputs are huge before the first step, of inputs that aren't."""
    probe, outputs = history.first_probe, output_layers(history)
    inputs = [array for record in history.looked_at for array in record.arrays if array.role == "input"]
    ends = [abs(end) for each in inputs for end in (each.minimum, each.maximum) if end is not None]
    if probe is None or probe.step > 1 or max(ends, default=0.0) > EXPLODED:
        return None
    large = (each for each in probe.layers if each.layer not in outputs and (each.deviation or 0.0) > EXPLODED)
    return next(large, None)


def layer_at(probe: ProbeRecord, name: str) -> LayerObservation | None:
    """What a probe saw of the layer called `name`."""
    return next((layer for layer in probe.layers if layer.layer == name), None)


def is_kernel(weight: WeightObservation) -> bool:
    """Whether a weight multiplies its layer's input."""
    return weight.weight.rpartition("/")[2] in KERNELS


def gradient_norm(probe: ProbeRecord) -> float | None:
    """The Euclidean norm of all gradients together; None when none was read, infinite when one is not finite."""
    norms = [weight.gradient_norm for weight in probe.weights if weight.gradient_norm is not None]
    if not norms:
        return None
    if not all(map(math.isfinite, norms)):
        return math.inf
    return math.hypot(*norms)


MOTIONLESS = 0.003
"""A run that moves its weights by less than this share of their size ends where it began. Ours."""


@asked_once
def weights_wither(history: RunHistory) -> bool:
    """Whether half of the kernels have less than a tenth of the norm they began with, or shrink by all they move.

    Too large a step throws weights about; what takes them all away is a penalty or a decay.
    """
    first, last = history.first_probe, history.probes[-1] if history.probes else None
    if first is None or last is None:
        return False
    began = {weight.weight: weight.norm for weight in first.weights if is_kernel(weight) and weight.norm > 0}
    left = sorted(weight.norm / began[weight.weight] for weight in last.weights if weight.weight in began)
    shrunk = sorted(_shrinking(list(history.probes)))
    return bool(left and left[len(left) // 2] < WITHERED) or bool(shrunk and shrunk[len(shrunk) // 2] > SHRINKING)


def _shrinking(probes: Sequence[ProbeRecord]) -> Iterator[float]:
    """Of each kernel, between probes of two steps in a row, the part of its move that its norm has lost."""
    for before, after in itertools.pairwise(probes):
        norms = {weight.weight: weight.norm for weight in before.weights if is_kernel(weight) and weight.norm > 0}
        for weight in after.weights if after.step == before.step + 1 else ():
            if weight.update_ratio and weight.norm and weight.weight in norms:
                yield (norms[weight.weight] - weight.norm) / (weight.update_ratio * weight.norm)


WITHERED = 0.1
"""Of the norm that a kernel began with. Ours."""

SHRINKING = 0.8
"""A step across a weight leaves its norm or adds to it; one by gradients hardly ever points at zero. Ours."""


@asked_once
def median_update_ratio(history: RunHistory) -> float | None:
    """How far one step moves the kernels, as a share of their norm: the median over kernels and the newest probes."""
    ratios = sorted(
        weight.update_ratio
        for probe in list(history.probes)[-10:]
        for weight in probe.weights
        if weight.update_ratio is not None and math.isfinite(weight.update_ratio) and is_kernel(weight)
    )
    return ratios[len(ratios) // 2] if ratios else None
