"""Whether callbacks of the program's own act between steps, where they may set weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")

_OTHERS = ("keras", "tf_keras", "tensorflow", "scram_lsp")
"""Packages whose callbacks leave weights alone, or set none that are not finite."""


def act_between_steps(callbacks: Any) -> bool:
    """Of the list that Keras makes for a fit; a `LambdaCallback` is one of Keras's with a function of the program's."""
    given: Iterable[Any] = getattr(callbacks, "callbacks", None) or ()
    return any(_is_own(each) for each in given)


def _is_own(callback: Any) -> bool:
    kind = type(callback)
    written = next((each for each in kind.__mro__ if any(hook in vars(each) for hook in _HOOKS)), None)
    of_program = written is not None and written.__module__.partition(".")[0] not in _OTHERS
    return of_program or (kind.__name__ == "LambdaCallback" and any(hook in vars(callback) for hook in _HOOKS))
