"""A watch over a training loop that Keras does not run: the program says itself what each step did."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from scram_lsp.training.callback import ScramCallback
from scram_lsp.training.watch import current_watch


class Watcher:
    """Watch a loop over `train_on_batch`, a `GradientTape` or torch's `backward`::

        with Watcher(model) as watcher:
            for epoch in range(epochs):
                for x, y in batches:
                    ...
                    watcher.step(loss, inputs=x, targets=y)
                watcher.epoch(val_loss=...)

    Say what there is to say: only `loss` is needed, and it is the loss of the step's own batch. `optimizer` is the one
    that the loop trains with; it need not be said of a compiled model, nor under `scram run` and `scram_lsp.watch()`
    where the program makes only one. Options are those of `ScramCallback`. No fault of ours reaches the loop.
    """

    def __init__(self, model: Any, *, optimizer: Any = None, **options: Any) -> None:
        self._model = model
        self._optimizer = optimizer
        self._callback = ScramCallback(**options)

    def __enter__(self) -> Watcher:
        from scram_lsp.training.run_recorder import OwnLoop  # not at the top: importing this must stay light

        if (watch := current_watch()) is not None:
            watch.leave_loops()
        self._callback.begin_loop(self._model, OwnLoop(self._optimizer))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._callback.on_train_end()
        else:
            self._callback.fail_loop(error)

    def step(self, loss: Any, *, inputs: Any = None, targets: Any = None) -> None:
        """A step is done: the loss of its batch (a number or a tensor), and the batch itself, in any structure."""
        self._callback.take_step(loss, (inputs, targets) if inputs is not None else None)

    def epoch(self, **logs: Any) -> None:
        """An epoch is done: its results by the names that Keras gives them (loss, val_loss, accuracy, ...)."""
        self._callback.take_epoch(logs)
