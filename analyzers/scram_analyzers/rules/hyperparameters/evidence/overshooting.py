"""Plain SGD that jumps over the valley: squared errors of inputs so large that no step can be right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers import fixes
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.raw_entries import unscaled_entry
from scram_analyzers.rules.hyperparameters.evidence import optimizers
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.heads import heads_of
from scram_analyzers.source.keras_api.layers import NORMALIZING
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, Optimizer, Program

EVEN_SHARE = 1 / 3
"""The mean square of numbers that lie evenly between zero and the largest, as a share of the largest one's."""

LEAST_SHARE = 1 / 100
"""The same for data of which only the ends are known: a few outliers may be far above all others. Ours."""

SURELY_TOO_FAR = 5.0
"""Rate times mean square above which all of our networks of relu layers of 10 to 64 units ran to NaN.

A linear model does so above 1; with 20 and 64 units some still trained at 3, none at 8.
"""

_EVEN = frozenset(("numpy.arange", "numpy.linspace", "numpy.random.uniform", "numpy.random.randint", "list"))
_OPEN_ENDED = frozenset(("linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus"))
_CLIPPED = ("clipnorm", "clipvalue", "global_clipnorm")


@dataclass(frozen=True, slots=True)
class Overshoot:
    """A training by an optimizer whose rate is too high for its inputs, which reach `largest`."""

    optimizer: Optimizer
    rate: float
    fit: Fit
    largest: float


def overshoots(program: Program) -> Iterator[Overshoot]:
    """Trainings by plain SGD that run away from the very first steps."""
    for fit in program.fits:
        optimizer = fit.compile.optimizer if fit.compile is not None else None
        rate = optimizer.learning_rate.value if optimizer is not None else None
        data = fit.inputs
        if optimizer is None or rate is None or data is None or data.range is None or not _is_plain(program, optimizer):
            continue
        if not _squares(fit) or fit.model is None or not _is_open_ended(fit.model) or data.scaled or data.batched:
            continue
        if rate * _mean_square(data, data.range.magnitude) > SURELY_TOO_FAR:
            yield Overshoot(optimizer, rate, fit, data.range.magnitude)


def reports(program: Program, highest: float) -> Iterator[Report]:
    """One report for each optimizer that does so; rates above `highest` are too high for any inputs."""
    said = set()
    for each in overshoots(program):
        optimizer, rate = each.optimizer, each.optimizer.learning_rate
        if each.rate > highest or optimizer in said:
            continue
        said.add(optimizer)
        own = "its default" if rate.place is None else "a"
        yield Report(
            place=rate.place or optimizer.place,
            message=(
                f"SGD with {own} rate of {fixes.number_text(each.rate)} runs away on inputs as large as "
                f"{each.largest:,.0f}: under mean_squared_error each step overshoots farther than the one before."
            ),
            related=(
                *optimizers.used_by(optimizer),
                Related(each.fit.place, "This training takes the inputs as they are."),
            ),
        )


def runs_away(program: Program, optimizer: Optimizer) -> bool:
    """Whether an optimizer's rate is too high for its inputs alone, so that a usual one would be as well."""
    return any(each.optimizer is optimizer for each in overshoots(program))


def _is_plain(program: Program, optimizer: Optimizer) -> bool:
    """Whether nothing holds the steps of SGD back: no clipping, and no schedule that begins lower."""
    given = optimizer.arguments
    if optimizer.class_name != "SGD" or optimizer.learning_rate.schedule or given.open:
        return False
    if any(given.get(each) is not None for each in _CLIPPED):
        return False
    return next(iter(optimizers.rate_setters(program, optimizer)), None) is None


def _squares(fit: Fit) -> bool:
    """Whether the loss is the squared error alone."""
    losses = fit.compile.losses if fit.compile is not None else ()
    return bool(losses) and all(loss.name == "mean_squared_error" for loss in losses)


def _is_open_ended(model: Model) -> bool:
    """Whether dense layers alone, none of them bounded, lead from the raw inputs to the outputs."""
    if not model.complete or unscaled_entry(model) is None:
        return False
    for tensor in model.tensors():
        layer = tensor.producer
        if not isinstance(layer, Layer):
            continue
        if layer.class_name in NORMALIZING or layer.class_name not in _PLAIN_LAYERS:
            return False
        if own_activation(layer)[0] not in _OPEN_ENDED and layer.class_name in ("Dense", "Activation"):
            return False
    return all(head.activation in _OPEN_ENDED for head in heads_of(model))


_PLAIN_LAYERS = frozenset(("Dense", "Activation", "Dropout", "Flatten", "InputLayer", "Reshape", "ReLU", "LeakyReLU"))


def _mean_square(data: Data, largest: float) -> float:
    return (EVEN_SHARE if data.source in _EVEN else LEAST_SHARE) * largest**2
