"""Whether everything of a model that a pass of ours would use has been built."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import logging
import textwrap
from collections.abc import Iterator
from typing import Any

from scram_lsp.training.batches.step_loss import has_own_train_step
from scram_lsp.training.model.model_values import optimizer_of
from scram_lsp.training.model.own_attributes import own_attributes_kept
from scram_lsp.training.model.random_states import Draws, random_states_kept

_MISSING = object()

log = logging.getLogger(__name__)


def is_ready(model: Any, form: Any, is_first_step: bool) -> bool:
    """Whether a pass through the model, its loss and its optimizer creates nothing.

    On TensorFlow Keras builds layers without an input shape, loss, metrics and optimizer in the first step only:
    what we use of them is built here before it, by what Keras itself calls before the first step on the other
    backends. `form` has the shapes and types of a batch: those of one batch would stay with the model as the only ones
    that it takes. A layer that is not built after the first step is never called; nor is, as a whole, a model of which
    a `train_step` of the user's own calls the parts alone.
    """
    if not is_first_step or _is_built(model):
        return True
    if not model.built and has_own_train_step(model) and not _calls_itself(model):
        return False
    try:
        _build(model, form)
    except Exception:  # a `call` that needs numbers; Keras builds the model in its first step then
        log.debug("building the model before its first step failed", exc_info=True)
    return _is_built(model)


def _is_built(model: Any) -> bool:
    return _are_layers_built(model) and _are_compiled_parts_built(model)


def _are_compiled_parts_built(model: Any) -> bool:
    parts = (getattr(model, "_compile_loss", None), optimizer_of(model))
    return all(part is None or part.built for part in parts)


def _are_layers_built(model: Any) -> bool:
    return all(layer.built for layer in model._flatten_layers())


def _calls_itself(model: Any) -> bool:
    """Whether the model's `train_step` calls `self(...)` or Keras's own, as far as its text shows."""
    try:
        step = ast.parse(textwrap.dedent(inspect.getsource(type(model).train_step)))
    except (OSError, TypeError, SyntaxError):
        return False  # typed into a console, or wrapped in something
    calls = (each.func for each in ast.walk(step) if isinstance(each, ast.Call))
    return any(
        each.id == "self" if isinstance(each, ast.Name) else getattr(each, "attr", "") == "train_step" for each in calls
    )


def _build(model: Any, form: Any) -> None:
    """Build what is missing, and leave all else as it was: the first step is yet to draw its random numbers.

    Where code of the program's own draws some whenever it is traced, the optimizer is left to Keras: its first step,
    which makes variables then, is traced twice.
    """
    import keras
    from keras.src.backend import compute_output_spec

    if keras.backend.backend() != "tensorflow":
        if not _are_compiled_parts_built(model):  # else Keras has built before the first step what it can
            with random_states_kept(model):
                model._symbolic_build(data_batch=form)
        return
    x, y, weights = keras.utils.unpack_x_y_sample_weight(keras.tree.map_structure(_spec, form))
    outputs = getattr(getattr(model, "_functional", None) or model, "_outputs_struct", None)
    draws = Draws()
    if outputs is None or not _are_layers_built(model):  # else it is not traced for it
        with _calls_undone_once_built(model, draws):
            outputs = compute_output_spec(model, x, training=True)  # as the first step will
    loss, optimizer = getattr(model, "_compile_loss", None), optimizer_of(model)
    if loss is not None and not loss.built:
        predictions = keras.tree.map_structure(_spec, outputs)
        with _call_undone(model, draws):
            compute_output_spec(model._compute_loss, x, y, predictions, sample_weight=weights, training=False)
    if optimizer is not None and not optimizer.built and not draws.were_made:
        optimizer.build(model.trainable_variables)


def _spec(leaf: Any) -> Any:
    import keras

    return None if leaf is None else keras.KerasTensor(leaf.shape, keras.backend.standardize_dtype(leaf.dtype))


@contextlib.contextmanager
def _calls_undone_once_built(model: Any, draws: Draws) -> Iterator[None]:
    """Keras builds a model by a call, which stands; the calls after it are ours, and leave nothing behind."""
    call = model.call

    @functools.wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        with _call_undone(model, draws) if _are_layers_built(model) else contextlib.nullcontext():
            return call(*args, **kwargs)

    before = vars(model).get("call", _MISSING)
    vars(model)["call"] = called
    try:
        yield
    finally:
        if before is _MISSING:
            vars(model).pop("call", None)
        else:
            vars(model)["call"] = before


@contextlib.contextmanager
def _call_undone(model: Any, draws: Draws) -> Iterator[None]:
    """What draws random numbers within is entered in `draws`."""
    with random_states_kept(model) as made, own_attributes_kept(model):
        yield
    draws.were_made |= made.were_made
