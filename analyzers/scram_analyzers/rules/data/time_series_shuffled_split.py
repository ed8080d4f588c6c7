"""SCR224 time-series-shuffled-split."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.program import Call, Fit, Program
from scram_analyzers.source.values import boolean


class TimeSeriesShuffledSplit(Rule):
    """Windows of a series, split at random: the test lies between the training windows."""

    code = "SCR224"
    name = "time-series-shuffled-split"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "windows cut from a series that are split into training and test part at random"
    why = (
        "Neighbouring windows share all but one of their rows. Split at random, each test window has twins in the "
        "training part, and the future is known in training: the score is far better than any forecast will be."
    )
    how = "Split by time: the first 80% for training, the rest for the test; train_test_split(x, y, shuffle=False)."
    references = (
        Reference(
            "scikit-learn: Cross validation of time series data",
            "https://scikit-learn.org/stable/modules/cross_validation.html#time-series-cv",
        ),
        Reference(
            "Keras: Timeseries forecasting", "https://keras.io/examples/timeseries/timeseries_weather_forecasting/"
        ),
    )
    false_alarms = "Windows that don't overlap and of which each is an example by itself."
    bad = (
        Example(
            "Overlapping windows, split at random",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.model_selection import train_test_split

            series = pd.read_csv("temperature.csv").values / 40
            x, y = [], []
            for start in range(len(series) - 24):
                x.append(series[start : start + 24])
                y.append(series[start + 24])
            x, y = np.array(x), np.array(y)
            x_train, x_test, y_train, y_test = »train_test_split(x, y, test_size=0.2)«
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train)
            """,
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.model_selection import train_test_split

            series = pd.read_csv("temperature.csv").values / 40
            x, y = [], []
            for start in range(len(series) - 24):
                x.append(series[start : start + 24])
                y.append(series[start + 24])
            x, y = np.array(x), np.array(y)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, shuffle=False)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train)
            """,
        ),
    )
    good = (
        Example(
            "Split by time",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.model_selection import train_test_split

            series = pd.read_csv("temperature.csv").values / 40
            x, y = [], []
            for start in range(len(series) - 24):
                x.append(series[start : start + 24])
                y.append(series[start + 24])
            x_train, x_test, y_train, y_test = train_test_split(np.array(x), np.array(y), shuffle=False)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Rows that are no series",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("flowers.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["length", "width"]], table["species"])
            model = keras.Sequential([keras.layers.Normalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report random splits of windows."""
        return program.each(program.fits, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        found = _random_split(program, fit.inputs) if fit.inputs is not None else None
        if found is None:
            return
        call, window = found
        related = () if window.place is None else (Related(window.place, "The windows are cut here."),)
        message = "Windows of a series are split at random: each test window has neighbours in the training part."
        yield Report(call.place, message, related, recipe="shuffle=False")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Split by time."""
        for call in program.calls:
            if not call.name.endswith("train_test_split") or program.range_of(call.place) != finding.range:
                continue
            edit = fixes.set_argument(program, call.place, "shuffle", "False")
            if edit is not None:
                return Fix("Split by time: shuffle=False", Applicability.UNSAFE, (edit,))
        return None


def _random_split(program: Program, data: Data) -> tuple[Call, DataStep] | None:
    """The split that mixed windows, and the step that cut them."""
    window: DataStep | None = None
    for step in data.steps:
        if step.name == "window":
            window = step
        elif step.kind is StepKind.SPLIT and step.place is not None and window is not None:
            node = step.place.node
            call = next((call for call in program.calls if call.place.node is node), None)
            if call is None or call.arguments.open:
                return None
            given = call.arguments.get("shuffle")
            ordered = given is not None and boolean(given.value) is not True
            return None if ordered or call.arguments.get("stratify") is not None else (call, window)
    return None
