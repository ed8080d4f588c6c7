"""What the rules about learning rates share: usual values by optimizer, and how to write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Finding, Fix
from scram_analyzers.rules.base import Related
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Callback, Optimizer, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import Ref

ADAPTIVE = frozenset(("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lamb", "Lion"))
"""Optimizers that scale every weight's step by its own gradients: they share a range of usual rates."""


def usual_rate(class_name: str) -> str:
    """The rate to start from, as text."""
    return {"SGD": "0.01", "Lion": "0.0001"}.get(class_name, "0.001")


def usual_range(class_name: str) -> str:
    """A clause for messages: "typical values are 0.00001 to 0.01"."""
    low, high = _usual_ends(class_name)
    return f"typical values are {low} to {high}"


def usual_lowest(class_name: str) -> float:
    """The lower end of that range."""
    return float(_usual_ends(class_name)[0])


def _usual_ends(class_name: str) -> tuple[str, str]:
    return ("0.001", "0.1") if class_name == "SGD" else ("0.00001", "0.01")


def recipe(program: Program, optimizer: Optimizer, rate: str) -> str:
    """The optimizer's call with another rate, as this author would write it."""
    spelled = program.imports.spell(optimizer.kind).text
    return f"{spelled}({optimizer.learning_rate.parameter or 'learning_rate'}={rate})"


def rate_setters(program: Program, optimizer: Optimizer) -> Iterator[Callback]:
    """The callbacks of an optimizer's trainings that set its learning rate, or may: those of the program's own."""
    for fit in program.fits:
        if fit.compile is not None and fit.compile.optimizer is optimizer:
            for callback in fit.callbacks or ():
                if callback.kind is None or callback.kind.endswith(".LearningRateScheduler"):
                    yield callback


def is_set_later(program: Program, optimizer: Optimizer) -> bool:
    """Whether the program sets the rate after the optimizer was made: what that began with may never be used."""
    return may_be_assigned(program, optimizer) or any(each.optimizer is optimizer for each in program.rates_set)


def may_be_assigned(program: Program, optimizer: Optimizer) -> bool:
    """Whether a variable of the program's own holds the rate, which gets other numbers: `rate.assign(...)`."""
    is_held = isinstance(optimizer.arguments.value("learning_rate"), Ref) and optimizer.learning_rate.schedule is None
    return is_held and program.mentions(".assign(")


def is_searched_for(program: Program) -> bool:
    """Whether the program raises the rate from epoch to epoch, to see which ones suit: its rates come from there."""
    return program.mentions("LearningRateScheduler") and program.matches(_RISING)


_RISING = re.compile(r"\b10(?:\.0?)?\s*\*\*\s*\(\s*\w+\s*/|\bsemilogx\(|\bxscale\(\s*[\"']log")
"""`1e-8 * 10 ** (epoch / 20)`, or what draws the loss by rates that grew from epoch to epoch."""


def goes_elsewhere(program: Program, optimizer: Optimizer) -> bool:
    """Whether an optimizer is handed to another library, or put among its options: it moves nobody knows what."""
    if any(each.optimizer is optimizer for each in program.compiles):
        return False
    above = parents.ancestors(optimizer.place)
    if above and isinstance(above[0], cst.DictElement):
        return True
    return any(_takes(call, optimizer) for call in program.calls if not call.name.startswith(_OWN))


def _takes(call: Call, optimizer: Optimizer) -> bool:
    given = (*call.arguments.positional, *call.arguments.keywords.values())
    return any(each.value.place is not None and each.value.place.key == optimizer.place.key for each in given)


_OWN = ("keras.", "tensorflow.", "builtins.")


def used_by(optimizer: Optimizer) -> Iterator[Related]:
    """The optimizer, when its rate is written elsewhere."""
    rate = optimizer.learning_rate
    if rate.use is not None and rate.place is not None and rate.use.key != rate.place.key:
        yield Related(optimizer.place, f"{optimizer.class_name} takes its learning rate from there.")


def optimizer_at(program: Program, finding: Finding) -> Optimizer | None:
    """The optimizer whose rate a finding marks."""
    for optimizer in program.optimizers:
        place = optimizer.learning_rate.place or optimizer.place
        if program.range_of(place) == finding.range:
            return optimizer
    return None


def set_rate(program: Program, finding: Finding, rate: str | None = None) -> Fix | None:
    """Write the usual rate, or another one, where the number stands; None where there is no number to replace."""
    optimizer = optimizer_at(program, finding)
    place = optimizer.learning_rate.place if optimizer is not None else None
    if optimizer is None or place is None or not _is_expression(place):
        return None
    rate = rate or usual_rate(optimizer.class_name)
    return Fix(f"Set the learning rate to {rate}", Applicability.UNSAFE, (fixes.replace(program, place, rate),))


def _is_expression(place: Place) -> bool:
    return isinstance(place.node, cst.BaseExpression)
