"""SCR224 time-series-shuffled-split."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.calls_of_steps import call_of
from scram_analyzers.rules.data.evidence.judging import judged_by, stretch
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.program import Call, Fit, Program, every_fit
from scram_analyzers.source.values import Tuple, boolean


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
            "Windows that numpy moves over a series",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.model_selection import train_test_split

            prices = pd.read_csv("prices.csv")["Close"].values / 1000
            windows = np.lib.stride_tricks.sliding_window_view(prices, 31)
            x, y = windows[:, :-1, None], windows[:, -1]
            x_train, x_test, y_train, y_test = »train_test_split(x, y, test_size=0.2)«
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=20, validation_data=(x_test, y_test))
            """,
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.model_selection import train_test_split

            prices = pd.read_csv("prices.csv")["Close"].values / 1000
            windows = np.lib.stride_tricks.sliding_window_view(prices, 31)
            x, y = windows[:, :-1, None], windows[:, -1]
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, shuffle=False)
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=20, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Windows in a random order, and then cut",
            """
            import keras
            import numpy as np
            import pandas as pd

            prices = pd.read_csv("prices.csv")["Close"].values / 1000
            x, y = [], []
            for day in range(len(prices) - 30):
                x.append(prices[day : day + 30])
                y.append(prices[day + 30])
            x, y = np.array(x)[..., None], np.array(y)
            order = »np.random.permutation(len(x))«
            x, y = x[order], y[order]
            cut = int(0.8 * len(x))
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:cut], y[:cut], epochs=20, validation_data=(x[cut:], y[cut:]))
            """,
        ),
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
        Example(
            "The rows are split at random, then cut into windows",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            series = pd.read_csv("temperature.csv")[["temperature"]].values / 40
            x_train, x_test = »train_test_split(series, test_size=0.2)«
            train = keras.utils.timeseries_dataset_from_array(x_train[:-24], x_train[24:], sequence_length=24)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(train)
            """,
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            series = pd.read_csv("temperature.csv")[["temperature"]].values / 40
            x_train, x_test = train_test_split(series, test_size=0.2, shuffle=False)
            train = keras.utils.timeseries_dataset_from_array(x_train[:-24], x_train[24:], sequence_length=24)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(train)
            """,
        ),
    )
    good = (
        Example(
            "Only the windows to train on are mixed",
            """
            import keras
            import numpy as np
            import pandas as pd

            prices = pd.read_csv("prices.csv")["Close"].values / 1000
            x = np.array([prices[day : day + 30] for day in range(len(prices) - 30)])[..., None]
            y = prices[30:]
            cut = int(0.8 * len(x))
            x_train, y_train, x_test, y_test = x[:cut], y[:cut], x[cut:], y[cut:]
            order = np.random.permutation(cut)
            x_train, y_train = x_train[order], y_train[order]
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train[:500], y_train[:500], epochs=20)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Batches of rows that a split mixed",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("flowers.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["length", "width"]], table["species"])
            model = keras.Sequential([keras.layers.Normalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            for start in range(0, len(x_train), 32):
                model.train_on_batch(x_train[start : start + 32], y_train[start : start + 32])
            """,
        ),
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
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.inputs
        if data is None or data.images:  # `picture[y - r : y + r]` is a piece of it, and no window of a series
            return
        permuted = _permuted(program, fit, data)
        if permuted is not None:
            mixed, window = permuted
            assert mixed.place is not None
            related = () if window.place is None else (Related(window.place, "The windows are cut here."),)
            yield Report(mixed.place, _NEIGHBOURS, related, recipe="x_train, x_test = x[:cut], x[cut:]  # as they come")
            return
        found, message = _random_split(program, data), _NEIGHBOURS
        if found is None:
            found, message = _mixed_before(program, data), _TORN
        if found is None:
            return
        call, window = found
        related = () if window.place is None else (Related(window.place, "The windows are cut here."),)
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


_NEIGHBOURS = "Windows of a series are split at random: each test window has neighbours in the training part."
_TORN = "The rows of this series are split at random, and windows are cut from what is left: their rows don't follow."


def _permuted(program: Program, fit: Fit, data: Data) -> tuple[DataStep, DataStep] | None:
    """The step that put windows into a random order of which some rows train and others judge, and what cut them."""
    steps = list(data.steps)
    names = [step.name for step in steps]
    if WINDOW not in names or "permutation" not in names[names.index(WINDOW) :]:
        return None
    at = names.index("permutation")
    mixed, cut = steps[at], next((step for step in steps[at + 1 :] if stretch(step) is not None), None)
    if cut is None:
        return None
    for judged in judged_by(program, fit):
        theirs = judged.data.steps
        together = [place for place, step in enumerate(theirs) if step.node is mixed.node]
        others = [step for step in theirs[together[0] + 1 :] if stretch(step) is not None] if together else []
        if others and judged.data.roots & data.roots and others[0].node is not cut.node:
            return mixed, steps[names.index(WINDOW)]
    return None


def _random_split(program: Program, data: Data) -> tuple[Call, DataStep] | None:
    """The split that mixed windows, and the step that cut them."""
    window: DataStep | None = None
    for step in data.steps:
        if step.name == WINDOW:
            window = step
        elif step.kind is StepKind.SPLIT and step.place is not None and window is not None:
            call = _random(program, step)
            return (call, window) if call is not None else None
    return None


def _mixed_before(program: Program, data: Data) -> tuple[Call, DataStep] | None:
    """The split that mixed the rows of a table, and the step that cut windows from them after it.

    Windows are what a generator of them cuts, or what is put together in a list: other slices may be batches.
    """
    windows = [place for place, step in enumerate(data.steps) if step.name == WINDOW]
    if not windows or not data.is_table:
        return None
    window = data.steps[windows[-1]]
    if not isinstance(window.node, cst.Call) and not data.roots.isdisjoint(_roots_of_parts(program)):
        return None
    for step in data.steps[: windows[-1]]:
        if step.kind is StepKind.SPLIT and (call := _random(program, step)) is not None:
            return call, window
    return None


def _roots_of_parts(program: Program) -> frozenset[int]:
    """The roots of what splits gave: of a stack of windows the list is the root."""
    results = (call.result for call in program.calls if call.name.endswith("train_test_split"))
    parts = (part for result in results if isinstance(result, Tuple) for part in result.items)
    return frozenset().union(*(part.roots for part in parts if isinstance(part, Data)))


def _random(program: Program, step: DataStep) -> Call | None:
    """The call of a split that draws the rows of both parts."""
    call = call_of(program, step)
    if call is None or call.arguments.open or not call.name.endswith("train_test_split"):
        return None
    given = call.arguments.get("shuffle")
    ordered = given is not None and boolean(given.value) is not True
    return None if ordered or call.arguments.get("stratify") is not None else call


WINDOW = "window"
"""The step that cuts windows, each some rows further on than the last."""
