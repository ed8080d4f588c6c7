"""What a subclass that trains itself does with the compiled loss."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TypeAlias

import libcst as cst

from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import Function, Value

MemberOf: TypeAlias = "Callable[[str], Value | None]"
"""Tells a member of the subclass by its name."""

OWN_TRAINING = ("train_step", "compute_loss", "compute_gradients")
"""Methods with which a subclass takes the loss into its own hands."""

_COMPILED_LOSS = frozenset(("self.compute_loss", "self.compiled_loss"))


def trains_itself(member: MemberOf) -> bool:
    """Whether a subclass computes its own loss, as far as its methods' names tell."""
    return any(member(name) is not None for name in OWN_TRAINING)


def uses_compiled_loss(member: MemberOf) -> bool:
    """Whether the only thing a subclass does itself is a `train_step` that gives its own outputs to the compiled loss.

    That is so where each prediction handed to `compute_loss` is what calling `self` gave.
    """
    if any(member(name) is not None for name in OWN_TRAINING if name != "train_step"):
        return False
    step = member("train_step")
    if not isinstance(step, Function):
        return False
    calls = search.within(step.section, step.node, cst.Call)
    judged = [call for call in calls if dotted_name(call.func) in _COMPILED_LOSS]
    outputs = _names_of_outputs(step) if judged else frozenset()
    return bool(judged) and all(_prediction(call) in outputs for call in judged)


def _names_of_outputs(step: Function) -> Set[str]:
    """Names that are given nothing else than what calling `self` returns."""
    given: dict[str, list[bool]] = {}
    for assignment in search.within(step.section, step.node, cst.Assign):
        for target in assignment.targets:
            if isinstance(target.target, cst.Name):
                is_output = isinstance(assignment.value, cst.Call) and dotted_name(assignment.value.func) == "self"
                given.setdefault(target.target.value, []).append(is_output)
    return {name for name, answers in given.items() if all(answers)}


def _prediction(call: cst.Call) -> str | None:
    """The name of what a call of the compiled loss is to judge."""
    position = 2 if dotted_name(call.func) == "self.compute_loss" else 1
    for number, argument in enumerate(call.args):
        keyword = argument.keyword.value if argument.keyword is not None else None
        if keyword == "y_pred" or (keyword is None and number == position):
            return dotted_name(argument.value)
    return None
