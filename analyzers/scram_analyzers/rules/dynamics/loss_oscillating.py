"""SCR613 loss-oscillating."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Cause, Option, Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER, TUNING_PLAYBOOK
from scram_analyzers.rules.symptoms import NOT_FINITE
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import median_update_ratio
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import baseline
from scram_analyzers.run.wording import share

EPOCHS = 10
FALLEN = 0.1
"""Below this share of a blind guess's loss the model has learned, and relative swings mean little."""


class LossOscillating(Rule):
    """The training loss jumps up and down from epoch to epoch."""

    code = "SCR613"
    name = "loss-oscillating"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a run whose training loss jumps up again in many of its epochs"
    why = "The steps are too large or too noisy to settle: each epoch undoes part of what the one before had learned."
    how = "Divide the learning rate by 10 or let it decay, and use larger batches (32 to 256)."
    references = (AUTO_TRAINER, TUNING_PLAYBOOK)
    false_alarms = "Training that changes by design, such as adversarial or reinforcement learning."
    options = (
        Option("rise", 0.2, "a rise of the loss by this share counts", "scram"),
        Option("epochs", 0.2, "share of the last epochs that rise", "AutoTrainer"),
    )
    symptom_of = (*NOT_FINITE, "SCR101", "SCR113", "SCR105", "SCR201", "SCR603", "SCR604")
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report many rises over the last epochs, unless the run learns all the same."""
        losses = history.metric("loss")[-2 * EPOCHS :]
        known = baseline(history)
        if known is None or len(losses) < EPOCHS or not all(map(math.isfinite, losses)) or success(history) is not None:
            return
        if known.loss is not None and losses[-1] < FALLEN * known.loss:
            return
        pairs = list(itertools.pairwise(losses))
        rises = sum(1 for before, after in pairs if before > 0 and after > (1 + self.option("rise")) * before)
        if rises < self.option("epochs") * len(pairs):
            return
        rise = share(self.option("rise"))
        clause = f"the training loss rose by more than {rise} in {rises} of the last {len(pairs)} epochs"
        yield RunReport(
            subject=Subject(SubjectKind.LEARNING_RATE),
            message=f"The training does not settle: {clause}.",
            step=history.last_step,
            epoch=history.last_epoch,
            clause=clause,
            causes=tuple(_causes(history)),
        )


def _causes(history: RunHistory) -> Iterator[Cause]:
    ratio = median_update_ratio(history)
    if ratio is not None and ratio > 0.01:
        text = f"each step moves the weights by {share(ratio)} of their size, where about 0.1% is usual"
        yield Cause(text, Subject(SubjectKind.LEARNING_RATE), "SCR101")
    size = history.info.batch_size
    if size is not None and size <= 4:
        yield Cause(f"batches of {size} give very noisy gradients", Subject(SubjectKind.FIT), "SCR105")
