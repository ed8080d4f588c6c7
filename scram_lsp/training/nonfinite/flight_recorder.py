"""Keeps what it takes to go back to the step in which a NaN or infinity began, and goes back when one is seen."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Any

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import NonfiniteOrigin, OriginPlace
from scram_lsp.training.batches.batch_feed import KeptBatches
from scram_lsp.training.batches.batch_tap import UNSEEN, Execution
from scram_lsp.training.budget import Budget
from scram_lsp.training.model.model_readiness import is_ready
from scram_lsp.training.model.model_values import copies, current_values
from scram_lsp.training.model.weights import nonfinite_weights
from scram_lsp.training.nonfinite.flight_window import (
    FlightWindow,
    nonfinite_places_on_host,
    snapshot,
    structure_bytes,
    values_bytes,
)
from scram_lsp.training.nonfinite.optimizer_replica import learning_rate_place

log = logging.getLogger(__name__)

WINDOW_STEPS = 50
"""Steps from one snapshot to the next: the snapshot's 3 to 5 ms are then 0.1 ms a step."""

SHORTEST_WINDOW = 10
"""An epoch that ends after fewer steps does not begin a new window: a snapshot would cost as much as the steps."""

ROOM_SHARE = 0.75
"""The share of the free bytes that may be taken: others come after us."""


class FlightRecorder:
    """Holds, of every step since the last sound values, the batch; replays these steps once, when one goes wrong.

    Bytes are bounded: the window ends early when its batches are many or large, and there is none for a model
    whose values do not fit. A step that was not seen ends the window too. One that `looks_between` sees before each
    step whether the weights are sound: callbacks of the program's own may set them.
    """

    activity = "snapshots"

    def __init__(self, model: Any, budget: Budget, *, looks_between: bool = False) -> None:
        self._looks_between = looks_between
        self._model = model
        self._budget = budget
        self._window: FlightWindow | None = None
        self._kept: KeptBatches | None = None
        self._batch_bytes = 0
        self._values_bytes: int | None = None
        self._epoch = 0
        self._next_try = 1
        self._due_at = self._seen_at = 0
        self._bad_at: int | None = None
        self._origin: NonfiniteOrigin | None = None
        self._set_outside: NonfiniteOrigin | None = None
        self._is_done = False

    @property
    def must_see(self) -> bool:
        """Until it knows what batch and values take; then it is enough to have the batches when one goes wrong."""
        return self._batch_bytes == 0 or self._values_bytes is None

    def is_due(self, step: int) -> bool:
        """At every step, until an origin was searched for; after one that the budget refused not for a while."""
        if self._due_at > self._seen_at:
            self._give_up(step)
            self._due_at = self._seen_at
        return not self._is_done and step >= self._next_try

    def passed(self, step: int) -> None:
        """Note that the step will be seen, or has been refused."""
        self._due_at = step

    def look(self, execution: Execution, step: int, epoch: int) -> None:
        """Keep the batches of the steps up to `step`, after a snapshot where a window begins."""
        self._seen_at = self._due_at
        first = step - len(execution.batches) + 1
        if self._is_done or self._bad_at is not None:
            return
        if self._looks_between and self._were_set(first):
            return
        size = self._size(execution)
        if self._must_begin(first, epoch) or not self._has_room(size):
            self._begin(execution, first, size)
        if self._window is None or self._bad_at is not None:
            return
        if epoch != self._epoch:
            self._epoch = epoch
            self._note_learning_rate(execution, first)
        self._window.add(execution.batches, size)

    def _were_set(self, first: int) -> bool:
        """Whether weights are not finite before step `first`: made so by a step of the window, or by something else."""
        import keras  # not at the top: whoever watches need not have Keras

        bad = nonfinite_weights(self._model, keras.backend.backend()) if self._window is not None else ()
        if bad:
            self._bad_at = first - 1
            self._set_outside = NonfiniteOrigin(
                OriginPlace.OUTSIDE, first, first, layer=bad[0].partition("/")[0], weight=bad[0]
            )
        return bool(bad)

    def _size(self, execution: Execution) -> int:
        """What its batches take, in bytes; of unseen ones the most that any took so far."""
        count = len(execution.batches)
        if execution.kept is not None:
            self._kept = execution.kept
            return count * self._batch_bytes
        size = structure_bytes(execution.batches)
        self._batch_bytes = max(self._batch_bytes, -(-size // count))
        return size

    def report(self, history: RunHistory) -> None:
        """Search for the origin once a loss, a weight or a snapshot has shown that there is one."""
        if self._is_done or not history.steps:
            return
        last = history.steps[-1]
        is_bad = bool(last.nonfinite_weights) or (last.loss is not None and not math.isfinite(last.loss))
        if not is_bad and self._bad_at is None:
            return
        self._is_done = True
        history.origin = self._origin or self._search(history, self._bad_at or last.step) or self._set_outside
        self._end_window()
        self._budget.hold(self.activity, 0)

    def _end_window(self) -> None:
        self._window = None
        if self._kept is not None:
            self._kept.drop()

    def _search(self, history: RunHistory, seen_at: int) -> NonfiniteOrigin | None:
        window = self._window
        if window is None or seen_at < window.first:
            return None
        from scram_lsp.training.nonfinite.nonfinite_origin import find_origin  # few runs need it

        before = (array for step in history.steps if step.step < window.first for array in step.arrays)
        harmless = {array.name for array in before if array.nonfinite}
        try:
            self._fill_in(window)
            return find_origin(self._model, window, seen_at, harmless)
        except Exception:  # the finding is then made without its origin
            log.debug("the search for where a NaN began failed", exc_info=True)
            return None

    def _fill_in(self, window: FlightWindow) -> None:
        """Put the batches that passed unseen in their places; of an execution that its data ended there are fewer."""
        unseen = iter(self._kept.take() if self._kept is not None else ())
        batches = (next(unseen, None) if each is UNSEEN else each for each in window.batches)
        window.batches = [each for each in batches if each is not None]

    def _must_begin(self, first: int, epoch: int) -> bool:
        window = self._window
        if window is None:
            return True
        steps = len(window.batches)
        is_long = steps >= WINDOW_STEPS or (epoch != self._epoch and steps >= SHORTEST_WINDOW)
        return is_long or window.next_step != first

    def _begin(self, execution: Execution, first: int, size: int) -> None:
        """Take the values before step `first`; when they are not sound, the window so far holds the reason.

        The window then takes the batches of `execution`, of `size` bytes.
        """
        if self._values_bytes is None:
            if not is_ready(self._model, execution.form, first == 1):
                return
            self._values_bytes = values_bytes(self._model, execution.state)
        if not self._hold(self._values_bytes + size):
            self._give_up(first)
            return
        before, window = self._window, FlightWindow(first, snapshot(self._model, execution.state), self._values_bytes)
        bad = nonfinite_places_on_host([*window.values.trainable, *window.values.others])
        if not bad:
            self._end_window()
            self._window, self._epoch = window, 0
            return
        from scram_lsp.training.nonfinite.nonfinite_origin import weights_origin  # few runs need it

        self._bad_at = first - 1
        if before is None or before.next_step != first:
            self._window, self._bad_at = None, first
            self._origin = weights_origin(self._model, window, bad)
        else:
            self._set_outside = replace(weights_origin(self._model, window, bad), place=OriginPlace.OUTSIDE)

    def _has_room(self, size: int) -> bool:
        """Whether the window can take so many bytes more; entered if so."""
        return self._window is not None and self._hold(self._window.size + size)

    def _hold(self, size: int) -> bool:
        return size <= self._limit and self._budget.hold(self.activity, size)

    @property
    def _limit(self) -> int:
        return int(ROOM_SHARE * (self._budget.room + self._budget.held_by(self.activity)))

    def _give_up(self, step: int) -> None:
        """Hold nothing for a while."""
        self._end_window()
        self._next_try = step + WINDOW_STEPS
        self._budget.hold(self.activity, 0)

    def _note_learning_rate(self, execution: Execution, first: int) -> None:
        """Callbacks set it at the begin of an epoch, as a rule."""
        place = learning_rate_place(self._model)
        if place is not None and self._window is not None:
            values = current_values(self._model, execution.state)
            (self._window.learning_rates[first],) = copies(values.optimizer[place : place + 1])
