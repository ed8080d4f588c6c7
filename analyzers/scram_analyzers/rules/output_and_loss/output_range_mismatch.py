"""SCR414 output-range-mismatch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.fixes import number_text
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import cases, generators, heads, target_ranges
from scram_analyzers.rules.output_and_loss.evidence.action_values import learns_action_values
from scram_analyzers.rules.output_and_loss.evidence.adversaries import adversaries, out_of_reach
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.rules.output_and_loss.evidence.places_in_pictures import are_places
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import targets_by_output, with_maker
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import REGRESSIONS
from scram_analyzers.run.wording import rounded
from scram_analyzers.source.data import STANDARDIZED, Interval
from scram_analyzers.source.heads import Head
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program

REACH: Mapping[str, Interval] = MappingProxyType(
    {
        "sigmoid": Interval(0, 1),
        "hard_sigmoid": Interval(0, 1),
        "softmax": Interval(0, 1),
        "tanh": Interval(-1, 1),
        "softsign": Interval(-1, 1),
        "relu": Interval(0, math.inf),
        "relu6": Interval(0, 6),
        "softplus": Interval(0, math.inf),
        "exponential": Interval(0, math.inf),
    }
)
"""The values that a last activation can give."""

SCALED = 10.0
"""Data beyond this are not scaled, of which another rule speaks."""


@dataclass(frozen=True)
class _Told:
    """What is said of a head after its activation, and how sure it is; None for the rule's own severity."""

    words: str
    confidence: Confidence | None = None
    severity: Severity | None = None


class OutputRangeMismatch(Rule):
    """A head that can't give the values it is trained towards."""

    code = "SCR414"
    name = "output-range-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a last activation whose range leaves out values that the regression targets have"
    why = (
        "Sigmoid gives values from 0 to 1, tanh from -1 to 1, relu none below 0. Targets outside can never be "
        "reached: the loss stops far from 0, and the units end up where their gradient is zero."
    )
    how = (
        "Predict numbers with a linear last layer (no activation). Or scale the targets into the range of the "
        "activation, and scale the predictions back."
    )
    references = (
        Reference("DeepDiagnosis (ICSE 2022): out-of-range outputs", "https://arxiv.org/abs/2112.04026"),
        Reference("Keras: Layer activation functions", "https://keras.io/api/layers/activations/"),
    )
    false_alarms = "Targets that are scaled on their way into fit where it can't be seen."
    options = (
        Option(
            "tolerance",
            0.01,
            "share of the targets' range that may lie outside",
            "catalogue of checks, row A14",
        ),
    )
    bad = (
        Example(
            "Corners in pixels",
            """
            import keras
            import pandas as pd
            from keras import layers
            from project import photos

            boxes = pd.read_csv("boxes.csv")[["x1", "y1", "x2", "y2"]].values
            model = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten()])
            model.add(layers.Dense(4, activation=»"sigmoid"«))
            model.compile(optimizer="adam", loss="mse")
            model.fit(photos / 255, boxes, epochs=20)
            """,
            """
            import keras
            import pandas as pd
            from keras import layers
            from project import photos

            boxes = pd.read_csv("boxes.csv")[["x1", "y1", "x2", "y2"]].values
            model = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten()])
            model.add(layers.Dense(4, activation="linear"))
            model.compile(optimizer="adam", loss="mse")
            model.fit(photos / 255, boxes, epochs=20)
            """,
        ),
        Example(
            "Targets standardized by hand, in a loop of one's own",
            """
            import tensorflow as tf
            from sklearn.datasets import load_diabetes

            x, y = load_diabetes(return_X_y=True)
            y_mean, y_std = y[:360].mean(), y[:360].std()
            y = (y - y_mean) / y_std
            batches = tf.data.Dataset.from_tensor_slices((x, y[:, None])).shuffle(400).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(24, activation="relu"), tf.keras.layers.Dense(1, activation=»"sigmoid"«)]
            )
            loss_fn = tf.keras.losses.Huber()
            optimizer = tf.keras.optimizers.Adam()
            for features, targets in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(targets, model(features, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
            """
            import tensorflow as tf
            from sklearn.datasets import load_diabetes

            x, y = load_diabetes(return_X_y=True)
            y_mean, y_std = y[:360].mean(), y[:360].std()
            y = (y - y_mean) / y_std
            batches = tf.data.Dataset.from_tensor_slices((x, y[:, None])).shuffle(400).batch(32)
            model = tf.keras.Sequential(
                [tf.keras.layers.Dense(24, activation="relu"), tf.keras.layers.Dense(1, activation="linear")]
            )
            loss_fn = tf.keras.losses.Huber()
            optimizer = tf.keras.optimizers.Adam()
            for features, targets in batches:
                with tf.GradientTape() as tape:
                    loss = loss_fn(targets, model(features, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Sigmoid for prices",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential(
                [
                    layers.Normalization(),
                    layers.Dense(64, activation="relu"),
                    layers.Dense(1, activation=»"sigmoid"«),
                ]
            )
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential(
                [
                    layers.Normalization(),
                    layers.Dense(64, activation="relu"),
                    layers.Dense(1, activation="linear"),
                ]
            )
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            """,
        ),
        Example(
            "Sigmoid for the prices of a table",
            """
            import keras
            import pandas as pd
            from keras import layers

            table = pd.read_csv("cars.csv")
            y = table.pop("price")
            model = keras.Sequential([layers.Normalization(), layers.Dense(1, activation=»"sigmoid"«)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(table, y, epochs=50)
            """,
            """
            import keras
            import pandas as pd
            from keras import layers

            table = pd.read_csv("cars.csv")
            y = table.pop("price")
            model = keras.Sequential([layers.Normalization(), layers.Dense(1, activation="linear")])
            model.compile(optimizer="adam", loss="mse")
            model.fit(table, y, epochs=50)
            """,
        ),
        Example(
            "Softmax for coordinates, judged by their distance",
            """
            import keras
            from project import faces, points

            model = keras.Sequential()
            model.add(keras.layers.Conv2D(32, 3, activation="relu"))
            model.add(keras.layers.Flatten())
            model.add(keras.layers.Dense(30, activation=»"softmax"«))
            model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            model.fit(faces, points, epochs=50)
            """,
            """
            import keras
            from project import faces, points

            model = keras.Sequential()
            model.add(keras.layers.Conv2D(32, 3, activation="relu"))
            model.add(keras.layers.Flatten())
            model.add(keras.layers.Dense(30, activation="linear"))
            model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            model.fit(faces, points, epochs=50)
            """,
        ),
        Example(
            "Values of actions, which may be larger than 1",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import memory

            model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(2, activation=»"sigmoid"«)])
            model.compile(optimizer="adam", loss="mse")
            for state, action, reward, following in memory:
                target = model.predict(state)
                target[0][action] = reward + 0.95 * np.max(model.predict(following))
                model.fit(state, target, epochs=1)
            """,
            """
            import keras
            import numpy as np
            from keras import layers
            from project import memory

            model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(2, activation="linear")])
            model.compile(optimizer="adam", loss="mse")
            for state, action, reward, following in memory:
                target = model.predict(state)
                target[0][action] = reward + 0.95 * np.max(model.predict(following))
                model.fit(state, target, epochs=1)
            """,
        ),
        Example(
            "An autoencoder of a table with a standardized column",
            """
            import keras
            import pandas as pd
            from keras import layers
            from sklearn.preprocessing import StandardScaler

            payments = pd.read_csv("payments.csv")
            payments["amount"] = StandardScaler().fit_transform(payments[["amount"]])
            model = keras.Sequential([layers.Dense(8, "tanh"), layers.Dense(30, activation=»"relu"«)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(payments, payments, epochs=50)
            """,
            """
            import keras
            import pandas as pd
            from keras import layers
            from sklearn.preprocessing import StandardScaler

            payments = pd.read_csv("payments.csv")
            payments["amount"] = StandardScaler().fit_transform(payments[["amount"]])
            model = keras.Sequential([layers.Dense(8, "tanh"), layers.Dense(30, activation="linear")])
            model.compile(optimizer="adam", loss="mse")
            model.fit(payments, payments, epochs=50)
            """,
        ),
        Example(
            "Relu for standardized targets",
            """
            import pandas as pd
            from sklearn.preprocessing import StandardScaler
            from tensorflow.keras.layers import Activation, Dense
            from tensorflow.keras.models import Sequential

            table = pd.read_csv("houses.csv")
            y = StandardScaler().fit_transform(table[["price"]])
            x = StandardScaler().fit_transform(table[["rooms", "area"]])
            model = Sequential()
            model.add(Dense(32, activation="tanh"))
            model.add(Dense(1))
            model.add(Activation(»"relu"«))
            model.compile(loss="mean_squared_error", optimizer="adam")
            model.fit(x, y, epochs=50)
            """,
            """
            import pandas as pd
            from sklearn.preprocessing import StandardScaler
            from tensorflow.keras.layers import Activation, Dense
            from tensorflow.keras.models import Sequential

            table = pd.read_csv("houses.csv")
            y = StandardScaler().fit_transform(table[["price"]])
            x = StandardScaler().fit_transform(table[["rooms", "area"]])
            model = Sequential()
            model.add(Dense(32, activation="tanh"))
            model.add(Dense(1))
            model.add(Activation("linear"))
            model.compile(loss="mean_squared_error", optimizer="adam")
            model.fit(x, y, epochs=50)
            """,
        ),
    )
    good = (
        Example(
            "Corners as shares of a picture, and labels that may all be there",
            """
            import keras
            import pandas as pd
            from keras import layers
            from project import photos

            table = pd.read_csv("boxes.csv")
            boxes = table[["x1", "y1", "x2", "y2"]].values / 224
            model = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten()])
            model.add(layers.Dense(4, activation="sigmoid"))
            model.compile(optimizer="adam", loss="mse")
            model.fit(photos / 255, boxes, epochs=20)
            there = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten()])
            there.add(layers.Dense(3, activation="sigmoid"))
            there.compile(optimizer="adam", loss="mse")
            there.fit(photos / 255, table[["dog", "cat", "bird"]].values, epochs=20)
            """,
        ),
        Example(
            "A linear head",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            """,
        ),
        Example(
            "Relu for prices, which are never below 0",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1, "relu")])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            """,
        ),
        Example(
            "An autoencoder of scaled pixels",
            """
            import keras
            from keras import layers

            (x_train, _), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, x_train, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each head under a regression loss whose targets it can't reach, or might not."""
        yield from program.each_of(cases.cases, self._of_case)
        yield from self._imitations(program)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        reach = REACH.get(case.head.activation or "")
        place = case.head.activation_place or case.head.place
        if reach is None or place is None:
            return
        if case.loss.name not in REGRESSION and not (reach.high <= 1 and learns_action_values(case)):
            return  # of those that are given what actions are worth, the loss is as wrong as the head
        counted = case.head.units_argument is not None and case.reproduces_inputs
        if case.head.units is None and not case.learns_values and not counted:
            return
        if case.form in cases.CLASS_FORMS or (case.head.activation == "softmax" and case.head.units == 1):
            return  # a question of class: other rules speak of the loss
        yield from self._reports(program, case, reach, place)

    def refutation(self, finding: Finding, history: RunHistory) -> str | None:
        """Targets of the only output within reach of its last activation, where the source knew nothing of them."""
        seen = next(targets_by_output(history), None)
        if seen is None or len(history.info.outputs) != 1 or finding.severity is not Severity.INFO:
            return None
        reach = REACH.get(seen.output.activation or "")
        if reach is None or seen.low < reach.low or seen.high > reach.high:
            return None
        return f"the targets run from {rounded(seen.low, 4)} to {rounded(seen.high, 4)}"

    def _imitations(self, program: Program) -> Iterator[Report]:
        """Report generators that can't reach the scaled data that they are to imitate."""
        told = {head.place.key for head in _told_of_generators(program) if head.place is not None}
        for each in generators.imitations(program):
            if each.head.place is not None and each.head.place.key in told:
                continue  # generator-output-mismatch says so
            reach, seen = REACH.get(each.head.activation or ""), each.real.range
            place = each.head.activation_place or each.head.place
            if (
                reach is None
                or place is None
                or seen is None
                or seen.magnitude > SCALED
                or not self._leaves(seen, reach)
            ):
                continue
            yield Report(
                place,
                f"{heads.layer_words(each.head)} ends in {each.head.activation} and gives {_values(reach)}, but the "
                f"real data go {_span(seen)}: they are told from what it makes by that alone.",
                (Related(each.place, "The real data are passed here."),),
                recipe='activation="tanh"' if (seen.low, seen.high) == (-1, 1) else "",
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report targets given to fit that the last activation can't reach."""
        for seen in targets_by_output(history):
            output = with_maker(history, seen.output)
            reach = REACH.get(output.activation or "")
            if reach is None or output.loss not in REGRESSIONS or output.layer is None:
                continue
            margin = self.option("tolerance") * max(seen.high - seen.low, 1.0)
            if seen.low >= reach.low - margin and seen.high <= reach.high + margin:
                continue
            given = f"from {reach.low:g} to {reach.high:g}" if reach.high < math.inf else f"of {reach.low:g} and more"
            layer = "the last layer" if len(history.info.outputs) == 1 else f'the output "{output.name}"'
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, output.layer),
                message=(
                    f"With {output.activation} {layer} gives values {given}, and the targets run from "
                    f"{rounded(seen.low, 4)} to {rounded(seen.high, 4)}: the model can never reach them all."
                ),
            )

    def _reports(self, program: Program, case: Case, reach: Interval, place: Place) -> Iterator[Report]:
        told = self._of_softmax(case) if case.head.activation == "softmax" else self._of_reach(program, case, reach)
        if told is not None:
            yield Report(
                place,
                f"{heads.layer_words(case.head)} ends in {case.head.activation}{told.words}",
                (*_targets_related(case), Related(case.loss.place, "The loss it is trained with.")),
                severity=told.severity,
                confidence=told.confidence,
                recipe=f"{_spelled(program, case)}({_units(case)})",
            )

    def _of_softmax(self, case: Case) -> _Told | None:
        targets = target_ranges.what_targets_are(case)
        outputs = ", so that its outputs add up to 1"
        return _Told(f"{outputs}; the targets are {targets}, not shares of 1.") if targets is not None else None

    def _of_reach(self, program: Program, case: Case, reach: Interval) -> _Told | None:
        """What says that the targets leave the reach of the activation, or that they might."""
        seen = target_ranges.likely_range(case.targets) or target_ranges.scaled_column(case)
        but = f" and gives {_values(reach)}, but "
        if seen is not None:
            if not self._leaves(seen, reach):
                return None
            if case.targets is not None and case.targets.range not in (None, STANDARDIZED):
                return _Told(f"{but}the targets go {_span(seen)}.")
            return _Told(f"{but}the targets are scaled to lie on both sides of 0.", Confidence.MEDIUM)
        if case.learns_values and case.head.activation in ("sigmoid", "tanh"):
            targets = "the targets are its own predictions with new values in them, which add rewards up."
        elif target_ranges.is_measured(case) or target_ranges.is_raw_column(program, case):
            targets = "the targets are measured numbers that nothing in this program scales."
        elif are_places(program, case):
            targets = "the targets are places in pictures, and nothing in this program brings pixels into those bounds."
        elif _may_be_meant_for_numbers(case):
            return _Told(f"{but}nothing says that the targets stay there.", Confidence.LOW, Severity.INFO)
        else:
            return None
        return _Told(f"{but}{targets}", Confidence.MEDIUM)

    def _leaves(self, seen: Interval, reach: Interval) -> bool:
        slack = self.option("tolerance") * (seen.high - seen.low)
        return seen.low < reach.low - slack or seen.high > reach.high + slack

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """A linear head."""
        case = cases.case_at(program, finding.range)
        edits = heads.activation_edits(program, case.head, "linear") if case is not None else ()
        return Fix("Make the last layer linear", Applicability.UNSAFE, edits) if edits else None


def _told_of_generators(program: Program) -> Iterator[Head]:
    """The ends of generators that another rule speaks of."""
    return (found[0] for each in adversaries(program) if (found := out_of_reach(each)) is not None)


def _units(case: Case) -> str:
    given = case.head.units_argument
    return (
        given.place.text
        if case.head.units is None and given is not None and given.place is not None
        else str(case.head.units)
    )


def _may_be_meant_for_numbers(case: Case) -> bool:
    """Whether a single bounded unit is trained towards numbers of which nothing is known."""
    if case.head.units != 1 or case.head.activation not in ("sigmoid", "tanh", "relu") or case.fit is None:
        return False
    return case.accuracy is None and not case.judged_by_hand and not case.reproduces_inputs and case.form is None


def _values(reach: Interval) -> str:
    if reach.high == math.inf:
        return "no values below 0"
    return f"only values from {number_text(reach.low)} to {number_text(reach.high)}"


def _span(seen: Interval) -> str:
    return f"from {number_text(seen.low)} to {number_text(seen.high)}"


def _targets_related(case: Case) -> tuple[Related, ...]:
    place = case.fit.y.place if case.fit is not None and case.fit.y is not None else None
    return (Related(place, "The targets."),) if place is not None else ()


def _spelled(program: Program, case: Case) -> str:
    return program.imports.spell(case.head.layer.kind if case.head.layer is not None else "keras.layers.Dense").text
