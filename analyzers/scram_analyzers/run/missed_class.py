"""Whether the model leaves a class out: by the confusion of its predictions on the panel."""

from __future__ import annotations

from dataclasses import dataclass

from scram_analyzers.run.history import Moment, RunHistory, asked_once
from scram_analyzers.run.records import PanelRecord
from scram_analyzers.run.wording import share

PANELS = 2
AFTER_EPOCH = 3
SETTLED = 0.95
"""The loss of an epoch against that two epochs before: while it falls faster, a class may still be learned."""
SUPPORT = 20
"""Rows of a class below which its recall is chance (catalogue G8)."""

LOW_RECALL = 0.3
SEVERE_RECALL = 0.1
KNOWN_RECALL = 0.6
"""The model must know some other class this well: else it does not learn at all, which is another finding."""


@dataclass(frozen=True, slots=True)
class MissedClass:
    """Class `label` of which `support` rows are on the panel and `recall` of them recognized."""

    label: int
    support: int
    recall: float
    taken_for: int
    step: int
    epoch: int

    @property
    def is_severe(self) -> bool:
        """Whether the class is hardly ever right."""
        return self.recall < SEVERE_RECALL

    @property
    def clause(self) -> str:
        """To stand inside a sentence."""
        return (
            f"of {self.support} rows of class {self.label} it recognizes {share(self.recall)}, and takes most others "
            f"for class {self.taken_for}"
        )


@asked_once
def missed_class(history: RunHistory) -> MissedClass | None:
    """The class with the lowest recall, when it was low at each of the newest panels."""
    newest = [panel for panel in list(history.panels)[-PANELS:] if panel.epoch >= AFTER_EPOCH]
    if len(newest) < PANELS or not _has_settled(history) or _learned_since(history, newest[-1]):
        return None
    worst = [_worst(panel) for panel in newest]
    last = worst[-1]
    if last is None or any(each is None or each.label != last.label for each in worst):
        return None
    return last


def _has_settled(history: RunHistory) -> bool:
    losses = history.metric("loss")
    return history.moment is Moment.END or (len(losses) >= 3 and losses[-1] > SETTLED * losses[-3])


def _learned_since(history: RunHistory, panel: PanelRecord) -> bool:
    """Whether the loss fell after the newest panel, as it may where the budget affords few of them."""
    losses = {epoch.epoch: epoch.value("loss") for epoch in history.epochs}
    then, now = losses.get(panel.epoch), losses.get(max(losses, default=0))
    return then is not None and now is not None and now <= SETTLED * then


def _worst(panel: PanelRecord) -> MissedClass | None:
    if len(panel.outputs) != 1:
        return None
    confusion = panel.outputs[0].confusion
    recalls = {
        label: row[label] / sum(row) for label, row in enumerate(confusion) if label < len(row) and sum(row) >= SUPPORT
    }
    if not recalls or max(recalls.values()) < KNOWN_RECALL:
        return None
    label = min(recalls, key=recalls.__getitem__)
    if recalls[label] >= LOW_RECALL:
        return None
    row = confusion[label]
    others = [count if other != label else -1 for other, count in enumerate(row)]
    return MissedClass(label, sum(row), recalls[label], others.index(max(others)), panel.step, panel.epoch)
