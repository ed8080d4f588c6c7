"""Optimizers told to keep all of an average and to add nothing to it, and what then becomes of their steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scram_analyzers.rules.base import Report
from scram_analyzers.source.program import Optimizer
from scram_analyzers.source.values import Argument, boolean, number

_STANDS = "its measure of the gradients never leaves 0, and with it every step is 0"
_NOT_A_NUMBER = "its mean of the gradients stays 0 and is divided by 0: the first step makes all weights NaN"
_FAR = "its measure of the gradients never leaves 0, so each step is about 3,000 times the one you asked for"

_WHOLE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        **{(name, "beta_2"): _STANDS for name in ("Adam", "AdamW", "Nadam", "Lamb")},
        **{(name, "beta_1"): _NOT_A_NUMBER for name in ("Adam", "AdamW", "Adamax")},
        ("RMSprop", "rho"): _FAR,
    }
)
"""What a share of 1 does, by the optimizer and its parameter, in Keras 3."""

_USUAL = {"beta_1": "0.9", "beta_2": "0.999", "rho": "0.9", "ema_momentum": "0.99"}


def of_optimizer(optimizer: Optimizer) -> Iterator[Report]:
    """An average that keeps all of itself at each step, or more."""
    for (name, parameter), effect in _WHOLE.items():
        given = optimizer.arguments.get(parameter) if optimizer.class_name == name else None
        if given is not None and _keeps_all(given):
            yield _report(optimizer, parameter, given, effect)
    ema = optimizer.arguments.get("ema_momentum")
    uses = optimizer.arguments.get("use_ema")
    if ema is not None and uses is not None and boolean(uses.value) is True and _keeps_all(ema):
        effect = "the average stays at the weights of the first step, and fit puts these in place of the trained ones"
        yield _report(optimizer, "ema_momentum", ema, effect)


def keeps_all(optimizer: Optimizer, parameter: str) -> bool:
    """Whether something more telling is said here of this parameter."""
    given = optimizer.arguments.get(parameter)
    return (optimizer.class_name, parameter) in _WHOLE and given is not None and _keeps_all(given)


def _keeps_all(given: Argument) -> bool:
    return number(given.value) == 1


def _report(optimizer: Optimizer, parameter: str, given: Argument, effect: str) -> Report:
    return Report(
        place=given.written_at or optimizer.place,
        message=f"With {parameter} 1, {optimizer.class_name} keeps all of its average and adds nothing: {effect}.",
        why="An average that moves takes a share of itself and the rest from what is new. With a share of 1 it stands.",
        how=f"Leave {parameter} at Keras's {_USUAL[parameter]}.",
        recipe=f"{parameter}={_USUAL[parameter]}",
    )
