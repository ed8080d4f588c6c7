"""The calls that everything else makes: `analyze_source`, `analyze_run`, and what joins the two."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from scram_analyzers.diagnosis import FindPlace, Scene, diagnose
from scram_analyzers.findings import (
    Finding,
    Fix,
    Origin,
    RelatedPlace,
    RunMoment,
    SourceRange,
)
from scram_analyzers.notes import RULE_FAILED, UNREADABLE, UNUSED_SUPPRESSION, note_finding
from scram_analyzers.rules.base import Report, Rule, RunReport
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.source.interpreting.interpreter import interpret
from scram_analyzers.source.locate import concerns
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import ParseCache
from scram_analyzers.source.reading.text import mentions_keras
from scram_analyzers.source.recall import Recall
from scram_analyzers.source.unit_tests import expected_to_fail, in_unit_test
from scram_analyzers.suppression import unused_removed

log = logging.getLogger(__name__)

MAX_CHARACTERS = 2_000_000
"""Larger files are not read: they are generated, and would keep an editor waiting for seconds."""


@dataclass(frozen=True, slots=True)
class RunAnswers:
    """What the rules said of a run, not yet weighed against each other; `failed` are notes on rules that raised."""

    said: tuple[tuple[Rule, RunReport], ...]
    failed: tuple[Finding, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to weigh."""
        return bool(self.said or self.failed)


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
        if self.program is None:
            return None
        if finding.code == UNUSED_SUPPRESSION.code:
            return unused_removed(self.program.text, finding)
        return rule.fix(self.program, finding) if rule is not None else None


def analyze_source(text: str, filename: str, rules: RuleSet, cache: ParseCache | None = None) -> Analysis:
    """Analyze one module's text. Never raises for any text; what can't be read becomes a finding."""
    if not mentions_keras(text):
        return Analysis(filename, rules, None, ())
    if len(text) > MAX_CHARACTERS:
        message = f"This file has {len(text):,} characters; scram reads up to {MAX_CHARACTERS:,}."
        how = "Keep generated tables in a data file, or split the module."
        unread = note_finding(UNREADABLE, message, filename, SourceRange.of(1, 0, 1, 0), how)
        return Analysis(filename, rules, None, (unread,))
    program = interpret(text, filename, cache)
    findings = [note_finding(UNREADABLE, each.reason, filename, each.range, each.mend) for each in program.unread]
    recall = cache.memory(filename).recall if cache is not None else None
    with recall.of(program, rules) if recall is not None else nullcontext(program) as view:
        for rule in recall.still_asked(rules) if recall is not None else rules:
            findings += _check_program(rule, program, view, recall)
    return Analysis(filename, rules, program, tuple(_each_once(findings)))


def ask_rules(history: RunHistory, rules: RuleSet) -> RunAnswers:
    """Ask every rule about a run as far as it has come; cheap, and needs no script. Never raises."""
    said: list[tuple[Rule, RunReport]] = []
    failed: list[Finding] = []
    for rule in rules:
        reports, failure = _ask(rule, history)
        said += ((rule, report) for report in reports)
        if failure is not None:
            failed.append(failure)
    return RunAnswers(tuple(said), tuple(failed))


def _ask(rule: Rule, history: RunHistory) -> tuple[list[RunReport], Finding | None]:
    if type(rule).check_run is Rule.check_run:
        return [], None  # it reads the source alone, as most do
    if history.info.has_moving_target and not rule.holds_for_moving_targets:
        return [], None
    if history.moment is Moment.ASKED and not rule.hears_questions:
        return [], None
    try:
        return list(rule.check_run(history)), None
    except Exception as error:  # a rule's fault must not take the other rules with it, or disturb the run
        log.debug("rule %s failed on run %s", rule.code, history.info.run, exc_info=error)
        return [], _failed_on_run(rule, error, history)


def analyze_run(
    history: RunHistory,
    rules: RuleSet,
    program: Program | None,
    source: Iterable[Finding] = (),
    find_place: FindPlace | None = None,
) -> list[Finding]:
    """What a run shows as far as it has come.

    Places are found by `find_place`, and through `program` where it knows none; `source` holds what the analysis of
    the same text found: the run confirms it, and a symptom takes its causes from it, but for what the run refutes.
    """
    answers = ask_rules(history, rules)
    standing = tuple(finding for finding in source if not _is_refuted(finding, rules, history))
    scene = Scene(history, program, standing, find_place, rules.severities, rules.by_code)
    return [*answers.failed, *diagnose(answers.said, scene)]


def refuted(history: RunHistory, analysis: Analysis, confirmed: Iterable[Finding]) -> list[Finding]:
    """The source's findings that a run which has ended shows to be harmless, each with its refutation.

    `confirmed` are the run's own findings.
    """
    if history.moment is not Moment.END or analysis.program is None:
        return []
    said = {each.code for each in confirmed}
    found = []
    for finding in analysis.findings:
        rule = analysis.rules.by_code.get(finding.code)
        if rule is None or finding.code in said or not concerns(analysis.program, finding.range, history.info):
            continue
        reason = _refutation(rule, finding, history)
        if reason is not None:
            moment = RunMoment(history.info.run, history.last_step, history.last_epoch)
            found.append(dataclasses.replace(finding, refutation=reason, origin=Origin.RUN, moment=moment))
    return found


def _is_refuted(finding: Finding, rules: RuleSet, history: RunHistory) -> bool:
    rule = rules.by_code.get(finding.code)
    return rule is not None and _refutation(rule, finding, history) is not None


def _refutation(rule: Rule, finding: Finding, history: RunHistory) -> str | None:
    if history.info.has_moving_target:  # nothing of it says that it learned
        return None
    try:
        return rule.refutation(finding, history)
    except Exception as error:  # the finding stands
        log.debug("rule %s failed to judge its finding", rule.code, exc_info=error)
        return None


def _failed_on_run(rule: Rule, error: Exception, history: RunHistory) -> Finding:
    line = history.info.fit_line or 1
    message = _failure_message(rule, error)
    finding = note_finding(RULE_FAILED, message, history.info.script, SourceRange.of(line, 0, line + 1, 0))
    return dataclasses.replace(finding, origin=Origin.RUN, moment=RunMoment(history.info.run))


def _failure_message(rule: Rule, error: Exception) -> str:
    return f"The rule {rule.name} ({rule.code}) failed here: {type(error).__name__}: {error}"


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for a rule and a place, however often the program comes by there; the most severe stands."""
    first: dict[tuple[str, SourceRange], Finding] = {}
    for finding in sorted(findings, key=lambda each: each.sort_key):
        first.setdefault((finding.code, finding.range), finding)
    return list(first.values())


def _check_program(rule: Rule, program: Program, view: Program, recall: Recall | None) -> Iterator[Finding]:
    try:
        reports = _reports(rule, program) if recall is None else recall.answer(rule, partial(_reports, rule))
    except Exception as error:  # a rule's fault must not take the other rules with it
        log.exception("rule %s failed on %s", rule.code, program.filename)
        yield note_finding(RULE_FAILED, _failure_message(rule, error), program.filename, SourceRange.of(1, 0, 1, 0))
        return
    for report in reports:
        if not _expected(rule, report, view):
            yield _source_finding(rule, report, program)


def _reports(rule: Rule, program: Program) -> tuple[Report, ...]:
    if rule.only_with and not any(map(program.mentions, rule.only_with)):
        return ()
    return tuple(rule.check_program(program))


def _expected(rule: Rule, report: Report, program: Program) -> bool:
    """Whether a unit test wants what the rule reports, or does not care."""
    if expected_to_fail(report.place):
        return True
    return not rule.matters_in_tests and in_unit_test(program, report.place)


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
        range=program.range_of(report.place),
        related=tuple(
            RelatedPlace(related.message, program.filename, program.range_of(related.place))
            for related in report.related
        ),
        recipe=report.recipe,
        url=rule.url,
    )
