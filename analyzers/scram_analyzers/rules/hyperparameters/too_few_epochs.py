"""SCR110 too-few-epochs."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.hyperparameters.evidence import trainings
from scram_analyzers.rules.hyperparameters.evidence.optimizers import usual_lowest
from scram_analyzers.run.data_parts import validation_rows
from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import accuracy_name, success
from scram_analyzers.run.overfitting import overfitting
from scram_analyzers.run.pace import still_falling
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import baseline
from scram_analyzers.run.wording import counted
from scram_analyzers.source.data import PREDICTION
from scram_analyzers.source.heads import heads_with_losses
from scram_analyzers.source.interpreting.fitting import SEARCH
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Fit, Program, every_fit

USUAL = 20


class TooFewEpochs(Rule):
    """A training that ends before it has begun."""

    code = "SCR110"
    name = "too-few-epochs"
    severity = Severity.INFO
    confidence = Confidence.LOW
    summary = "a training of very few epochs that makes only a few steps"
    why = (
        "The weights move a little with each batch. After so few steps they are still close to the random numbers they "
        "began with, and the result says little about the model."
    )
    how = "Train for more epochs, with EarlyStopping on the validation loss to end in time."
    references = (
        Reference("Keras: EarlyStopping", "https://keras.io/api/callbacks/early_stopping/"),
        Reference("DeepFD (ICSE 2022)", "https://doi.org/10.1145/3510003.3510099"),
    )
    false_alarms = (
        "A first look whether a program runs at all, or very much data: then one epoch can be enough. Random data, "
        "trained parts, trainings in a loop and modules with many trainings are left alone."
    )
    symptom_of = ("SCR106",)
    options = (
        Option("epochs-min", 3, "fewest usual epochs", "DeepFD"),
        Option("epochs-few", 10, "with very few steps, this many epochs are too few as well", "scram"),
        Option("steps-few", 100, "fewer steps than this are very few", "scram"),
        Option("steps-hardly", 30, "a run of fewer steps than this that learned little has hardly begun", "scram"),
        Option("steps-begun", 100, "the same for a run of one or two epochs", "scram"),
        Option("steps-min", 1000, "a training of this many steps is never reported", "scram"),
        Option("path-min", 0.15, "learning rate times steps of plain SGD, below which weights hardly move", "scram"),
        Option("trainings-max", 2, "a module of more trainings than this shows how things are called", "scram"),
    )
    bad = (
        Example(
            "Fourteen steps",
            """
            import keras
            import numpy as np

            x = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
            y = np.array([1, 2, 4, 3, 5, 7, 9, 3, 8, 12, 13, 8, 14, 15])
            model = keras.Sequential([keras.layers.Dense(20, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=»1«, batch_size=1)
            """,
            """
            import keras
            import numpy as np

            x = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
            y = np.array([1, 2, 4, 3, 5, 7, 9, 3, 8, 12, 13, 8, 14, 15])
            model = keras.Sequential([keras.layers.Dense(20, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, batch_size=1)
            """,
        ),
        Example(
            "One step in each epoch, as a batch holds all rows",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(20, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=»15«, batch_size=len(x))
            """,
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(20, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=45, batch_size=len(x))
            """,
        ),
        Example(
            "A new model for each fold",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import KFold
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            for train, held_out in KFold(5, shuffle=True).split(x):
                scaler = StandardScaler().fit(x[train])
                model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, "sigmoid")])
                model.compile(optimizer="adam", loss="binary_crossentropy")
                model.fit(scaler.transform(x[train]), y[train], epochs=»2«)
                print(model.evaluate(scaler.transform(x[held_out]), y[held_out]))
            """,
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import KFold
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            for train, held_out in KFold(5, shuffle=True).split(x):
                scaler = StandardScaler().fit(x[train])
                model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, "sigmoid")])
                model.compile(optimizer="adam", loss="binary_crossentropy")
                model.fit(scaler.transform(x[train]), y[train], epochs=20)
                print(model.evaluate(scaler.transform(x[held_out]), y[held_out]))
            """,
        ),
        Example(
            "A hundred steps that come to nothing",
            """
            import keras
            import numpy as np

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([[0], [1], [1], [0]])
            model = keras.Sequential([keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1, "sigmoid")])
            model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(0.001), metrics=["accuracy"])
            model.fit(x, y, batch_size=4, epochs=»100«)
            """,
            """
            import keras
            import numpy as np

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([[0], [1], [1], [0]])
            model = keras.Sequential([keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1, "sigmoid")])
            model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(0.001), metrics=["accuracy"])
            model.fit(x, y, batch_size=4, epochs=300)
            """,
        ),
    )
    good = (
        Example(
            "A step of an agent",
            """
            import keras
            import numpy as np
            from project import memory

            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(24, "relu"), keras.layers.Dense(4)])
            model.compile(optimizer="adam", loss="mse")


            def learn(size=64):
                states, actions, rewards, following, ended = memory.sample(size)
                values = model.predict(states)
                best = np.max(model.predict(following), axis=1)
                values[np.arange(size), actions] = rewards + 0.99 * best * (1 - ended)
                model.fit(states, values, epochs=1, verbose=0)
            """,
        ),
        Example(
            "One epoch at a time, in a loop",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(20, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            for epoch in range(40):
                model.fit(x, y, epochs=1)
            """,
        ),
        Example(
            "One epoch of much data",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, epochs=1, validation_data=(x_val / 255, y_val))
            """,
        ),
        Example(
            "A trained model that only gets a new head",
            """
            import keras

            base = keras.applications.VGG16(weights="imagenet", include_top=False, pooling="avg")
            model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=2)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each single training of a model from scratch with too few epochs and, where known, steps."""
        if len({fit.place.key for fit in program.fits}) > self.option("trainings-max"):
            return
        for fit in program.fits:
            place = self._too_few(program, fit)
            if place is None:
                continue
            rounds, steps = trainings.epochs(fit), trainings.total_steps(fit)
            words = f"{rounds} epoch{'s' if rounds != 1 else ''}"
            in_steps = (
                f", which is {steps:,} step{'s' if steps != 1 else ''} of the optimizer" if steps is not None else ""
            )
            yield Report(
                place=place,
                message=f"The model is trained for only {words}{in_steps}.",
                recipe=f"epochs={USUAL}",
            )
        yield from program.each_of(every_fit, self._of_sgd)

    def _of_sgd(self, program: Program, fit: Fit) -> Iterator[Report]:
        """Plain SGD whose steps come to hardly anything, all of them together."""
        optimizer, steps = fit.compile.optimizer if fit.compile is not None else None, trainings.total_steps(fit)
        rate = optimizer.learning_rate if optimizer is not None else None
        if optimizer is None or optimizer.class_name != "SGD" or rate is None or rate.schedule or steps is None:
            return
        if optimizer.arguments.open or optimizer.arguments.get("momentum") is not None:
            return
        if rate.value is None or rate.value < usual_lowest("SGD"):  # such a rate is SCR102's
            return
        if fit.compile is None or fit.method != "fit" or not _has_small_gradients(fit.compile):
            return
        if not 0 < steps * rate.value < self.option("path-min") or self._too_few(program, fit) is not None:
            return
        if (
            trainings.begins_trained(fit.model)
            or _is_for_show(fit, counted=False)
            or trainings.is_repeated(program, fit)
        ):
            return
        place = fit.epochs.written_at if fit.epochs is not None else fit.place
        message = (
            f"{steps:,} steps of SGD at a learning rate of {fixes.number_text(rate.value)} come to "
            f"{fixes.number_text(steps * rate.value)} times a gradient, all together: the weights hardly move."
        )
        yield Report(place or fit.place, message, (Related(optimizer.place, "The optimizer."),), recipe="SGD(0.1)")

    def refutation(self, finding: Finding, history: RunHistory) -> str | None:
        """A run that trained well and no longer got better."""
        return success(history) if still_falling(history) is None else None

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a run that ended while its loss still fell with every epoch."""
        seen = still_falling(history)
        if seen is None:
            yield from self._hardly_begun(history)
            return
        if overfitting(history) is not None:
            return
        learned = success(history) is not None or baseline(history) is None
        yield RunReport(
            subject=Subject(SubjectKind.EPOCHS),
            message=f"The run ended after {counted(seen.epochs, 'epoch')} while {seen.clause}.",
            step=history.last_step,
            epoch=history.last_epoch,
            severity=Severity.HINT if learned and not seen.is_fast else Severity.INFO,
        )

    def _hardly_begun(self, history: RunHistory) -> Iterator[RunReport]:
        """A run that made all its epochs, learned little, and had hardly any steps to learn in."""
        steps, rounds = history.last_step, len(history.epochs)
        planned = rounds if history.info.is_own_loop else history.info.epochs or 0
        ended = history.moment is Moment.END and 0 < planned <= rounds
        is_short = steps < self.option("steps-hardly") or (rounds <= FEW_ROUNDS and steps < self.option("steps-begun"))
        if not ended or not is_short:
            return
        if _has_learned(history) is not False or divergence(history) is not None:
            return
        yield RunReport(
            subject=Subject(SubjectKind.EPOCHS),
            message=(
                f"The whole training was {counted(rounds, 'epoch')} and {counted(steps, 'step')} of the optimizer: too "
                "few to learn much from."
            ),
            step=steps,
            epoch=history.last_epoch,
            severity=Severity.INFO,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a usual number of epochs in the place of the number, or three times a number that was not enough."""
        for fit in program.fits:
            place = fit.epochs.written_at if fit.epochs is not None else None
            rounds = trainings.epochs(fit)
            if place is None or rounds is None or program.range_of(place) != finding.range:
                continue
            more = str(max(USUAL, 3 * rounds))
            return Fix(f"Train for {more} epochs", Applicability.UNSAFE, (fixes.replace(program, place, more),))
        return None

    def _too_few(self, program: Program, fit: Fit) -> Place | None:
        """Where the number of epochs is written (or the call, when it is not), when it is too small."""
        rounds, steps = trainings.epochs(fit), trainings.total_steps(fit)
        few_steps = steps is not None and steps < self.option("steps-few")
        most = self.option("epochs-few") + 1 if few_steps else self.option("epochs-min")
        most = self.option("steps-hardly") + 1 if trainings.takes_all_rows(fit) else most
        told = fit.method in ("fit", "fit_generator") or (fit.method == SEARCH and fit.epochs is not None)
        if not told or rounds is None or not 0 < rounds < most or trainings.is_one_batch_of_a_file(fit):
            return None
        counted = "steps_per_epoch" in fit.arguments.keywords
        if (steps is not None and steps >= self.option("steps-min")) or (counted and not few_steps):
            return None
        if fit.model is None or fit.model.trains_itself or trainings.begins_trained(fit.model):
            return None
        if fit.targets is not None and fit.targets.source == PREDICTION:
            return None  # one of many steps, as an agent takes them: its targets change with what it predicts
        if _is_for_show(fit, counted=counted) or trainings.is_repeated(program, fit):
            return None
        return fit.epochs.written_at if fit.epochs is not None else fit.place


FEW_ROUNDS = 2

LEARNED = 0.9
"""An accuracy that is good whatever the shares of the classes, which are not known of a stream, and so good that a
single epoch may be enough. Ours."""


ENOUGH_ROWS = 100
"""Fewer validation rows than this may be met by chance. Ours."""


def _has_learned(history: RunHistory) -> bool | None:
    """Whether the run trained well; None when that can't be told."""
    last = history.epochs[-1]
    name = accuracy_name(last)
    judged = last.value(f"val_{name}") if (validation_rows(history) or ENOUGH_ROWS) >= ENOUGH_ROWS else None
    accuracy = judged if judged is not None else last.value(name or "")
    if baseline(history) is not None:
        is_enough = len(history.epochs) > 1 or accuracy is None or accuracy >= LEARNED
        return is_enough and success(history) is not None
    return accuracy >= LEARNED if accuracy is not None else None


def _has_small_gradients(compiled: Compile) -> bool:
    """Whether losses are of probabilities or of bounded values: errors of large numbers have gradients as large."""
    if not compiled.losses:
        return False
    bounded = {loss for head, loss in heads_with_losses(compiled) if head.activation in BOUNDED}
    return all(loss.name in CROSS_ENTROPIES or loss in bounded for loss in compiled.losses)


BOUNDED = frozenset(("sigmoid", "tanh", "softmax"))
"""Activations that give no more than 1 and let through no more than all of a gradient."""


def _is_for_show(fit: Fit, *, counted: bool) -> bool:
    """Random numbers for data: it is shown how something is called. A generator not counted may hold any amount."""
    data = fit.inputs
    return data is not None and ((data.batched and not counted) or "random" in data.source or data.source == "")
