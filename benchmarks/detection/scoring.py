"""How each training is judged: what was found of its fault, or which false alarms it raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from peers.heuristics import PEERS, PeerFinding
from peers.observation import Observation
from planting import Kind, Plant, Planted, Variant
from trial import Outcome

from scram_analyzers.findings import Finding, Severity

ALARMS = frozenset({Severity.ERROR, Severity.WARNING})


@dataclass(frozen=True)
class Score:
    """What was found of one planted fault.

    `in_source` and `in_run` say whether a finding had the right cause and the right line; `has_cause` and
    `has_line` whether any had the one or the other. `step` is that of the first right run finding. `peers` holds
    the earlier tools that named the cause, on whatever line; `peers_on_line` those on the right line too.
    """

    fault: Plant
    seed: int
    in_source: bool
    in_run: bool
    has_cause: bool
    has_line: bool
    step: int | None
    peers: frozenset[str]
    peers_on_line: frozenset[str]
    failure: str | None
    said: tuple[str, ...]

    @property
    def is_found(self) -> bool:
        """Right cause and line, in the source or in the run."""
        return self.in_source or self.in_run


@dataclass(frozen=True)
class Health:
    """What was said of one healthy training: texts of our warnings and errors, names of the peers' findings."""

    variant: Variant
    seed: int
    alarms: tuple[str, ...]
    peers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failure: str | None = None


def score(fault: Plant, planted: Planted, seed: int, outcome: Outcome) -> Score:
    """Judge what was found of a planted fault. A hint counts for nothing: nobody reads it unasked."""
    source = [each for each in outcome.source if each.severity is not Severity.HINT]
    run = [each for each in outcome.run if each.severity is not Severity.HINT]
    right = [each for each in run if _is_right(each, fault.kind, planted)]
    found_by = {tool: _named_by(tool, fault.kind, planted, outcome.observations) for tool in PEERS}
    return Score(
        fault=fault,
        seed=seed,
        in_source=any(_is_right(each, fault.kind, planted) for each in source),
        in_run=bool(right),
        has_cause=any(fault.kind.accepts(each.name) for each in [*source, *run]),
        has_line=any(_is_on(each, planted.lines) for each in [*source, *run]),
        step=min((each.moment.step or 0 for each in right if each.moment is not None), default=None),
        peers=frozenset(tool for tool, findings in found_by.items() if findings),
        peers_on_line=frozenset(
            tool for tool, findings in found_by.items() if any(each.line in planted.lines for each in findings)
        ),
        failure=outcome.failure,
        said=tuple(_shown(each) for each in [*source, *run]),
    )


def health(variant: Variant, text: str, seed: int, outcome: Outcome) -> Health:
    """Judge a healthy training: every warning and every error is a false alarm, and all that the peers say."""
    alarms = [each for each in [*outcome.source, *outcome.run] if each.severity in ALARMS]
    peers = {
        tool: tuple(sorted({each.name for seen in outcome.observations for each in find(seen, text)}))
        for tool, find in PEERS.items()
    }
    return Health(variant, seed, tuple(map(_shown, alarms)), peers, outcome.failure)


def _is_right(finding: Finding, kind: Kind, planted: Planted) -> bool:
    return kind.accepts(finding.name) and _is_on(finding, planted.lines)


def _is_on(finding: Finding, lines: frozenset[int]) -> bool:
    """Whether a finding, or a place that it points at, begins on one of the lines."""
    places = [finding.range, *(related.range for related in finding.related)]
    return any(place.start.line in lines for place in places)


def _named_by(tool: str, kind: Kind, planted: Planted, seen: Iterable[Observation]) -> list[PeerFinding]:
    names = {name.partition("/")[2] for name in kind.peers if name.startswith(f"{tool}/")}
    return [each for fit in seen for each in PEERS[tool](fit, planted.text) if each.name in names]


def _shown(finding: Finding) -> str:
    moment = f" step {finding.moment.step}" if finding.moment is not None else ""
    where = f"{finding.origin.value}{moment} line {finding.range.start.line}"
    return f"{where}: {finding.severity.value} {finding.name}: {finding.message}"
