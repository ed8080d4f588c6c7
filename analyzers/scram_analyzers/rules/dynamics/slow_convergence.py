"""SCR604 slow-convergence."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, TUNING_PLAYBOOK
from scram_analyzers.rules.symptoms import NOT_LEARNING, causes_of
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import crawl
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded


class SlowConvergence(Rule):
    """The loss falls so slowly that the planned epochs will not suffice."""

    code = "SCR604"
    name = "slow-convergence"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a run whose loss falls so slowly that its epochs would end near a blind guess's loss"
    why = "At this pace the run ends before the model has learned anything worth keeping."
    how = (
        "Raise the learning rate by a factor of 3 to 10 until the loss falls visibly within an epoch, or use Adam "
        "instead of plain SGD."
    )
    references = (AUTO_TRAINER, TUNING_PLAYBOOK)
    false_alarms = "A warm-up that has not ended yet looks like this."
    symptom_of = (*NOT_LEARNING, "SCR603")
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a crawl, with what the run shows of its causes."""
        seen = crawl(history)
        if seen is None or seen.projected is None:
            return
        clause = (
            f"the training loss has come from {rounded(seen.loss_before, 4)} to {rounded(seen.loss, 4)} only, and "
            f"at this pace ends at {rounded(seen.projected, 4)} after all {history.info.epochs} epochs"
        )
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model learns very slowly: {clause}.",
            step=seen.step,
            epoch=seen.epoch,
            clause=clause,
            causes=causes_of(history),
        )
