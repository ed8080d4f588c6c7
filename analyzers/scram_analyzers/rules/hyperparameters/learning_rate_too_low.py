"""SCR102 learning-rate-too-low."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule, RunReport
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.rules.hyperparameters.evidence import optimizers
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.layers import MOTIONLESS, median_update_ratio
from scram_analyzers.run.learning import ENOUGH_EPOCHS, crawl, standstill
from scram_analyzers.run.records import OptimizerInfo, Subject, SubjectKind
from scram_analyzers.run.wording import rounded
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.program import Optimizer, Program


class LearningRateTooLow(Rule):
    """A learning rate so small that training hardly moves."""

    code = "SCR102"
    name = "learning-rate-too-low"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a learning rate so small that training may take forever"
    why = (
        "Each batch moves the weights by a step in proportion to the learning rate. With steps this small the loss "
        "falls so slowly that the model looks as if it could not learn."
    )
    how = (
        "Start from the optimizer's usual value (0.001 for Adam and RMSprop, 0.01 for SGD) and lower it only if the "
        "loss jumps about."
    )
    references = (
        Reference(
            "Goodfellow, Bengio, Courville: Deep Learning, section 11.4.1",
            "https://www.deeplearningbook.org/",
        ),
        Reference(
            "UMLAUT: Debugging Deep Learning Programs using Program Structure and Model Behavior",
            "https://doi.org/10.1145/3411764.3445538",
        ),
    )
    false_alarms = (
        "Fine-tuning a pretrained model wants small rates: where a pretrained part is seen, the limit is a tenth. "
        "Squared errors of data that nothing scales are allowed as small a rate. "
        "Where a pretrained part is not seen (weights loaded some other way), this rule may speak without need."
    )
    prevents_learning = True
    options = (
        Option(
            "adaptive-min",
            1e-6,
            "lowest usual rate for Adam and its relatives, and RMSprop",
            "UMLAUT; DL Contract",
        ),
        Option("sgd-min", 1e-5, "lowest usual rate for SGD", "Google tuning playbook"),
        Option(
            "update-min",
            1e-5,
            "share of their size by which a step moves the weights of a run that learns",
            "SageMaker Debugger; TheDeepChecker",
        ),
    )
    bad = (
        Example(
            "In a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
            judge = keras.losses.SparseCategoricalCrossentropy()
            optimizer = keras.optimizers.SGD(learning_rate=»1e-6«)
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = judge(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_weights)
                optimizer.apply_gradients(zip(gradients, model.trainable_weights))
            """,
            """
            import keras
            import tensorflow as tf
            from project import batches

            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
            judge = keras.losses.SparseCategoricalCrossentropy()
            optimizer = keras.optimizers.SGD(learning_rate=0.01)
            for x, y in batches:
                with tf.GradientTape() as tape:
                    loss = judge(y, model(x, training=True))
                gradients = tape.gradient(loss, model.trainable_weights)
                optimizer.apply_gradients(zip(gradients, model.trainable_weights))
            """,
        ),
        Example(
            "The rate of a fine-tuning, for a model from scratch",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=»1e-6«), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A default that nobody can want",
            """
            import argparse

            import keras

            parser = argparse.ArgumentParser()
            parser.add_argument("--lr", type=float, default=»1e-8«)
            options = parser.parse_args()
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer=keras.optimizers.Adam(options.lr), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
            """
            import argparse

            import keras

            parser = argparse.ArgumentParser()
            parser.add_argument("--lr", type=float, default=0.001)
            options = parser.parse_args()
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer=keras.optimizers.Adam(options.lr), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A schedule that begins far too low",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.ExponentialDecay(»3e-9«, decay_steps=100, decay_rate=0.9)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            rate = keras.optimizers.schedules.ExponentialDecay(0.001, decay_steps=100, decay_rate=0.9)
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A rate that hardly moves anything",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=»1e-8«), loss="mse")
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")
            """,
        ),
        Example(
            "A new head on a network that is frozen",
            """
            import keras

            base = keras.applications.VGG16(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
            model.compile(keras.optimizers.Adam(»1e-7«), loss="sparse_categorical_crossentropy")
            """,
            """
            import keras

            base = keras.applications.VGG16(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
            model.compile(keras.optimizers.Adam(0.001), loss="sparse_categorical_crossentropy")
            """,
        ),
    )
    good = (
        Example(
            "The lowest rate, to tune what was trained elsewhere",
            """
            import keras

            base = keras.applications.VGG16(weights="imagenet", include_top=False, pooling="avg")
            model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer=keras.optimizers.Adam(1e-6), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "The lowest rate, to go on with weights from elsewhere",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(2, activation="softmax")])
            model.load_weights("first_part.weights.h5")
            model.compile(optimizer=keras.optimizers.Adam(1e-6), loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A sweep over learning rates begins low",
            """
            import keras
            from project import windows

            model = keras.Sequential([keras.layers.Dense(10, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(1e-8, momentum=0.9), loss="huber")
            sweep = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-8 * 10 ** (epoch / 20))
            model.fit(windows, epochs=100, callbacks=[sweep])
            """,
        ),
        Example(
            "Small, but usual",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-5), loss="mse")
            """,
        ),
        Example(
            "Squared errors of large numbers, whose gradients are large",
            """
            import keras
            from project import series, targets

            model = keras.Sequential([keras.layers.Dense(10, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(learning_rate=1e-6, momentum=0.9), loss="mse")
            model.fit(series, targets, epochs=100)
            """,
        ),
        Example(
            "Zero is another rule's",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.0), loss="mse")
            """,
        ),
        Example(
            "Rates that are compared",
            """
            import keras
            from project import make_model, x, y

            def search(rates=(1e-8, 1e-5, 1e-2)):
                for number, rate in enumerate(rates):
                    model = make_model()
                    model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
                    print(number, model.fit(x, y, epochs=3).history["loss"])

            search()
            """,
        ),
        Example(
            "Another library trains with it, on nobody knows what",
            """
            from keras import optimizers
            from project import Estimator

            estimator = Estimator(optimizers.SGD(learning_rate=1e-6))
            """,
        ),
        Example(
            "Where a search for the rate begins, in an exercise that leaves the training to its reader",
            """
            import keras
            from project import model

            rising = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-8 * 10 ** (epoch / 20))
            model.compile(optimizer=keras.optimizers.SGD(learning_rate=1e-8, momentum=0.9), loss="huber")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each optimizer whose rate is known, positive and below its family's limit."""
        for optimizer in program.optimizers:
            rate = optimizer.learning_rate
            lowest = self._limit(optimizer.class_name)
            if rate.value is None or rate.place is None or (rate.schedule or _FALLING[0]) not in _FALLING:
                continue
            if lowest is None or not _is_at_most(rate.value, lowest):
                continue
            if optimizers.is_searched_for(program) or is_candidate(program, rate.place):
                continue
            if optimizer in _found_by_search(program) or optimizers.is_set_later(program, optimizer):
                continue  # a search for the best rate chose it, or the program chooses another
            spared = optimizer in _fine_tuned(program) or optimizer in _with_large_gradients(program)
            used = any(each.optimizer is optimizer for each in program.compiles) or _moves_own_model(program)
            if spared or not used:
                lowest, spared = lowest / 10, True
            lowest = lowest / FAR_BELOW if rate.assumed else lowest  # whoever starts the program can choose another
            from_scratch = not (spared or rate.assumed or program.matches(_TUNED))
            if not (_is_at_most if from_scratch else _is_below)(rate.value, lowest):
                continue
            yield Report(
                place=rate.place,
                message=(
                    f"{optimizer.class_name}'s learning rate {'starts at' if rate.schedule else 'is'} "
                    f"{fixes.number_text(rate.value)}, so the model may "
                    f"hardly learn; {optimizers.usual_range(optimizer.class_name)}."
                ),
                related=tuple(optimizers.used_by(optimizer)),
                recipe=optimizers.recipe(program, optimizer, optimizers.usual_rate(optimizer.class_name)),
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a loss that stands still or crawls while each step hardly moves the weights, or by the steps."""
        made = history.info.optimizer
        optimizer = _as_used(history, made) if made is not None else None
        if optimizer is None or not optimizer.learning_rate or optimizer.learning_rate < 0:
            return
        if optimizer.learning_rate >= optimizers.usual_lowest(optimizer.name):
            return  # small steps then come from small gradients, and those from something else
        evidence = self._held_up(history, optimizer) or self._motionless(history, optimizer)
        if evidence is None:
            return
        rate = fixes.number_text(optimizer.learning_rate)
        is_changed = made is not None and optimizer.learning_rate != made.learning_rate
        of = f"at most {rate}, as a callback set it," if is_changed else rate
        yield RunReport(
            subject=Subject(SubjectKind.LEARNING_RATE),
            message=(
                f"{optimizer.name}'s learning rate of {of} is too low; "
                f"{optimizers.usual_range(optimizer.name)}.{evidence}"
            ),
            step=history.last_step,
            epoch=history.last_epoch,
        )

    def _held_up(self, history: RunHistory, optimizer: OptimizerInfo) -> str | None:
        stuck = standstill(history) or crawl(history)
        ratio = median_update_ratio(history)
        if stuck is None or (ratio is not None and ratio >= self.option("update-min")):
            return None
        if ratio is None and not self._is_below_limit(optimizer):
            return None
        moves = f" Each step moves the weights by {rounded(ratio, 1)} of their size." if ratio is not None else ""
        return f"{moves} Confirmed in this run: {stuck.clause}."

    def _motionless(self, history: RunHistory, optimizer: OptimizerInfo) -> str | None:
        """Whatever the loss began at: by steps that hardly add up to anything nothing is learned."""
        ratio = median_update_ratio(history)
        limit, rate = self._limit(optimizer.name), optimizer.learning_rate
        if ratio is None or limit is None or rate is None or not _is_settled(history):
            return None
        if rate > limit and not math.isclose(rate, limit, rel_tol=1e-5):  # float32 has it only so exactly
            return None
        planned = (history.info.epochs or 0) * (history.info.steps_per_epoch or 0)
        steps = max(planned, history.last_step or 0)
        if ratio * steps >= MOTIONLESS:
            return None
        moves = f"by {rounded(ratio * steps, 1)} of their size" if ratio else "not at all"
        return f" Confirmed in this run: its {steps:,} steps together move the weights {moves}."

    def _is_below_limit(self, optimizer: OptimizerInfo) -> bool:
        limit = self._limit(optimizer.name)
        return limit is not None and optimizer.learning_rate is not None and optimizer.learning_rate < limit

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the optimizer's usual rate in the place of the number."""
        return optimizers.set_rate(program, finding)

    def _limit(self, class_name: str) -> float | None:
        if class_name in optimizers.ADAPTIVE:
            return self.option("adaptive-min")
        return self.option("sgd-min") if class_name == "SGD" else None


_FALLING = ("ExponentialDecay", "InverseTimeDecay")
"""Schedules that begin with their highest rate."""

FAR_BELOW = 10.0
"""A default of the command line this many times below the lowest usual rate is no choice for some data. Ours."""


def _as_used(history: RunHistory, optimizer: OptimizerInfo) -> OptimizerInfo:
    """The optimizer with the highest rate of the epochs, once they are over: a callback may have set another."""
    rates = [record.learning_rate for record in history.epochs]
    known = [rate for rate in rates if rate is not None]
    if history.moment is not Moment.END or not known or len(known) < len(rates) or optimizer.schedule is not None:
        return optimizer
    highest = max(known)
    if optimizer.learning_rate is not None and highest >= (1 - SAME_RATE) * optimizer.learning_rate:
        return optimizer
    return replace(optimizer, learning_rate=float(f"{highest:.3g}"))


SAME_RATE = 0.01
"""What float32 and a decay within the first epoch take away makes no other rate. Ours."""


def _is_settled(history: RunHistory) -> bool:
    """Whether the steps are those of the whole run, and not of a warm-up's first ones."""
    return history.moment is Moment.END or len(history.epochs) >= ENOUGH_EPOCHS


LARGE = 20.0
"""Inputs beyond this are not scaled: standardized data of healthy programs stay within."""


def _is_below(rate: float, lowest: float) -> bool:
    return 0 < rate < lowest and not math.isclose(rate, lowest)


_TUNED = re.compile(r"load_weights|set_weights|LearningRateScheduler|[Ww]arm|[Ff]ine.?tun")
"""Words of programs that go on with weights from elsewhere, or that begin low on purpose."""


def _is_at_most(rate: float, lowest: float) -> bool:
    """A model that is trained from the start needs more than the lowest rate with which others are tuned."""
    return rate > 0 and (rate < lowest or math.isclose(rate, lowest))


def _with_large_gradients(program: Program) -> set[Optimizer]:
    """SGD under a regression loss on data that are not known to be small: its steps grow with their square."""
    found = set()
    for fit in program.fits:
        compiled = fit.compile
        if compiled is None or compiled.optimizer is None or compiled.optimizer.class_name != "SGD":
            continue
        regression = any(loss.name in REGRESSION for loss in compiled.losses)
        known = fit.inputs.range if fit.inputs is not None else None
        if regression and (known is None or known.magnitude > LARGE):
            found.add(compiled.optimizer)
    return found


def _found_by_search(program: Program) -> set[Optimizer]:
    """Optimizers of a program in which a scheduler sets rates.

    It sets another one before the first step, or has gone through many of them to find the best for this data.
    """
    used = [each.optimizer for each in program.compiles if each.optimizer is not None]
    setters = (callback for optimizer in used for callback in optimizers.rate_setters(program, optimizer))
    sets_rates = program.matches(_RATE_SET)
    return set(used) if any(callback.kind is not None or sets_rates for callback in setters) else set()


_RATE_SET = re.compile(r"model\.optimizer\.(?:lr|learning_rate)(?:\.assign\(|\s*[*/]?=[^=]|,)")
"""A callback of the program's own sets the rate: `self.model.optimizer.lr = ...`, `K.set_value(...lr, ...)`."""


def _moves_own_model(program: Program) -> bool:
    """Whether a loop of the program's own trains a classifier from the start, by the one optimizer that there is."""
    calls = program.loss_calls
    made_here = bool(calls) and all(each.model is not None and not _is_pretrained(each.model) for each in calls)
    classifies = not any(each.loss.name is None or each.loss.name in REGRESSION for each in calls)
    return len(program.optimizers) == 1 and made_here and classifies and program.mentions("apply_gradients")


def _fine_tuned(program: Program) -> set[Optimizer]:
    """Optimizers of models with a pretrained part, or that were trained with another one before."""
    trained = [fit.compile for fit in program.fits if fit.compile is not None]
    before = {each.model.identity: each.optimizer for each in reversed(trained) if each.model is not None}
    tuned = set()
    for compiled in program.compiles:
        model = compiled.model
        if compiled.optimizer is None or model is None:
            continue
        again = before.get(model.identity, compiled.optimizer) is not compiled.optimizer
        if again or _is_pretrained(model):
            tuned.add(compiled.optimizer)
    return tuned


def _is_pretrained(model: Model) -> bool:
    """Whether a model is, or holds at any depth, a network that was trained elsewhere and that training moves."""
    moved = (nested for nested in model.nested if nested.identity not in model.frozen)
    return model.kind in (ModelKind.APPLICATION, ModelKind.LOADED) or any(map(_is_pretrained, moved))
