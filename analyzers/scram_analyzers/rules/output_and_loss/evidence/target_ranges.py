"""What is known, or likely, of the values that targets take: from their data, their scaling, and what they are."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers.rules.data.evidence.raw_entries import is_raw_table
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import Data, Interval, LabelForm, StepKind
from scram_analyzers.source.libraries.changing_objects import SCALED_RANGE
from scram_analyzers.source.program import Program


def what_targets_are(case: Case) -> str | None:
    """What targets are that no softmax can reach, in words; None for those it may be meant for."""
    if case.learns_values:
        return "predictions with new values in them"
    if case.form is LabelForm.CONTINUOUS:
        return "measured numbers"
    if case.reproduces_inputs:
        return "the inputs themselves"
    return f"numbers, by the metric {case.measure}" if case.form is None and case.measure is not None else None


def likely_range(targets: Data | None) -> Interval | None:
    """Where the targets lie. Scaled around 0 by hand, `(y - 48) / 48`, they lie at both sides of it."""
    if targets is None:
        return None
    if targets.range is not None:
        middle, far = (targets.range.low + targets.range.high) / 2, (targets.range.high - targets.range.low) / 2
        near = far / 2 if targets.source == "numpy.random.normal" else far  # nearly all of what is drawn: two spreads
        return Interval(middle - near, middle + near)
    done = [(step.name, step.number) for step in targets.steps if step.name in ("Subtract", "Divide")][-2:]
    if len(done) < 2 or (targets.steps and targets.steps[-1].name == "setitem"):
        return None
    (first, one), (second, two) = done
    if one is None and two is None:
        return Interval(-1, 1) if _is_standardized(targets) else None
    if one is None or two is None:
        return None
    centred = (first, second) == ("Subtract", "Divide") and one == two > 0
    return Interval(-1, 1) if centred or ((first, second) == ("Divide", "Subtract") and two == 1 < one) else None


def _is_standardized(targets: Data) -> bool:
    """Whether the last two steps that scaled the targets took a mean away and divided by a spread."""
    done = [step.place for step in targets.steps if step.name in ("Subtract", "Divide") and step.place is not None]
    if len(done) < 2 or not all(isinstance(place.node, cst.BinaryOperation) for place in done[-2:]):
        return False
    centre, spread = done[-2:]
    return bool(_MEAN.search(centre.text)) and bool(_SPREAD.search(spread.text))


_MEAN = re.compile(r"-\s*[\w.\[\]]*(mean|mu\b|avg|average|cent(er|re))", re.IGNORECASE)
_SPREAD = re.compile(r"/\s*[\w.\[\]]*(std|sigma|stdev|stddev|deviation|\bsd\b)", re.IGNORECASE)


def scaled_column(case: Case) -> Interval | None:
    """The range of columns that were scaled on their own, in a table that an autoencoder gives back."""
    if case.targets is None or not case.reproduces_inputs:
        return None
    put = [step.put[1] for step in case.targets.steps if step.put is not None and step.put[1].scaled]
    if put:
        return put[-1].range
    written = [step.learned for step in case.targets.steps if step.name == "setitem" and step.kind is StepKind.SCALED]
    learned = [each.kind.rpartition(".")[2] for each in written if each is not None]
    return SCALED_RANGE.get(learned[-1]) if learned else None


def is_measured(case: Case) -> bool:
    """Whether a single unit between two bounds is trained towards numbers as they were measured."""
    targets, activation = case.targets, case.head.activation
    if targets is None or targets.scaled or case.head.units != 1 or activation not in ("sigmoid", "tanh"):
        return False
    measured = case.form is LabelForm.CONTINUOUS or (case.form is None and cases.is_measured(targets, graded=True))
    return measured and not case.judged_by_hand and not case.reproduces_inputs


def is_raw_column(program: Program, case: Case) -> bool:
    """Whether tanh is trained towards columns of a file in a program that scales nothing."""
    targets = case.targets
    if targets is None or case.head.activation != "tanh" or case.form is not None or case.judged_by_hand:
        return False
    return targets.range is None and not case.reproduces_inputs and is_raw_table(program, targets)
