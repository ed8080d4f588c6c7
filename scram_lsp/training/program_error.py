"""A program under watch that Keras ended with an error where no run was open: while the model was made, or before `fit`
began to train. What its source says of that line is told, as the run of a training that fails would."""

from __future__ import annotations

import dataclasses
import linecache
from collections.abc import Iterator
from pathlib import Path

from scram_analyzers.findings import Finding, Origin, Severity
from scram_analyzers.rules.dynamics.error_in_training import ErrorInTraining
from scram_analyzers.rules.registry import RuleSet
from scram_lsp.config import ConfigError, load_settings
from scram_lsp.training.console import RunConsole
from scram_lsp.training.places.call_points import CallPoint, is_library
from scram_lsp.training.places.script_text import ScriptText, read_code_file
from scram_lsp.training.run_error import comes_from_framework

_CALLS_OF_MODELS = (".fit(", ".train_on_batch(", ".evaluate(", ".predict(")
"""Where one of these ends the program, the mistake may stand anywhere: in the model, or where it is compiled."""

FILES_READ = 4
"""So many files of the program are read, those nearest to the error."""


def explain(error: BaseException, console: RunConsole) -> None:
    """Say what the source shows of the calls that led to an error of Keras's; nothing of any other error."""
    points = list(_calls(error))
    if not points or not comes_from_framework(error):
        return
    said = f"Confirmed in this run: the program ended here with {type(error).__name__}."
    for finding in _findings(points):
        console.finding(dataclasses.replace(finding, message=f"{finding.message} {said}", origin=Origin.RUN))


def _calls(error: BaseException) -> Iterator[CallPoint]:
    """The calls of the user's code that led to the error, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        if not is_library(trace.tb_frame):
            yield CallPoint(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno)
        trace = trace.tb_next


def _findings(points: list[CallPoint]) -> Iterator[Finding]:
    """Errors of the source on those lines that can end a program so."""
    names = list(dict.fromkeys(point.filename for point in reversed(points)))[:FILES_READ]
    for filename in names:
        ours = [point for point in points if point.filename == filename]
        trains = any(call in linecache.getline(filename, point.line) for point in ours for call in _CALLS_OF_MODELS)
        text = ScriptText(read_code_file(filename, ours[0].code), _rules(filename))
        for finding in text.findings:
            is_cause = finding.code in ErrorInTraining.symptom_of and finding.severity is Severity.ERROR
            is_there = trains or any(finding.range.overlaps(point.range) for point in ours)
            if is_cause and is_there and not text.suppressions.silence(finding):
                yield finding


def _rules(filename: str) -> RuleSet:
    try:
        return load_settings(Path(filename)).rule_set(Path(filename))
    except ConfigError:  # whoever checks the file says so
        return RuleSet.default()
