"""Random generators that are not Keras variables, kept as they are while a function of ours runs."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np


@contextlib.contextmanager
def random_states_kept() -> Iterator[None]:
    """Python's, numpy's and the backend's global generators are afterwards as they were."""
    import keras

    python, legacy = random.getstate(), np.random.get_state()
    backend = keras.backend.backend()
    keep = {"tensorflow": _tensorflow_kept, "torch": _torch_kept}.get(backend, contextlib.nullcontext)
    try:
        with keep():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


@contextlib.contextmanager
def _tensorflow_kept() -> Iterator[None]:
    """The generator that seeds random operations run eagerly after `tf.random.set_seed`."""
    from tensorflow.python.eager import context

    generator = getattr(context.context(), "_rng", None)
    state = generator.getstate() if generator is not None else None
    try:
        yield
    finally:
        if generator is not None:
            generator.setstate(state)


@contextlib.contextmanager
def _torch_kept() -> Iterator[None]:
    import torch

    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        yield
