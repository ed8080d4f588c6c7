"""SCR701 no-validation-data."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.rules.data.evidence.sorted_rows import last_rows, mixed
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program


class NoValidationData(Rule):
    """Training without any data held back to judge it by."""

    code = "SCR701"
    name = "no-validation-data"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a call of `fit` without validation data in a program that never evaluates the model either"
    why = (
        "The loss on the training data says how well the model remembers them, not how well it does on new ones. "
        "Without validation data overfitting can't be seen."
    )
    how = "Hold back a fifth of the data: pass validation_split=0.2 (shuffle first), or validation_data=(x_val, y_val)."
    references = (
        Reference(
            "Keras: Training and evaluation with the built-in methods",
            "https://keras.io/guides/training_with_built_in_methods/",
        ),
        Reference("SCRAM (CHI 2020 Extended Abstracts)", "https://doi.org/10.1145/3334480.3382879"),
    )
    false_alarms = (
        "A final training on all data, after the model was chosen elsewhere; or evaluation in another program."
    )
    bad = (
        Example(
            "All data go into training",
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            »model.fit«(x / 16, y, epochs=10)
            """,
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 16, y, epochs=10, validation_split=0.2)
            """,
        ),
        Example(
            "None of the data are held back",
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            »model.fit«(x / 16, y, validation_split=0.0, epochs=10)
            """,
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 16, y, validation_split=0.2, epochs=10)
            """,
        ),
        Example(
            "Rows that must be mixed before some of them are held back",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.preprocessing import scale

            x, y = load_wine(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            »model.fit«(scale(x), y, epochs=60)
            """,
        ),
    )
    good = (
        Example(
            "Validation data are given",
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x / 16, y, validation_split=0.2)
            """,
        ),
        Example(
            "The model is evaluated later",
            """
            import keras

            (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            model.evaluate(x_test, y_test)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training that nothing judges, in a program that evaluates nothing."""
        if program.evaluations or any(fit.has_validation is not False for fit in program.fits):
            return
        for fit in program.fits:
            if fit.method == "train_on_batch" or fit.compile is None:
                continue
            yield Report(
                place=_callee(fit),
                message="This training has no validation data, and the program never evaluates the model on others.",
                recipe=_recipe(program, fit),
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Hold back a fifth of the arrays, the last rows, where they are not known to be unlike the rest."""
        for fit in program.fits:
            if program.range_of(_callee(fit)) != finding.range or not _splittable(fit):
                continue
            if last_rows(program, fit) is not None:
                return None
            edit = fixes.set_argument(program, fit.place, "validation_split", "0.2")
            if edit is not None:
                return Fix("Hold back 20% of the data for validation", Applicability.UNSAFE, (edit,))
        return None


def _recipe(program: Program, fit: Fit) -> str:
    if not _splittable(fit):
        return "validation_data=validation_dataset"
    if last_rows(program, fit) is None:
        return "validation_split=0.2"
    return f"{mixed(program, fit)}  # then validation_split=0.2"


def _callee(fit: Fit) -> Place:
    node = fit.place.node
    return Place(fit.place.section, node.func) if isinstance(node, cst.Call) else fit.place


def _splittable(fit: Fit) -> bool:
    """`validation_split` works for arrays only, not for datasets and generators."""
    return fit.method == "fit" and fit.y is not None and not (fit.inputs is not None and fit.inputs.batched)
