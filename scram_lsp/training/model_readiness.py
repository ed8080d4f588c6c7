"""Whether everything of a model that a pass of ours would use has been built."""

from __future__ import annotations

from typing import Any


def is_ready(model: Any, batch: Any, is_first_step: bool) -> bool:
    """Whether a pass through the model creates nothing.

    On TensorFlow Keras builds loss, metrics and optimizer in the first step only: they are built here before it,
    by what Keras itself calls on the other backends. Layers that are not built are left alone: a layer that is
    not built after the first step is never called.
    """
    if not is_first_step:
        return True
    if not all(layer.built for layer in model._flatten_layers()):
        return False
    if not _is_training_built(model):
        model._symbolic_build(data_batch=batch)
    return _is_training_built(model)


def _is_training_built(model: Any) -> bool:
    parts = (getattr(model, "_compile_loss", None), getattr(model, "_compile_metrics", None), model.optimizer)
    return all(part is None or part.built for part in parts)
