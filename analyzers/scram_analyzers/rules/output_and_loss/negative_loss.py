"""SCR425 negative-loss."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import AUTO_TRAINER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import has_built_in_loss
from scram_analyzers.run.wording import rounded

STEPS = 5
SHARE = 0.01
"""So many losses in a row must be below zero by this share of the largest one. A batch's loss is worked out from
Keras's running mean: after a large loss that is good to some digits only."""


TINY = 1e-3
"""What rounding may take from 0."""


class NegativeLoss(Rule):
    """A loss below zero that can't be."""

    code = "SCR425"
    name = "negative-loss"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a negative value of a loss that is never negative on sound labels and outputs"
    why = (
        "Cross-entropies and errors are 0 at best. A negative one means that labels or outputs are not what the "
        "loss takes them for, and the model learns something else."
    )
    how = (
        "Check the range of the labels (0 and 1, or class numbers from 0), and that the last layer gives "
        "probabilities or the loss has from_logits=True."
    )
    references = (AUTO_TRAINER,)
    false_alarms = "Negative sample weights, or a negative penalty added with add_loss."
    symptom_of = ("SCR413", "SCR411", "SCR401", "SCR421")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the first negative loss of a built-in kind."""
        losses = history.info.losses
        if not has_built_in_loss(history):
            return
        found = _first_negative(history.losses())
        if found is None or (history.data is not None and history.data.has_sample_weight):
            return
        yield RunReport(
            subject=Subject(SubjectKind.LOSS),
            message=(
                f"The loss was {rounded(found[1])} at step {found[0]}; {losses[0]} can't be negative on sound labels."
            ),
            step=found[0],
        )


def _first_negative(losses: Sequence[tuple[int, float]]) -> tuple[int, float] | None:
    """The step and loss that make it sure."""
    if min((loss for _, loss in losses), default=0.0) >= 0:
        return None
    finite = [(step, loss) for step, loss in losses if math.isfinite(loss)]
    bound = -SHARE * max((abs(loss) for _, loss in finite), default=0.0)
    row = 0
    for step, loss in finite:
        row = row + 1 if loss < min(bound, -TINY) else 0
        if row == STEPS:
            return step, loss
    return None
