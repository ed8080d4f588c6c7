"""SCR421 classification-loss-for-regression."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.evaluation.evidence.target_scales import is_plain, scaled_by
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.action_values import learns_action_values
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import LabelForm, StepKind
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES
from scram_analyzers.source.program import Program


class ClassificationLossForRegression(Rule):
    """Numbers learned with a loss for classes."""

    code = "SCR421"
    name = "classification-loss-for-regression"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a cross-entropy whose targets are measured numbers, not classes"
    why = (
        "Cross-entropy compares probabilities with classes: 0 or 1, or the number of a class. Given measured numbers "
        "it has no least value where the prediction is right, and can fall below 0 without end."
    )
    how = (
        'Predict numbers with a linear last layer and a loss for numbers: Dense(1) and loss="mse" (or "mae", "huber").'
    )
    references = (
        Reference("Keras: Regression losses", "https://keras.io/api/losses/regression_losses/"),
        Reference("TensorFlow: Basic regression", "https://www.tensorflow.org/tutorials/keras/regression"),
    )
    false_alarms = "Numbers between 0 and 1 that stand for probabilities."
    bad = (
        Example(
            "What actions are worth, learned as if one of them were right",
            """
            import keras
            import numpy as np
            from project import memory

            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss=»"categorical_crossentropy"«)
            for state, action, reward, next_state, done in memory.sample(32):
                target = model.predict(state)
                best = np.amax(model.predict(next_state)[0])
                target[0][action] = reward if done else reward + 0.95 * best
                model.fit(state, target, epochs=1, verbose=0)
            """,
            """
            import keras
            import numpy as np
            from project import memory

            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss="mse")
            for state, action, reward, next_state, done in memory.sample(32):
                target = model.predict(state)
                best = np.amax(model.predict(next_state)[0])
                target[0][action] = reward if done else reward + 0.95 * best
                model.fit(state, target, epochs=1, verbose=0)
            """,
        ),
        Example(
            "House prices under cross-entropy",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«)
            model.fit(x_train, y_train, epochs=50)
            """,
        ),
        Example(
            "A column of prices",
            """
            import keras
            import pandas as pd
            from keras import layers

            table = pd.read_csv("cars.csv")
            y = table["SalePrice"].values
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["accuracy"])
            model.fit(table[["year", "mileage"]], y, epochs=50)
            """,
        ),
        Example(
            "A linear head already",
            """
            from sklearn.datasets import load_diabetes
            from tensorflow.keras.layers import Dense
            from tensorflow.keras.models import Sequential

            x, y = load_diabetes(return_X_y=True)
            model = Sequential([Dense(16, activation="relu"), Dense(1)])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["mae"])
            model.fit(x, y, epochs=50)
            """,
            """
            from sklearn.datasets import load_diabetes
            from tensorflow.keras.layers import Dense
            from tensorflow.keras.models import Sequential

            x, y = load_diabetes(return_X_y=True)
            model = Sequential([Dense(16, activation="relu"), Dense(1)])
            model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "The next value of a series, scaled",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.preprocessing import MinMaxScaler

            prices = MinMaxScaler().fit_transform(pd.read_csv("prices.csv")["open"].values.reshape(-1, 1))
            x, y = [], []
            for i in range(60, len(prices)):
                x.append(prices[i - 60 : i, 0])
                y.append(prices[i, 0])
            x, y = np.array(x).reshape(-1, 60, 1), np.array(y)
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Points from 1 to 5",
            """
            import keras
            import pandas as pd

            rides = pd.read_csv("rides.csv")
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«)
            model.fit(rides[["wait", "price"]] / 100, rides["rating"], epochs=20)
            """,
            """
            import keras
            import pandas as pd

            rides = pd.read_csv("rides.csv")
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(rides[["wait", "price"]] / 100, rides["rating"], epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "An agent that learns which action to take, and not what it is worth",
            """
            import keras
            import numpy as np
            from project import episodes

            policy = keras.Sequential([keras.layers.Dense(24, "relu"), keras.layers.Dense(2, "softmax")])
            policy.compile(optimizer="adam", loss="categorical_crossentropy")
            for states, actions, returns in episodes():
                policy.fit(states, np.eye(2)[actions], sample_weight=returns)
            """,
        ),
        Example(
            "Whether the next value is in the upper half",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.preprocessing import MinMaxScaler

            prices = MinMaxScaler().fit_transform(pd.read_csv("prices.csv")["open"].values.reshape(-1, 1))
            x, y = [], []
            for i in range(60, len(prices)):
                x.append(prices[i - 60 : i, 0])
                y.append(prices[i, 0])
            x, y = np.array(x).reshape(-1, 60, 1), np.array(y)
            y = (y > 0.5).astype("int32")
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A price made into two classes",
            """
            import keras
            import pandas as pd
            from keras import layers

            table = pd.read_csv("cars.csv")
            y = (table["price"] > 20000).astype(int)
            model = keras.Sequential([layers.Normalization(), layers.Dense(64, "relu"), layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(table[["year", "mileage"]], y, epochs=50)
            """,
        ),
        Example(
            "A loss for numbers",
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
            "Random classes to try things out",
            """
            import keras
            import numpy as np
            from keras import layers

            x = np.random.rand(100, 8)
            y = np.random.randint(0, 2, size=(100, 1))
            model = keras.Sequential([layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y)
            """,
        ),
        Example(
            "Numbers made into classes",
            """
            import keras
            import numpy as np
            from keras import layers

            (x_train, y_train), _ = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([layers.Normalization(), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train > 20, epochs=50)
            """,
        ),
        Example(
            "Whether somebody gave many points",
            """
            import keras
            import pandas as pd

            rides = pd.read_csv("rides.csv")
            rides["rating"] = (rides["rating"] > 3).astype(int)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu")])
            model.add(keras.layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(rides[["wait", "price"]] / 100, rides["rating"], epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each cross-entropy that reads measured numbers."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        if case.loss.name not in CROSS_ENTROPIES or not _learns_numbers(case):
            return
        severity = _severity(case)
        if case.reproduces_inputs or severity is None:
            return
        given = case.fit.y.place if case.fit is not None and case.fit.y is not None else None
        named = "what actions are worth, rewards added up" if learns_action_values(case) else "measured numbers"
        yield Report(
            place=case.loss.place,
            message=f"The loss {case.loss.name} compares classes; the targets are {named}{_span(case)}.",
            related=(Related(given, "The targets."),) if given is not None else (),
            severity=severity,
            confidence=Confidence.MEDIUM if severity is Severity.WARNING else None,
            recipe='loss="mse"  # with a linear last layer',
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The squared error, where the head gives plain numbers."""
        case = cases.case_at(program, finding.range)
        if case is None or case.head.activation != "linear" or case.loss.arguments.keywords or case.loss.function:
            return None
        return Fix("Use mse", Applicability.UNSAFE, (fixes.replace(program, case.loss.place, '"mse"'),))


def _learns_numbers(case: Case) -> bool:
    """Whether the targets are measured, or a single column whose name says so; of several units they may be steps."""
    if case.form is None and case.head.units == 1 and _continues_series(case):
        return True
    if case.form is None and learns_action_values(case):
        return True
    if case.form is None and case.head.units == 1:
        measured = cases.is_measured(case.targets) or cases.is_counted_off(case.targets)
        return case.targets is not None and case.targets.range is None and measured
    return case.form is LabelForm.CONTINUOUS


def _continues_series(case: Case) -> bool:
    """Whether the targets are values of the very series, scaled, of which the inputs are windows."""
    inputs, targets = case.fit.inputs if case.fit is not None else None, case.targets
    if inputs is None or targets is None or not any(step.name == "window" for step in inputs.steps):
        return False
    last = max((place for place, step in enumerate(targets.steps) if step.kind is StepKind.SCALED), default=-1)
    if not is_plain(targets.steps[last + 1 :]):
        return False  # whether they rose or fell, it may be
    one_column = inputs.shape is not None and inputs.shape[2:] in ((), (1,))
    by, theirs = scaled_by(targets), scaled_by(inputs)
    return one_column and by is not None and theirs is not None and by.place.key == theirs.place.key


def _severity(case: Case) -> Severity | None:
    """Error where the numbers can't be probabilities; a warning where accuracy is asked of them; None if they may."""
    interval = case.targets.range if case.targets is not None else None
    if case.loss.name == "sparse_categorical_crossentropy":
        return Severity.ERROR
    if interval is None:
        return Severity.WARNING
    if interval.low < 0 or interval.high > 1:
        return Severity.ERROR
    return Severity.WARNING if case.accuracy is not None and case.loss.name == "binary_crossentropy" else None


def _span(case: Case) -> str:
    interval = case.targets.range if case.targets is not None else None
    if interval is None:
        return ""
    return f" from {fixes.number_text(interval.low)} to {fixes.number_text(interval.high)}"
