"""SCR243 target-in-inputs."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.answers_given import Given, answer_given
from scram_analyzers.rules.data.evidence.chosen_later import columns_chosen_later
from scram_analyzers.rules.data.evidence.columns_by_number import column_held
from scram_analyzers.rules.data.evidence.windows_with_targets import SERIES, targets_within, unshifted
from scram_analyzers.rules.data.evidence.written_alike import given_beside
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import listed
from scram_analyzers.source.data import Data
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, Program, every_fit
from scram_analyzers.source.values import number

MOST_NAMED = 3

SPLITTING = frozenset(("sklearn.model_selection.train_test_split",))


class TargetInInputs(Rule):
    """A column of the inputs is the target."""

    code = "SCR243"
    name = "target-in-inputs"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a column of the training inputs that is the target itself, or the target scaled"
    why = (
        "The model learns to hand that column on, and looks perfect in training and validation. Where it is used, "
        "what it is to predict is not known yet, and it has learned nothing else."
    )
    how = (
        "Leave the column out. In windows over a series the target comes after the window: "
        "x = series[i : i + n], y = series[i + n]."
    )
    references = (DEEP_CHECKS,)
    false_alarms = "Exercises whose target is one of several inputs, multiplied by a number."

    bad = (
        Example(
            "A decoder that is given each letter as it is to answer it",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import questions, replies

            asked = np.zeros((len(replies), 40, 64), dtype="float32")
            told = np.zeros((len(replies), 40, 64), dtype="float32")
            answers = np.zeros((len(replies), 40, 64), dtype="float32")
            for row, reply in enumerate(replies):
                for step, letter in enumerate(reply):
                    asked[row, step, questions[row][step]] = 1
                    told[row, step, letter] = 1
                    »answers[row, step, letter]« = 1
            first, second = keras.Input((40, 64)), keras.Input((40, 64))
            _, hidden, cell = layers.LSTM(32, return_state=True)(first)
            steps = layers.LSTM(32, return_sequences=True)(second, initial_state=[hidden, cell])
            model = keras.Model([first, second], layers.Dense(64, activation="softmax")(steps))
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit([asked, told], answers, epochs=20)
            """,
        ),
        Example(
            "A column that should have been dropped as well",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("titanic.csv").fillna(0)
            x = »table.drop(["Name", "Ticket"], axis=1)«
            y = table["Survived"]
            x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=1)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "The grade that the target was made of",
            """
            import keras
            import numpy as np
            import pandas as pd

            table = pd.read_csv("students.csv")
            table["passed"] = np.where(table["final"] >= 10, 1, 0)
            x = »table[["age", "absences", "final"]]«
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, table["passed"], validation_split=0.2)
            """,
        ),
        Example(
            "The last letter of the text itself, as a number",
            """
            import keras
            import numpy as np

            text = open("wonderland.txt").read()
            number = {letter: n for n, letter in enumerate(sorted(set(text)))}
            x, y = [], []
            for i in range(len(text) - 100):
                x.append([number[letter] for letter in text[i : i + 100]])
                y.append(number[»text[i + 100 - 1]«])
            model = keras.Sequential([keras.layers.Embedding(60, 16), keras.layers.LSTM(16), keras.layers.Dense(60)])
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            model.fit(np.array(x), np.array(y), validation_split=0.1)
            """,
        ),
        Example(
            "The last value of the window itself",
            """
            import keras
            import numpy as np

            series = np.sin(np.arange(0, 100, 0.1))
            x, y = [], []
            for i in range(len(series) - 24):
                x.append(series[i : i + 24])
                y.append(»series[i + 24 - 1]«)
            x, y = np.array(x)[..., None], np.array(y)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:700], y[:700], validation_data=(x[724:], y[724:]))
            """,
        ),
        Example(
            "A window one step too long",
            """
            import keras
            import numpy as np

            series = np.sin(np.arange(0, 100, 0.1))
            x, y = [], []
            for i in range(24, len(series)):
                x.append(series[i - 24 : i + 1])
                y.append(»series[i]«)
            x, y = np.array(x)[..., None], np.array(y)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:700], y[:700], validation_data=(x[724:], y[724:]))
            """,
        ),
        Example(
            "The columns are listed before, the target among them",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("passengers.csv")
            features = ["survived", "class", "sex", "age"]
            x = »table[features]«.values
            y = table["survived"].values
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "A copy made before the target is taken out",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("diamonds.csv")
            x = table.copy()
            y = table.pop("price")
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(»x«, y, epochs=50)
            """,
        ),
        Example(
            "The last value of a window that has a name",
            """
            import keras
            import numpy as np

            series = np.sin(np.arange(0, 100, 0.1)).reshape(-1, 1)
            length = 24
            x, y = [], []
            for i in range(len(series) - length):
                window = series[i:(i + length), 0]
                x.append(window)
                y.append(»series[i + length - 1, 0]«)
            x, y = np.array(x)[..., None], np.array(y)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:700], y[:700], validation_data=(x[724:], y[724:]))
            """,
        ),
        Example(
            "One column too many of a table, whose words become numbers",
            """
            import keras
            import pandas as pd
            from sklearn.preprocessing import LabelEncoder, StandardScaler

            table = pd.read_csv("churn.csv")
            x, y = »table.iloc[:, 3:14]«.values, table.iloc[:, 13].values
            x[:, 1] = LabelEncoder().fit_transform(x[:, 1])
            x = StandardScaler().fit_transform(x)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=50)
            """,
        ),
        Example(
            "One column too many",
            """
            import keras
            import numpy as np
            from sklearn.preprocessing import StandardScaler

            rows = np.loadtxt("diabetes.csv", delimiter=",")
            x, y = »rows[:, 0:9]«, rows[:, 8]
            x = StandardScaler().fit_transform(x)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=50)
            """,
        ),
        Example(
            "Windows of Keras whose targets are not shifted",
            """
            import keras
            import pandas as pd
            from keras import layers

            series = pd.read_csv("demand.csv")[["load"]].values / 1000
            windows = keras.utils.timeseries_dataset_from_array(series, »series«, sequence_length=24)
            model = keras.Sequential([layers.LSTM(32), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(windows, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Targets one step ahead of the decoder's input",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import questions, replies

            asked = np.zeros((len(replies), 40, 64), dtype="float32")
            told = np.zeros((len(replies), 40, 64), dtype="float32")
            answers = np.zeros((len(replies), 40, 64), dtype="float32")
            for row, reply in enumerate(replies):
                for step, letter in enumerate(reply):
                    asked[row, step, questions[row][step]] = 1
                    told[row, step, letter] = 1
                    if step > 0:
                        answers[row, step - 1, letter] = 1
            first, second = keras.Input((40, 64)), keras.Input((40, 64))
            _, hidden, cell = layers.LSTM(32, return_state=True)(first)
            steps = layers.LSTM(32, return_sequences=True)(second, initial_state=[hidden, cell])
            model = keras.Model([first, second], layers.Dense(64, activation="softmax")(steps))
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit([asked, told], answers, epochs=20)
            """,
        ),
        Example(
            "Columns by their numbers, up to the target",
            """
            import keras
            import numpy as np
            import pandas as pd

            rows = np.loadtxt("diabetes.csv", delimiter=",") / 100
            x, y = rows[:, 0:8], rows[:, 8]
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=50)
            table = pd.read_csv("wine.csv")
            model.fit(table.iloc[:, :-1].values, table.iloc[:, -1].values, epochs=50)
            series = table.values
            model.fit(series[:, :][:-1], series[:, 0][1:], epochs=50)
            """,
        ),
        Example(
            "The value after the window, and one of another column",
            """
            import keras
            import numpy as np

            table = np.loadtxt("weather.csv", delimiter=",")
            x, y = [], []
            for i in range(len(table) - 24):
                x.append(table[i : i + 24])
                y.append(table[i + 24, 0])
            others, answers = [], []
            for i in range(24, len(table)):
                others.append(table[i - 24 : i, 1:])
                answers.append(table[i - 1, 0])
            x, y = np.array(x), np.array(y)
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:700], y[:700], validation_data=(x[724:], y[724:]))
            """,
        ),
        Example(
            "The table is split with its labels, and columns are chosen of the parts",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("moles.csv").fillna(0)
            train, test, y_train, y_test = train_test_split(table, table["malignant"], stratify=table["malignant"])
            x_train, x_test = train[["age", "size"]] / 100, test[["age", "size"]] / 100
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "The target is dropped, by whatever way",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("titanic.csv").fillna(0)
            y = table["Survived"]
            unused = ["Name", "Survived"]
            x = table.drop(unused, axis=1)
            others = table.drop(columns="Name")
            del others["Survived"]
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2)
            model.fit(others, y, validation_split=0.2)
            """,
        ),
        Example(
            "A copy made after the target was taken out",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("diamonds.csv")
            y = table.pop("price")
            x = table.copy()
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "A copy that the target is taken out of",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("diamonds.csv")
            x = table.copy()
            y = x.pop("price")
            x["cut"] = x["cut"].map({"fair": 1, "good": 2})
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "What comes a day later",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("prices.csv")
            table["rises"] = (table["close"].shift(-1) > table["close"]).astype(int)
            x, y = table[["open", "close"]], table["rises"]
            tomorrow = table["close"].shift(-1)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, validation_split=0.2)
            model.fit(x, tomorrow, validation_split=0.2)
            """,
        ),
        Example(
            "An autoencoder of all columns",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("sensors.csv")
            model = keras.Sequential([keras.layers.Dense(2, activation="relu"), keras.layers.Dense(9)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(table.values, table.values, validation_split=0.2)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report tables that still hold the column which is the target, or the one that it was made of."""
        said = set()
        split = [*program.each(program.calls_of(SPLITTING), _of_split)]
        told = {report.message for report in split}
        trained = [report for report in program.each_of(every_fit, _of_fit) if report.message not in told]
        for report in (*split, *trained):
            if report.place.key not in said:
                said.add(report.place.key)
                yield report
        for place, column in _by_number(program):
            if place.key not in said:
                said.add(place.key)
                message = f"The inputs {place.text} hold the column {column.text}, which is the target."
                yield Report(place, message, (Related(column, "The target."),), confidence=Confidence.HIGH)
        if program.fits:
            yield from _of_windows(program)
            yield from _of_series(program)
        yield from program.each_of(every_fit, _of_writes)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report what was found in the arrays given to fit."""
        columns = history.data.target_columns if history.data is not None else ()
        columns = columns or (history.stream.target_columns if history.stream is not None else ())
        if columns:
            is_one = len(columns) == 1
            yield RunReport(
                subject=Subject(SubjectKind.INPUTS),
                message=(
                    f"{listed(columns[:MOST_NAMED])} {'holds' if is_one else 'hold'} the target (up to a factor and a "
                    "shift): the answer is given with the question."
                ),
            )


def _of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    given = answer_given(program, fit.inputs, fit.targets)
    if given is not None and fit.x is not None and fit.x.place is not None:
        related = (Related(fit.x.place, "The model is trained on these."),)
        yield Report(given.place or fit.x.place, _message(given), related, confidence=Confidence.HIGH)


def _of_split(program: Program, call: Call) -> Iterator[Report]:
    """What is split into inputs and targets, wherever its parts go."""
    parts = [each.value if isinstance(each.value, Data) else None for each in call.arguments.positional[:2]]
    given = answer_given(program, *parts) if program.fits and len(parts) == 2 else None
    if given is not None and not columns_chosen_later(program, call):
        related = (Related(call.place, "They are split as inputs and targets here."),)
        yield Report(given.place or call.place, _message(given), related, confidence=Confidence.HIGH)


def _by_number(program: Program) -> Iterator[tuple[Place, Place]]:
    """Inputs that hold the column which is the target, both taken by their numbers."""
    for fit in program.fits:
        held = column_held(fit.inputs, fit.targets)
        if held is not None:
            yield held


def _of_windows(program: Program) -> Iterator[Report]:
    """Targets that are among the values of their own windows."""
    for section in program.sections_with(".append("):
        for target, window in targets_within(section):
            message = f"The target {target.text} stands in its own window: the model only has to copy it."
            yield Report(target, message, (Related(window, "The window."),), confidence=Confidence.HIGH)


def _of_series(program: Program) -> Iterator[Report]:
    """Windows whose targets are counted from where they begin, not from where they end."""
    for call in program.calls_of(SERIES):
        targets = unshifted(call)
        if targets is not None:
            length = fixes.number_text(number(call.arguments.value("sequence_length", 2)) or 0)
            message = (
                f"Each target of {targets.text} is the first row of its own window: Keras takes the one at the row "
                "where the window begins."
            )
            recipe = f"{targets.text}[:-{length}], {targets.text}[{length}:]"
            yield Report(targets, message, recipe=recipe, confidence=Confidence.HIGH)


def _of_writes(program: Program, fit: Fit) -> Iterator[Report]:
    """Targets that are filled step by step as an input is: teacher forcing without the shift."""
    found = given_beside(program, fit)
    if found is not None:
        target, given = found
        message = (
            f"The target {target.name} is filled just as the input {given.name} is: at every step the model is given "
            "what it is to answer."
        )
        recipe = f"{target.name}[i, t - 1, ...] = 1.0  # one step before the input"
        yield Report(target.place, message, (Related(given.place, "The input."),), recipe=recipe)


def _message(given: Given) -> str:
    if given.source is None:
        return f'The column "{given.target}", which is the target, is still among the inputs.'
    return f'The target "{given.target}" was made of the column "{given.source}", which is among the inputs.'
