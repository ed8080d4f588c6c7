"""Whether everything of a model that a pass of ours would use has been built."""

from __future__ import annotations

import logging
from typing import Any

from scram_lsp.training.model.model_values import optimizer_of

log = logging.getLogger(__name__)


def is_ready(model: Any, form: Any, is_first_step: bool) -> bool:
    """Whether a pass through the model, its loss and its optimizer creates nothing.

    On TensorFlow Keras builds layers without an input shape, loss, metrics and optimizer in the first step only:
    what we use of them is built here before it, by what Keras itself calls before the first step on the other
    backends. `form` has the shapes and types of a batch: those of one batch would stay with the model as the only ones
    that it takes. A layer that is not built after the first step is never called.
    """
    if not is_first_step or _is_built(model):
        return True
    try:
        _build(model, form)
    except Exception:  # a `call` that needs numbers; Keras builds the model in its first step then
        log.debug("building the model before its first step failed", exc_info=True)
    return _is_built(model)


def _is_built(model: Any) -> bool:
    parts = (getattr(model, "_compile_loss", None), optimizer_of(model))
    return _are_layers_built(model) and all(part is None or part.built for part in parts)


def _are_layers_built(model: Any) -> bool:
    return all(layer.built for layer in model._flatten_layers())


def _build(model: Any, form: Any) -> None:
    """Build what is missing; on TensorFlow the model is not traced for it where the form of its outputs is known."""
    import keras

    outputs = getattr(getattr(model, "_functional", None) or model, "_outputs_struct", None)
    if keras.backend.backend() != "tensorflow" or outputs is None or not _are_layers_built(model):
        model._symbolic_build(data_batch=form)
        return
    loss, optimizer = getattr(model, "_compile_loss", None), optimizer_of(model)
    if loss is not None and not loss.built:
        _build_loss(model, form, outputs)
    if optimizer is not None and not optimizer.built:
        optimizer.build(model.trainable_variables)


def _build_loss(model: Any, form: Any, outputs: Any) -> None:
    import keras
    from keras.src.backend import compute_output_spec

    def spec(leaf: Any) -> Any:
        return None if leaf is None else keras.KerasTensor(leaf.shape, keras.backend.standardize_dtype(leaf.dtype))

    x, y, weights = keras.utils.unpack_x_y_sample_weight(keras.tree.map_structure(spec, form))
    predictions = keras.tree.map_structure(spec, outputs)
    compute_output_spec(model._compute_loss, x, y, predictions, sample_weight=weights, training=False)
