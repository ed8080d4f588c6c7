"""SCR109 clipping-too-strong."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import TUNING_PLAYBOOK
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import gradient_norm
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import ProbeRecord, Subject, SubjectKind
from scram_analyzers.run.wording import rounded, share

PROBES = 8
FAR = 100.0
"""Times the clipping norm: then a run that does not learn is held back by it."""


class ClippingTooStrong(Rule):
    """Nearly every gradient is clipped."""

    code = "SCR109"
    name = "clipping-too-strong"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a gradient clipping that cuts most steps"
    why = (
        "Clipping is there for the rare step that is far too large. When it cuts most of them, it is what sets "
        "the step size, and the learning rate means nothing any more."
    )
    how = "Set the threshold to about the 90th percentile of the gradient norms, or lower the learning rate instead."
    references = (TUNING_PLAYBOOK,)
    false_alarms = (
        "Recurrent and reinforcement learning recipes that clip at 1.0 by habit: for information only while the "
        "run learns."
    )
    options = (Option("share", 0.5, "share of the gradients", "Google tuning playbook"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """From the gradient norms at the probes."""
        optimizer = history.info.optimizer
        norms = [norm for probe in history.probes if (norm := _norm(probe, history)) is not None]
        bound = (optimizer.global_clip_norm or optimizer.clip_norm) if optimizer is not None else None
        if bound is None or len(norms) < PROBES:
            return
        clipped = sum(1 for norm in norms if norm > bound) / len(norms)
        if clipped <= self.option("share"):
            return
        median = sorted(norms)[len(norms) // 2]
        stuck = standstill(history) or crawl(history)
        yield RunReport(
            subject=Subject(SubjectKind.OPTIMIZER),
            message=(
                f"{share(clipped)} of the gradients looked at are larger than the clipping norm of {bound:g} (median "
                f"{rounded(median, 2)}){f'; {stuck.clause}' if stuck is not None else ''}."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
            severity=Severity.WARNING if stuck is not None and median > FAR * bound else None,
        )


def _norm(probe: ProbeRecord, history: RunHistory) -> float | None:
    """The norm that the optimizer compares: of all gradients together, or the largest of a single weight's."""
    optimizer = history.info.optimizer
    if optimizer is None or optimizer.global_clip_norm is not None:
        return gradient_norm(probe)
    norms = [weight.gradient_norm for weight in probe.weights if weight.gradient_norm is not None]
    return max(norms, default=None)
