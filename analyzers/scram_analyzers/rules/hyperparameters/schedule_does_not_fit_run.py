"""SCR104 schedule-does-not-fit-run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.hyperparameters.evidence import trainings
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import success
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import rounded
from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, Optimizer, Program, every_fit
from scram_analyzers.source.values import Arguments, Ref, boolean, number

_PREFIX = "keras.optimizers.schedules."
_TO_AN_END = {"CosineDecay": ("alpha", 0.0), "PolynomialDecay": ("end_learning_rate", 0.0001)}
"""Schedules that reach their last value after `decay_steps`, and what that value is."""


class ScheduleDoesNotFitRun(Rule):
    """A learning rate schedule made for another number of steps than the training has."""

    code = "SCR104"
    name = "schedule-does-not-fit-run"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    only_with = ("Decay", "decay", "ReduceLROnPlateau", "LearningRateScheduler")
    summary = "a learning rate schedule that is over long before the training ends, or hardly begins in it"
    why = (
        "A schedule counts steps (batches), not epochs. When the rate is near zero after a fraction of the training, "
        "the rest of it learns nothing; when the schedule is far too long, the rate stays where it began."
    )
    how = "Give decay_steps the steps of the whole training: epochs times the batches in an epoch."
    references = (
        Reference("Keras: learning rate schedules", "https://keras.io/api/optimizers/learning_rate_schedules/"),
        Reference("Google: Deep Learning Tuning Playbook", "https://github.com/google-research/tuning_playbook"),
    )
    false_alarms = "A program that trains the same model on, in another call or another program."
    prevents_learning = True
    options = (
        Option("vanished", 0.01, "the rate has vanished below this share of the first one", "Google tuning playbook"),
        Option("warm-up", 0.1, "share of the steps in which the rate may rise", "Google tuning playbook"),
        Option("half", 0.5, "it should not vanish before this share of the steps", "Google tuning playbook"),
        Option(
            "fewest-steps", 50, "a rate that vanishes within fewer steps is gone too soon for any training", "scram"
        ),
        Option("longer", 3.0, "a schedule of this many times the training's steps is too long", "scram"),
    )
    bad = (
        Example(
            "Epochs taken for steps",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.CosineDecay(0.001, decay_steps=»20«)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=100, epochs=20, validation_data=(x_val / 255, y_val))
            """,
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.CosineDecay(0.001, decay_steps=12000)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=100, epochs=20, validation_data=(x_val / 255, y_val))
            """,
        ),
        Example(
            "Steps taken for epochs",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.ExponentialDecay(0.003, decay_steps=»1«, decay_rate=0.5)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "In a loop of one's own",
            """
            import tensorflow as tf
            from project import batches, judge, model

            rate = tf.keras.optimizers.schedules.ExponentialDecay(0.005, decay_steps=»4«, decay_rate=0.5)
            optimizer = tf.keras.optimizers.Adam(rate)
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = judge(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_weights)
                optimizer.apply_gradients(zip(gradients, model.trainable_weights))
            """,
        ),
        Example(
            "The rate rises for most of the training",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.CosineDecay(
                0.0, decay_steps=12000, warmup_target=0.001, warmup_steps=»8000«
            )
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=100, epochs=20, validation_data=(x_val / 255, y_val))
            """,
        ),
        Example(
            "A plateau that ends all learning",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            slower = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=»1e-5«, patience=2)
            model.fit(x, y, validation_split=0.2, epochs=50, callbacks=[slower])
            """,
        ),
        Example(
            "Ten times less in each epoch",
            """
            import keras
            from project import x, y


            def slower(epoch, rate):
                return rate * 0.1


            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=30, callbacks=[»keras.callbacks.LearningRateScheduler(slower)«])
            """,
        ),
    )
    good = (
        Example(
            "A rate that falls by a tenth in each later epoch",
            """
            import keras
            from project import x, y


            def slower(epoch, rate):
                return rate if epoch < 10 else rate * 0.9


            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=100, callbacks=[keras.callbacks.LearningRateScheduler(slower)])
            """,
        ),
        Example(
            "The steps of the training",
            """
            import keras
            from keras import layers

            (x, y), (x_val, y_val) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.CosineDecay(0.001, decay_steps=12000)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x / 255, y, batch_size=100, epochs=20, validation_data=(x_val / 255, y_val))
            """,
        ),
        Example(
            "How long the training is can't be told",
            """
            import keras
            from keras import layers

            model = keras.Sequential([layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.ExponentialDecay(0.001, decay_steps=100, decay_rate=0.5)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Compare each schedule with the steps of the one training that uses it; report plateaus that end learning."""
        yield from program.each_of(every_fit, _ends_at_plateau)
        yield from program.each_of(every_fit, _ends_by_scheduler)
        for misfit in self._misfits(program):
            yield Report(
                place=misfit.place,
                message=misfit.message,
                related=(
                    *((Related(misfit.fit.place, _length(misfit.steps)),) if misfit.fit is not None else ()),
                    *(Related(place, "The schedule takes it here.") for place in misfit.used_at()),
                ),
                severity=None if misfit.vanishes else Severity.INFO,
                recipe=misfit.recipe or f"decay_steps={misfit.steps}",
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by the rates at the ends of the epochs: vanished in the first half of the run, or still rising."""
        optimizer, planned = history.info.optimizer, _epochs(history)
        rates = [(record.epoch, record.learning_rate) for record in history.epochs if record.learning_rate is not None]
        callback = SCHEDULER if SCHEDULER in history.info.callbacks else None
        schedule = (optimizer.schedule or callback) if optimizer is not None else None
        if optimizer is None or schedule is None or planned is None or len(rates) < 2:
            return
        if rates[-1][0] >= planned and optimizer.schedule is not None:
            yield from _rises_to_the_end(history, rates)
        highest = max(rate for _, rate in rates)
        gone = next((each for each in rates if each[1] == 0 or each[1] < self.option("vanished") * highest), None)
        if gone is None or gone[0] > self.option("half") * planned or rates[-1][1] > gone[1]:
            return
        begin = f"from {rounded(highest, 2)} " if highest > 0 else ""
        yield RunReport(
            subject=Subject(SubjectKind.SCHEDULE),
            message=(
                f"{schedule} has brought the learning rate {begin}down to {rounded(gone[1], 2)} by epoch "
                f"{gone[0]} of {planned}: the rest of the run learns next to nothing."
            ),
            step=history.last_step,
            epoch=gone[0],
            severity=Severity.INFO if success(history) is not None else None,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the steps of the training."""
        for misfit in self._misfits(program):
            if misfit.ends and program.range_of(misfit.place) == finding.range:
                edits = (fixes.replace(program, misfit.place, str(misfit.steps)),)
                return Fix(f"Set decay_steps to {misfit.steps}", Applicability.UNSAFE, edits)
        return None

    def _misfits(self, program: Program) -> Iterator[_Misfit]:
        for fit in program.fits:
            optimizer = fit.compile.optimizer if fit.compile is not None else None
            schedule = _schedule(program, optimizer) if optimizer is not None else None
            if schedule is None or trainings.is_repeated(program, fit):
                continue
            steps = trainings.total_steps(fit)
            misfit = (
                self._misfit(fit, schedule[0], schedule[1], steps)
                if steps is not None
                else self._at_once(fit, schedule)
            )
            if misfit is not None:
                yield misfit
        yield from self._of_own_loops(program)

    def _of_own_loops(self, program: Program) -> Iterator[_Misfit]:
        """Schedules of optimizers that no model is compiled with, where gradients are applied by the program."""
        if not program.mentions(".apply_gradients(") or program.fits:
            return
        for optimizer in program.optimizers:
            schedule = _schedule(program, optimizer)
            misfit = self._at_once(None, schedule) if schedule is not None else None
            if misfit is not None:
                yield misfit

    def _misfit(self, fit: Fit, class_name: str, arguments: Arguments, steps: int) -> _Misfit | None:
        slow = self._warm_up(fit, arguments, steps)
        if slow is not None:
            return slow
        given = arguments.get("decay_steps")
        decay_steps = number(given.value) if given is not None else None
        place = given.written_at if given is not None else None
        if decay_steps is None or decay_steps <= 0 or place is None:
            return None
        ends = class_name in _TO_AN_END
        if decay_steps > self.option("longer") * steps:
            message = (
                f"The schedule takes {decay_steps:,.0f} steps, but the training has {steps:,}: the rate hardly falls."
            )
            return _Misfit(fit, place, steps, message, ends, vanishes=False, use=given.place if given else None)
        if ends:
            vanished_at = decay_steps if _ends_near_zero(class_name, arguments, self.option("vanished")) else None
        else:
            vanished_at = _vanished_at(class_name, arguments, decay_steps, self.option("vanished"))
        if vanished_at is None or vanished_at >= self.option("half") * steps:
            return None
        message = (
            f"After {vanished_at:,.0f} of the {steps:,} steps of this training, the learning rate is below "
            f"{self.option('vanished'):.0%} of its first value: the rest learns next to nothing."
        )
        return _Misfit(fit, place, steps, message, ends, vanishes=True, use=given.place if given else None)

    def _at_once(self, fit: Fit | None, schedule: tuple[str, Arguments]) -> _Misfit | None:
        """A rate that is gone within fewer steps than any training needs, however many this one has."""
        class_name, arguments = schedule
        given = arguments.get("decay_steps")
        decay_steps = number(given.value) if given is not None else None
        place = given.written_at if given is not None else None
        if given is None or decay_steps is None or decay_steps <= 0 or place is None:
            return None
        vanished_at = _vanished_at(class_name, arguments, decay_steps, self.option("vanished"))
        if vanished_at is None or vanished_at >= self.option("fewest-steps"):
            return None
        message = (
            f"After {vanished_at:,.0f} steps (batches, not epochs) the learning rate is below "
            f"{self.option('vanished'):.0%} of its first value: the rest of the training learns next to nothing."
        )
        return _Misfit(fit, place, None, message, False, vanishes=True, recipe="decay_steps=1000", use=given.place)

    def _warm_up(self, fit: Fit, arguments: Arguments, steps: int) -> _Misfit | None:
        """A rate that rises for a large part of the training."""
        given = arguments.get("warmup_steps")
        rising = number(given.value) if given is not None else None
        place = given.written_at if given is not None else None
        if given is None or rising is None or place is None or rising <= self.option("warm-up") * steps:
            return None
        message = (
            f"The learning rate rises for {rising:,.0f} of the {steps:,} steps of this training before it is what it "
            "should be."
        )
        much = rising > self.option("half") * steps
        recipe = f"warmup_steps={steps // 20}"
        return _Misfit(fit, place, steps, message, False, much, recipe, given.place)


SCHEDULER = "LearningRateScheduler"
"""The callback that sets the rate of each epoch; one that raises it to the end may be looking for a good one."""

RISING_EPOCHS = 3
"""Fewer say little of where a rate goes. Ours."""


def _rises_to_the_end(history: RunHistory, rates: list[tuple[int, float]]) -> Iterator[RunReport]:
    """A warm-up that is longer than the whole run."""
    rises = all(before < after for (_, before), (_, after) in itertools.pairwise(rates))
    optimizer = history.info.optimizer
    if history.moment is not Moment.END or len(rates) < RISING_EPOCHS or not rises or optimizer is None:
        return
    yield RunReport(
        subject=Subject(SubjectKind.SCHEDULE),
        message=(
            f"{optimizer.schedule} still raises the learning rate when the run ends (to {rounded(rates[-1][1], 2)} in "
            f"epoch {rates[-1][0]}): the whole run was its warm-up."
        ),
        step=history.last_step,
        epoch=history.last_epoch,
        severity=Severity.INFO if success(history) is not None else None,
    )


def _epochs(history: RunHistory) -> int | None:
    """How many epochs the run is to have; of a loop of the program's own, which does not say, those it had."""
    is_over = history.info.is_own_loop and history.moment is Moment.END
    return history.last_epoch if is_over else history.info.epochs


def _ends_at_plateau(program: Program, fit: Fit) -> Iterator[Report]:
    """A `ReduceLROnPlateau` whose first reduction leaves next to nothing of the learning rate."""
    for callback in fit.callbacks or ():
        if callback.kind is None or not callback.kind.endswith(".ReduceLROnPlateau"):
            continue
        given, lowest = callback.arguments.get("factor", 1), callback.arguments.get("min_lr")
        factor = number(given.value) if given is not None else None
        if given is None or factor is None or not 0 < factor < LEAST_FACTOR or lowest is not None:
            continue
        place = given.written_at or callback.place or fit.place
        yield Report(
            place=place,
            message=(
                f"At the first plateau this leaves {factor:g} of the learning rate: what comes after it learns next "
                "to nothing."
            ),
            recipe="factor=0.5",
        )


def _ends_by_scheduler(program: Program, fit: Fit) -> Iterator[Report]:
    """A function for each epoch that leaves next to nothing of the learning rate for the second half."""
    for callback in fit.callbacks or ():
        if callback.rates is None or callback.place is None:
            continue
        first, middle = number(callback.rates.first), number(callback.rates.middle)
        if first is None or middle is None or not 0 <= middle < LEFT_BY_HALF * first:
            continue
        yield Report(
            place=callback.place,
            message=(
                f"This schedule brings the learning rate from {first:g} down to {middle:g} by the middle of the "
                "training: what comes after it learns next to nothing."
            ),
            related=(Related(fit.place, "This training goes by it."),),
        )


LEFT_BY_HALF = 1e-4
"""Of the first learning rate; schedules of papers end at 0.001 of it or above. Ours."""

LEAST_FACTOR = 0.005
"""Of the learning rate; usual ones are 0.1 to 0.5. Ours."""


def _length(steps: int | None) -> str:
    return f"This training has {steps:,} steps." if steps is not None else "This training goes by it."


@dataclass(frozen=True, slots=True)
class _Misfit:
    fit: Fit | None
    place: Place
    steps: int | None
    message: str
    ends: bool
    vanishes: bool
    recipe: str = ""
    use: Place | None = None

    def used_at(self) -> Iterator[Place]:
        """The argument of the schedule, when the number is written elsewhere."""
        if self.use is not None and self.use.key != self.place.key:
            yield self.use


def _schedule(program: Program, optimizer: Optimizer) -> tuple[str, Arguments] | None:
    """The class and the arguments of an optimizer's schedule."""
    value = optimizer.arguments.value("learning_rate")
    if optimizer.learning_rate.schedule is None or not isinstance(value, Ref):
        return None
    for call in program.calls_where(_makes_schedule):
        if isinstance(call.result, Ref) and call.result.identity == value.identity:
            return call.name.removeprefix(_PREFIX), call.arguments.named(signatures().get(call.name, ()), {})
    return None


def _makes_schedule(call: Call) -> bool:
    return call.name.startswith(_PREFIX)


def _ends_near_zero(class_name: str, arguments: Arguments, vanished: float) -> bool:
    parameter, default = _TO_AN_END[class_name]
    given = arguments.get(parameter)
    end = number(given.value) if given is not None else default
    start = number(arguments.value("initial_learning_rate"))
    cycles = arguments.get("cycle")
    warms_up = arguments.get("warmup_target") is not None
    if end is None or not start or warms_up or (cycles is not None and boolean(cycles.value) is not False):
        return False
    return (end if class_name == "CosineDecay" else end / start) < vanished


def _vanished_at(class_name: str, arguments: Arguments, decay_steps: float, vanished: float) -> float | None:
    """After how many steps an exponential schedule has come down so far."""
    rate = number(arguments.value("decay_rate"))
    if class_name != "ExponentialDecay" or rate is None or not 0 < rate < 1:
        return None
    share, steps = 1.0, 0.0
    while share >= vanished:
        share, steps = share * rate, steps + decay_steps
        if steps > 1e12:
            return None
    return steps
