"""Mixed precision multiplies the loss, lest its gradients vanish, and divides the gradients again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scram_lsp.training.model.model_values import optimizer_of


def loss_scale(model: Any, optimizer_values: Sequence[Any]) -> Any:
    """What the optimizer multiplies the loss by before gradients are taken, as a scalar tensor; mostly 1."""
    import keras

    one = keras.ops.ones(())
    optimizer = optimizer_of(model)
    if optimizer is None:
        return one
    mapping = list(zip(optimizer.variables, optimizer_values, strict=True))
    with keras.StatelessScope(mapping, initialize_variables=False):
        return optimizer.scale_loss(one)
