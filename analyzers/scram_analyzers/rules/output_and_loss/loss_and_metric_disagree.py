"""SCR426 loss-and-metric-disagree."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import accuracy_name
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded

EPOCHS = 20
FALLEN = 0.8
MOVED = 0.05
"""So many epochs, with a loss that fell by a fifth and an accuracy that moved by 5 points, but did not rise by them."""


class LossAndMetricDisagree(Rule):
    """The loss falls and the accuracy does not follow."""

    code = "SCR426"
    name = "loss-and-metric-disagree"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a training loss and an accuracy that move independently of each other"
    why = "A loss that falls while the accuracy does not rise optimizes something else than what you judge by."
    how = "Check a custom loss or metric on a few rows by hand, and the weights given to rows, classes or outputs."
    references = (THE_DEEP_CHECKER,)
    false_alarms = "A large penalty, or an accuracy that has reached its ceiling."
    options = (Option("correlation", 0.5, "smallest correlation (negative) of loss and accuracy", "TheDeepChecker"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a weak or wrong relation over many epochs in which both moved."""
        yield from _of_constant_validation(history)
        name = accuracy_name(history.epochs[-1]) if history.epochs else None
        if name is None or len(history.info.losses) != 1:
            return
        pairs = [(epoch.value("loss"), epoch.value(name)) for epoch in history.epochs]
        known = [(loss, value) for loss, value in pairs if loss is not None and value is not None]
        if len(known) < EPOCHS or not all(math.isfinite(loss) for loss, _ in known):
            return
        losses, values = [loss for loss, _ in known], [value for _, value in known]
        if losses[-1] > FALLEN * losses[0] or max(values) - min(values) < MOVED or values[-1] - values[0] >= MOVED:
            return
        relation = statistics.correlation(losses, values)
        if relation < -self.option("correlation"):
            return
        yield RunReport(
            subject=Subject(SubjectKind.LOSS),
            message=(
                f"The loss fell from {rounded(losses[0])} to {rounded(losses[-1])} while {name} went from "
                f"{rounded(values[0], 2)} to "
                f"{rounded(values[-1], 2)}: the two don't measure the same."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
        )


SAME = 1e-6
"""Of its value; what sums of single precision differ by. Ours."""

CONSTANT_EPOCHS = 4
LEARNED = 0.9
"""A training loss that fell below this share of its first value moved the weights, and with them all answers. Ours."""


def _of_constant_validation(history: RunHistory) -> Iterator[RunReport]:
    """A validation loss that is the same number after each epoch, though the model changes and its accuracy moves."""
    losses, validation = history.metric("loss"), history.metric("val_loss")
    name = accuracy_name(history.epochs[-1]) if history.epochs else None
    accuracies = history.metric(f"val_{name}") if name is not None else []
    if len(validation) < CONSTANT_EPOCHS or len(set(accuracies)) < 2 or losses[-1] > LEARNED * losses[0]:
        return
    if not all(math.isfinite(loss) for loss in validation):
        return
    if max(validation) - min(validation) > SAME * abs(max(validation)):
        return
    yield RunReport(
        subject=Subject(SubjectKind.TEST_STEP),
        message=(
            f"The validation loss is {rounded(validation[-1])} in each of {len(validation)} epochs, while the training "
            f"loss fell from {rounded(losses[0])} to {rounded(losses[-1])} and val_{name} moved: it is not worked out "
            "from what the model answers."
        ),
        why="A validation loss that can't change hides overfitting, and stops or saves by it are taken at random.",
        step=history.last_step,
        epoch=history.last_epoch,
        severity=Severity.WARNING,
    )
