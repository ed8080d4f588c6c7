"""SCR602 loss-diverging."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Reference, Rule, RunReport
from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.rate_rise import rate_rise
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded


class LossDiverging(Rule):
    """The loss of a run grows instead of falling."""

    code = "SCR602"
    name = "loss-diverging"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a run whose training loss grows far above where it began or where it had come to"
    why = (
        "Each step makes the model worse: the updates overshoot the minimum and the next ones overshoot it "
        "by more. The run will not recover, and often ends in NaN."
    )
    how = (
        "Stop the run and lower the learning rate to a tenth. If it still diverges, scale the inputs "
        "(images to 0..1, tables to mean 0 and deviation 1) and clip the gradients with clipnorm=1.0 in the "
        "optimizer."
    )
    references = (
        Reference("TheDeepChecker: diverging loss", "https://arxiv.org/abs/2204.00694"),
        Reference(
            "Deep Learning Tuning Playbook: how can optimization failures be debugged and mitigated?",
            "https://github.com/google-research/tuning_playbook",
        ),
    )
    symptom_of = ("SCR202", "SCR101", "SCR113", "SCR401", "SCR413", "SCR411")
    false_alarms = (
        "A curriculum that turns to harder data, or a learning rate that is meant to restart (warm "
        "restarts), can raise the loss threefold for 50 steps."
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """One report when the loss runs away; a loss that is not finite is loss-not-finite's."""
        found = divergence(history)
        if found is None or found.kind != "diverging":
            return
        rise = rate_rise(history, found.step)
        risen = f"; {rise.clause}" if rise is not None else ""
        yield RunReport(
            subject=Subject(SubjectKind.FIT if rise is None else SubjectKind.SCHEDULE),
            message=f"Training diverges: {found.phrase}{_first_clause(history)}{risen}.",
            step=found.step,
            epoch=found.epoch,
            clause=f"training diverges: {found.phrase}",
        )


def _first_clause(history: RunHistory) -> str:
    return f" (the first batch's was {rounded(history.first_loss)})" if history.first_loss is not None else ""
