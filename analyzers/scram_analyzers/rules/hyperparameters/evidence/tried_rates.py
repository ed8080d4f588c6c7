"""The learning rates that a search tries: `hp.Choice("lr", [0.1, 0.01])`, `hp.Float("lr", 0.001, 0.1)`."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.reading.dotted import dotted_name

_SUGGESTING = frozenset(("suggest_categorical", "suggest_float", "suggest_loguniform", "suggest_uniform"))


@dataclass(frozen=True, slots=True)
class TriedRates:
    """The lowest of the rates that a search tries, and where they are written."""

    lowest: float
    place: Place


def has_search(program: Program) -> bool:
    """Whether the program may search for rates at all."""
    return any(map(program.mentions, ("tuner", "optuna")))


def tried_rates(program: Program, optimizer: Optimizer) -> TriedRates | None:
    """What an optimizer's rate is chosen from by keras_tuner or optuna, where that is written out in numbers."""
    if not has_search(program):
        return None
    given = optimizer.arguments.get("learning_rate", 0)
    place = given.value.place or given.place if given is not None else None
    call = place.node if place is not None else None
    if place is None or not isinstance(call, cst.Call):
        return None
    last = (dotted_name(call.func) or "").rpartition(".")[2]
    if last not in ("Choice", "Float") and last not in _SUGGESTING:
        return None
    listed = next((each.value for each in call.args if isinstance(each.value, (cst.List, cst.Tuple))), None)
    written = [_lowest_bound(call)] if listed is None else [each.value for each in listed.elements]
    numbers = [float(node.evaluated_value) for node in written if isinstance(node, (cst.Integer, cst.Float))]
    return TriedRates(min(numbers), place) if numbers and len(numbers) == len(written) else None


def _lowest_bound(call: cst.Call) -> cst.BaseExpression | None:
    """The lower of two bounds: the argument after the name, or the one that is called so."""
    named = {each.keyword.value: each.value for each in call.args if each.keyword is not None}
    plain = [each.value for each in call.args if each.keyword is None and not each.star]
    return named.get("min_value") or named.get("low") or (plain[1] if len(plain) > 1 else None)
