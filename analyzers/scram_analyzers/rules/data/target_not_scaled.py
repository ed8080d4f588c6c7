"""SCR219 target-not-scaled."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.run.batches import batch_targets
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.outputs import target_range, targets_by_output
from scram_analyzers.run.records import DataArray, Subject, SubjectKind
from scram_analyzers.run.records import LabelForm as SeenForm
from scram_analyzers.run.task import REGRESSIONS, targets
from scram_analyzers.run.wording import counted, rounded
from scram_analyzers.source.data import LabelForm, StepKind
from scram_analyzers.source.program import Fit, Program, every_fit

SQUARED = ("mean_squared_error", "mse")
REGRESSION = (*SQUARED, "mean_absolute_error", "mae", "huber", "log_cosh", "logcosh")


class TargetNotScaled(Rule):
    """Targets so large that the first steps of training are wild."""

    code = "SCR219"
    name = "target-not-scaled"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a regression whose targets are in the thousands or above"
    why = (
        "A new network answers about 0. With targets of 100000 the squared error begins at 10 billion and its gradient "
        "is as large: the weights are thrown far away, or creep for hours until the last bias has grown to the mean."
    )
    how = "Scale the targets, y = (y - y.mean()) / y.std(), and turn predictions back: p * std + mean."
    references = (
        Reference(
            "Karpathy: A Recipe for Training Neural Networks (init well)",
            "https://karpathy.github.io/2019/04/25/recipe/",
        ),
        Reference(
            "scikit-learn: TransformedTargetRegressor",
            "https://scikit-learn.org/stable/modules/compose.html#transforming-target-in-regression",
        ),
    )
    false_alarms = "A last layer whose output is multiplied back to the size of the targets."
    prevents_learning = True
    options = (
        Option("max-magnitude", 1000.0, "largest absolute value that passes", "the catalogue's bound (row D21)"),
    )
    bad = (
        Example(
            "In a loop of one's own",
            """
            import tensorflow as tf
            from sklearn.datasets import load_diabetes

            x, y = load_diabetes(return_X_y=True)
            y = »y * 1000«
            model = tf.keras.Sequential([tf.keras.layers.Dense(24, activation="relu"), tf.keras.layers.Dense(1)])
            loss_fn = tf.keras.losses.MeanSquaredError()
            optimizer = tf.keras.optimizers.Adam()
            for epoch in range(20):
                with tf.GradientTape() as tape:
                    loss = loss_fn(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Prices in dollars",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.california_housing.load_data()
            normalization = keras.layers.Normalization()
            normalization.adapt(x_train)
            model = keras.Sequential([normalization, keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, »y_train«, epochs=10)
            """,
        ),
        Example(
            "Fourth powers",
            """
            import keras
            import numpy as np

            x = np.linspace(-10, 10, 200)
            y = x**4
            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x / 10, »y«, epochs=10)
            """,
        ),
    )
    good = (
        Example(
            "Prices in hundreds of thousands",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.california_housing.load_data()
            normalization = keras.layers.Normalization()
            normalization.adapt(x_train)
            model = keras.Sequential([normalization, keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train / 100_000, epochs=10)
            """,
        ),
        Example(
            "Prices of the Boston table, which are from 5 to 50",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            normalization = keras.layers.Normalization()
            normalization.adapt(x_train)
            model = keras.Sequential([normalization, keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=10)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report large targets of a regression."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from self._of_loops(program)

    def _of_loops(self, program: Program) -> Iterator[Report]:
        """The targets of a loss that the program works out itself: those of the first one for each model."""
        said: set[int] = {fit.model.identity for fit in program.fits if fit.model is not None}
        for call in program.loss_calls:
            data, model = call.targets, call.model
            if model is None or model.identity in said:
                continue
            said.add(model.identity)
            if data is None or data.range is None or call.loss.name not in REGRESSION or _is_classes(data.labels):
                continue
            if data.range.magnitude > self.option("max-magnitude"):
                low, high = rounded(data.range.low, 6), rounded(data.range.high, 6)
                shaped = [step.place for step in data.steps if step.kind is not StepKind.SHUFFLED and step.place]
                place = shaped[-1] if shaped else data.place or call.place
                message = f"The targets of this loop go from {low} to {high}; a new network answers about 0."
                yield Report(place, message, (Related(call.place, "The loss takes them as they are."),))

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.targets
        if data is None or data.range is None or fit.y is None or fit.y.place is None or not _is_regression(fit):
            return
        if data.range.magnitude <= self.option("max-magnitude") or _is_classes(data.labels):
            return
        low, high = rounded(data.range.low, 6), rounded(data.range.high, 6)
        name = name_of(fit.y.place, "of this training")
        message = f"The targets {name} go from {low} to {high}; a new network answers about 0."
        recipe = f"{fit.y.place.text} / {fixes.number_text(data.range.magnitude)}" if name == fit.y.place.text else ""
        yield Report(fit.y.place, message, tuple(_origin(fit)), recipe=recipe)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by the targets given to fit: for information as long as the run learns."""
        if history.info.is_overheard:
            yield from self._of_own_loop(history)
            return
        if len(history.info.outputs) > 1:
            yield from self._beside_others(history)
            return
        seen, labels = target_range(history), targets(history)
        if seen is None or labels is None:
            return
        low, high, deviation = seen
        if history.info.losses != ("mean_squared_error",):
            yield from self._by_metric(history, labels)
            return
        is_wide = max(abs(low), abs(high)) > self.option("max-magnitude") or (deviation or 0.0) > RUN_DEVIATION
        failed = _failure(history, deviation) or _slowness(history)
        clause = failed or _lateness(history, deviation)
        if not is_wide and (clause is None or (deviation or 0.0) <= FAILED_DEVIATION):
            return
        yield RunReport(
            subject=Subject(SubjectKind.TARGETS),
            message=(
                f"The targets run from {rounded(low, 4)} to {rounded(high, 4)}, so the squared errors are in the "
                f"{_scale(deviation or high - low)}{f'; {clause}' if clause is not None else ''}."
            ),
            severity=None if failed is not None else Severity.INFO,
        )

    def _by_metric(self, history: RunHistory, labels: DataArray) -> Iterator[RunReport]:
        """Under another loss: a run that ended with a mean absolute error as large as that of a constant answer."""
        errors = history.metric("mean_absolute_error") or history.metric("mae")
        deviation = labels.deviation or 0.0
        if labels.label_form is not SeenForm.CONTINUOUS or deviation <= FAILED_DEVIATION or not errors:
            return
        if history.moment is Moment.END and errors[-1] > CONSTANT_ERROR * deviation:
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=(
                    f"The targets deviate by {rounded(deviation)} from their mean of {rounded(labels.mean or 0.0)}, "
                    f"and after {counted(len(errors), 'epoch')} the predictions are off by {rounded(errors[-1])}, "
                    "about as much as a constant answer: steps of a usual size take long to get so far."
                ),
            )

    def _of_own_loop(self, history: RunHistory) -> Iterator[RunReport]:
        """In a loop that names no loss: one that began as large as the squares of what seem to be its targets."""
        seen = batch_targets(history)
        first, losses = history.first_loss, [loss for _, loss in history.losses()]
        if seen is None or not first or not 1 / AS_LARGE < first / seen.square < AS_LARGE:
            return
        if max(abs(seen.low), abs(seen.high)) <= self.option("max-magnitude") and seen.deviation <= RUN_DEVIATION:
            return
        last = statistics.median(losses[-LAST_STEPS:])
        failed = history.moment is Moment.END and len(losses) > 2 * LAST_STEPS and last > seen.deviation**2
        clause = f"; after {len(losses):,} steps the loss is {rounded(last)}, no better than a constant answer's"
        yield RunReport(
            subject=Subject(SubjectKind.TARGETS),
            message=(
                f"The targets ({seen.name}) run from {rounded(seen.low, 4)} to {rounded(seen.high, 4)}, and the loss "
                f"began at {rounded(first)}, about their squares{clause if failed else ''}."
            ),
            severity=None if failed else Severity.INFO,
        )

    def _beside_others(self, history: RunHistory) -> Iterator[RunReport]:
        """Errors of one output that drown those of the others in their sum, unless weights bring them together."""
        for seen in targets_by_output(history):
            deviation = seen.deviation or 0.0
            wide = max(abs(seen.low), abs(seen.high)) > self.option("max-magnitude") or deviation > RUN_DEVIATION
            spread = seen.deviation or (seen.high - seen.low) / 4  # of a stream the deviation is not known
            drowns = spread > FAILED_DEVIATION and _drowns(history, seen.output.name)
            is_wide = wide and seen.form in (SeenForm.CONTINUOUS, None)
            if seen.output.loss not in REGRESSIONS or not (is_wide or drowns):
                continue
            is_squared = seen.output.loss == "mean_squared_error"
            size = _scale(deviation or seen.high - seen.low) if is_squared else "hundreds or more"
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=(
                    f'The targets of the output "{seen.output.name}" run from {rounded(seen.low, 4)} to '
                    f"{rounded(seen.high, 4)}, so its {'squared ' if is_squared else ''}errors are in the {size} and "
                    "outweigh those of the other outputs, unless loss_weights make up for it."
                ),
                severity=Severity.INFO,
            )


def _drowns(history: RunHistory, output: str) -> bool:
    """Whether the loss of this output was so much larger than each other's, at the end of every epoch."""
    losses = {each.name: history.metric(f"{each.name}_loss") for each in history.info.outputs}
    own, others = losses.pop(output, []), list(losses.values())
    lasting = [own, *others]
    if not own or not others or len({len(each) for each in lasting}) != 1:
        return False
    return all(loss > DROWNING * max(each[place] for each in others) for place, loss in enumerate(own))


def _slowness(history: RunHistory) -> str | None:
    stuck = standstill(history) or crawl(history)
    return stuck.clause if stuck is not None else None


def _failure(history: RunHistory, deviation: float | None) -> str | None:
    """What a run shows that ended with errors larger than those of always answering the mean."""
    losses = history.metric("loss")
    if history.moment is not Moment.END or not losses or deviation is None or losses[-1] <= deviation**2:
        return None
    return (
        f"after {counted(len(losses), 'epoch')} their mean is {rounded(losses[-1])}, and always answering the "
        f"targets' mean would make it {rounded(deviation**2)}"
    )


def _lateness(history: RunHistory, deviation: float | None) -> str | None:
    """What a run shows that learned, but needed a good part of its epochs to get as far as the targets' mean."""
    losses = history.metric("loss")
    if history.moment is not Moment.END or deviation is None:
        return None
    epochs = next((epoch for epoch, loss in enumerate(losses) if loss < deviation**2), 0)
    if epochs < LATE_EPOCHS or epochs < LATE_SHARE * len(losses):
        return None
    return (
        f"in {counted(epochs, 'epoch')} of {len(losses)} their mean was larger than always answering the targets' mean "
        f"would make it, {rounded(deviation**2)}"
    )


def _is_classes(labels: LabelForm | None) -> bool:
    return labels is not None and labels is not LabelForm.CONTINUOUS


def _is_regression(fit: Fit) -> bool:
    losses = fit.compile.losses if fit.compile is not None else ()
    return len(losses) == 1 and losses[0].name in REGRESSION


def _origin(fit: Fit) -> Iterator[Related]:
    data = fit.targets
    step = data.steps[-1] if data is not None and data.steps else None
    if step is not None and step.place is not None:
        yield Related(step.place, "The targets get their size here.")
    elif data is not None and data.place is not None:
        yield Related(data.place, "The targets come from here.")


DROWNING = 1000.0
"""So many times as large a loss leaves the other outputs nothing to say in their sum. Ours."""

AS_LARGE = 3.0
"""The first loss of answers near 0 is the mean square of the targets, within this factor. Ours."""

LAST_STEPS = 20
"""Of so many steps the middle loss is what a loop has come to. Ours."""

RUN_DEVIATION = 100.0
"""Of the targets in a run (catalogue D21)."""

CONSTANT_ERROR = 0.77
"""The mean absolute error of always answering the mean, in deviations: 0.8 of a normal distribution, 0.87 of an even
one."""

FAILED_DEVIATION = 10.0
"""Of the targets in a run that did not come below the error of always answering their mean. Ours."""


LATE_EPOCHS = 3
LATE_SHARE = 0.1
"""So many epochs, and such a part of all, that only bring the answers near the targets are worth a word. Ours."""


def _scale(deviation: float) -> str:
    return "millions" if deviation >= 1e3 else "ten thousands" if deviation >= 100 else "thousands"
