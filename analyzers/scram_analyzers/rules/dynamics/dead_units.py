"""SCR606 dead-units."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import HE, SAGEMAKER, THE_DEEP_CHECKER
from scram_analyzers.rules.symptoms import causes_of
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import Lasting, lasting_layers
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import named, share

PROBES = 3
AFTER_STEP = 10
WHOLE = 1.0
"""A layer without a single living unit passes no gradient on: it need not be given time to recover."""

MANY_ROWS = 64
"""Fewer rows than this leave many units of a sparse, healthy layer untouched."""


class DeadUnits(Rule):
    """Units of a ReLU layer that answer no input any more."""

    code = "SCR606"
    name = "dead-units"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a ReLU layer most of whose units put out zero for every row"
    why = (
        "A ReLU unit that is zero for every input gets no gradient, so nothing brings it back: that part of the layer "
        "is lost, and a layer without living units stops all learning before it."
    )
    how = (
        'Lower the learning rate to a tenth, use kernel_initializer="he_normal", scale the inputs, or use a LeakyReLU '
        "or gelu activation, which let some gradient through."
    )
    references = (THE_DEEP_CHECKER, SAGEMAKER, HE)
    false_alarms = (
        "Wide layers may be sparse and healthy: as long as the model learns, this is for information only unless "
        "nearly all units are dead."
    )
    options = (
        Option("dead-share", 0.5, "share of a layer's units that are dead", "TheDeepChecker; AutoTrainer"),
        Option("dead-share-few-rows", 0.75, "the same where a probe looks at fewer than 64 rows", "scram"),
        Option("lost-share", 0.95, "share above which the layer is lost, whatever the loss does", "scram"),
    )
    symptom_of = ("SCR202", "SCR601", "SCR101", "SCR331")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the first layer whose dead units last."""
        found = lasting_layers(
            history,
            lambda layer, probe: layer.dead_share is not None and layer.dead_share > self._bound(probe.rows),
            PROBES,
            AFTER_STEP,
        )
        learns = standstill(history) is None and crawl(history) is None
        enough = PROBES if learns else 1
        found = found or lasting_layers(history, lambda layer, _: layer.dead_share == WHOLE, enough)
        if not found:
            return
        worst = max(found, key=lambda each: each.now.dead_share or 0.0)
        lost = (worst.now.dead_share or 0.0) >= self.option("lost-share")
        harms = lost or not learns
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, worst.now.layer),
            message=_message(worst),
            step=worst.last.step,
            epoch=worst.last.epoch,
            severity=None if harms else Severity.INFO,
            clause=f"{_counted(worst)} are zero on every row" if harms else "",
            causes=tuple(cause for cause in causes_of(history) if cause.code == "SCR101") if harms else (),
        )

    def _bound(self, rows: int) -> float:
        return self.option("dead-share") if rows >= MANY_ROWS else self.option("dead-share-few-rows")


def _counted(seen: Lasting) -> str:
    dead, units = seen.now.dead_share or 0.0, seen.now.units
    count = f"{round(dead * units)} of {units} units" if units is not None else f"{share(dead)} of the units"
    return f"{count} of {named(seen.now.layer)}"


def _message(seen: Lasting) -> str:
    rows = f"({seen.last.rows} rows looked at)"
    return f"{_counted(seen)} have been zero on every row since step {seen.since.step} {rows}."
