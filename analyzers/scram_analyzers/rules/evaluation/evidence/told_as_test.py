"""Scores of training data that a program tells as those of its test data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.data.evidence.judging import evaluations_of
from scram_analyzers.rules.evaluation.evidence.printing import names_of_result, prints, words_of
from scram_analyzers.source.data import Data, Part, shares_rows
from scram_analyzers.source.program import Evaluation, Fit, Program
from scram_analyzers.source.reading import parents, search


def told_as_test(program: Program, fit: Fit) -> Iterator[Evaluation]:
    """Evaluations on what the model was trained on, of which the result is called, or printed as, that of a test."""
    for each in evaluations_of(program, fit):
        data = each.x.value if each.x is not None else None
        if each.method != "evaluate" or not isinstance(data, Data) or fit.inputs is None:
            continue
        if data.part is Part.TRAINING and shares_rows(fit.inputs, data) and _is_told_so(program, each):
            yield each


def _is_told_so(program: Program, each: Evaluation) -> bool:
    """Whether all names of the result speak of a test, or what prints it does."""
    names = names_of_result(parents.ancestors(each.place))
    if names and any(_OF_TRAINING.search(name) for name in names):
        return False
    if names and all(_OF_TEST.search(name) for name in names):
        return True
    printed = [words_of(node) for node, _ in search.found(program, cst.Call, "print(") if prints(node, names)]
    return bool(printed) and all(_OF_TEST.search(text) and not _OF_TRAINING.search(text) for text in printed)


_OF_TEST = re.compile(r"(?:^|_|\b)test(?:ing)?(?:_|\b)", re.IGNORECASE)
_OF_TRAINING = re.compile(r"(?:^|_|\b)train(?:ing)?(?:_|\b)", re.IGNORECASE)
