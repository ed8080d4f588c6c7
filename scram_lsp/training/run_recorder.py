"""One run under watch: records what the probes see, asks the rules about it, passes on what they say."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from scram_analyzers.engine import analyze_run
from scram_analyzers.rules.base import Rule
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, EpochRecord, RunInfo, StepRecord
from scram_lsp.training.array_statistics import batch_statistics
from scram_lsp.training.batch_tap import BatchTap
from scram_lsp.training.call_site import find_call_site
from scram_lsp.training.console import RunConsole
from scram_lsp.training.loss_suspicion import LossSuspicion
from scram_lsp.training.publication import Publication
from scram_lsp.training.run_facts import chance_loss, current_learning_rate, input_consumers, read_run_info
from scram_lsp.training.sample_schedule import SampleSchedule
from scram_lsp.training.script_rules import rules_for
from scram_lsp.training.script_text import ScriptText
from scram_lsp.training.step_loss import StepLoss, has_own_train_step, logs_running_mean
from scram_lsp.training.weights import nonfinite_weights

SETTLED_STEPS = 10
"""The first executions compile; from here on their times are those of the run."""


class RunRecorder:
    """Watches one call of `fit`. Every method may raise; the callback guards them all."""

    def __init__(self, model: Any, params: Mapping[str, Any], console: RunConsole) -> None:
        site = find_call_site()
        info = read_run_info(model, params, site, datetime.now().astimezone())
        self._model = model
        self._console = console
        self._draws_bar = params.get("verbose") not in (0, 2)
        self._rules = rules_for(site.script, console)
        self._script = ScriptText(site.script, self._rules)
        self._history = RunHistory(info)
        self._losses: StepLoss | None = _step_loss(info)
        self._must_ask_for_mean = has_own_train_step(model)
        self._schedule = SampleSchedule()
        self._can_probe = info.backend == "tensorflow"
        self._tap: BatchTap | None = None
        self._consumers: Mapping[str, str] | None = None
        self._arrays: tuple[ArrayStatistics, ...] = ()
        self._step = 0
        self._epoch = 1
        self._suspicion = LossSuspicion(chance_loss(info))
        self._execution_began = 0.0
        self._step_seconds = 0.0
        self._publication = Publication(info, self._script.digest, console)

    @property
    def info(self) -> RunInfo:
        """What was known of the run at its begin."""
        return self._history.info

    def begin(self) -> None:
        """Training is about to take its first step."""
        if self._can_probe:
            self._tap = BatchTap.install(self._model, self._look)
        else:
            self._console.note(
                f"on the {self.info.backend} backend only the logged losses and metrics are watched, "
                "not the batches and weights"
            )
        self._history.begin()
        self._ask()

    def begin_epoch(self, epoch: int) -> None:
        """Epoch `epoch` (from 1) begins."""
        self._epoch = epoch
        self._console.is_bar_open = False
        if self._losses is not None:
            self._losses.begin_epoch()

    def begin_execution(self) -> None:
        """One call of the train function, of one or more steps, is about to be made."""
        if self._tap is not None and self._schedule.is_due(self._step + self._steps_per_execution):
            self._tap.arm()
        self._execution_began = time.perf_counter()

    def end_execution(self, first: int, last: int, logs: Mapping[str, Any]) -> None:
        """Steps `first` to `last` of the epoch (from 0) are done; `logs` hold the epoch's means."""
        begin = time.perf_counter()
        if self._tap is not None and self._tap.fault is not None:
            raise self._tap.fault
        self._console.is_bar_open = self._draws_bar and first > 0  # Keras draws after us
        self._step += last - first + 1
        loss = self._batch_loss(last + 1, logs)
        is_sampled = self._schedule.is_due(self._step)
        is_looked_at = self._suspicion.raised_by(self._step, loss) or is_sampled
        bad = self._nonfinite_weights() if is_looked_at else ()
        arrays, self._arrays = self._arrays, ()
        self._history.add_step(StepRecord(self._step, self._epoch, loss, arrays, bad))
        self._publication.progress(self._epoch, self._step, loss)
        if is_looked_at:
            self._ask()
        if is_sampled:
            self._schedule.took(self._step)
            self._learn_cost(time.perf_counter() - begin)
        else:
            self._step_seconds = (begin - self._execution_began) / (last - first + 1)

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Epoch `epoch` (from 1) and its validation are done."""
        self._console.is_bar_open = self._draws_bar
        bad = self._nonfinite_weights()
        if bad and self._history.steps:
            self._history.steps[-1] = replace(self._history.steps[-1], nonfinite_weights=bad)
        values = tuple((name, float(value)) for name, value in logs.items() if _is_number(value))
        self._history.add_epoch(EpochRecord(epoch, self._step, values, current_learning_rate(self._model)))
        self._ask()

    def end(self, status: Literal["finished", "failed"]) -> None:
        """Training is over: finished, or failed by an exception."""
        self._console.is_bar_open = status == "failed" and self._draws_bar
        self.restore_model()
        if status == "finished":
            self._history.end()
            self._ask()
        self._publication.end(status)
        self._console.note(self._report(status))

    def abandon(self) -> None:
        """Close what is open without asking the rules: scram itself failed."""
        self.restore_model()
        self._publication.end("finished")

    def restore_model(self) -> None:
        """Give the model back as it was."""
        if self._tap is not None:
            self._tap.remove()

    @property
    def _steps_per_execution(self) -> int:
        return int(getattr(self._model, "steps_per_execution", 1))

    def _look(self, batch: Any) -> None:
        if self._consumers is None:  # the model may be built by its first batch only
            self._consumers = input_consumers(self._model)
        self._arrays = batch_statistics(batch, self._consumers)

    def _batch_loss(self, steps: int, logs: Mapping[str, Any]) -> float | None:
        logged = logs.get("loss")
        if logged is None or not _is_number(logged):
            return None
        mean = float(logged)
        if self._must_ask_for_mean and steps > 1 and math.isfinite(mean):
            self._must_ask_for_mean = False
            if not (self._can_probe and logs_running_mean(self._model, mean)):
                self._losses = None
        return mean if self._losses is None else self._losses.take(steps, mean)

    def _nonfinite_weights(self) -> tuple[str, ...]:
        return nonfinite_weights(self._model) if self._can_probe else ()

    def _learn_cost(self, seconds: float) -> None:
        """Space the samples by what the last one cost: `seconds` after the step and the look before it."""
        if self._tap is not None and self._step > SETTLED_STEPS:
            self._schedule.learn_cost(self._tap.seconds + seconds, self._step_seconds)

    def _ask(self) -> None:
        """Ask the rules; the script is analyzed only when they have something to say."""
        if not analyze_run(self._history, self._rules, None):
            return
        analysis = self._script.analysis
        for finding in analyze_run(self._history, self._rules, analysis.program):
            if self._publication.is_news(finding) and not self._script.suppressions.silence(finding):
                self._publication.publish(finding, analysis.fix(finding))

    def _report(self, status: Literal["finished", "failed"]) -> str:
        checks = sum(1 for rule in self._rules if type(rule).check_run is not Rule.check_run)
        count = self._publication.count
        found = "nothing found" if count == 0 else f"{count} finding{'s' if count > 1 else ''}"
        ended = "" if status == "finished" else "fit did not finish; "
        where = f" (scram runs show {self.info.run})" if count and self._publication.is_stored else ""
        return f"{ended}watched {self._step} steps, {checks} checks on the run, {found}{where}"


def _step_loss(info: RunInfo) -> StepLoss:
    """With the sizes of the batches where every epoch runs once over all samples."""
    size, samples = info.batch_size, info.training_samples
    if size and samples and info.steps_per_epoch == math.ceil(samples / size):
        return StepLoss(size, samples)
    return StepLoss(None, None)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
