"""A program under watch that trained in a loop of its own, which nobody told us of."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

TRAINING_CALLS = (".apply_gradients(", ".train_on_batch(", ".stateless_apply(")

_OF_TORCH = ".backward("
"""A program that never loads Keras may call it as well."""

MAX_BYTES = 1_000_000
"""Longer scripts are not looked at."""

NOTE = (
    "scram: no training was watched: this program trains in a loop of its own, which scram sees when the loop tells "
    "scram_lsp.Watcher of each step"
)


def trains_by_itself(main: Mapping[str, Any]) -> bool:
    """Whether the script that the names of `__main__` come from calls what trains a model step by step.

    Its `__file__` is gone once it has run; who loaded it is known still.
    """
    path = getattr(main.get("__loader__"), "path", None)
    if not isinstance(path, str):
        return False
    try:
        with open(path, encoding="utf-8", errors="replace") as script:
            text = script.read(MAX_BYTES)
    except OSError:
        return False
    calls = TRAINING_CALLS if "keras" not in sys.modules else (*TRAINING_CALLS, _OF_TORCH)
    return any(call in text for call in calls)
