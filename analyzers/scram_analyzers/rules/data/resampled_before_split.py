"""SCR234 resampled-before-split."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.program import Fit, Program

_RESAMPLING = ("fit_resample", "fit_sample")


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
    only_with = _RESAMPLING
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
    )
    good = (
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
        yield from program.each(program.fits, _of_fit)


def _of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    found = _multiplied(fit.inputs) if fit.inputs is not None else None
    if found is None or found[0].place is None:
        return
    step, split = found
    assert step.place is not None
    called = next((each.name for each in program.method_calls if each.place.key == step.place.key), "")
    if "under_sampling" in called or not called.startswith("imblearn."):
        return
    related = () if split.place is None else (Related(split.place, "The data are split only here."),)
    kind = called.split(".")[-2]
    message = f"{kind} multiplies rows before they are split: copies and mixtures of training rows are tested on."
    yield Report(step.place, message, related)


def _multiplied(data: Data) -> tuple[DataStep, DataStep] | None:
    """The resampling of the data, and the split that comes after it."""
    for place, step in enumerate(data.steps):
        if step.name in _RESAMPLING:
            split = next((each for each in data.steps[place + 1 :] if each.kind is StepKind.SPLIT), None)
            return (step, split) if split is not None else None
    return None
