"""`ScramCallback`: watches `model.fit` and says what goes wrong, and changes nothing."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec

from scram_lsp.training.console import RunConsole
from scram_lsp.training.fit_end import FitEnd

if TYPE_CHECKING:
    from scram_lsp.training.run_recorder import OwnLoop, RunRecorder

log = logging.getLogger(__name__)

Logs = Mapping[str, Any] | None
Parameters = ParamSpec("Parameters")


def _guarded(
    hook: Callable[Concatenate[ScramCallback, Parameters], None],
) -> Callable[Concatenate[ScramCallback, Parameters], None]:
    """Keep every fault of ours away from `fit`: the first one ends the watch of this run."""

    @functools.wraps(hook)
    def guard(self: ScramCallback, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        if self._is_elsewhere():
            return
        try:
            hook(self, *args, **kwargs)
        except Exception as error:
            self._give_up(error)

    return guard


class ScramCallback:
    """Watch a training run: `model.fit(..., callbacks=[ScramCallback()])`.

    Findings go to the terminal (not when `quiet`), to the project's run store, to the editor and, with probes and
    losses, to TensorBoard when `tensorboard` names a log folder (one beside your own: "logs/scram"). With
    `on_error="stop"` training ends, as by early stopping, after a finding of level error. `time_budget`
    is the share of training's time that it may take, `byte_budget` the memory in bytes. It has every
    method of a Keras callback and is none by inheritance: importing it must not import Keras, which fixes its
    backend the first time it is imported.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        tensorboard: str | os.PathLike[str] | None = None,
        on_error: Literal["continue", "stop"] = "continue",
        time_budget: float = 0.02,
        byte_budget: int = 64 * 2**20,
    ) -> None:
        if on_error not in ("continue", "stop"):
            raise ValueError(f"on_error must be 'continue' or 'stop', not {on_error!r}")
        if not 0 <= time_budget <= 1 or byte_budget < 0:
            raise ValueError("time_budget is a share from 0 to 1, byte_budget a number of bytes of 0 or more")
        self.params: Mapping[str, Any] = {}
        self.model: Any = None
        self._tensorboard, self._stops_on_error = tensorboard, on_error == "stop"
        self._time_budget, self._byte_budget = time_budget, byte_budget
        self._console = RunConsole(is_quiet=quiet)
        self._recorder: RunRecorder | None = None
        self._end: FitEnd | None = None
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._first_of_execution = 0

    def __getstate__(self) -> dict[str, Any]:
        """A copy of it, here or in another process, watches nothing yet; to copy a model draws random numbers."""
        return {**vars(self), "model": None, "_recorder": None, "_end": None}

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Keras tells epochs, steps and verbosity."""
        self.params = params or {}

    def set_model(self, model: Any) -> None:
        """Keras tells which model is trained."""
        self.model = model

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin to watch; a run before this one that never ended has failed."""
        if self._is_elsewhere():
            self._console.note(
                "this fit is not watched: its ScramCallback watches one in another thread; give each a callback of its "
                "own"
            )
        self._begin_fit()

    @_guarded
    def _begin_fit(self) -> None:
        self._begin()

    @_guarded
    def begin_loop(self, model: Any, loop: OwnLoop) -> None:
        """Begin to watch a loop that is not Keras's; see `Watcher`."""
        self.model = model
        self._begin(loop)

    @_guarded
    def take_step(self, loss: Any, batch: tuple[Any, Any] | None, targets: Any = None) -> None:
        """A step of such a loop is done."""
        if self._recorder is not None:
            self._recorder.take_step(loss, batch, targets)

    @_guarded
    def take_epoch(self, logs: Mapping[str, Any]) -> None:
        """An epoch of such a loop is done."""
        if self._recorder is not None:
            self._recorder.take_epoch(logs)

    @_guarded
    def take_validation(self, x: Any, y: Any) -> None:
        """Such a loop evaluates its model on these."""
        if self._recorder is not None:
            self._recorder.take_validation(x, y)

    @_guarded
    def take_moving_target(self) -> None:
        """What such a loop has its model learn changes with it."""
        if self._recorder is not None:
            self._recorder.take_moving_target()

    def fail_loop(self, error: BaseException | None) -> None:
        """Such a loop has raised."""
        self._fail_open_run(error)

    def _begin(self, own_loop: OwnLoop | None = None) -> None:
        from scram_lsp.training.quick_loading import quick_loading

        with quick_loading():
            from scram_lsp.training.distributed import is_first_process
            from scram_lsp.training.run_recorder import RunRecorder, WatchOptions

        self._fail_open_run()
        self._process, self._thread = os.getpid(), threading.get_ident()
        if not is_first_process():
            return
        options = WatchOptions(
            self._time_budget,
            self._byte_budget,
            None if self._tensorboard is None else Path(self._tensorboard),
            self._stops_on_error,
        )
        recorder = self._recorder = RunRecorder(self.model, self.params, self._console, options, own_loop)
        self._end = FitEnd(recorder.take_anchor(), self._fail_open_run, recorder.fail_elsewhere)
        recorder.begin()

    @_guarded
    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Begin a new mean of losses."""
        if self._recorder is not None:
            self._recorder.begin_epoch(epoch + 1)

    @_guarded
    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Choose whether to look at the coming batch."""
        if self._recorder is not None:
            self._first_of_execution = batch
            self._recorder.begin_execution()

    @_guarded
    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Record the step."""
        if self._recorder is not None:
            self._recorder.end_execution(self._first_of_execution, batch, logs or {})

    @_guarded
    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Record the epoch with its validation."""
        if self._recorder is not None:
            self._recorder.end_epoch(epoch + 1, logs or {})

    def on_train_end(self, logs: Logs = None) -> None:
        """End the watch, and leave the model as it was."""
        if not self._is_elsewhere():
            self._end_run("finished")

    def _fail_open_run(self, error: BaseException | None = None) -> None:
        """From any thread: that of the fit may be over."""
        self._end_run("failed", error)

    def _end_run(self, status: Literal["finished", "failed"], error: BaseException | None = None) -> None:
        recorder = self._recorder
        try:
            recorder = self._let_go()
            if recorder is not None:
                recorder.end(status, error)
        except Exception as fault:
            self._give_up(fault, recorder)

    def _is_elsewhere(self) -> bool:
        """Whether a fit in another thread is being watched, one that is not over."""
        if self._recorder is None or self._thread == threading.get_ident() or self._process != os.getpid():
            return False
        return any(thread.ident == self._thread for thread in threading.enumerate())

    def _let_go(self) -> RunRecorder | None:
        """The recorder of the open run, if there is one in this process; nothing waits for its end any more."""
        recorder, self._recorder = self._recorder, None
        end, self._end = self._end, None
        if end is not None:
            end.forget()
        return recorder if self._process == os.getpid() else None

    def _give_up(self, error: Exception, ending: RunRecorder | None = None) -> None:
        """Let go of the run, or of the one that is `ending`: training goes on without us."""
        log.debug("the watch of a run failed", exc_info=error)
        try:
            recorder = self._let_go() or ending
            self._console.note(
                f"stopped watching this run after an error of its own ({type(error).__name__}: {error}); "
                "training goes on unchanged"
            )
            if recorder is not None:
                recorder.abandon()
        except Exception as another:  # whatever it is, fit must not see it
            log.debug("letting go of a run failed", exc_info=another)

    def _implements_train_batch_hooks(self) -> bool:
        """Keras 2 asks."""
        return True

    def _implements_test_batch_hooks(self) -> bool:
        return False

    def _implements_predict_batch_hooks(self) -> bool:
        return False

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Keras's old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Keras's old name of `on_train_batch_end`."""

    @_guarded
    def on_test_begin(self, logs: Logs = None) -> None:
        """Rows for the panel may be taken from a validation's batches; its results come with the epoch."""
        if self._recorder is not None:
            self._recorder.begin_validation()

    @_guarded
    def on_test_end(self, logs: Logs = None) -> None:
        """Leave the model's test function as it was."""
        if self._recorder is not None:
            self._recorder.end_validation()

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """See `on_test_begin`."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """See `on_test_begin`."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Predictions are not watched."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """See `on_predict_begin`."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """See `on_predict_begin`."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """See `on_predict_begin`."""
