"""Targets that are places in a picture, key points or the corners of a box, as a table holds them."""

from __future__ import annotations

import re

from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import DataStep, StepKind
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.program import Program

_COORDINATE = re.compile(
    r"^(?:.*[_ ])?(?:[xy](?:_?(?:min|max|[0-9]+))?|left|right|top|bottom|width|height)$", re.IGNORECASE
)
"""Names of columns that say where something is: xmin, left_eye_x, y2."""

_PLACES = re.compile(r"key_?points?|landmarks?|bounding_?box|bbox", re.IGNORECASE)
"""Words of programs that look for places in pictures."""

_DIVIDED = re.compile(
    r"/=?\s*(?:float\()?(?:w|h|width|height|img_?w|img_?h|img_?size|image_?size|size)\b", re.IGNORECASE
)
"""Where a program divides by the size of a picture, be it elsewhere: what its table holds may be shares then."""


def are_places(program: Program, case: Case) -> bool:
    """Whether several bounded units are trained towards columns of places that nothing scales."""
    targets, units = case.targets, case.head.units
    if targets is None or not targets.is_table or targets.scaled or targets.range is not None or case.form is not None:
        return False
    if (
        units is None
        or units < 2
        or case.head.activation not in ("sigmoid", "tanh")
        or case.loss.name not in REGRESSION
    ):
        return False
    if case.reproduces_inputs or case.judged_by_hand or not all(map(_keeps_numbers, targets.steps)):
        return False
    named = next((step.columns for step in targets.steps if step.columns), ())
    about = all(map(_COORDINATE.match, named)) if named else program.matches(_PLACES)
    return bool(about) and not program.matches(_DIVIDED)


def _keeps_numbers(step: DataStep) -> bool:
    """Whether a step leaves the numbers of the columns as they are, such as one that writes another column."""
    if step.kind in (StepKind.SELECTED, StepKind.SPLIT, StepKind.SHUFFLED, StepKind.CONVERTED):
        return True
    written = step.put[0] if step.name == "setitem" and step.put is not None else None
    if written is not None:
        return not _COORDINATE.match(written)
    return step.name in ("dropna", "fillna", "ffill", "reset_index", "drop", "reshape", "sample", "drop_duplicates")
