"""Results of a training loop of the program's own that are to judge the model, by the names they go by."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name

_JUDGING = re.compile(r"(^|[^a-z])(val|valid|validation|validate|test|eval|evaluate|held)([^a-z]|$)")


def names_given(place: Place) -> Iterator[str]:
    """What the value worked out here goes by: a name that it is assigned to, or the metric that is told of it.

    `val_loss.update_state(loss_fn(y, scores))`, `val_loss(loss)`.
    """
    for node in parents.ancestors(place):
        if isinstance(node, cst.Assign):
            yield from (each.value for target in node.targets for each in search.nodes(target, cst.Name))
        elif isinstance(node, cst.Call):
            yield (dotted_name(node.func) or "").removesuffix(".update_state").rpartition(".")[2]
        elif isinstance(node, cst.BaseSuite):
            return


def is_judging(name: str) -> bool:
    """Whether a name speaks of validation or a test: `val_loss`, `test_step`."""
    return bool(_JUDGING.search(name.lower().replace("_", " ")))


def is_in_judging_step(place: Place) -> bool:
    """Whether it stands in a function for a step of validation, or in a loop over what judges, by their names.

    `def val_step(x, y)`, `for x, y in test_batches`.
    """
    for node in parents.ancestors(place):
        if isinstance(node, cst.FunctionDef):
            return is_judging(node.name.value)
        if isinstance(node, cst.For) and any(is_judging(each.value) for each in search.nodes(node.iter, cst.Name)):
            return True
    return False
