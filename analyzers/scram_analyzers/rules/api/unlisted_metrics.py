"""Metrics of a model of the program's own that its `metrics` leave out, so that Keras never resets them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section

_RESETS = ("reset_state", "reset_states")


def unlisted_metrics(program: Program) -> Iterator[Report]:
    """Report each `metrics` property that returns a list of the model's own, without one that its step updates."""
    found = [each for section in search.parts(program, "def metrics(") for each in _unlisted_in(section)]
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


@once
def _unlisted_in(section: Section) -> tuple[tuple[Place, tuple[tuple[str, cst.Call], ...]], ...]:
    """The lists of a section's classes, with the attributes that a step updates and that a list leaves out."""
    found = []
    for node in section.parsed.nodes.get(cst.ClassDef, ()):
        listed = _listed(node) if isinstance(node, cst.ClassDef) else None
        if listed is None or not isinstance(node, cst.ClassDef) or _asked(node, *_RESETS):
            continue
        used = _asked(node, "update_state") & _asked(node, "result") - _names_in(listed)
        left_out = tuple((name, call) for name, call in _kept(node) if name in used)
        if left_out:
            found.append((Place(section, listed), left_out))
    return tuple(found)


def _listed(owner: cst.ClassDef) -> cst.List | None:
    """The list of attributes that the property returns, where it does nothing else."""
    for method in search.nodes(owner, cst.FunctionDef):
        if method.name.value != "metrics":
            continue
        returned = [each.value for each in search.nodes(method, cst.Return)]
        only = returned[0] if len(returned) == 1 else None
        if isinstance(only, cst.List) and all(_own(element.value) is not None for element in only.elements):
            return only
    return None


def _names_in(listed: cst.List) -> set[str | None]:
    return {_own(element.value) for element in listed.elements}


def _kept(owner: cst.ClassDef) -> Iterator[tuple[str, cst.Call]]:
    """What methods of the class bind to its attributes: `self.accuracy = keras.metrics.Mean()`."""
    for assigned in search.nodes(owner, cst.Assign):
        name = _own(assigned.targets[0].target) if len(assigned.targets) == 1 else None
        if name is not None and isinstance(assigned.value, cst.Call):
            yield name, assigned.value


def _asked(owner: cst.ClassDef, *methods: str) -> set[str]:
    """Attributes of which such a method is called: `self.accuracy.result()`."""
    called = (call.func for call in search.nodes(owner, cst.Call) if isinstance(call.func, cst.Attribute))
    names = (_own(each.value) for each in called if each.attr.value in methods)
    return {name for name in names if name is not None}


def _own(node: cst.BaseExpression) -> str | None:
    """The name of an attribute of `self`."""
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == "self":
        return node.attr.value
    return None
