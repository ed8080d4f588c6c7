"""The two calls that everything else makes: `analyze_source` and `analyze_run`."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scram_analyzers.findings import (
    Confidence,
    Finding,
    Fix,
    Origin,
    RelatedPlace,
    RunMoment,
    SourceRange,
)
from scram_analyzers.notes import RULE_FAILED, UNREADABLE, note_finding
from scram_analyzers.rules.base import Report, Rule, RunReport
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import RunHistory
from scram_analyzers.source.chunks import ParseCache
from scram_analyzers.source.interpreter import interpret
from scram_analyzers.source.locate import locate
from scram_analyzers.source.program import Program
from scram_analyzers.source.text import mentions_keras

log = logging.getLogger(__name__)

MAX_CHARACTERS = 2_000_000
"""Larger files are not read: they are generated, and would keep an editor waiting for seconds."""


@dataclass(frozen=True)
class Analysis:
    """What one text holds. `program` is None when the text never mentions Keras and was not read."""

    filename: str
    rules: RuleSet
    program: Program | None
    findings: tuple[Finding, ...]

    def fix(self, finding: Finding) -> Fix | None:
        """The fix of a finding (from the source or a run) in this text; made when asked for, not before."""
        rule = self.rules.by_code.get(finding.code)
        if rule is None or self.program is None:
            return None
        return rule.fix(self.program, finding)


def analyze_source(text: str, filename: str, rules: RuleSet, cache: ParseCache | None = None) -> Analysis:
    """Analyze one module's text. Never raises for any text; what can't be read becomes a finding."""
    if not mentions_keras(text):
        return Analysis(filename, rules, None, ())
    if len(text) > MAX_CHARACTERS:
        message = f"This file has {len(text):,} characters; scram reads up to {MAX_CHARACTERS:,}."
        how = "Keep generated tables in a data file, or split the module."
        unread = note_finding(UNREADABLE, message, filename, SourceRange.of(1, 0, 1, 0), how)
        return Analysis(filename, rules, None, (unread,))
    program = interpret(text, filename, cache if cache is not None else ParseCache())
    findings = [note_finding(UNREADABLE, each.reason, filename, each.range, each.mend) for each in program.unread]
    for rule in rules:
        findings += _check_program(rule, program)
    return Analysis(filename, rules, program, tuple(_each_once(findings)))


def analyze_run(history: RunHistory, rules: RuleSet, program: Program | None) -> list[Finding]:
    """Ask every rule about a run as far as it has come; places are found through `program` when given."""
    findings: list[Finding] = []
    for rule in rules:
        try:
            reports = list(rule.check_run(history))
        except Exception as error:  # a rule's fault must not take the other rules with it, or disturb the run
            log.debug("rule %s failed on run %s", rule.code, history.info.run, exc_info=error)
            findings.append(_failed_on_run(rule, error, history))
            continue
        findings += (_run_finding(rule, report, history, program) for report in reports)
    said = {finding.code for finding in findings}
    symptoms = {rule.code for rule in rules if not said.isdisjoint(rule.symptom_of)}
    return [finding for finding in findings if finding.code not in symptoms]


def _failed_on_run(rule: Rule, error: Exception, history: RunHistory) -> Finding:
    line = history.info.fit_line or 1
    message = _failure_message(rule, error)
    finding = note_finding(RULE_FAILED, message, history.info.script, SourceRange.of(line, 0, line + 1, 0))
    return dataclasses.replace(finding, origin=Origin.RUN, moment=RunMoment(history.info.run))


def _failure_message(rule: Rule, error: Exception) -> str:
    return f"The rule {rule.name} ({rule.code}) failed here: {type(error).__name__}: {error}"


def merge(source: Iterable[Finding], run: Iterable[Finding]) -> list[Finding]:
    """One list for a reader: where a run confirms a source finding, the run's stands for both."""
    confirmed = list(run)
    kept = [each for each in source if not any(_same_cause(each, other) for other in confirmed)]
    return sorted([*kept, *confirmed], key=lambda each: each.sort_key)


def _same_cause(source: Finding, run: Finding) -> bool:
    return source.code == run.code and source.filename == run.filename and source.range.overlaps(run.range)


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for a rule and a place, however often the program comes by there; the most severe stands."""
    first: dict[tuple[str, SourceRange], Finding] = {}
    for finding in sorted(findings, key=lambda each: each.sort_key):
        first.setdefault((finding.code, finding.range), finding)
    return list(first.values())


def _check_program(rule: Rule, program: Program) -> Iterator[Finding]:
    try:
        reports = list(rule.check_program(program))
    except Exception as error:  # a rule's fault must not take the other rules with it
        log.exception("rule %s failed on %s", rule.code, program.filename)
        yield note_finding(RULE_FAILED, _failure_message(rule, error), program.filename, SourceRange.of(1, 0, 1, 0))
        return
    for report in reports:
        yield _source_finding(rule, report, program)


def _source_finding(rule: Rule, report: Report, program: Program) -> Finding:
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity_override or report.severity or rule.severity,
        confidence=report.confidence or rule.confidence,
        message=report.message,
        why=report.why or rule.why,
        how=report.how or rule.how,
        filename=program.filename,
        range=report.place.range,
        related=tuple(
            RelatedPlace(related.message, program.filename, related.place.range) for related in report.related
        ),
        recipe=report.recipe,
        url=rule.url,
    )


def _run_finding(rule: Rule, report: RunReport, history: RunHistory, program: Program | None) -> Finding:
    line = history.info.fit_line or 1
    place = locate(program, report.subject, history.info) if program is not None else None
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity_override or report.severity or rule.severity,
        confidence=report.confidence or Confidence.HIGH,
        message=report.message,
        why=report.why or rule.why,
        how=report.how or rule.how,
        filename=history.info.script,
        range=place.range if place is not None else SourceRange.of(line, 0, line + 1, 0),
        recipe=report.recipe,
        url=rule.url,
        origin=Origin.RUN,
        moment=RunMoment(history.info.run, report.step, report.epoch),
    )
