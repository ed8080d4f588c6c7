"""SCR213 scaler-refitted-on-test."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.adapted_again import adapted_again
from scram_analyzers.rules.data.evidence.refitting import (
    CENTRES,
    COLUMN_TRANSFORMERS,
    SCALERS,
    Refit,
    refits,
    refits_of_loop,
)
from scram_analyzers.source.data import Part
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit


class ScalerRefittedOnTest(Rule):
    """The test part is scaled by its own mean and spread."""

    code = "SCR213"
    name = "scaler-refitted-on-test"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a scaler that is fitted again to the validation or test data"
    why = (
        "The scaler now maps the test data by their own mean and spread: one and the same measurement becomes "
        "different inputs in training and in the test. For a single new example there is nothing to fit at all."
    )
    how = "Fit once, to the training data; call only transform for everything else."
    references = (
        Reference(
            "scikit-learn: Common pitfalls: inconsistent preprocessing",
            "https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing",
        ),
    )
    false_alarms = "Test data that are known to come from another instrument, with an offset of its own."
    bad = (
        Example(
            "A layer adapted once more, to the test part",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            scale = keras.layers.Normalization()
            scale.adapt(x_train)
            »scale.adapt(x_test)«
            model = keras.Sequential([scale, keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=30)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "fit_transform twice",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            x_train, x_test, y_train, y_test = train_test_split(table.drop(columns="disease"), table["disease"])
            scaler = StandardScaler()
            x_train = scaler.fit_transform(x_train)
            x_test = »scaler.fit_transform(x_test)«
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            x_train, x_test, y_train, y_test = train_test_split(table.drop(columns="disease"), table["disease"])
            scaler = StandardScaler()
            x_train = scaler.fit_transform(x_train)
            x_test = scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "A second scaler for the test part",
            """
            import keras
            from sklearn.preprocessing import MinMaxScaler

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            x_train = MinMaxScaler().fit_transform(x_train)
            x_test = »MinMaxScaler().fit_transform(x_test)«
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Fitted again to the end of a table",
            """
            import keras
            import pandas as pd
            from sklearn.preprocessing import RobustScaler

            rides = pd.read_csv("rides.csv")
            cut = int(len(rides) * 0.9)
            train, test = rides.iloc[:cut], rides.iloc[cut:]
            columns = ["temperature", "wind"]
            scaler = RobustScaler()
            scaler = scaler.fit(train[columns])
            train.loc[:, columns] = scaler.transform(train[columns])
            scaler = »scaler.fit(test[columns])«
            test.loc[:, columns] = scaler.transform(test[columns])
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(train[columns], train["count"], epochs=50)
            model.evaluate(test[columns], test["count"])
            """,
        ),
        Example(
            "A function of another module has the training part in between",
            """
            import keras
            from project import augmented
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            scaler = StandardScaler()
            x_train = scaler.fit_transform(x_train)
            x_test = »scaler.fit_transform(x_test)«
            x_train, y_train = augmented(x_train, y_train)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=30)
            model.evaluate(x_test, y_test)
            """,
            """
            import keras
            from project import augmented
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            scaler = StandardScaler()
            x_train = scaler.fit_transform(x_train)
            x_test = scaler.transform(x_test)
            x_train, y_train = augmented(x_train, y_train)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=30)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "By its own mean",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            x_train = (x_train - x_train.mean(axis=0)) / x_train.std(axis=0)
            x_test = (x_test - »x_test.mean(axis=0)«) / x_test.std(axis=0)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "One function for both parts",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler


            def prepare(table):
                return »StandardScaler().fit_transform(table)«


            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(prepare(x_train), y_train, validation_data=(prepare(x_test), y_test), epochs=30)
            """,
        ),
    )
    good = (
        Example(
            "Another layer, for comparison",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            scale, other = keras.layers.Normalization(), keras.layers.Normalization()
            scale.adapt(x_train)
            other.adapt(x_test)
            print(other.mean - scale.mean)
            model = keras.Sequential([scale, keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=30)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Fitted anew in each fold",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import StratifiedKFold
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            for train, test in StratifiedKFold(5, shuffle=True).split(x, y):
                scaler = StandardScaler()
                x_train = scaler.fit_transform(x[train])
                x_test = scaler.transform(x[test])
                model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, "softmax")])
                model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
                model.fit(x_train, y[train], validation_data=(x_test, y[test]), epochs=30)
            """,
        ),
        Example(
            "By the mean of the training data",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            mean, std = x_train.mean(axis=0), x_train.std(axis=0)
            x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Each picture by its own mean",
            """
            import keras
            import numpy as np

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
            x_train = np.array([(image - image.mean()) / image.std() for image in x_train])
            x_test = np.array([(image - image.mean()) / image.std() for image in x_test])
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Each series by its own mean",
            """
            import keras
            from project import x_test, x_train, y_test, y_train

            x_train = x_train - x_train.mean(axis=1, keepdims=True)
            x_test = x_test - x_test.mean(axis=1, keepdims=True)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Fitted once",
            """
            import keras
            from sklearn.preprocessing import MinMaxScaler

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            scaler = MinMaxScaler().fit(x_train)
            x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "A scaler of their own for the targets",
            """
            import keras
            from sklearn.preprocessing import StandardScaler

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            inputs, prices = StandardScaler(), StandardScaler()
            x_train, x_test = inputs.fit_transform(x_train), inputs.transform(x_test)
            y_train, y_test = prices.fit_transform(y_train[:, None]), prices.transform(y_test[:, None])
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report scalers that were fitted to the data which judge the model."""
        found = list(program.each_of(every_fit, _refits))
        seen: set[tuple[int, int]] = set()
        for refit in found or refits_of_loop(program, _KINDS):
            if refit.learned.place.key not in seen:
                seen.add(refit.learned.place.key)
                yield _report(refit)
        yield from program.each_of(every_fit, _fitted_to_test)
        if program.mentions("adapt"):
            yield from program.each_of(every_fit, _adapted_again)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Only transform with the scaler that was fitted to the training data."""
        for fit in program.fits:
            for refit in refits(program, fit, SCALERS + COLUMN_TRANSFORMERS):
                if (
                    program.range_of(refit.learned.place) != finding.range
                    or refit.learned.owner != refit.training.owner
                ):
                    continue
                method = _fit_transform(refit.learned.place)
                if method is not None:
                    edit = fixes.replace(program, method, "transform")
                    return Fix("Only transform, with the training data's fit", Applicability.UNSAFE, (edit,))
        return None


_KINDS = SCALERS + COLUMN_TRANSFORMERS + CENTRES


def _refits(program: Program, fit: Fit) -> Iterator[Refit]:
    return refits(program, fit, _KINDS)


def _adapted_again(program: Program, fit: Fit) -> Iterator[Report]:
    return adapted_again(program, fit, ("Normalization", "Discretization"))


def _fitted_to_test(_: Program, fit: Fit) -> Iterator[Report]:
    """Training data scaled by what was fitted to the test part of the same split."""
    data = fit.inputs
    for step in data.steps if data is not None and data.part is Part.TRAINING else ():
        learned = step.learned
        if learned is None or learned.kind.rpartition(".")[2] not in _KINDS or learned.data.part is not Part.TEST:
            continue
        message = (
            f"This {learned.kind.rpartition('.')[2]} is fitted to the test part, and the training data are scaled by "
            "it: what is to judge the model shapes what it learns from."
        )
        related = (Related(fit.x.place, "Training takes these."),) if fit.x is not None and fit.x.place else ()
        yield Report(learned.place, message, related, recipe="scaler.fit(x_train)")
        return


def _report(refit: Refit) -> Report:
    kind = refit.learned.kind.rpartition(".")[2]
    if kind in CENTRES:
        message = "These data judge the model and are scaled by numbers of their own; training was scaled by others."
        related = (Related(refit.training.place, "The training data are scaled by this."),)
        recipe = "x_test = (x_test - x_train.mean(axis=0)) / x_train.std(axis=0)  # before x_train itself is scaled"
        return Report(refit.learned.place, message, related, recipe=recipe)
    return Report(
        place=refit.learned.place,
        message=f"This {kind} is fitted anew to data that judge the model; training used another fit.",
        related=(Related(refit.training.place, "The training data are scaled by this fit."),),
        recipe=_recipe(refit),
    )


def _recipe(refit: Refit) -> str:
    method = _fit_transform(refit.learned.place)
    if refit.learned.owner != refit.training.owner or method is None:
        return "x_test = scaler.transform(x_test)  # the scaler that was fitted to the training data"
    return refit.learned.place.text.replace(".fit_transform(", ".transform(", 1)


def _fit_transform(place: Place) -> Place | None:
    """The word `fit_transform` of a call of it."""
    call = fixes.call_of(place)
    if call is None or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "fit_transform":
        return None
    return Place(place.section, call.func.attr)
