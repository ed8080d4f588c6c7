"""One run under watch: lets its parts look, records what they see, asks the rules, passes on what they say."""

from __future__ import annotations

import contextlib
import enum
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from scram_analyzers.findings import Finding, Fix, Severity
from scram_analyzers.run.records import EpochRecord, FrameworkWarning, RunError, RunInfo, StepRecord
from scram_lsp.training.background import Background
from scram_lsp.training.batches.batch_feed import feed_for
from scram_lsp.training.batches.batch_rows import copied
from scram_lsp.training.batches.batch_tap import BatchTap, Execution, can_be_tapped, steps_per_execution
from scram_lsp.training.batches.loss_suspicion import LossSuspicion
from scram_lsp.training.batches.step_reader import StepReader, as_number
from scram_lsp.training.budget import BYTE_LIMIT, TIME_SHARE, Budget
from scram_lsp.training.closing_words import checks_line, result_line
from scram_lsp.training.console import RunConsole, brief
from scram_lsp.training.data.data_check import check_data
from scram_lsp.training.distributed import can_take_batches, is_only_process, is_within_process, strategy_name
from scram_lsp.training.framework_warnings import WarningEar
from scram_lsp.training.inquiry import Inquiry
from scram_lsp.training.kept_history import KeptHistory
from scram_lsp.training.keras_flavour import flavour_of
from scram_lsp.training.later_questions import RunThatEnded
from scram_lsp.training.model.pass_cost import first_pass_seconds
from scram_lsp.training.model.random_states import note_data_of
from scram_lsp.training.model.weights import nonfinite_weights, weight_arrays
from scram_lsp.training.nonfinite.flight_recorder import FlightRecorder
from scram_lsp.training.nonfinite.own_callbacks import BetweenSteps
from scram_lsp.training.observers import BatchObserver, Observer, Observers, PanelObserver, ProbeObserver
from scram_lsp.training.places.call_site import find_call_site
from scram_lsp.training.places.own_optimizer import optimizer_of
from scram_lsp.training.places.recorded_places import record_places
from scram_lsp.training.probes.panel_watch import PanelWatch
from scram_lsp.training.progress_bar import ProgressBar
from scram_lsp.training.publication import Publication
from scram_lsp.training.run_error import run_error
from scram_lsp.training.run_facts import chance_loss, current_learning_rate, input_consumers, read_run_info
from scram_lsp.training.sample_schedule import SampleSchedule
from scram_lsp.training.start_allowance import start_allowances
from scram_lsp.training.watch import current_watch

ANSWER_SECONDS = 30.0
"""How long the end of training waits for the rules; they take well under a second."""

ABANDON_SECONDS = 1.0
"""How long training waits for what is open to be closed after a fault of our own."""

END_OF_DATA = frozenset(("StopIteration", "OutOfRangeError"))
"""By these the train function says that there are no batches left."""

PANEL_SECONDS_PER_LAYER = 0.005
"""What the first panel takes, compiled or not."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What a user can set. `time_budget` is a share of training's time, `byte_budget` is in bytes.

    `tensorboard` is the folder for TensorBoard; `stops_on_error`: a finding of level error ends the training.
    """

    time_budget: float = TIME_SHARE
    byte_budget: int = BYTE_LIMIT
    tensorboard: Path | None = None
    stops_on_error: bool = False


@dataclass(frozen=True, slots=True)
class OwnLoop:
    """A training loop of the program's own: the optimizer that it says it trains with, if it says so.

    `is_overheard`: it tells us nothing, see `TapeLoops`. `is_on_batches`: each of its steps is one call of
    `train_on_batch`, see `BatchLoops`.
    """

    optimizer: Any = None
    is_overheard: bool = False
    is_on_batches: bool = False


class _Phase(enum.Enum):
    """What is going on in a run."""

    BETWEEN = "between steps"
    STEP = "step"
    VALIDATION = "validation"


class RunRecorder:
    """Watches one call of `fit`, or a loop of the user's own.

    Every method may raise; the callback guards them all.
    """

    def __init__(
        self,
        model: Any,
        params: Mapping[str, Any],
        console: RunConsole,
        options: WatchOptions = WatchOptions(),
        own_loop: OwnLoop | None = None,
    ) -> None:
        self._is_own_loop = is_own_loop = own_loop is not None
        self._is_on_batches = own_loop is not None and own_loop.is_on_batches
        site = find_call_site()
        watch = current_watch()
        if watch is not None:
            watch.has_watched = True
            watch.questions.begin_run(model)
        creations = watch.creations if watch is not None else None
        told = own_loop.optimizer if own_loop is not None else None
        self._optimizer = told if told is not None else optimizer_of(model, creations, is_own_loop)
        trained = self._optimizer if self._optimizer is not None else model
        allowance = start_allowances().take(trained, options.time_budget)
        self._budget = Budget(options.time_budget, options.byte_budget, allowance=allowance)
        places = record_places(model, site, creations, self._optimizer)
        site = replace(site, script=Path(places.script.filename))
        known = read_run_info(model, params, site, datetime.now().astimezone(), self._optimizer)
        is_overheard = own_loop is not None and own_loop.is_overheard
        info = replace(known, is_own_loop=is_own_loop, is_overheard=is_overheard, is_on_batches=self._is_on_batches)
        self._given, self._anchor = site.arguments, site.arguments.get("callbacks")
        self._model = model
        self._console = console
        console.offs.clear()
        self._stops_on_error = options.stops_on_error
        self._bar = ProgressBar(console, params.get("verbose") not in (0, 2))
        can_stop = not is_own_loop and is_only_process() and is_within_process(model)
        self._background = Background("scram-watch")
        self._publication = Publication(
            info, places.script.digest, console, self._background, options.tensorboard, can_stop=can_stop
        )
        self._history = KeptHistory(info, self._publication.observe)
        self._reader = StepReader(model, info, info.backend != "jax", gets_means=not is_own_loop)
        self._schedule = SampleSchedule()
        self._suspicion = LossSuspicion(chance_loss(info))
        self._tap: BatchTap | None = None
        self._is_within_process = is_within_process(model)
        self._is_current = self._is_within_process and flavour_of(model).is_current
        self._feed = feed_for(info.backend)
        self._batches = BatchObserver(lambda: input_consumers(model))
        self._panel = PanelWatch(model, info, self._feed)
        self._between = BetweenSteps(model, self._anchor, info.backend, self._budget)
        self._observers = Observers(self._chosen_observers(), self._budget, console.off)
        self._ear = WarningEar(self._hear)
        self._failed: set[str] = set()
        self._error: RunError | None = None
        self._phase = _Phase.STEP if is_own_loop else _Phase.BETWEEN
        self._steps_per_execution = steps_per_execution(model)
        self._inquiry = Inquiry(places, self._background, self._tell, console.note)
        self._reason_to_stop: Finding | None = None
        self._is_open = threading.Lock()  # taken by the thread that ends the run

    @property
    def info(self) -> RunInfo:
        """What was known of the run at its begin."""
        return self._history.info

    def take_anchor(self) -> Any:
        """What lives as long as the call of `fit`: the list that it made of its callbacks. It is not kept here.

        (The iterator over its epochs lives longer: it is part of a cycle.)
        """
        anchor, self._anchor = self._anchor, None
        return anchor

    def begin(self) -> None:
        """Training is about to take its first step."""
        self._background.start()
        self._expect_costs()
        if not self._is_own_loop or self._is_on_batches:
            self._install_tap()
        given, self._given = self._given, {}
        self._attempt("the data given to fit", lambda: self._check_data(given))
        if self._is_current:
            self._attempt("the panel", lambda: self._choose_panel(given))
        self._say_what_is_off()
        self._ear.open()
        self._history.begin()
        self._inquiry.ask(self._history)
        self._budget.hold_up(self._budget.elapsed)

    def _install_tap(self) -> None:
        can_tap = can_take_batches(self._model) and can_be_tapped(self._model, "train_function")
        if can_tap and self._feed is not None:
            self._tap = BatchTap.install(self._model, self._feed, self._look, raised=self._note_error)

    def begin_epoch(self, epoch: int) -> None:
        """Epoch `epoch` (from 1) begins."""
        self._bar.begin_epoch()
        self._reader.begin_epoch(epoch)

    def begin_execution(self) -> None:
        """One call of the train function, of one or more steps, is about to be made."""
        begin = time.perf_counter()
        self._bar.after_drawing()
        self._error = None
        if self._is_on_batches and self._model.train_function is not self._tap:  # it was compiled anew
            self._install_tap()
        if self._tap is not None and self._observers.choose(self._reader.step + self._steps_per_execution):
            # The user's own data may raise, and is best asked for where the error speaks of nothing of ours.
            self._tap.arm(seeing=self._batches.is_stream or self._observers.must_see)
        self._budget.hold_up(time.perf_counter() - begin)
        self._phase = _Phase.STEP
        self._reader.begin_execution()

    def end_execution(self, first: int, last: int, logs: Mapping[str, Any]) -> None:
        """Steps `first` to `last` of the epoch (from 0) are done; `logs` hold the epoch's means."""
        begin = time.perf_counter()
        self._phase = _Phase.STEP if self._is_own_loop else _Phase.BETWEEN
        loss, seconds = self._reader.take(first, last, logs)
        step = self._reader.step
        is_due = self._schedule.is_due(step)
        is_odd = self._suspicion.raised_by(step, loss)
        is_looked_at = is_odd or (is_due and self._budget.affords("weights")) or self._between.has_spoiled()
        bad = self._nonfinite_weights() if is_looked_at else ()
        self._history.add_step(self._step_record(loss, bad, seconds))
        self._observers.report(self._tap, self._history)
        if is_due:
            self._schedule.passed(step)
        if is_odd or (is_due and self._budget.affords("rules")):
            self._inquiry.ask(self._history)
        self._background.release()
        self._heed()
        self._publication.progress(self._reader.epoch, step, loss)
        self._bar.before_drawing()
        self._budget.hold_up(time.perf_counter() - begin)

    def take_step(self, loss: Any, batch: tuple[Any, Any] | None, targets: Any = None) -> None:
        """A step of the user's own loop is done; its batch is looked at now, where it is given."""
        if batch is not None and self._observers.choose(self._reader.step + 1):
            self._look(Execution([batch], targets=targets))
        self.end_execution(self._reader.step, self._reader.step, {"loss": loss})
        self._reader.begin_execution()

    def take_epoch(self, logs: Mapping[str, Any]) -> None:
        """An epoch of the user's own loop is done."""
        self.end_epoch(self._reader.epoch, logs)
        self.begin_epoch(self._reader.epoch + 1)

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Epoch `epoch` (from 1) and its validation are done."""
        begin = time.perf_counter()
        self._bar.after_drawing()
        self._error = None
        if self._feed is not None:
            self._attempt("the batches", self._feed.rest)
        bad = self._nonfinite_weights()
        if bad and self._history.steps:
            self._history.steps[-1] = replace(self._history.steps[-1], nonfinite_weights=bad)
        numbers = tuple((name, number) for name, value in logs.items() if (number := as_number(value)) is not None)
        self._history.add_epoch(EpochRecord(epoch, self._reader.step, numbers, current_learning_rate(self._optimizer)))
        self._attempt("the panel", self._look_at_panel)
        self._attempt("the rows of the stream", lambda: self._batches.end_epoch(self._panel, self._history))
        self._attempt("the weights for TensorBoard", self._log_weights)
        self._inquiry.ask(self._history)
        self._heed()
        self._budget.hold_up(time.perf_counter() - begin)

    def take_validation(self, x: Any, y: Any) -> None:
        """The user's own loop is about to evaluate its model on these."""
        if self._is_current:
            self._attempt("the panel", lambda: self._choose_panel({"validation_data": (x, y)}))

    def take_moving_target(self) -> None:
        """What the model learns changes with it."""
        self._history.info = replace(self.info, has_moving_target=True)

    def begin_validation(self) -> None:
        """A validation within the fit begins."""
        self._phase = _Phase.VALIDATION
        self._bar.after_drawing()
        if self._is_current:
            self._attempt("the panel", self._panel.begin_validation)

    def end_validation(self) -> None:
        """It is over."""
        self._phase = _Phase.BETWEEN
        self._attempt("the panel", self._panel.end_validation)

    def fail_elsewhere(self, then: Callable[[], None]) -> None:
        """Training has failed, which is heard of where nothing can be done; the background does it, and `then`."""

        def fail() -> None:
            try:
                self.end("failed")
            finally:
                then()

        self._background.do_surely(fail)

    def end(self, status: Literal["finished", "failed"], error: BaseException | None = None) -> None:
        """Training is over: finished, or failed by `error` if that is known. Who comes second waits for the first."""
        if not self._is_open.acquire(blocking=False):
            self._background.finish(ANSWER_SECONDS)
            return
        begin = time.perf_counter()
        self._bar.end_run(is_complete=status == "finished")
        self.restore_model()
        if status == "finished":
            self._history.end()
            self._inquiry.ask(self._history)
        else:
            self._attempt("what was raised", lambda: self._ask_about(error))
        self._publication.end(status)
        is_all_said = self._background.finish(ANSWER_SECONDS)
        self._settle()
        if not is_all_said:
            self._console.note(f"the rules had no answer within {ANSWER_SECONDS:.0f} s; what they find is stored")
        self._budget.hold_up(time.perf_counter() - begin)
        self._console.note(
            result_line(status, self.info, self._reader.step, self._inquiry, self._publication, self._budget)
        )
        self._console.note(checks_line(self._inquiry, self._console.offs))
        if status == "finished":
            self._await_questions()

    def _await_questions(self) -> None:
        """What the model is asked from here on is seen beside what it was trained on."""
        watch, rules = current_watch(), self._inquiry.rules
        if watch is not None and rules is not None and not self._is_own_loop:
            watch.questions.end_run(self._model, RunThatEnded(self._history.copy(), rules, self._publication))

    def _ask_about(self, error: BaseException | None) -> None:
        """Have the rules look at what ended the training.

        A batch that was looked at, and whose step never came to an end, may hold what that step raised about.
        """
        step, epoch = self._reader.step + 1, self._reader.epoch
        arrays = self._batches.take_arrays()
        if arrays:
            self._history.add_step(StepRecord(step, epoch, arrays=arrays))
        if self._error is None and isinstance(error, Exception):
            self._note_error(error)
        if arrays or self._error is not None:
            self._history.fail(self._error)
            self._inquiry.ask(self._history)

    def _note_error(self, error: Exception) -> None:
        """Read what was raised, and keep nothing of it: it holds the frames by which the end of the `fit` is told."""
        if type(error).__name__ in END_OF_DATA:
            return
        if (watch := current_watch()) is not None:
            watch.leave_to_run(error)
        layers = (layer.name for layer in self.info.layers)
        step = self._reader.step + 1 if self._phase is _Phase.STEP else None
        in_validation = self._phase is _Phase.VALIDATION
        self._error = run_error(error, layers, self._reader.epoch, step, in_validation=in_validation)

    def abandon(self) -> None:
        """Close what is open without asking the rules: scram itself failed. The last named part comes first."""
        with contextlib.ExitStack() as parts:
            parts.callback(self._background.finish, ABANDON_SECONDS)
            parts.callback(self._publication.end, "finished")
            parts.callback(self._background.drop)
            self.restore_model()

    def restore_model(self) -> None:
        """Give the model back as it was."""
        self._ear.close()
        self._panel.end_validation()
        if self._tap is not None:
            self._tap.remove()
        if self._feed is not None:
            self._feed.close()

    def _look(self, execution: Execution) -> None:
        """Let the observers that are due see what is about to be trained on."""
        if self._is_on_batches:  # the program may fill the same array again for its next step
            execution = replace(execution, batches=[copied(batch) for batch in execution.batches])
        self._observers.look(execution, self._reader.step + len(execution.batches), self._reader.epoch)

    def _step_record(self, loss: float | None, bad: tuple[str, ...], seconds: float) -> StepRecord:
        """The record of the step that is over, with what the tap saw of its batches."""
        arrays, data_seconds = self._batches.take_arrays(), None
        if self._tap is not None:
            if self._tap.fault is not None:
                raise self._tap.fault
            data_seconds = self._tap.take_data_seconds()
        return StepRecord(self._reader.step, self._reader.epoch, loss, arrays, bad, seconds, data_seconds)

    def _chosen_observers(self) -> list[Observer]:
        if not self._is_current:  # what looks into layers is made of Keras 3's parts
            return [self._batches]
        recorder = FlightRecorder(self._model, self._budget, looks_between=self._between.is_watched)
        return [self._batches, ProbeObserver(self._model, self._budget), PanelObserver(self._panel), recorder]

    @property
    def _is_own_function(self) -> bool:
        """Whether Keras calls a function of the user's own for each step."""
        is_made = callable(getattr(self._model, "train_function", None)) and not self._is_own_loop
        return is_made and not can_be_tapped(self._model, "train_function")

    def _say_what_is_off(self) -> None:
        off = ["of the layers and predictions"] if not self._is_current else []
        off += ["of the batches"] if self._tap is None and (not self._is_own_loop or self._is_on_batches) else []
        if self.info.is_overheard:
            self._console.off(
                "of this loop the loss is watched, and its inputs where they can be told; it can tell "
                "scram_lsp.Watcher of all its data and epochs"
            )
        off += ["of the weights"] if not self._is_within_process else []
        if off:
            strategy = strategy_name(self._model)
            keras = f"Keras {self.info.keras_version} on {self.info.backend}"
            under = f" under {strategy}" if self._tap is None and strategy is not None else ""
            under += " and a train function of your own" if self._is_own_function else ""
            self._console.off(f"with {keras}{under} the checks {' and '.join(off)} are off")

    def _expect_costs(self) -> None:
        """What the first probe and panel will take."""
        if self._is_current:
            self._budget.expect("layers", first_pass_seconds(self._model, self.info.backend))
            self._budget.expect("panel", len(self.info.layers) * PANEL_SECONDS_PER_LAYER)

    def _check_data(self, given: Mapping[str, Any]) -> None:
        data = check_data(given, input_consumers(self._model))
        self._history.data = data
        arrays = data.arrays if data is not None else ()
        is_told = any(array.part == "training" for array in arrays)  # nothing is known of a generator
        self._batches.is_stream = not is_told or any(array.rows is None for array in arrays)
        if self._is_current:
            note_data_of(self._model, may_draw=self._batches.is_stream and not self._is_own_loop)

    def _choose_panel(self, given: Mapping[str, Any]) -> None:
        self._panel.choose(given)
        self._budget.hold("panel", self._panel.byte_size)

    def _look_at_panel(self) -> None:
        if self._is_current and self._budget.affords("panel"):
            with self._budget.spending("panel"):
                record = self._panel.observe(self._reader.step, self._reader.epoch)
            if record is not None:
                self._history.add_panel(record)

    def _hear(self, message: str, category: str) -> None:
        self._history.warnings.append(FrameworkWarning(message, category, self._reader.step))

    def _attempt(self, part: str, act: Callable[[], None]) -> None:
        """Do what the rest can do without: when it fails on this model or data, it is not tried again."""
        if part in self._failed:
            return
        try:
            act()
        except Exception as error:
            self._failed.add(part)
            log.debug("%s failed", part, exc_info=error)
            self._console.off(f"can't look at {part} ({brief(error)})")

    def _nonfinite_weights(self) -> tuple[str, ...]:
        if not self._is_within_process:
            return ()
        with self._budget.spending("weights"):
            return nonfinite_weights(self._model, self.info.backend)

    def _tell(self, finding: Finding, fix: Fix | None) -> None:
        """The rules say something, in the background: pass it on at once, unless it was said before."""
        if self._publication.is_news(finding):
            self._publication.publish(finding, fix)
            if self._stops_on_error and finding.severity is Severity.ERROR:
                self._reason_to_stop = self._reason_to_stop or finding

    def _settle(self) -> None:
        """Take notice of what became of the questions: what failed, and what they cost."""
        if self._background.fault is not None:
            raise self._background.fault
        seconds = self._inquiry.take_seconds()
        if seconds > 0:
            self._budget.spend("rules", seconds)

    def _heed(self) -> None:
        """Take notice of it while training goes on, and of whether it is to stop."""
        self._settle()
        if self._reason_to_stop is not None:
            self._stop(f"because of {self._reason_to_stop.code}, as on_error='stop' asks for")
        if self._publication.is_stop_wanted:
            self._stop("as you asked in the editor")

    def _stop(self, reason: str) -> None:
        """End the training after this step, as early stopping does."""
        if not self._model.stop_training:
            self._model.stop_training = True
            self._console.note(f"training is stopped {reason}")

    def _log_weights(self) -> None:
        if self._publication.takes_weights and self._budget.affords("histograms"):
            with self._budget.spending("histograms"):
                arrays = weight_arrays(self._model, self.info.backend)
                self._publication.log_weights(arrays, self._reader.step)
