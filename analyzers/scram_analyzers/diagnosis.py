"""From what the rules say of a run to findings: each cause is told once, and a symptom only together with one.

A run shows symptoms (the loss stands still) and causes (the inputs reach 255). The source knows causes too. A symptom
goes, in this order, to a cause that another rule saw in the run, to one that the source shows, which the run thereby
confirms, or to what the symptom's own rule observed of its causes.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from scram_analyzers.findings import (
    CodePlace,
    Confidence,
    Finding,
    Origin,
    RelatedPlace,
    RunMoment,
    Severity,
    SourceRange,
)
from scram_analyzers.rules.base import Cause, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.locate import concerns, locate
from scram_analyzers.source.program import Program

CAUSES_TOLD = 3
"""Likely causes in one message; more would be a list of everything that can go wrong."""

Said = tuple[Rule, RunReport]

FindPlace: TypeAlias = Callable[[Subject], CodePlace | None]
"""From a part of the program that a run speaks of to where it is written, in whichever file; None when unknown."""


@dataclass(frozen=True)
class Scene:
    """A run with the script it executes and what the analysis of that script found.

    `find_place` knows more than the script tells: where things were made, in whichever file. `severities` holds, by
    code, those that the user chose for rules, `rules` the rules that are asked.
    """

    history: RunHistory
    program: Program | None
    source: tuple[Finding, ...] = ()
    find_place: FindPlace | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def place(self, subject: Subject) -> CodePlace:
        """Where a part of the program is written; the line of `fit` when it can't be told."""
        info = self.history.info
        known = self.find_place(subject) if self.find_place is not None else None
        if known is not None:
            return known
        found = locate(self.program, subject, info) if self.program is not None else None
        if self.program is not None and found is not None:
            return CodePlace(info.script, self.program.range_of(found))
        line = info.fit_line or 1
        return CodePlace(info.script, SourceRange.of(line, 0, line + 1, 0))

    def place_of(self, rule: Rule, subject: Subject) -> CodePlace:
        """Where the rule found the cause in the source, so that the run confirms it there; else the subject's place."""
        place = self.place(subject)
        known = [each for each in self.source_causes((rule.code,)) if each.filename == place.filename]
        overlapping = [each for each in known if each.range.overlaps(place.range)]
        is_exact = self.find_place is not None and subject.kind is SubjectKind.LAYER
        if overlapping or (len(known) == 1 and not is_exact):
            first = (overlapping or known)[0]
            return CodePlace(first.filename, first.range, first.cell)
        return place

    def source_causes(self, codes: Sequence[str]) -> list[Finding]:
        """What the source shows of these causes in this run's part of the script, in the order of `codes`."""
        ours = [
            finding
            for finding in self.source
            if finding.code in codes
            and self.program is not None
            and concerns(self.program, finding.range, self.history.info)
        ]
        return sorted(ours, key=lambda each: (codes.index(each.code), each.severity.rank))


@dataclass
class _Telling:
    """Findings so far, and the codes that are spoken for."""

    findings: list[Finding] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    def add(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.codes.add(finding.code)


def diagnose(said: Iterable[Said], scene: Scene) -> list[Finding]:
    """Findings of a run, the causes first, so that they speak for what comes of them."""
    causes, symptoms = _parted(said)
    telling = _Telling()
    for rule, report in causes:
        telling.add(_finding(rule, report, scene))
    for rule, report in _causes_first(symptoms):
        _tell_symptom(rule, report, scene, telling)
    return telling.findings


def _causes_first(symptoms: Iterable[Said]) -> Iterator[Said]:
    """In the order of their codes, but each after those that are causes of it."""
    waiting = sorted(symptoms, key=lambda each: each[0].code)

    def told(said: Said) -> Iterator[Said]:
        waiting.remove(said)
        for other in [each for each in waiting if each[0].code in said[0].symptom_of]:
            if other in waiting:
                yield from told(other)
        yield said

    while waiting:
        yield from told(waiting[0])


def _parted(said: Iterable[Said]) -> tuple[list[Said], list[Said]]:
    causes: list[Said] = []
    symptoms: list[Said] = []
    for each in said:
        (symptoms if each[0].symptom_of else causes).append(each)
    return causes, symptoms


def _tell_symptom(rule: Rule, report: RunReport, scene: Scene, telling: _Telling) -> None:
    possible = _possible_causes(rule, report)
    if any(code in telling.codes for code in possible):
        telling.codes.add(rule.code)
        _join(rule, report, scene, telling)
        return
    known = _nearest_first(scene.source_causes(possible), report, scene) if report.clause else []
    if known:
        telling.add(_confirmed(known, rule, report, scene))
        telling.codes.add(rule.code)
    elif report.causes:
        telling.add(_explained(rule, report, scene))
        telling.codes.add(rule.code)
    elif not rule.needs_cause:
        telling.add(_finding(rule, report, scene))


def _possible_causes(rule: Rule, report: RunReport) -> tuple[str, ...]:
    """The rules that know causes of a symptom, the likeliest first."""
    return rule.symptom_of if report.symptom_of is None else report.symptom_of


def _nearest_first(known: list[Finding], report: RunReport, scene: Scene) -> list[Finding]:
    """Of several causes those first that stand where a layer is made that the symptom names."""
    if len(known) < 2 or report.subject.kind is not SubjectKind.LAYER:
        return known
    place = scene.place(report.subject)
    return sorted(known, key=lambda each: each.filename != place.filename or not each.range.overlaps(place.range))


def _join(rule: Rule, report: RunReport, scene: Scene, telling: _Telling) -> None:
    """Let the likeliest cause that the run shows speak for its symptom as well, once, and as loudly."""
    if not report.clause or any(report.clause in finding.message for finding in telling.findings):
        return
    possible = _possible_causes(rule, report)
    ranked = sorted(
        (place for place, finding in enumerate(telling.findings) if finding.code in possible),
        key=lambda place: possible.index(telling.findings[place].code),
    )
    marker = " Most likely because of this, "
    if ranked and not any(marker in finding.message for finding in telling.findings):
        finding = telling.findings[ranked[0]]
        severity = min(finding.severity, report.severity or rule.severity, key=lambda each: each.rank)
        telling.findings[ranked[0]] = dataclasses.replace(
            finding,
            severity=scene.severities.get(finding.code, severity),
            message=f"{finding.message}{marker}{report.clause}.",
        )


def _confirmed(known: Sequence[Finding], rule: Rule, report: RunReport, scene: Scene) -> Finding:
    """The source's finding, confirmed: one diagnostic for cause and symptom."""
    first, *others = known
    raised = min((first.severity, rule.severity, Severity.WARNING), key=lambda each: each.rank)
    return dataclasses.replace(
        first,
        severity=scene.severities.get(first.code, raised),
        confidence=Confidence.HIGH,
        message=f"{first.message} Confirmed in this run: {report.clause}.",
        related=(*first.related, *_also_likely(others)),
        origin=Origin.RUN,
        moment=RunMoment(scene.history.info.run, report.step, report.epoch),
    )


def _also_likely(others: Iterable[Finding]) -> Iterator[RelatedPlace]:
    for other in list(others)[: CAUSES_TOLD - 1]:
        yield RelatedPlace(f"Also likely: {other.message}", other.filename, other.range, other.cell)


def _explained(rule: Rule, report: RunReport, scene: Scene) -> Finding:
    """A symptom put on its likeliest cause and named for it, with the others as related places."""
    causes = report.causes[:CAUSES_TOLD]
    place = scene.place(causes[0].subject)
    told = "; ".join(_with_line(cause, scene) for cause in causes)
    finding = _finding(rule, report, scene)
    related = [
        RelatedPlace(cause.text, where.filename, where.range, where.cell)
        for cause in causes[1:]
        if (where := scene.place(cause.subject)) != place
    ]
    if (finding.filename, finding.cell, finding.range) != (place.filename, place.cell, place.range):
        related.insert(0, RelatedPlace("It shows here.", finding.filename, finding.range, finding.cell))
    named = scene.rules.get(causes[0].code or "")
    if named is not None:
        severity = scene.severities.get(named.code, finding.severity)
        finding = dataclasses.replace(
            finding, code=named.code, name=named.name, severity=severity, why=named.why, how=named.how, url=named.url
        )
    return dataclasses.replace(
        finding,
        message=f"{finding.message} Most likely: {told}.",
        filename=place.filename,
        range=place.range,
        cell=place.cell,
        related=(*place.related, *related),
    )


def _with_line(cause: Cause, scene: Scene) -> str:
    place = scene.place(cause.subject)
    file = "" if place.filename == scene.history.info.script else f"{os.path.basename(place.filename)} "
    return f"{cause.text} ({file}line {place.range.start.line})"


def _finding(rule: Rule, report: RunReport, scene: Scene) -> Finding:
    place = scene.place_of(rule, report.subject)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity_override or report.severity or rule.severity,
        confidence=report.confidence or Confidence.HIGH,
        message=report.message,
        why=report.why or rule.why,
        how=report.how or rule.how,
        filename=place.filename,
        range=place.range,
        related=place.related,
        cell=place.cell,
        recipe=report.recipe,
        url=rule.url,
        origin=Origin.RUN,
        moment=RunMoment(scene.history.info.run, report.step, report.epoch),
    )
