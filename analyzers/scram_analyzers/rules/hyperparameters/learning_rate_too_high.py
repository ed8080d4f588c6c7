"""SCR101 learning-rate-too-high."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule, RunReport
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.rules.hyperparameters.evidence import later_rates, optimizers, overshooting
from scram_analyzers.rules.hyperparameters.evidence.fine_tuning import TUNING_RATE, fine_tuned, forgets, tuning_limit
from scram_analyzers.rules.hyperparameters.evidence.rate_allowances import (
    allowance,
    moves_no_weights,
    moves_own_variables,
    moves_weights,
    reaches_limit,
)
from scram_analyzers.rules.hyperparameters.evidence.tried_rates import has_search, tried_rates
from scram_analyzers.run.divergence import divergence
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.layers import median_update_ratio, weights_wither
from scram_analyzers.run.learning import standstill, success
from scram_analyzers.run.rate_rise import highest_rate
from scram_analyzers.run.records import OptimizerInfo, Subject, SubjectKind
from scram_analyzers.run.wording import share
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.values import number


class LearningRateTooHigh(Rule):
    """A learning rate far above what the optimizer can use."""

    code = "SCR101"
    name = "learning-rate-too-high"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a learning rate far above the range in which its optimizer can learn"
    why = (
        "The learning rate is the size of the step that each batch makes the weights take. Steps this large jump "
        "over every good solution: the loss stands still or grows, and often becomes NaN."
    )
    how = (
        "Start from the optimizer's usual value (0.001 for Adam and RMSprop, 0.01 for SGD). If the loss falls "
        "smoothly but slowly, raise it by a factor of 3; if it jumps about, divide it by 10."
    )
    references = (
        Reference(
            "Goodfellow, Bengio, Courville: Deep Learning, section 11.4.1",
            "https://www.deeplearningbook.org/",
        ),
        Reference("Google: Deep Learning Tuning Playbook", "https://github.com/google-research/tuning_playbook"),
        Reference(
            "Malladi, Lyu, Panigrahi, Arora: On the SDEs and Scaling Rules for Adaptive Gradient Algorithms "
            "(NeurIPS 2022)",
            "https://arxiv.org/abs/2205.10287",
        ),
        Reference(
            "Schoop, Huang, Hartmann: SCRAM: Simple Checks for Realtime Analysis of Model Training for Non-Expert ML "
            "Programmers (CHI 2020)",
            "https://doi.org/10.1145/3334480.3382879",
        ),
    )
    false_alarms = "A warm-up or plateau callback that lowers the rate before the first step is not seen."
    options = (
        Option(
            "adaptive-max",
            0.01,
            "highest usual rate for Adam and its relatives, and RMSprop",
            "UMLAUT; DL Contract",
        ),
        Option(
            "adaptive-error",
            0.1,
            "rate of Adam and its relatives above which nothing trains",
            "TheDeepChecker",
        ),
        Option(
            "update-max",
            0.1,
            "share of their size by which a step moves the weights of a run that learns nothing",
            "TheDeepChecker; SageMaker Debugger",
        ),
        Option("sgd-max", 1.0, "highest usual rate for SGD without momentum", "Google tuning playbook"),
        Option("sgd-momentum-max", 0.5, "highest usual rate for SGD with momentum", "Google tuning playbook"),
    )
    bad = (
        Example(
            "A network that is thawed once its head is trained",
            """
            import keras
            from keras import layers
            from project import photos

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(160, 160, 3))
            base.trainable = False
            inputs = keras.Input((160, 160, 3))
            x = keras.applications.mobilenet_v2.preprocess_input(inputs)
            model = keras.Model(inputs, layers.Dense(5, activation="softmax")(base(x, training=False)))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(photos, epochs=10)
            base.trainable = True
            model.compile(keras.optimizers.Adam(»0.01«), "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(photos, epochs=10)
            """,
            """
            import keras
            from keras import layers
            from project import photos

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(160, 160, 3))
            base.trainable = False
            inputs = keras.Input((160, 160, 3))
            x = keras.applications.mobilenet_v2.preprocess_input(inputs)
            model = keras.Model(inputs, layers.Dense(5, activation="softmax")(base(x, training=False)))
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(photos, epochs=10)
            base.trainable = True
            model.compile(keras.optimizers.Adam(1e-5), "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(photos, epochs=10)
            """,
        ),
        Example(
            "Inputs so large that the usual rate runs away",
            """
            import keras
            import numpy as np

            x = np.arange(-100, 100, 0.5)
            y = 0.3 * x + 5
            model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(»0.01«), loss="mse")
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "A search among rates that are all too high",
            """
            import keras
            import keras_tuner
            from project import x, y


            def build(hp):
                model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
                optimizer = keras.optimizers.Adam(»hp.Choice("rate", [1.0, 0.5, 0.1])«)
                model.compile(optimizer=optimizer, loss="mse")
                return model


            tuner = keras_tuner.RandomSearch(build, objective="val_loss", max_trials=5)
            tuner.search(x, y, epochs=10, validation_split=0.2)
            """,
        ),
        Example(
            "A rate ten billion times too large",
            """
            import keras

            optimizer = keras.optimizers.Adam(learning_rate=»1e10«)
            """,
            """
            import keras

            optimizer = keras.optimizers.Adam(learning_rate=0.001)
            """,
        ),
        Example(
            "The number stands elsewhere: it is marked where it is written",
            """
            from tensorflow.keras.layers import Dense
            from tensorflow.keras.models import Sequential
            from tensorflow.keras.optimizers import SGD

            LEARNING_RATE = »3.0«
            model = Sequential([Dense(1)])
            model.compile(SGD(LEARNING_RATE, momentum=0.9), "mse")
            """,
            """
            from tensorflow.keras.layers import Dense
            from tensorflow.keras.models import Sequential
            from tensorflow.keras.optimizers import SGD

            LEARNING_RATE = 0.01
            model = Sequential([Dense(1)])
            model.compile(SGD(LEARNING_RATE, momentum=0.9), "mse")
            """,
        ),
        Example(
            "The default rate for all weights of a network without normalization",
            """
            import keras

            base = keras.applications.VGG16(include_top=False, pooling="avg")
            model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer=»"adam"«, loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "As high as it can be, for a model with a hidden layer",
            """
            from tensorflow import keras

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, activation="softmax")])
            model.compile(keras.optimizers.SGD(learning_rate=»1.0«), "sparse_categorical_crossentropy")
            """,
            """
            from tensorflow import keras

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, activation="softmax")])
            model.compile(keras.optimizers.SGD(learning_rate=0.01), "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "In a training step of one's own",
            """
            import tensorflow as tf
            from project import batches, judge, model

            optimizer = tf.keras.optimizers.SGD(»50.0«)


            @tf.function
            def update(x, y):
                with tf.GradientTape() as tape:
                    loss = judge(y, model(x, training=True))
                weights = model.trainable_weights
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


            for x, y in batches:
                update(x, y)
            """,
            """
            import tensorflow as tf
            from project import batches, judge, model

            optimizer = tf.keras.optimizers.SGD(0.01)


            @tf.function
            def update(x, y):
                with tf.GradientTape() as tape:
                    loss = judge(y, model(x, training=True))
                weights = model.trainable_weights
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


            for x, y in batches:
                update(x, y)
            """,
        ),
        Example(
            "A function that sets the rate of every epoch begins too high",
            """
            import math

            import keras
            from project import x, y

            def step_decay(epoch):
                first = 0.8
                return »first * math.pow(0.5, math.floor(epoch / 10))«

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(step_decay)])
            """,
        ),
        Example(
            "A rate that is set once the model is compiled",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.optimizer.learning_rate = »0.5«
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "A language model, moved as if it had learned nothing",
            """
            import tensorflow as tf
            from transformers import TFDistilBertForSequenceClassification

            model = TFDistilBertForSequenceClassification.from_pretrained("distilbert-base-uncased")
            loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer=tf.keras.optimizers.Adam(»1e-3«), loss=loss, metrics=["accuracy"])
            """,
            """
            import tensorflow as tf
            from transformers import TFDistilBertForSequenceClassification

            model = TFDistilBertForSequenceClassification.from_pretrained("distilbert-base-uncased")
            loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer=tf.keras.optimizers.Adam(1e-5), loss=loss, metrics=["accuracy"])
            """,
        ),
    )
    good = (
        Example(
            "A variable that gets the rate of each epoch",
            """
            import keras
            import tensorflow as tf
            from project import x, y

            rate = tf.Variable(1.0, trainable=False)
            model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
            for epoch in range(20):
                rate.assign(0.001 * 0.9**epoch)
                model.fit(x, y)
            """,
        ),
        Example(
            "A usual rate that is set once the model is compiled",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.optimizer.learning_rate = 0.0005
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "SGD on inputs that are divided by the largest",
            """
            import keras
            import numpy as np

            x = np.arange(-100, 100, 0.5)
            y = 0.3 * x + 5
            model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
            model.fit(x / 100, y, epochs=50)
            """,
        ),
        Example(
            "A search that tries usual rates as well",
            """
            import keras
            import keras_tuner
            from project import x, y


            def build(hp):
                model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
                optimizer = keras.optimizers.Adam(hp.Choice("rate", [0.1, 0.01, 0.001]))
                model.compile(optimizer=optimizer, loss="mse")
                return model


            tuner = keras_tuner.RandomSearch(build, objective="val_loss", max_trials=5)
            tuner.search(x, y, epochs=10, validation_split=0.2)
            """,
        ),
        Example(
            "The default rate for a network with normalization",
            """
            import keras

            base = keras.applications.ResNet50(include_top=False, pooling="avg")
            model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])
            model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "The default rate for a head on a network that stays as it is",
            """
            import keras

            base = keras.applications.VGG16(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(2, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A function that sets usual rates",
            """
            import keras
            from project import x, y

            def schedule(epoch, rate):
                return 1e-3 if epoch < 10 else rate * 0.9

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=50, callbacks=[keras.callbacks.LearningRateScheduler(schedule)])
            """,
        ),
        Example(
            "The usual rate",
            """
            import keras

            optimizer = keras.optimizers.Adam(learning_rate=1e-3)
            """,
        ),
        Example(
            "SGD takes larger steps",
            """
            import keras

            optimizer = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)
            """,
        ),
        Example(
            "A linear model bears larger steps",
            """
            import keras
            from project import features, prices

            normalizer = keras.layers.Normalization()
            normalizer.adapt(features)
            model = keras.Sequential([normalizer, keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.1), loss="mean_absolute_error")
            model.fit(features, prices, epochs=100, validation_split=0.2)
            """,
        ),
        Example(
            "Large batches take larger steps",
            """
            import keras
            from keras import layers
            from project import images, labels

            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile(optimizer=keras.optimizers.Adam(0.02), loss="categorical_crossentropy")
            model.fit(images, labels, epochs=100, batch_size=2048, validation_split=0.1)
            """,
        ),
        Example(
            "A rate that can't be known",
            """
            import keras
            from settings import rate

            optimizer = keras.optimizers.Adam(learning_rate=rate)
            """,
        ),
        Example(
            "Rates that are compared",
            """
            import keras
            from project import make_model, x, y

            for rate in [0.1, 0.01, 0.001]:
                model = make_model()
                model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
                print(rate, model.fit(x, y, epochs=3).history["loss"])
            """,
        ),
        Example(
            "Two variables of one's own",
            """
            import tensorflow as tf
            from project import log_likelihood, rows

            slope, shift = tf.Variable(1.0), tf.Variable(0.0)
            optimizer = tf.keras.optimizers.Adam(learning_rate=0.1)
            for _ in range(1000):
                with tf.GradientTape() as tape:
                    loss = -tf.reduce_mean(log_likelihood(rows, slope, shift))
                gradients = tape.gradient(loss, [slope, shift])
                optimizer.apply_gradients(zip(gradients, [slope, shift]))
            """,
        ),
        Example(
            "What other libraries make of it",
            """
            import keras
            from explain import Explainer
            from likelihood import minimize
            from project import log_likelihood, model, sample

            options = {"loss": "binary_crossentropy", "optimizer": keras.optimizers.Adam(learning_rate=0.2)}
            print(Explainer(model, compile_options=options).explain(sample))
            optimizer = keras.optimizers.Adam(learning_rate=0.1)
            print(minimize(lambda: -log_likelihood(sample), optimizer=optimizer, steps=200))
            """,
        ),
        Example(
            "A rate that a search for it found",
            """
            import keras
            from keras import layers
            from project import x, y

            model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer=keras.optimizers.Adam(1e-4), loss="binary_crossentropy")
            rising = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-4 * 10 ** (epoch / 20))
            search = model.fit(x, y, epochs=80, callbacks=[rising])

            best = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
            best.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy")
            best.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "A single layer, made for two loops",
            """
            import tensorflow as tf
            from project import pairs

            class Line(tf.keras.Model):
                def __init__(self):
                    super().__init__()
                    self.line = tf.keras.layers.Dense(5)

                def call(self, x):
                    return self.line(x)

            for number in range(2):
                line, optimizer = Line(), tf.keras.optimizers.Adam(0.1)
                for x, y in pairs:
                    with tf.GradientTape() as tape:
                        loss = tf.reduce_mean((line(x) - y) ** 2)
                    variables = line.trainable_variables
                    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each rate that is known and above its optimizer's limit, given to it or set by a scheduler."""
        yield from self._given(program)
        yield from later_rates.reports(program, self._limit_of, self._severity_of)
        yield from self._tried(program)
        yield from overshooting.reports(program, self.option("sgd-max"))

    def _tried(self, program: Program) -> Iterator[Report]:
        """Rates of a search of which even the lowest is too high."""
        for optimizer in program.optimizers if has_search(program) else ():
            tried = tried_rates(program, optimizer)
            limit = self._limit_of(optimizer)
            if tried is not None and limit is not None and tried.lowest > limit:
                lowest = fixes.number_text(tried.lowest)
                yield Report(
                    tried.place,
                    f"The lowest rate that this search tries for {optimizer.class_name} is {lowest}; "
                    f"{optimizers.usual_range(optimizer.class_name)}.",
                    tuple(optimizers.used_by(optimizer)),
                )

    def _given(self, program: Program) -> Iterator[Report]:
        used = [each.optimizer for each in program.compiles if each.optimizer is not None]
        for optimizer in dict.fromkeys((*program.optimizers, *used)):  # those named by a string are not made
            rate = optimizer.learning_rate
            if rate.value is None:
                continue
            limit = self._limit_of(optimizer)
            tuned = fine_tuned(program, optimizer) if optimizer.class_name in optimizers.ADAPTIVE else None
            if limit is None or rate.value <= (limit if tuned is None else tuning_limit(tuned)):
                if rate.value != limit or not reaches_limit(program, optimizer):
                    continue
            elif rate.value <= limit * allowance(program, optimizer) and tuned is None:
                continue
            if rate.place is not None and is_candidate(program, rate.place):
                continue
            if optimizers.may_be_assigned(program, optimizer):
                continue
            if optimizers.goes_elsewhere(program, optimizer):
                continue
            severity = self._severity_of(optimizer, rate.value)
            if severity is not Severity.ERROR and optimizers.is_searched_for(program):
                continue
            compiled = any(each.optimizer is optimizer for each in program.compiles)
            if rate.assumed and not compiled:
                continue  # one of several optimizers to choose from, and the rate is the default for another
            moves_pixels = optimizer.class_name == "SGD" and not moves_weights(program)
            if not compiled and (moves_pixels or moves_no_weights(program) or moves_own_variables(program)):
                continue  # it may move something other than weights, such as the pixels of an image
            starts = "starts at" if rate.schedule else "is"
            yield Report(
                place=rate.place or optimizer.place,
                message=(
                    f"{optimizer.class_name}'s learning rate {starts} {fixes.number_text(rate.value)}; "
                    f"{optimizers.usual_range(optimizer.class_name) if tuned is None else forgets(tuned)}."
                ),
                related=tuple(optimizers.used_by(optimizer)),
                severity=severity,
                confidence=Confidence.MEDIUM if rate.assumed else None,
                recipe=optimizers.recipe(
                    program, optimizer, TUNING_RATE if tuned else optimizers.usual_rate(optimizer.class_name)
                ),
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a loss that became NaN or infinite or grew without bound, or by steps too large to learn from."""
        optimizer = history.info.optimizer
        if optimizer is None or optimizer.learning_rate is None:
            yield from self._far_too_high(history, optimizer) if optimizer is not None else ()
            return
        limit = self._limit(optimizer.name, optimizer.momentum)
        is_high = limit is not None and optimizer.learning_rate > limit
        ran_away, stuck = divergence(history), standstill(history)
        if ran_away is not None and ran_away.nonfinite_arrays:
            return  # NaN in the data is cause enough: nonfinite-data says so
        ratio, withers = median_update_ratio(history), weights_wither(history)
        if ran_away is not None and is_high:
            seen, step, epoch = ran_away.phrase, ran_away.step, ran_away.epoch
        elif stuck is not None and ratio is not None and ratio > self.option("update-max") and not withers:
            seen = f"each step moves the weights by {share(ratio)} of their size, and {stuck.clause}"
            step, epoch = stuck.step, stuck.epoch
        elif stuck is not None and is_high:
            seen, step, epoch = stuck.clause, stuck.step, stuck.epoch
        else:
            yield from self._far_too_high(history, optimizer)
            return
        yield RunReport(
            subject=Subject(SubjectKind.LEARNING_RATE),
            message=(
                f"{optimizer.name}'s learning rate is {fixes.number_text(optimizer.learning_rate)}; "
                f"{optimizers.usual_range(optimizer.name)}. Confirmed in this run: {seen}."
            ),
            step=step,
            epoch=epoch,
            severity=Severity.ERROR,
        )

    def _far_too_high(self, history: RunHistory, optimizer: OptimizerInfo) -> Iterator[RunReport]:
        """A rate of an adaptive optimizer that only the run knows, as the source would be reported for it."""
        rate = highest_rate(history)
        adaptive = optimizer.name in optimizers.ADAPTIVE
        if not adaptive or rate is None or rate <= self.option("adaptive-error") or success(history) is not None:
            return
        is_over = history.moment is Moment.END and history.last_step >= STEPS
        if is_over:
            yield RunReport(
                subject=Subject(SubjectKind.SCHEDULE if optimizer.learning_rate is None else SubjectKind.LEARNING_RATE),
                message=(
                    f"{optimizer.name}'s learning rate was {fixes.number_text(rate)} in this run; "
                    f"{optimizers.usual_range(optimizer.name)}."
                ),
                step=history.last_step,
                epoch=history.last_epoch,
            )

    def refutation(self, finding: Finding, history: RunHistory) -> str | None:
        """A rate that is only unusual, in a run that trained well with it."""
        return success(history) if finding.severity is not Severity.ERROR else None

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the optimizer's usual rate in the place of the number, or that of fine-tuning."""
        optimizer = optimizers.optimizer_at(program, finding)
        if optimizer is None or tried_rates(program, optimizer) is not None:
            return None
        if overshooting.runs_away(program, optimizer):
            return None
        tuned = fine_tuned(program, optimizer)
        return optimizers.set_rate(program, finding, TUNING_RATE if tuned else None)

    def _limit(self, class_name: str, momentum: float | None) -> float | None:
        if class_name in optimizers.ADAPTIVE:
            return self.option("adaptive-max")
        if class_name == "SGD":
            return self.option("sgd-momentum-max" if momentum else "sgd-max")
        return None

    def _limit_of(self, optimizer: Optimizer) -> float | None:
        return self._limit(optimizer.class_name, number(optimizer.arguments.value("momentum")))

    def _severity_of(self, optimizer: Optimizer, rate: float) -> Severity | None:
        adaptive = optimizer.class_name in optimizers.ADAPTIVE
        if adaptive and rate > self.option("adaptive-error"):
            return Severity.ERROR
        return None


STEPS = 20
"""With such a rate so many steps show what becomes of a training. Ours."""
