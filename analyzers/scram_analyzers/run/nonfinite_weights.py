"""Whether weights turned NaN or infinite, which TensorFlow's CPU build can hide behind a finite loss."""

from __future__ import annotations

from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.records import ArrayStatistics


@dataclass(frozen=True, slots=True)
class NonfiniteWeights:
    """The first record that showed it: `weights` as "layer/.../weight" in the model's order.

    `nonfinite_arrays` are the inputs and targets that held NaN or infinite values up to then.
    """

    step: int
    epoch: int
    weights: tuple[str, ...]
    loss: float | None
    nonfinite_arrays: tuple[ArrayStatistics, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the model's own layers concerned, each once; a nested model counts as one."""
        return tuple(dict.fromkeys(weight.partition("/")[0] for weight in self.weights))


@asked_once
def nonfinite_weights(history: RunHistory) -> NonfiniteWeights | None:
    """The first sight of weights that are not finite, or None."""
    bad_arrays: dict[tuple[str, str], ArrayStatistics] = {}
    for record in history.steps:
        for array in record.arrays:
            if array.nonfinite:
                bad_arrays.setdefault((array.role, array.name), array)
        if record.nonfinite_weights:
            return NonfiniteWeights(
                record.step, record.epoch, record.nonfinite_weights, record.loss, tuple(bad_arrays.values())
            )
    return None
