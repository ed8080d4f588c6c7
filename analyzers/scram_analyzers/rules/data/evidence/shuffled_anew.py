"""Parts cut with `take` and `skip` from a dataset that is shuffled anew in every epoch: rows change sides."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Severity
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.rules.data.evidence.judging import trained_on, validations_of
from scram_analyzers.source.data import Data, DataStep
from scram_analyzers.source.program import Fit, Program

_CUTS = ("take", "skip")


def of_fit(_: Program, fit: Fit) -> Iterator[Report]:
    """Training and validation rows taken from one dataset behind a `shuffle` that draws a new order each time."""
    for trained in trained_on(fit):
        for judged in validations_of(fit):
            ours, theirs = _shuffle_before_cut(trained.data), _shuffle_before_cut(judged.data)
            if ours is None or theirs is None or not trained.data.roots or trained.data.roots != judged.data.roots:
                continue
            if ours.place is not None:
                yield Report(
                    ours.place,
                    "This draws a new order in every epoch, before the rows are parted: those that validate in one "
                    "epoch are trained on in another.",
                    (Related(judged.place, "The validation rows are taken behind it."),),
                    severity=Severity.INFO,  # published examples do it too
                    recipe="ds.shuffle(..., reshuffle_each_iteration=False)",
                )
            return


def _shuffle_before_cut(data: Data) -> DataStep | None:
    """The last shuffle of tf.data before rows are taken or skipped; None where it keeps its order, or it is kept."""
    cuts = [place for place, step in enumerate(data.steps) if step.name in _CUTS]
    if not cuts:
        return None
    found = None
    for step in data.steps[: cuts[0]]:
        if step.name == "shuffle" and isinstance(step.node, cst.Call):
            found = step
        elif step.name in ("cache", "snapshot"):
            found = None
    return None if found is None or _keeps_its_order(found.node) else found


def _keeps_its_order(node: cst.CSTNode | None) -> bool:
    """Whether `reshuffle_each_iteration` is anything but True."""
    given = node.args if isinstance(node, cst.Call) else ()
    named = [each.value for each in given if each.keyword is not None and each.keyword.value == _ORDER]
    places = [each.value for each in given if each.keyword is None][2:3]
    values = [*named, *places]
    return any(not isinstance(each, cst.Name) or each.value != "True" for each in values)


_ORDER = "reshuffle_each_iteration"
