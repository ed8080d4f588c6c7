"""SCR347 window-as-single-step."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.source.data import Data, DataStep
from scram_analyzers.source.entries import entries_of
from scram_analyzers.source.graph import InputSpec, Layer
from scram_analyzers.source.libraries.moving_windows import WINDOW
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import boolean

RECURRENT = ("LSTM", "GRU", "SimpleRNN", "Bidirectional")

_RESHAPING = ("reshape", "numpy.reshape", "expand_dims", "numpy.expand_dims")


class WindowAsSingleStep(Rule):
    """Windows of a series that a recurrent layer gets as one step each."""

    code = "SCR347"
    name = "window-as-single-step"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "windows of a series whose steps are laid side by side as the features of a single step"
    why = (
        "A recurrent layer goes along axis 1, step by step, and remembers. With one step there is nothing to go along "
        "and nothing to remember: the layer is a dense layer with gates, and does not know which value came first."
    )
    how = "Put the steps into axis 1 and the features into axis 2: (windows, steps, features)."
    references = (
        Reference("Keras: LSTM layer", "https://keras.io/api/layers/recurrent_layers/lstm/"),
        Reference(
            "TensorFlow: Time series forecasting", "https://www.tensorflow.org/tutorials/structured_data/time_series"
        ),
    )
    false_alarms = "Windows that are features on purpose, to be compared with windows that are sequences."
    only_with = RECURRENT
    bad = (
        Example(
            "Sixty days as sixty features of one step",
            """
            import keras
            import numpy as np
            import pandas as pd

            DAYS = 60
            prices = pd.read_csv("shares.csv")[["Close"]].values / 1000
            x, y = [], []
            for day in range(DAYS, len(prices)):
                x.append(prices[day - DAYS : day, 0])
                y.append(prices[day, 0])
            x, y = np.array(x), np.array(y)
            x = »np.reshape(x, (x.shape[0], 1, x.shape[1]))«
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "The bounds have names",
            """
            import keras
            import numpy as np
            import pandas as pd


            def windows_of(series, steps):
                x, y = [], []
                for begin in range(len(series) - steps):
                    end = begin + steps
                    x.append(series[begin:end])
                    y.append(series[end])
                return np.array(x), np.array(y)


            rain = pd.read_csv("rain.csv")["mm"].values / 100
            x, y = windows_of(rain, 14)
            x = »x.reshape((-1, 1, 14))«
            model = keras.Sequential([keras.layers.Input((1, 14)), keras.layers.GRU(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Sixty steps of one feature; windows for a dense layer",
            """
            import keras
            import numpy as np
            import pandas as pd

            DAYS = 60
            prices = pd.read_csv("shares.csv")[["Close"]].values / 1000
            x, y = [], []
            for day in range(DAYS, len(prices)):
                x.append(prices[day - DAYS : day, 0])
                y.append(prices[day, 0])
            x, y = np.array(x), np.array(y)
            steps = np.reshape(x, (x.shape[0], x.shape[1], 1))
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(steps, y, epochs=20)
            flat = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
            flat.compile(optimizer="adam", loss="mse")
            flat.fit(np.reshape(x, (x.shape[0], 1, x.shape[1])), y, epochs=20)
            """,
        ),
        Example(
            "A layer that remembers from batch to batch, and one in the model that lays out the steps",
            """
            import keras
            import numpy as np
            import pandas as pd
            from keras import layers

            prices = pd.read_csv("shares.csv")[["Close"]].values / 1000
            x, y = [], []
            for day in range(5, len(prices)):
                x.append(prices[day - 5 : day, 0])
                y.append(prices[day, 0])
            x, y = np.reshape(np.array(x), (-1, 1, 5)), np.array(y)
            model = keras.Sequential([layers.LSTM(32, stateful=True, batch_input_shape=(1, 1, 5)), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, batch_size=1, shuffle=False)
            other = keras.Sequential([layers.Reshape((5, 1)), layers.LSTM(32), layers.Dense(1)])
            other.compile(optimizer="adam", loss="mse")
            other.fit(x, y, epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what lays the steps of the training windows side by side."""
        said = set()
        for report in program.each_of(every_fit, _of_fit):
            if report.place.key not in said:
                said.add(report.place.key)
                yield report


def _of_fit(_: Program, fit: Fit) -> Iterator[Report]:
    data, layer = fit.inputs, _first(fit.model) if fit.model is not None else None
    laid = _laid_side_by_side(data) if data is not None else None
    if laid is None or laid.place is None or layer is None or data is None or data.shape is None:
        return
    given = name_of(fit.x.place, "these") if fit.x is not None and fit.x.place is not None else "these"
    yield Report(
        laid.place,
        f"Each window of {given} becomes a single step with {data.shape[-1]} features: {layer.class_name} has no "
        "steps to go through.",
        (Related(layer.place, "This layer goes along axis 1."),),
        recipe=f"x.reshape(-1, {data.shape[-1]}, 1)",
    )


def _laid_side_by_side(data: Data) -> DataStep | None:
    """The reshape that makes one step of each window."""
    if data.shape is None or len(data.shape) != 3 or data.shape[1] != 1:
        return None
    lengths = [step.number for step in data.steps if step.name == WINDOW]
    if len(lengths) != 1 or lengths[0] is None or lengths[0] < 2 or data.shape[2] != lengths[0]:
        return None
    return next((step for step in reversed(data.steps) if step.name in _RESHAPING), None)


def _first(model: Model) -> Layer | None:
    """The recurrent layer that the model's only input goes straight to, unless it remembers from batch to batch."""
    entries = entries_of(model)
    first = entries[0].producer if len(entries) == 1 else None
    if not isinstance(first, Layer) or first.class_name not in RECURRENT:
        return None
    straight = all(isinstance(source.producer, InputSpec) for source in entries[0].inputs)
    layers = [each for each in (first, first.inner) if each is not None and each.value("stateful") is not None]
    remembers = any(boolean(each.value("stateful")) is not False for each in layers)
    return first if straight and not remembers else None
