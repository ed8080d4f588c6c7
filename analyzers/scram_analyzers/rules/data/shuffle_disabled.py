"""SCR226 shuffle-disabled."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.judging import in_random_order, trained_on
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import class_shares, targets
from scram_analyzers.run.wording import counted
from scram_analyzers.source.data import StepKind
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import Argument, boolean


class ShuffleDisabled(Rule):
    """Arrays that are trained on in the same order in every epoch."""

    code = "SCR226"
    name = "shuffle-disabled"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    only_with = ("shuffle",)
    summary = "a call of fit with shuffle=False on arrays that are no series"
    why = (
        "Every epoch then runs through the same batches in the same order. Where the rows are sorted, each batch holds "
        "one class; the weights swing from one to the next, and the last batch has the last word."
    )
    how = "Leave shuffle out: fit shuffles arrays by itself."
    references = (
        Reference("Keras: Model.fit", "https://keras.io/api/models/model_training_apis/"),
        Reference("Bengio: Practical recommendations for gradient-based training", "https://arxiv.org/abs/1206.5533"),
    )
    false_alarms = (
        "Stateful recurrent networks and series, whose order is meant; those with recurrent layers are passed over."
    )
    bad = (
        Example(
            "A table in its own order",
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20, »shuffle=False«)
            """,
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "A recurrent network on a series",
            """
            import keras
            import numpy as np

            x, y = np.random.rand(100, 10, 1), np.random.rand(100, 1)
            model = keras.Sequential([keras.layers.LSTM(8), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20, shuffle=False)
            """,
        ),
        Example(
            "Shuffled by the program",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = shuffle(*load_iris(return_X_y=True))
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20, shuffle=False)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report shuffle=False where nothing speaks for a fixed order."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        argument = _disabled(fit)
        if argument is None or argument.place is None:
            return
        place = fixes.argument_of(fit.place, "shuffle")
        if place is not None:
            message = "With shuffle=False every epoch runs through the same batches in the same order."
            mixed = all(in_random_order(each.data) for each in trained_on(fit))
            severity = Severity.INFO if mixed else None
            yield Report(place, message, severity=severity, recipe="shuffle=True  # the default")

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report labels that are trained on in long stretches of one class."""
        stretches = history.data.label_stretches if history.data is not None else None
        array = targets(history)
        shares = class_shares(array)
        if stretches is None or array is None or array.rows is None or array.rows < FEWEST_ROWS or not shares:
            return
        at_random = array.rows * (1 - sum(share**2 for share in shares))
        if stretches < SORTED * at_random:
            yield RunReport(
                subject=Subject(SubjectKind.FIT),
                message=(
                    f"With shuffle=False the {array.rows:,} rows are trained on in their order, and that is the order "
                    f"of their labels: {counted(stretches, 'stretch', 'stretches')} of one class each."
                ),
                severity=Severity.WARNING,
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Take the argument away."""
        for fit in program.fits:
            place = fixes.argument_of(fit.place, "shuffle")
            if place is None or program.range_of(place) != finding.range:
                continue
            edit = fixes.remove_argument(program, fit.place, "shuffle")
            if edit is not None:
                return Fix("Let fit shuffle the data", Applicability.UNSAFE, (edit,))
        return None


def _disabled(fit: Fit) -> Argument | None:
    argument = fit.arguments.get("shuffle")
    if argument is None or boolean(argument.value) is not False or fit.method != "fit" or fit.model is None:
        return None
    given = [each.data for each in trained_on(fit)]
    if not given or any(data.batched for data in given) or fit.y is None or _has_memory(fit.model):
        return None
    steps = [step for data in given for step in data.steps]
    ordered = any(step.name in ("window", "from_tensor_slices") for step in steps)
    mixed = any(step.kind is StepKind.SHUFFLED for step in steps)
    return None if ordered or mixed else argument


FEWEST_ROWS = 50

SORTED = 0.1
"""With fewer than this share of the changes from one class to another that a random order has, batches hold one class
each. Ours."""

RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional")


def _has_memory(model: Model) -> bool:
    return not model.complete or any(layer.class_name in RECURRENT for layer in model.layers)
