"""Which optimizer trains a model."""

from __future__ import annotations

import sys
from typing import Any

from scram_lsp.training.places.creations import Creations


def optimizer_of(model: Any, creations: Creations | None, is_own_loop: bool) -> Any | None:
    """The one it was compiled with; for a loop of the program's own else the only one there is; None when unknown."""
    compiled = getattr(model, "optimizer", None)
    keras = sys.modules.get("keras")
    kind = getattr(getattr(keras, "optimizers", None), "Optimizer", None)
    if compiled is not None or not is_own_loop or creations is None or not isinstance(kind, type):
        return compiled
    made: list[Any] = creations.alive(kind)
    return made[0] if len(made) == 1 else None
