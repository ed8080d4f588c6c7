"""SCR336 output-bias-ignores-prior."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import RECIPE, THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import REGRESSIONS, class_shares, targets, the_output
from scram_analyzers.run.wording import rounded, share


class OutputBiasIgnoresPrior(Rule):
    """The last bias starts at 0 although the targets are far from it."""

    code = "SCR336"
    name = "output-bias-ignores-prior"
    severity = Severity.HINT
    confidence = Confidence.HIGH
    summary = "a last layer that first has to learn how frequent each class is, or how large the targets are"
    why = (
        "The first epochs go into moving the last bias to where the targets lie; until then the loss tells "
        "little about the model."
    )
    how = (
        "Start the last bias at the targets' mean, or at the log odds of the rare class: "
        "bias_initializer=keras.initializers.Constant(...)."
    )
    references = (
        RECIPE,
        THE_DEEP_CHECKER,
    )
    false_alarms = "A convenience, no mistake: a hint."
    options = (
        Option("minority", 0.1, "share of the rarer class", "Karpathy; catalogue"),
        Option("mean", 10.0, "mean of the targets in deviations", "catalogue"),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """From the targets given to fit and the first loss, before anything is learned."""
        output, labels = the_output(history), targets(history)
        if output is None or output.layer is None or output.units != 1 or labels is None or labels.mean is None:
            return
        if output.loss == "binary_crossentropy":
            shares = class_shares(labels)
            if len(shares) != 2 or min(shares) >= self.option("minority"):
                return
            value, what = math.log(labels.mean / (1 - labels.mean)), f"{share(labels.mean)} of the labels are 1"
        elif output.loss in REGRESSIONS and output.activation == "linear" and labels.deviation:
            if abs(labels.mean) <= self.option("mean") * labels.deviation:
                return
            value, what = (
                labels.mean,
                f"the targets lie around {rounded(labels.mean, 4)} (deviation {rounded(labels.deviation)})",
            )
        else:
            return
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, output.layer),
            message=f"The last layer starts at 0, and {what}: the first steps only learn that.",
            recipe=f"bias_initializer=keras.initializers.Constant({value:.3g})",
        )
