"""Whether a classifier, whatever its loss means, ever met its validation labels better than a constant guess does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import ACCURACY_MARGIN, accuracy_name
from scram_analyzers.run.wording import share

LOPSIDED = 0.8
"""Where one class has more of the rows than this, a model that always gives it has learned that, and is no wonder.
Ours."""


@dataclass(frozen=True, slots=True)
class ValidationAtChance:
    """The best validation accuracy of all `epochs`, and that of always giving the commonest class."""

    epochs: int
    best: float
    guess: float

    @property
    def clause(self) -> str:
        """What is seen, to stand inside a sentence."""
        return (
            f"in {self.epochs} epochs its validation accuracy never came above {share(self.best)}, and always guessing "
            f"one class gives {share(self.guess)}"
        )


def validation_at_chance(history: RunHistory) -> ValidationAtChance | None:
    """Of a model with one output that did come above the guess on its training rows; None of any other.

    By the labels of all validation rows, or of some spread evenly over them.
    """
    last = history.epochs[-1] if history.epochs else None
    name = accuracy_name(last) if last is not None else None
    counts = _validation_labels(history)
    if name is None or len(history.info.outputs) > 1 or len(counts) < 2:
        return None
    trained, accuracies, rows = history.metric(name), history.metric(f"val_{name}"), sum(counts)
    guess = max(counts) / rows
    bound = guess + max(ACCURACY_MARGIN, 2 * math.sqrt(guess * (1 - guess) / rows))
    if not accuracies or guess > LOPSIDED or max(accuracies) > bound or max(trained) <= bound:
        return None
    return ValidationAtChance(len(accuracies), max(accuracies), guess)


def _validation_labels(history: RunHistory) -> list[int]:
    """How many validation rows are of each class; empty when unknown."""
    stream = history.stream
    array = history.data.array("validation", "target") if history.data is not None else None
    if array is not None and array.classes:
        return [count for _, count in array.classes if count]
    if stream is None or not stream.is_validation_fair:
        return []
    return [count for _, count in stream.validation_labels if count]
