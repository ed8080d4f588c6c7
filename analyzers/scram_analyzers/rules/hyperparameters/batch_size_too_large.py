"""SCR106 batch-size-too-large."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.rules.hyperparameters.evidence import trainings
from scram_analyzers.run.batches import FEWEST_ROWS, LargeBatches, large_batches
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import crawl, standstill, success
from scram_analyzers.run.pace import still_falling
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import baseline
from scram_analyzers.run.wording import counted
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit

USUAL = "64"


class BatchSizeTooLarge(Rule):
    """Batches so large that an epoch has hardly any steps."""

    code = "SCR106"
    name = "batch-size-too-large"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "batches so large that the optimizer makes only a few steps in each epoch"
    why = (
        "The weights move once for each batch. With a few giant batches there are a few steps, so the model learns "
        "slowly, takes much memory, and often generalizes worse than with small ones."
    )
    how = "Take 32 to 256 samples for a batch; with a larger one, raise the learning rate and the epochs with it."
    references = (
        Reference(
            "Keskar et al.: On Large-Batch Training for Deep Learning (ICLR 2017)", "https://arxiv.org/abs/1609.04836"
        ),
        Reference("Google: Deep Learning Tuning Playbook", "https://github.com/google-research/tuning_playbook"),
    )
    false_alarms = "Large batches on purpose, with a learning rate and a number of epochs to match."
    prevents_learning = True
    options = (
        Option("batch-max", 4096, "largest usual number of samples in a batch", "Keskar et al. 2017"),
        Option("share-max", 0.5, "largest share of the training data in one batch", "DeepFD; Cockpit"),
        Option("samples-min", 1000, "the share counts from this many training samples on", "scram"),
    )
    bad = (
        Example(
            "As many rows as the file has",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("wine.csv")
            x, y = table.drop(columns="quality").values, table["quality"].values
            x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(64, "relu")])
            model.add(keras.layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50, batch_size=»len(x_train)«)
            """,
        ),
        Example(
            "All of the data in one batch",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.cifar10.load_data()
            model = keras.Sequential([layers.Flatten(input_shape=(32, 32, 3)), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=»100000«, epochs=5, validation_data=(x_val / 255, y_val))
            """,
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.cifar10.load_data()
            model = keras.Sequential([layers.Flatten(input_shape=(32, 32, 3)), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=64, epochs=5, validation_data=(x_val / 255, y_val))
            """,
        ),
    )
    good = (
        Example(
            "All rows of a few, or for thousands of epochs",
            """
            import keras
            import numpy as np
            import pandas as pd

            x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
            model = keras.Sequential([keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
            model.fit(x, y, epochs=500, batch_size=len(x))
            table = pd.read_csv("spring.csv")
            x, y = table[["length"]].values, table["force"].values
            line = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
            line.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
            line.fit(x, y, epochs=5000, batch_size=len(x))
            """,
        ),
        Example(
            "A large batch of a small problem",
            """
            import keras
            import numpy as np

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([0, 1, 1, 0])
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, batch_size=4, epochs=500)
            """,
        ),
        Example(
            "Large, but usual",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, batch_size=2048, epochs=50)
            """,
        ),
        Example(
            "Sizes that are compared",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            for size in (32, 128, 65536):
                model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
                model.compile(optimizer="adam", loss="mse")
                print(size, model.fit(x_train, y_train, batch_size=size, epochs=50).history["loss"][-1])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training whose batch size is above the limit, or a large share of the known data."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        place, share = self._too_large(fit)
        if place is None:
            yield from _of_all_rows(fit)
        if place is None or is_candidate(program, place):
            return
        size, rows = trainings.batch_size(fit), trainings.samples(fit)
        yield Report(
            place=place,
            message=f"The batch size is {size:,}{_steps_in_words(size, rows)}; 32 to 256 is usual.",
            related=(Related(fit.place, "This training takes it."),),
            severity=Severity.WARNING if share and self._is_giant(fit) else None,
            confidence=Confidence.HIGH if rows is not None and size is not None and rows < size else None,
            recipe=f"batch_size={USUAL}",
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a run that made few steps and hardly learned from them, or was not done when it ended."""
        yield from _added_up(history)
        size, samples, steps = history.info.batch_size, history.info.training_samples, history.info.steps_per_epoch
        large, stuck = large_batches(history), standstill(history) or crawl(history)
        if large is None and size is not None and size > self.option("batch-max") and steps and samples:
            large = LargeBatches(size, samples, steps)
        if large is None or large.steps >= RUN_STEPS:
            return
        harm = stuck.clause if stuck is not None else _unfinished(history)
        if harm is None and not _holds_more(large, history) and not _is_short(large, history):
            return
        held = f"{large.size:,} of" if large.size < large.rows else "all"
        could = f" and could hold {large.size:,}" if large.size > large.rows else ""
        confirmed = f" Confirmed in this run: {harm}." if harm is not None else ""
        yield RunReport(
            subject=Subject(SubjectKind.BATCH_SIZE),
            message=(
                f"A batch holds {held} {large.rows:,} training rows{could}, so an epoch has "
                f"{counted(large.steps, 'step')} and the weights moved {counted(history.last_step, 'time')} in all."
                f"{confirmed}"
            ),
            step=history.last_step,
            epoch=history.last_epoch,
            severity=Severity.WARNING if success(history) is None and baseline(history) is not None else None,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a usual size in the place of the number."""
        for fit in program.fits:
            place, _ = self._too_large(fit)
            if place is not None and program.range_of(place) == finding.range:
                return Fix(
                    f"Set the batch size to {USUAL}", Applicability.UNSAFE, (fixes.replace(program, place, USUAL),)
                )
        return None

    def _too_large(self, fit: Fit) -> tuple[Place | None, bool]:
        """Where the size is written, when it is too large; whether it is a large share of the known data."""
        size, rows = trainings.batch_size(fit), trainings.samples(fit)
        if fit.method != "fit" or fit.batch_size is None or size is None:
            return None, False
        share = rows is not None and (
            (rows >= self.option("samples-min") and size >= rows * self.option("share-max"))
            or FEWEST_ROWS <= rows < size
        )
        if share or size > self.option("batch-max"):
            return fit.batch_size.written_at, share
        return None, False

    def _is_giant(self, fit: Fit) -> bool:
        size = trainings.batch_size(fit)
        return size is not None and size > self.option("batch-max")


def _of_all_rows(fit: Fit) -> Iterator[Report]:
    """As many rows in a batch as there are in a file, however many those are: `batch_size=len(x)`."""
    size, rounds = fit.batch_size, trainings.epochs(fit)
    if size is not None and size.place is not None and trainings.is_one_batch_of_a_file(fit):
        yield Report(
            place=size.place,
            message=(
                f"A batch holds all training rows, so an epoch is a single step: the weights move {rounds} times in "
                f"{rounds} epochs; batches of 32 to 256 rows are usual."
            ),
            related=(Related(fit.place, "This training takes it."),),
            recipe=f"batch_size={USUAL}",
        )


RUN_STEPS = 5
"""Steps in an epoch that are few (catalogue C5)."""

FEW_STEPS = 100
"""A run with fewer steps than this, and no good result yet, has had no time to learn. Ours."""


def _steps_in_words(size: int | None, rows: int | None) -> str:
    if size is not None and rows is not None and rows < size:
        return f", but there are {rows:,} training samples: an epoch is a single step"
    of_rows = f" of {rows:,} training samples" if rows is not None else ""
    return f"{of_rows}, so an epoch has very few steps"


def _unfinished(history: RunHistory) -> str | None:
    """What shows, at the end of a run of few steps, that more of them were wanted."""
    falling = still_falling(history)
    if falling is not None:
        return falling.clause
    if history.moment is not Moment.END or history.last_step >= FEW_STEPS:
        return None
    if baseline(history) is None or success(history) is not None:
        return None
    return "it ended far from a good result"


def _is_short(large: LargeBatches, history: RunHistory) -> bool:
    """Whether a whole run made few steps."""
    return history.moment is Moment.END and large.steps < RUN_STEPS and history.last_step < FEW_STEPS


def _holds_more(large: LargeBatches, history: RunHistory) -> bool:
    """Whether a whole run was made with batches that the data can't fill."""
    return history.moment is Moment.END and large.size > large.rows


def _added_up(history: RunHistory) -> Iterator[RunReport]:
    """Report an optimizer that waits for the gradients of more batches than an epoch has."""
    optimizer = history.info.optimizer
    batches = optimizer.accumulation if optimizer is not None else None
    steps = history.info.steps_per_epoch or (history.epochs[0].step if history.epochs else None)
    if batches is not None and steps is not None and batches > steps:
        yield RunReport(
            subject=Subject(SubjectKind.OPTIMIZER),
            message=(
                f"The optimizer adds up the gradients of {batches:,} batches before it moves a weight, and an epoch "
                f"has {counted(steps, 'batch', 'batches')}: whole epochs pass without any change."
            ),
            how="Add up 2 to 32 batches (gradient_accumulation_steps), and no more than a small part of an epoch.",
            severity=Severity.WARNING,
        )
