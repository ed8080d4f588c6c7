"""One loop over `train_on_batch`: what its calls tell of steps, and where its rounds end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from scram_lsp.training.batches.step_loss import StepLoss
from scram_lsp.training.callback import ScramCallback
from scram_lsp.training.data.rounds import Rounds
from scram_lsp.training.run_recorder import OwnLoop

QUESTIONS = 3
"""From so many steps on before which a model was asked for its answers, when these are half of all, it learns from
them. Ours."""

SETS = 3
"""Nobody evaluates a model on more sets each time: more results are those of single batches. Ours."""

Numbers = dict[str, float]


class BatchLoop:
    """Tells the callback of the steps of one model, and of epochs: one ends when the model is evaluated and trained
    further, or with the round that its data make.
    """

    def __init__(self, model: Any, callback: ScramCallback) -> None:
        self.model = model
        self.callback = callback
        self.has_moving_target = False
        self._names: list[str] | None = None
        self._rounds = Rounds()
        self._steps = self._after_answers = 0
        self._logs: list[Numbers] = []
        self._usual = 0
        self._evaluations = _Evaluations()
        self._means = _Means(model)
        self._goes_on = False
        callback.begin_loop(model, OwnLoop(is_on_batches=True))

    def begin_step(self, batch: tuple[Any, Any], after_answers: bool, goes_on: bool) -> None:
        """A step is about to be taken on this batch; `after_answers`: a model was asked for some since the last."""
        is_anew = self._rounds.begins_with(*batch)
        if self._logs and (is_anew or self._evaluations.are_made):
            self._end_epoch()
        self._steps += 1
        self._after_answers += after_answers
        is_asked = self._after_answers >= QUESTIONS and self._steps <= 2 * self._after_answers
        if is_asked or self._rounds.have_moving_targets:
            self.take_moving_target()
        self._goes_on = goes_on
        self.callback.on_train_batch_begin(0)

    def end_step(self, result: Any) -> None:
        """Keras returned this."""
        logs = self._named(result)
        if self._goes_on and "loss" in logs:
            logs = {**logs, "loss": self._means.take(logs["loss"])}
        self._logs.append(logs)
        self.callback.on_train_batch_end(0, logs)

    def begin_evaluation(self, given: Mapping[str, Any]) -> None:
        """The model is about to be evaluated."""
        if self._logs:
            self._evaluations.begin(given.get("x"), given.get("y"))

    def end_evaluation(self, result: Any) -> None:
        """Keras returned this."""
        if self._logs:
            self._evaluations.end(self._named(result))

    def take_moving_target(self) -> None:
        """What the model learns changes with it."""
        if not self.has_moving_target:
            self.has_moving_target = True
            self.callback.take_moving_target()

    def end(self) -> None:
        """No more steps: what was begun is an epoch if those before were no longer."""
        if self._logs and self._usual and 2 * len(self._logs) > self._usual:
            self._end_epoch()
        self.callback.on_train_end()

    def _end_epoch(self) -> None:
        validation = self._evaluations.data
        if validation is not None:
            self.callback.take_validation(*validation)
        results = self._evaluations.take(is_first=self._usual == 0)
        logs = _means(self._logs) | {f"val_{name}": value for name, value in results.items()}
        self._usual, self._logs = len(self._logs), []
        self._rounds.begin()
        self.callback.take_epoch(logs)

    def _named(self, result: Any) -> Numbers:
        """What Keras returned by the names of the metrics; what can't be told is left out."""
        if isinstance(result, Mapping):
            return {name: float(value) for name, value in result.items() if _is_number(value)}
        values = list(result) if isinstance(result, list | tuple) else [result]
        if self._names is None or len(self._names) != len(values):  # those of metrics are known after the first step
            self._names = list(_metric_names(self.model))
        names = self._names if len(self._names) == len(values) else ["loss"]
        return {name: float(value) for name, value in zip(names, values, strict=False) if _is_number(value)}


class _Evaluations:
    """What the model was evaluated on, and with what results, since the last epoch.

    It is validation where the first epoch has ended with one, as often in each. A program that trains for several
    rounds before evaluates what it has made.
    """

    def __init__(self) -> None:
        self._count: int | None = None
        self._given: list[tuple[Any, Any]] = []
        self._results: list[Numbers] = []
        self._is_taken = False

    @property
    def are_made(self) -> bool:
        """Whether there are some that end an epoch."""
        return bool(self._results) and self._count != 0

    @property
    def data(self) -> tuple[Any, Any] | None:
        """Of the first epoch the data, where that is one set."""
        if len(self._results) != 1 or self._is_taken or self._count == 0 or self._given[0][1] is None:
            return None
        self._is_taken = True
        return self._given[0]

    def begin(self, x: Any, y: Any) -> None:
        """The model is evaluated on these."""
        if not self._is_taken and not self._results:
            self._given = [(x, y)]

    def end(self, result: Numbers) -> None:
        """With this result."""
        self._results.append(result)

    def take(self, *, is_first: bool) -> Numbers:
        """The results of an epoch, of several sets those of the last; of single batches the mean."""
        results, self._results, self._given = self._results, [], []
        if is_first:
            self._count = len(results)
        results = results[: self._count or 0]
        return _means(results if len(results) > SETS else results[-1:])


class _Means:
    """The loss of one step where Keras returns the mean since the metrics were reset, which programs do anywhere."""

    def __init__(self, model: Any) -> None:
        self._tracker = getattr(model, "_loss_tracker", None)
        self._losses = StepLoss(None, None)
        self._count = self._steps = 0.0

    def take(self, mean: float) -> float:
        """The loss of the step after which Keras gives this mean."""
        count = float(getattr(self._tracker, "count", self._count + 1))
        if count <= self._count:
            self._losses.begin_epoch()
            self._steps = 0
        self._count = count
        self._steps += 1
        loss = self._losses.take(int(self._steps), mean)
        return mean if loss is None else loss


def _metric_names(model: Any) -> Iterator[str]:
    """In the order in which Keras returns their results."""
    for metric in model.metrics:
        inner = getattr(metric, "metrics", None) if type(metric).__name__ == "CompileMetrics" else None
        for each in [metric] if inner is None else inner:
            yield each.name


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _means(logs: list[Numbers]) -> Numbers:
    """The mean of each number over those that tell it."""
    names = {name: None for each in logs for name in each}
    return {name: fmean([each[name] for each in logs if name in each]) for name in names}
