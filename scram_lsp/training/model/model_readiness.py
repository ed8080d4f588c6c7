"""Whether everything of a model that a pass of ours would use has been built."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)


def is_ready(model: Any, batch: Any, is_first_step: bool) -> bool:
    """Whether a pass through the model creates nothing.

    On TensorFlow Keras builds layers without an input shape, loss, metrics and optimizer in the first step only:
    they are built here before it, by what Keras itself calls before the first step on the other backends. A layer
    that is not built after the first step is never called.
    """
    if not is_first_step or _is_built(model):
        return True
    try:
        model._symbolic_build(data_batch=batch)
    except Exception:  # a `call` that needs numbers; Keras builds the model in its first step then
        log.debug("building the model before its first step failed", exc_info=True)
    return _is_built(model)


def _is_built(model: Any) -> bool:
    return all(layer.built for layer in model._flatten_layers()) and _is_training_built(model)


def _is_training_built(model: Any) -> bool:
    parts = (getattr(model, "_compile_loss", None), getattr(model, "_compile_metrics", None), model.optimizer)
    return all(part is None or part.built for part in parts)
