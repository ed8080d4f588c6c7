"""SCR234 resampled-before-split."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit

_RESAMPLING = ("fit_resample", "fit_sample")
_DRAWING = ("sklearn.utils.resample", "sample")


class ResampledBeforeSplit(Rule):
    """Rows multiplied before the test part is set aside."""

    code = "SCR234"
    name = "resampled-before-split"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "rows of rare classes multiplied before the data are split, so that copies of one row are in both parts"
    why = (
        "An oversampler copies rows of the rare class, or mixes neighbours into new ones. Split after that, the test "
        "part holds copies and mixtures of training rows: the model has seen them, and the test is far too good."
    )
    how = "Split first, then resample the training part only; leave the test part as it is."
    references = (
        Reference(
            "imbalanced-learn: Common pitfalls, data leakage",
            "https://imbalanced-learn.org/stable/common_pitfalls.html",
        ),
    )
    only_with = (*_RESAMPLING, "resample", "replace=True")
    bad = (
        Example(
            "SMOTE on all rows",
            """
            import keras
            import pandas as pd
            from imblearn.over_sampling import SMOTE
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("churn.csv")
            x, y = table.drop(columns="left"), table["left"]
            x, y = »SMOTE(random_state=2).fit_resample(x, y)«
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Rows of the rare class drawn again and again",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.utils import resample

            table = pd.read_csv("churn.csv")
            left, stayed = table[table["left"] == 1], table[table["left"] == 0]
            left = »resample(left, replace=True, n_samples=len(stayed), random_state=2)«
            table = pd.concat([stayed, left])
            x, y = table.drop(columns="left"), table["left"]
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "As many rows of each class, collected in a loop",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("churn.csv")
            parts = []
            for kind in table["kind"].unique():
                parts.append(»table[table["kind"] == kind].sample(5000, replace=True)«)
            table = pd.concat(parts)
            x, y = table.drop(columns="left"), table["left"]
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
    )
    good = (
        Example(
            "Fewer rows of the common class, each of them once",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.utils import resample

            table = pd.read_csv("churn.csv")
            left, stayed = table[table["left"] == 1], table[table["left"] == 0]
            table = pd.concat([left, resample(stayed, replace=False, n_samples=len(left))])
            x, y = table.drop(columns="left"), table["left"]
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "SMOTE on the training part, and fewer rows of the common class before",
            """
            import keras
            import pandas as pd
            from imblearn.over_sampling import SMOTE
            from imblearn.under_sampling import RandomUnderSampler
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("churn.csv")
            x, y = table.drop(columns="left"), table["left"]
            x, y = RandomUnderSampler().fit_resample(x, y)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            x_train, y_train = SMOTE().fit_resample(x_train, y_train)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report an oversampler whose rows are split at random after it."""
        yield from program.each_of(every_fit, _of_fit)


def _of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    found = _multiplied(program, fit.inputs) if fit.inputs is not None else None
    if found is None:
        return
    kind, place, split = found
    related = () if split.place is None else (Related(split.place, "The data are split only here."),)
    message = f"{kind} multiplies rows before they are split: copies and mixtures of training rows are tested on."
    yield Report(place, message, related)


def _multiplied(program: Program, data: Data) -> tuple[str, Place, DataStep] | None:
    """What multiplies rows of the data, where, and the split that comes after it."""
    for position, step in enumerate(data.steps):
        kind = _oversampler(program, step)
        if kind is not None and step.place is not None:
            split = next((each for each in data.steps[position + 1 :] if each.kind is StepKind.SPLIT), None)
            return (kind, step.place, split) if split is not None else None
    return None


def _oversampler(program: Program, step: DataStep) -> str | None:
    """The name of what made more rows than there were: an oversampler's class, or a draw that puts rows back."""
    if step.place is None:
        return None
    if step.name in _RESAMPLING:
        called = next((each.name for each in program.method_calls if each.place.key == step.place.key), "")
        is_known = called.startswith("imblearn.") and "under_sampling" not in called
        return called.split(".")[-2] if is_known else None
    if step.name not in _DRAWING:
        return None
    replaced = fixes.argument_place(step.place, "replace")
    puts_back = replaced.text == "True" if replaced is not None else step.name == "sklearn.utils.resample"
    return f"Drawing with {step.name.rpartition('.')[2]}()" if puts_back else None
