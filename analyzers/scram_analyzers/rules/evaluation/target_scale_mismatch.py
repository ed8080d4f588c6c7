"""SCR712 target-scale-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.rules.evaluation.evidence.target_scales import (
    is_plain,
    is_unscaled,
    scaled_by,
    targets_trained_on,
    turned_back_by,
)
from scram_analyzers.rules.evaluation.evidence.told_in_units import unit_told
from scram_analyzers.source.data import Data
from scram_analyzers.source.libraries.changing_objects import INVERSE
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import (
    Call,
    Evaluation,
    Fit,
    Pairing,
    Program,
    every_evaluation,
    every_fit,
    every_pairing,
)
from scram_analyzers.source.values import Argument, Tuple

_SCORES = frozenset(
    f"sklearn.metrics.{name}"
    for name in (
        *("mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "median_absolute_error", "r2_score"),
        *("mean_absolute_percentage_error", "explained_variance_score", "max_error", "mean_squared_log_error"),
    )
)
"""Scores that set numbers against numbers."""


class TargetScaleMismatch(Rule):
    """Predictions that are judged by targets on another scale than the model was trained to."""

    code = "SCR712"
    name = "target-scale-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "predictions judged by targets on another scale, or turned back by the scaler of the inputs"
    why = (
        "A model that is trained on scaled targets answers on that scale. Set against targets as they were measured, "
        "or turned back by a scaler that learned from other columns, its predictions look wrong however good they "
        "are, and the error says nothing."
    )
    how = (
        "Bring both to one scale before they are compared: turn the predictions back with the scaler of the targets, "
        "y_scaler.inverse_transform(model.predict(x_test)), and leave the targets as they were measured."
    )
    references = (
        Reference(
            "scikit-learn: Transforming target in regression",
            "https://scikit-learn.org/stable/modules/compose.html#transforming-target-in-regression",
        ),
    )
    bad = (
        Example(
            "An error of scaled prices, told in dollars",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.metrics import mean_squared_error
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["area"]] / 100, table[["price"]])
            scaler = StandardScaler()
            y_train, y_test = scaler.fit_transform(y_train), scaler.transform(y_test)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            rmse = np.sqrt(»mean_squared_error(y_test, model.predict(x_test))«)
            print(f"The typical error is ${rmse:.0f}")
            """,
        ),
        Example(
            "Predictions turned back, targets still scaled",
            """
            import keras
            import pandas as pd
            from sklearn.metrics import mean_squared_error
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["rooms", "age"]], table[["price"]])
            x_scaler, y_scaler = MinMaxScaler(), MinMaxScaler()
            x_train, x_test = x_scaler.fit_transform(x_train), x_scaler.transform(x_test)
            y_train, y_test = y_scaler.fit_transform(y_train), y_scaler.transform(y_test)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            prices = y_scaler.inverse_transform(model.predict(x_test))
            print(»mean_squared_error(y_test, prices)«)
            """,
        ),
        Example(
            "Targets as measured, predictions still scaled",
            """
            import keras
            import pandas as pd
            from sklearn.metrics import mean_absolute_error
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["rooms", "age"]], table[["price"]])
            x_scaler, y_scaler = StandardScaler(), StandardScaler()
            x_train, x_test = x_scaler.fit_transform(x_train), x_scaler.transform(x_test)
            y_train = y_scaler.fit_transform(y_train)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            print(»mean_absolute_error(y_test, model.predict(x_test))«)
            """,
        ),
        Example(
            "Turned back by the scaler of the inputs",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["area"]], table[["price"]])
            x_scaler, y_scaler = MinMaxScaler(), MinMaxScaler()
            x_train, x_test = x_scaler.fit_transform(x_train), x_scaler.transform(x_test)
            y_train = y_scaler.fit_transform(y_train)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            print(»x_scaler.inverse_transform(model.predict(x_test))«)
            """,
        ),
        Example(
            "Validation targets that were never scaled",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["area"]] / 100, table[["price"]])
            y_train = MinMaxScaler().fit_transform(y_train)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50, validation_data=(x_test, »y_test«))
            """,
        ),
        Example(
            "Drawn beside what was measured",
            """
            import keras
            import matplotlib.pyplot as plt
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["rooms", "age"]].values, table[["price"]].values)
            x_scaler, y_scaler = MinMaxScaler(), MinMaxScaler()
            x_train, x_test = x_scaler.fit_transform(x_train), x_scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_scaler.fit_transform(y_train), epochs=50)
            plt.plot(y_test)
            »plt.plot(model.predict(x_test))«
            plt.show()
            """,
        ),
    )
    good = (
        Example(
            "Told without a unit, or brought back by hand",
            """
            import keras
            import pandas as pd
            from sklearn.metrics import mean_absolute_error
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["area"]] / 100, table[["price"]])
            scaler = StandardScaler()
            y_train, y_test = scaler.fit_transform(y_train), scaler.transform(y_test)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50)
            error = mean_absolute_error(y_test, model.predict(x_test))
            print("Error (scaled):", error)
            print("Error: $%.2f" % (error * scaler.scale_[0]))
            """,
        ),
        Example(
            "Drawn in two pictures, or turned back",
            """
            import keras
            import matplotlib.pyplot as plt
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["rooms", "age"]].values, table[["price"]].values)
            x_scaler, y_scaler = MinMaxScaler(), MinMaxScaler()
            x_train, x_test = x_scaler.fit_transform(x_train), x_scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_scaler.fit_transform(y_train), epochs=50)
            predicted = model.predict(x_test)
            plt.plot(predicted)
            plt.figure()
            plt.plot(y_test)
            plt.plot(y_scaler.inverse_transform(predicted))
            plt.show()
            """,
        ),
        Example(
            "Both as they were measured",
            """
            import keras
            import pandas as pd
            from sklearn.metrics import mean_squared_error
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("houses.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["rooms", "age"]], table[["price"]])
            x_scaler, y_scaler = MinMaxScaler(), MinMaxScaler()
            x_train, x_test = x_scaler.fit_transform(x_train), x_scaler.transform(x_test)
            y_train, y_test = y_scaler.fit_transform(y_train), y_scaler.transform(y_test)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=50, validation_data=(x_test, y_test))
            print(mean_squared_error(y_test, model.predict(x_test)))
            prices = y_scaler.inverse_transform(model.predict(x_test))
            print(mean_squared_error(y_scaler.inverse_transform(y_test), prices))
            """,
        ),
        Example(
            "One scaler for inputs and targets, of a series",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.metrics import mean_squared_error
            from sklearn.preprocessing import MinMaxScaler

            prices = pd.read_csv("shares.csv")[["Close"]].values
            scaler = MinMaxScaler()
            series = scaler.fit_transform(prices[:800])
            x = np.array([series[start : start + 30] for start in range(700)])
            y = np.array([series[start + 30] for start in range(700)])
            model = keras.Sequential([keras.layers.LSTM(16), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            answers = scaler.inverse_transform(model.predict(x))
            print(mean_squared_error(prices[30:730], answers))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report predictions turned back by another scaler, then what stands on two scales in scores and trainings."""
        if not program.mentions("sklearn"):
            return
        yield from program.each(program.method_calls, _of_inverse)
        yield from program.each(program.calls_of(_SCORES), _of_score)
        yield from program.each_of(every_pairing, _of_pairing)
        yield from _of_pictures(program)
        yield from program.each_of(every_fit, _of_validation)
        yield from program.each_of(every_evaluation, _of_evaluation)


def _of_inverse(program: Program, call: Call) -> Iterator[Report]:
    """Predictions turned back by what was fitted to the inputs, where the targets were scaled by another fit."""
    made = call.result
    if not call.name.endswith(f".{INVERSE}") or not isinstance(made, Data):
        return
    back, trained = turned_back_by(made), targets_trained_on(program, made)
    by = scaled_by(trained[1]) if trained is not None else None
    if back is None or trained is None or by is None or back.place.key == by.place.key:
        return
    learned = [step.learned for step in trained[0].learned_steps()]
    if all(each is None or each.place.key != back.place.key for each in learned):
        return
    message = "These predictions are turned back by a scaler that was fitted to the inputs, and come out as no targets."
    related = (
        Related(by.place, "The targets are scaled by this."),
        Related(back.place, "This one is fitted to the inputs."),
    )
    yield Report(call.place, message, related, recipe=f"y_scaler.{INVERSE}(predictions)  # the scaler of the targets")


def _of_score(program: Program, call: Call) -> Iterator[Report]:
    given = call.arguments.get("y_true", 0), call.arguments.get("y_pred", 1)
    values = [each.value if each is not None else None for each in given]
    for made, judge, argument in ((values[1], values[0], given[0]), (values[0], values[1], given[1])):
        if isinstance(made, Data) and isinstance(judge, Data) and argument is not None:
            name = name_of(argument.place, "these targets") if argument.place is not None else "these targets"
            message = _apart(program, made, judge, name)
            if message is not None:
                yield Report(call.place, message[0], message[1])
                return
            yield from _of_units(program, call, made, judge)


def _of_units(program: Program, call: Call, made: Data, judge: Data) -> Iterator[Report]:
    """An error between scaled predictions and scaled targets, which is told as one of what was measured."""
    trained = targets_trained_on(program, made)
    by, judged = scaled_by(trained[1]) if trained is not None else None, scaled_by(judge)
    if by is None or judged is None or judged.owner != by.owner or call.name.endswith(_WITHOUT_UNIT):
        return
    unit = unit_told(program, call.place) if turned_back_by(made) is None and is_plain(made.steps) else None
    if unit is not None:
        scaler = by.kind.rpartition(".")[2]
        yield Report(
            call.place,
            f"This error is printed in {unit}, but predictions and targets are still scaled by {scaler}.",
            (Related(by.place, "The model's targets are scaled by this."),),
            why="Between scaled numbers an error counts in what the scaler made: shares of a range, or of a spread. It "
            "looks small, whatever the model does, and is no amount of what was measured.",
            recipe=f"{INVERSE}(y_test), {INVERSE}(predictions)  # both, before the score",
        )


_WITHOUT_UNIT = ("r2_score", "mean_absolute_percentage_error", "explained_variance_score", "mean_squared_log_error")
"""Scores that are the same on every scale, or are shares."""


def _of_pairing(program: Program, pairing: Pairing) -> Iterator[Report]:
    """`predictions - y_test`."""
    if pairing.operator != cst.Subtract.__name__ or pairing.made is None:
        return
    message = _apart(program, pairing.made, pairing.labels, "these targets")
    if message is not None:
        yield Report(pairing.place, message[0], message[1])


_DRAWING = "matplotlib.pyplot.plot"
MOST_LINES = 8
"""So many lines drawn before are set beside a new one: a picture of more is drawn in a loop."""

_NEW_PICTURE = frozenset(f"matplotlib.pyplot.{each}" for each in ("show", "figure", "subplot", "subplots", "clf"))


def _of_pictures(program: Program) -> Iterator[Report]:
    """Predictions and targets drawn as two lines of one picture."""
    lines: list[tuple[Call, Data]] = []
    for call in program.calls_of(_NEW_PICTURE | {_DRAWING}):
        drawn = [each.value for each in call.arguments.positional[:2] if isinstance(each.value, Data)]
        if call.name != _DRAWING:
            lines = []
        elif drawn:
            said = next(_of_lines(program, lines, call, drawn[-1]), None)
            lines = [*lines[-MOST_LINES:], (call, drawn[-1])]
            if said is not None:
                yield said
                lines = []


def _of_lines(program: Program, before: list[tuple[Call, Data]], call: Call, drawn: Data) -> Iterator[Report]:
    for other, line in before:
        for (place, made), judge in (((call.place, drawn), line), ((other.place, line), drawn)):
            message = _apart(program, made, judge, "the targets in the same picture")
            if message is not None:
                yield Report(place, message[0], message[1])


def _apart(program: Program, made: Data, judge: Data, name: str) -> tuple[str, tuple[Related, ...]] | None:
    """In which way predictions and what they are set against are on two scales; None where that can't be told."""
    trained = targets_trained_on(program, made)
    by = scaled_by(trained[1]) if trained is not None else None
    if by is None or judge.source == made.source:
        return None
    related = (Related(by.place, "The model's targets are scaled by this."),)
    back, scaled = turned_back_by(made), scaled_by(judge)
    if back is not None and scaled is not None and back.owner == scaled.owner:
        return f"The predictions are turned back to what was measured, but {name} are still scaled.", related
    if back is None and is_plain(made.steps) and is_unscaled(judge, by):
        return f"The model learned scaled targets and answers on that scale, but {name} are as they were read.", related
    return None


def _of_validation(program: Program, fit: Fit) -> Iterator[Report]:
    """Validation targets that were not scaled as those of the training were."""
    given = fit.arguments.get("validation_data")
    items = given.value.items if given is not None and isinstance(given.value, Tuple) else ()
    if given is None or given.place is None or len(items) < 2:
        return
    node, place = given.place.node, given.place
    if isinstance(node, (cst.Tuple, cst.List)) and len(node.elements) > 1:
        place = Place(place.section, node.elements[1].value)
    yield from _of_targets(fit, Argument(items[1], place), "validation")


def _of_evaluation(program: Program, evaluation: Evaluation) -> Iterator[Report]:
    """The same of targets given to `evaluate`."""
    if evaluation.y is None or evaluation.model is None:
        return
    for fit in program.fits:
        if fit.model is not None and fit.model.identity == evaluation.model.identity:
            yield from _of_targets(fit, evaluation.y, "evaluation")
            return


def _of_targets(fit: Fit, judge: Argument, use: str) -> Iterator[Report]:
    by = scaled_by(fit.targets) if fit.targets is not None else None
    if by is None or judge.place is None or not isinstance(judge.value, Data):
        return
    if is_unscaled(judge.value, by):
        message = (
            f"The targets of this {use}, {name_of(judge.place, 'given here')}, are as they were read, those of the "
            "training are scaled: the loss of the two can't be compared."
        )
        related = (Related(by.place, "The training targets are scaled by this."),)
        yield Report(judge.place, message, related, recipe="y_test = y_scaler.transform(y_test)")
