"""Metrics that a loop of the program's own gives labels in another form than the one they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.program import LossCall, Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.usage import bound_to

_ROW_WISE = frozenset(("CategoricalAccuracy", "TopKCategoricalAccuracy"))
_SPARSE = frozenset(("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"))


@dataclass(frozen=True, slots=True)
class Updated:
    """A call that gives a metric (`kind`, by its class) labels and predictions, and why that can't be right."""

    kind: str
    place: Place
    reason: str
    instead: str


def misread(program: Program) -> Iterator[Updated]:
    """Calls of metrics on classes that were picked before, or on labels that a loss reads in the other form."""
    made = {
        name: kind
        for call in program.calls
        if (kind := call.name.removeprefix("keras.metrics.")) in _ROW_WISE | _SPARSE
        and (name := bound_to(parents.ancestors(call.place))) is not None
    }
    for name, kind in made.items():
        for node, place in search.found(program, cst.Call, name):
            if len(node.args) == len(("labels", "predictions")) and _takes(node, name):
                reason = _picked(node) or _other_form(program, place, node, kind)
                if reason is not None:
                    yield Updated(kind, place, *reason)


def _takes(node: cst.Call, name: str) -> bool:
    """Whether this is `metric(y, p)` or `metric.update_state(y, p)`."""
    function = node.func
    if isinstance(function, cst.Attribute) and function.attr.value == "update_state":
        function = function.value
    return isinstance(function, cst.Name) and function.value == name


def _picked(node: cst.Call) -> tuple[str, str] | None:
    """`metric(y, tf.argmax(p, axis=1))`: it looks for the largest itself, in what is one number then."""
    given = node.args[1].value
    name = dotted_name(given.func) if isinstance(given, cst.Call) else None
    if (name or "").rpartition(".")[2] != "argmax":
        return None
    labels = node.args[0].value
    if isinstance(labels, cst.Call) and (dotted_name(labels.func) or "").endswith("argmax"):
        return "looks for the largest output itself, but is given the numbers of classes", "Accuracy"
    return "looks for the largest output itself, but argmax has done so: it is given the numbers of classes", "Accuracy"


def _other_form(program: Program, place: Place, node: cst.Call, kind: str) -> tuple[str, str] | None:
    """The labels that a loss in the same function reads as class numbers, or as rows."""
    labels, around = node.args[0].value, parents.function_around(place)
    given = (each for each in program.loss_calls if _is_given(each, labels))
    names = {each.loss.name for each in given if parents.function_around(each.place) is around}
    if names == {"sparse_categorical_crossentropy"} and kind in _ROW_WISE:
        return "reads one-hot rows, but the loss beside it takes these labels for class numbers", f"Sparse{kind}"
    if names == {"categorical_crossentropy"} and kind in _SPARSE:
        return "reads the number of a class, but the loss beside it takes these labels for rows", kind[len("Sparse") :]
    return None


def _is_given(each: LossCall, labels: cst.BaseExpression) -> bool:
    call = each.place.node
    return isinstance(call, cst.Call) and bool(call.args) and call.args[0].value.deep_equals(labels)
