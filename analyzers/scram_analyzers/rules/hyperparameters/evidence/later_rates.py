"""Rates that are too high and that a program sets once the optimizer is made: by a callback, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.rules.hyperparameters.evidence import optimizers
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.values import Constant, Value, number

FUNCTION_ALLOWANCE = 3
"""A function for each epoch may start this much higher: it keeps its first rate through all steps of that epoch."""

Limit = Callable[[Optimizer], "float | None"]
Graded = Callable[[Optimizer, float], "Severity | None"]


def reports(program: Program, limit_of: Limit, severity_of: Graded) -> Iterator[Report]:
    """Each rate above its optimizer's limit that a scheduler sets in the first epoch, or an assignment."""
    yield from _set_by_schedulers(program, limit_of, severity_of)
    yield from _set_by_hand(program, limit_of, severity_of)


def _set_by_schedulers(program: Program, limit_of: Limit, severity_of: Graded) -> Iterator[Report]:
    if not any(callback.rates for fit in program.fits for callback in fit.callbacks or ()):
        return
    for optimizer in {each.optimizer: None for each in program.compiles if each.optimizer is not None}:
        limit = limit_of(optimizer)
        for callback in optimizers.rate_setters(program, optimizer):
            if callback.place is None or callback.rates is None:
                continue
            first, middle = callback.rates.first, callback.rates.middle
            highest = max((first, middle), key=lambda each: number(each) or 0.0)
            rate = number(highest)
            if rate is None or limit is None or rate <= limit * FUNCTION_ALLOWANCE:
                continue
            if highest is middle and optimizers.is_searched_for(program):
                continue
            when = "in the first epoch" if highest is first else "by the middle of the training"
            yield Report(
                place=highest.place or callback.place,
                message=(
                    f"This schedule sets {optimizer.class_name}'s learning rate to {fixes.number_text(rate)} {when}; "
                    f"{optimizers.usual_range(optimizer.class_name)}."
                ),
                related=(
                    Related(callback.place, "This callback sets the rate."),
                    Related(optimizer.place, f"{optimizer.class_name} is the optimizer."),
                ),
                severity=severity_of(optimizer, rate),
            )


def _set_by_hand(program: Program, limit_of: Limit, severity_of: Graded) -> Iterator[Report]:
    for each in program.rates_set:
        limit, rate = limit_of(each.optimizer), _written(each.value)
        if limit is None or rate is None or rate <= limit or optimizers.goes_elsewhere(program, each.optimizer):
            continue
        place = each.value.place or each.place
        if is_candidate(program, place):
            continue
        class_name = each.optimizer.class_name
        yield Report(
            place=place,
            message=(
                f"{class_name}'s learning rate is set to {fixes.number_text(rate)} here; "
                f"{optimizers.usual_range(class_name)}."
            ),
            related=(Related(each.optimizer.place, f"{class_name} is the optimizer."),),
            severity=severity_of(each.optimizer, rate),
        )


def _written(value: Value) -> float | None:
    """A number that is certainly set; a default somebody may override is left to where it goes."""
    return number(value) if isinstance(value, Constant) and not value.assumed else None
