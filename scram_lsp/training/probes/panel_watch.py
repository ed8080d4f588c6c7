"""Chooses the rows of a run's panel and has the model predict them at the end of epochs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from scram_analyzers.run.records import PanelRecord, RunInfo
from scram_lsp.training.batches.batch_feed import Feed
from scram_lsp.training.batches.batch_tap import BatchTap, Execution, can_be_tapped
from scram_lsp.training.data.array_statistics import named_leaves
from scram_lsp.training.model.model_pass import compiled, predict
from scram_lsp.training.model.model_values import current_values, on_host
from scram_lsp.training.probes.panel import PANEL_ROWS, PanelRows, panel_record

CHUNK_ROWS = 64
"""Rows predicted at once, or a batch where that is smaller: it fits in memory in training."""

FIRST_GO_SECONDS = 0.25
"""The first go, the compilation left out, predicts rows for so long; those are the panel from then on."""


class PanelWatch:
    """One run's panel: rows of the validation data, else of the training data.

    Of arrays the rows are spread evenly; of a stream they are the first that come by, because asking it for
    others could change what training gets.
    """

    def __init__(self, model: Any, info: RunInfo, feed: Feed | None) -> None:
        self._model = model
        self._names = [output.name for output in info.outputs]
        self._chunk = min(CHUNK_ROWS, info.batch_size or CHUNK_ROWS)
        self._feed = feed
        self._rows: PanelRows | None = None
        self._limit: int | None = None
        self._has_validation = False
        self._holds_first = False
        self._test_tap: BatchTap | None = None
        self._run: Any = None

    def choose(self, arguments: Mapping[str, Any]) -> None:
        """Take the rows from what `fit` was given, as far as that is arrays."""
        validation = arguments.get("validation_data")
        self._has_validation = validation is not None
        if isinstance(validation, tuple | list) and len(validation) > 1:
            self._add_spread(validation[0], validation[1])
        elif validation is None and arguments.get("y") is not None:
            self._add_spread(arguments.get("x"), arguments.get("y"))

    @property
    def needs_training_batch(self) -> bool:
        """Whether there is neither validation data nor an array to take rows from."""
        return self._rows is None and not self._has_validation

    def see_training_batch(self, execution: Execution) -> None:
        """Take the first batch for the panel."""
        self._add(execution.batches[0])

    def begin_validation(self) -> None:
        """Look at the batches of a first validation on a stream."""
        is_wanted = self._rows is None and self._has_validation
        if is_wanted and self._feed is not None and can_be_tapped(self._model, "test_function"):
            self._test_tap = BatchTap.install(self._model, self._feed, self._see_validation, "test_function")
            self._test_tap.arm()

    def end_validation(self) -> None:
        """The validation is over: give the model its function back."""
        tap, self._test_tap = self._test_tap, None
        if tap is not None:
            tap.remove()
            if tap.fault is not None:
                raise tap.fault

    @property
    def byte_size(self) -> int:
        """What the rows take."""
        return self._rows.byte_size if self._rows is not None else 0

    @property
    def is_fair(self) -> bool:
        """Whether the rows are spread over the data or all there are, and not the first ones."""
        return self._rows is not None and not (self._holds_first and self._rows.is_full)

    def validation_parts(self) -> Iterator[tuple[Any, Any]]:
        """Inputs and targets of the panel, where they are validation rows."""
        if self._rows is not None and self._rows.is_validation:
            yield from self._rows.chunks(self._rows.count)

    def observe(self, step: int, epoch: int) -> PanelRecord | None:
        """Predict the rows with the weights as they are now; None without rows."""
        if self._rows is None or not self._model.built:
            return None
        if getattr(self._model, "_jax_state", None) is not None:
            self._model.jax_state_sync()
        values = current_values(self._model)
        if self._run is None:
            self._run = compiled(self._model, lambda trainable, others, x: predict(self._model, trainable, others, x))
        predictions: list[tuple[Any, Any]] = []
        begin = 0.0
        for x, y in self._rows.chunks(min(self._chunk, self._rows.count)):
            output = self._run(values.trainable, values.others, _tensors(x))
            predictions.append((_arrays(output), y))
            if len(predictions) == 1:  # what compiled was the first
                begin = time.perf_counter()
            elif self._is_enough(len(predictions), time.perf_counter() - begin):
                break
        self._limit = len(predictions)
        return panel_record(step, epoch, self._rows.is_validation, self._names, predictions)

    def _is_enough(self, count: int, seconds: float) -> bool:
        return seconds > FIRST_GO_SECONDS if self._limit is None else count >= self._limit

    def _see_validation(self, execution: Execution) -> None:
        self._holds_first = True
        for batch in execution.batches:
            self._add(batch)
        if self._test_tap is not None and self._rows is not None and not self._rows.is_full:
            self._test_tap.arm()

    def _add(self, batch: Any) -> None:
        from scram_lsp.training.batches.batch_rows import unpack

        x, y, _ = unpack(batch)
        if self._rows is None:
            self._rows = PanelRows(self._has_validation)
        self._rows.add(x, y)

    def _add_spread(self, x: Any, y: Any) -> None:
        leaves = [leaf for name, part in (("x", x), ("y", y)) for _, leaf in named_leaves(name, part)]
        if not leaves or not all(hasattr(leaf, "shape") and hasattr(leaf, "__getitem__") for leaf in leaves):
            return
        self._rows = PanelRows(self._has_validation)
        if all(isinstance(leaf, np.ndarray) for leaf in leaves):
            count = len(leaves[0])
            places = np.unique(np.linspace(0, count - 1, min(count, PANEL_ROWS)).astype(np.intp))
            self._rows.add_at(x, y, places)
        else:
            self._holds_first = True
            self._rows.add(x, y)


def _tensors(structure: Any) -> Any:
    import keras

    def convert(leaf: Any) -> Any:
        if leaf.dtype.kind in "OSU":
            import tensorflow as tf

            return tf.constant(leaf)
        floating = leaf.dtype.kind == "f"
        return keras.ops.convert_to_tensor(leaf, dtype=keras.config.floatx() if floating else None)

    return keras.tree.map_structure(convert, structure)


def _arrays(structure: Any) -> Any:
    import keras

    return keras.tree.map_structure(lambda leaf: on_host(leaf), structure)
