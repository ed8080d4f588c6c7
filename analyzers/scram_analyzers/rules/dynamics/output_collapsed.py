"""SCR605 output-collapsed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import RECIPE, THE_DEEP_CHECKER
from scram_analyzers.rules.symptoms import NOT_LEARNING, causes_of
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import OutputStatistics, PanelRecord, Subject, SubjectKind
from scram_analyzers.run.task import Task, task
from scram_analyzers.run.wording import rounded, share

PANELS = 2
AFTER_STEP = 20
"""An untrained model's answers say nothing yet."""


@dataclass(frozen=True, slots=True)
class _Collapse:
    panel: PanelRecord
    clause: str


class OutputCollapsed(Rule):
    """The model gives the same answer to every row."""

    code = "SCR605"
    name = "output-collapsed"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a model that gives nearly the same answer whatever it is shown"
    why = (
        "A model that answers the same to every input has not learned to look at it. The loss can still be low where "
        "one answer is often right."
    )
    how = (
        "Check the last layer and the loss first, then the scale of the inputs and the learning rate. Where one class "
        "is much more frequent than the others, give fit a class_weight."
    )
    references = (THE_DEEP_CHECKER, RECIPE)
    false_alarms = "Data with nothing to learn from: the best answer is then the same for all rows."
    options = (
        Option("same-class", 0.99, "share of rows taken for one class", "TheDeepChecker (no variance at all); scram"),
        Option("prior", 0.9, "a class as frequent as this may be the answer to most rows", "scram"),
        Option(
            "deviation-ratio",
            0.01,
            "deviation of the predictions against that of the targets, in a regression",
            "TheDeepChecker (no variance at all); scram",
        ),
    )
    symptom_of = (*NOT_LEARNING, "SCR603", "SCR604", "SCR210")
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report an output that was collapsed at the newest panels."""
        newest = [panel for panel in list(history.panels)[-PANELS:] if panel.step > AFTER_STEP]
        seen = [self._collapse(panel, task(history)) for panel in newest]
        if len(seen) < PANELS or None in seen or success(history) is not None:
            return
        last = seen[-1]
        if last is not None:
            yield RunReport(
                subject=Subject(SubjectKind.MODEL),
                message=f"The model answers the same to everything: {last.clause}.",
                step=last.panel.step,
                epoch=last.panel.epoch,
                clause=last.clause,
                causes=causes_of(history),
            )

    def _collapse(self, panel: PanelRecord, kind: Task | None) -> _Collapse | None:
        if len(panel.outputs) != 1 or kind is None:
            return None
        output = panel.outputs[0]
        clause = self._one_class(output) if kind is Task.CLASSIFICATION else self._no_variance(output)
        return _Collapse(panel, clause) if clause is not None else None

    def _one_class(self, output: OutputStatistics) -> str | None:
        rows = sum(map(sum, output.confusion))
        if rows < 20:
            return None
        taken = [sum(column) for column in zip(*output.confusion, strict=True)]
        favourite = max(range(len(taken)), key=taken.__getitem__)
        prior = sum(output.confusion[favourite]) / rows
        if taken[favourite] < self.option("same-class") * rows or prior >= self.option("prior"):
            return None
        return (
            f"{share(taken[favourite] / rows)} of {rows} rows are taken for class {favourite}, {share(prior)} are of it"
        )

    def _no_variance(self, output: OutputStatistics) -> str | None:
        if not output.target_deviation or output.deviation >= self.option("deviation-ratio") * output.target_deviation:
            return None
        return (
            f"its predictions deviate by {rounded(output.deviation, 2)} from their mean of {rounded(output.mean)}, "
            f"the targets by {rounded(output.target_deviation, 2)}"
        )
