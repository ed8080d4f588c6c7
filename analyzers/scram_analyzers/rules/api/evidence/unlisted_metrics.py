"""Metrics of a model of the program's own that its `metrics` leave out, so that Keras never resets them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search

_RESETS = ("reset_state", "reset_states")


def unlisted_metrics(program: Program) -> Iterator[Report]:
    """Report each `metrics` property that returns a list of the model's own, without one that its step updates."""
    classes = (each for part in search.parts(program, "def metrics(") for each in search.classes_in(program, part))
    found = list(itertools.chain.from_iterable(map(_unlisted_in, dict.fromkeys(classes))))
    if not found:
        return
    made = {call.place.node: call for call in program.calls if call.name.startswith("keras.metrics.")}
    for listed, left_out in found:
        for name, call in left_out:
            if call in made:
                yield Report(
                    listed,
                    f"Keras resets only the metrics in this list before an epoch: self.{name}, which it leaves out, is "
                    "from the second one on a mean over all epochs so far, validation included.",
                    (Related(made[call].place, "This metric is left out."),),
                    recipe=f"return [..., self.{name}]",
                )
                break


def _unlisted_in(parts: tuple[Place, ...]) -> Iterator[tuple[Place, tuple[tuple[str, cst.Call], ...]]]:
    """The list of a class, with the attributes that a step updates and that the list leaves out."""
    listed = next(filter(None, map(_listed, parts)), None)
    if listed is None or _asked(parts, *_RESETS):
        return
    used = _asked(parts, "update_state") & _asked(parts, "result") - _names_in(listed)
    left_out = tuple((name, call) for name, call in _kept(parts) if name in used)
    if left_out:
        yield listed, left_out


def _listed(part: Place) -> Place | None:
    """The list of attributes that the property returns, where it does nothing else."""
    for method in search.nodes(part.node, cst.FunctionDef):
        if method.name.value != "metrics":
            continue
        returned = [each.value for each in search.nodes(method, cst.Return)]
        only = returned[0] if len(returned) == 1 else None
        if isinstance(only, cst.List) and all(_own(element.value) is not None for element in only.elements):
            return Place(part.section, only)
    return None


def _names_in(listed: Place) -> set[str | None]:
    return {_own(element.value) for element in search.nodes(listed.node, cst.Element)}


def _kept(parts: tuple[Place, ...]) -> Iterator[tuple[str, cst.Call]]:
    """What methods of the class bind to its attributes: `self.accuracy = keras.metrics.Mean()`."""
    for assigned in (each for part in parts for each in search.nodes(part.node, cst.Assign)):
        name = _own(assigned.targets[0].target) if len(assigned.targets) == 1 else None
        if name is not None and isinstance(assigned.value, cst.Call):
            yield name, assigned.value


def _asked(parts: tuple[Place, ...], *methods: str) -> set[str]:
    """Attributes of which such a method is called: `self.accuracy.result()`."""
    called = (call.func for part in parts for call in search.nodes(part.node, cst.Call))
    names = (_own(each.value) for each in called if isinstance(each, cst.Attribute) and each.attr.value in methods)
    return {name for name in names if name is not None}


def _own(node: cst.BaseExpression) -> str | None:
    """The name of an attribute of `self`."""
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == "self":
        return node.attr.value
    return None
