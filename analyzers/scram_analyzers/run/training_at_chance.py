"""Whether a classifier whose loss the program works out itself never met its training labels better than a guess."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.learning import ACCURACY_MARGIN, accuracy_name
from scram_analyzers.run.task import baseline, targets
from scram_analyzers.run.validation_at_chance import LOPSIDED
from scram_analyzers.run.wording import share

EPOCHS = 5
STEPS = 200
"""Before such a run is judged. Ours."""


@dataclass(frozen=True, slots=True)
class TrainingAtChance:
    """The best training accuracy of all `epochs`, and that of always giving the commonest class."""

    epochs: int
    best: float
    guess: float

    @property
    def clause(self) -> str:
        """What is seen, to stand inside a sentence."""
        return (
            f"in {self.epochs} epochs its training accuracy never came above {share(self.best)}, and always guessing "
            f"one class gives {share(self.guess)}"
        )


@asked_once
def training_at_chance(history: RunHistory) -> TrainingAtChance | None:
    """Of a model with one output whose loss says nothing of a guess's; None where any epoch was better than that."""
    name = accuracy_name(history.epochs[-1]) if history.epochs else None
    counts = _training_labels(history)
    if name is None or len(counts) < 2 or len(history.info.outputs) > 1 or baseline(history) is not None:
        return None
    accuracies, rows = history.metric(name), sum(counts)
    guess = max(counts) / rows
    bound = guess + max(ACCURACY_MARGIN, 2 * math.sqrt(guess * (1 - guess) / rows))
    is_enough = len(accuracies) >= EPOCHS and history.last_step >= STEPS
    if not is_enough or guess > LOPSIDED or max(accuracies) > bound:
        return None
    return TrainingAtChance(len(accuracies), max(accuracies), guess)


def _training_labels(history: RunHistory) -> list[int]:
    """How many training rows are of each class, or of those of a stream that were looked at."""
    array, stream = targets(history), history.stream
    known = array.classes if array is not None and array.classes else stream.labels if stream is not None else ()
    return [count for _, count in known if count]
