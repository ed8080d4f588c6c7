"""Callbacks of the program's own that act between steps, where they may set weights, and what they leave of these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scram_lsp.training.budget import Budget
from scram_lsp.training.model.weights import are_finite

_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")

_OTHERS = ("keras", "tf_keras", "tensorflow", "scram_lsp")
"""Packages whose callbacks leave weights alone, or set none that are not finite."""


class BetweenSteps:
    """Looks after each step whether the weights are still finite, where callbacks of the program's own may set them.

    It keeps the weights that the model had after its first step: to gather them takes longer than to look at them.
    """

    activity = "weights between steps"

    def __init__(self, model: Any, callbacks: Any, backend: str, budget: Budget) -> None:
        self.is_watched = backend != "jax" and act_between_steps(callbacks)  # Keras keeps JAX's values elsewhere
        self._model = model
        self._backend = backend
        self._budget = budget
        self._weights: list[Any] | None = None

    def has_spoiled(self) -> bool:
        """Whether one of them is not finite now; False where nobody looks, too."""
        if not self.is_watched or not self._budget.affords(self.activity):
            return False
        with self._budget.spending(self.activity):
            if self._weights is None:
                self._weights = [each for each in self._model.weights if "float" in str(each.dtype)]
            return not all(are_finite(self._weights, self._backend))


def act_between_steps(callbacks: Any) -> bool:
    """Of the list that Keras makes for a fit; a `LambdaCallback` is one of Keras's with a function of the program's."""
    given: Iterable[Any] = getattr(callbacks, "callbacks", None) or ()
    return any(_is_own(each) for each in given)


def _is_own(callback: Any) -> bool:
    kind = type(callback)
    written = next((each for each in kind.__mro__ if any(hook in vars(each) for hook in _HOOKS)), None)
    of_program = written is not None and written.__module__.partition(".")[0] not in _OTHERS
    return of_program or (kind.__name__ == "LambdaCallback" and any(hook in vars(callback) for hook in _HOOKS))
