"""Whether a model does worse in inference than in training on the same rows, as stale batch statistics make it do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.wording import rounded

PROBES = 3
RATIO = 2.0
"""Inference loss against training loss (catalogue B20: a relative difference of 0.5)."""

ABSOLUTE = 0.2
"""And the difference is this large a share of the first loss: ratios of tiny losses mean nothing. Ours."""


@dataclass(frozen=True, slots=True)
class InferenceGap:
    """Losses of one probe's rows in training and in inference mode; held for `PROBES` probes after epoch 1."""

    step: int
    epoch: int
    loss: float
    inference_loss: float

    @property
    def clause(self) -> str:
        """To stand inside a sentence."""
        return (
            f"on the same rows the loss is {rounded(self.loss)} in training mode and {rounded(self.inference_loss)} "
            "in inference mode"
        )


@asked_once
def inference_gap(history: RunHistory) -> InferenceGap | None:
    """The newest gap, when the newest probes all show one."""
    first = history.first_loss
    newest = [probe for probe in list(history.probes)[-PROBES:] if probe.epoch > 1]
    if len(newest) < PROBES or first is None or not math.isfinite(first):
        return None
    for probe in newest:
        loss, inference = probe.loss, probe.inference_loss
        if loss is None or inference is None or not math.isfinite(loss):
            return None
        data_loss = loss - (probe.penalty or 0.0)
        if inference - loss < ABSOLUTE * abs(first) or inference < RATIO * max(data_loss, 0.0):
            return None
    last = newest[-1]
    return InferenceGap(last.step, last.epoch, last.loss or 0.0, last.inference_loss or 0.0)
