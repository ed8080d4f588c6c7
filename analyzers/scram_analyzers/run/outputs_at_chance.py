"""Outputs of a model with several that classify no better than a constant guess, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import target_arrays
from scram_analyzers.run.records import EpochRecord, OutputInfo
from scram_analyzers.run.task import CROSS_ENTROPIES, class_shares
from scram_analyzers.run.wording import share


@dataclass(frozen=True, slots=True)
class OutputAtChance:
    """The validation `accuracies` of one output, an epoch each, and that of always giving its commonest class."""

    output: OutputInfo
    accuracies: tuple[float, ...]
    guess: float

    @property
    def clause(self) -> str:
        """What is seen, to stand inside a sentence."""
        return (
            f'the validation accuracy of the output "{self.output.name}" is {share(self.accuracies[-1])}, and always '
            f"guessing one class gives {share(self.guess)}"
        )


def outputs_at_chance(history: RunHistory, gain: float) -> Iterator[OutputAtChance]:
    """Those that stay below this share of the way from a constant guess to perfection in the last epoch."""
    last = history.epochs[-1] if history.epochs else None
    if last is None or len(history.info.outputs) < 2:
        return
    for output, array in target_arrays(history):
        shares, name = class_shares(array), _accuracy_name(last, output)
        if output.loss not in CROSS_ENTROPIES or not shares or name is None:
            continue
        accuracies, guess = tuple(history.metric(name)), max(shares)
        if accuracies and accuracies[-1] < guess + gain * (1 - guess):
            yield OutputAtChance(output, accuracies, guess)


def _accuracy_name(record: EpochRecord, output: OutputInfo) -> str | None:
    """The first validation accuracy of an output in the logs ("val_kind_accuracy"), but no top-k accuracy."""
    own = f"val_{output.name}_"
    names = (name for name, _ in record.logs if name.startswith(own))
    return next((name for name in names if "acc" in name[len(own) :] and "top_k" not in name), None)
