"""SCR223 training-set-too-small."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.calls_of_steps import call_of
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.run.data_parts import training_rows, validation_rows, validation_rows_seen
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import counted
from scram_analyzers.source.data import WHOLE, Data, Part, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, Program, every_fit
from scram_analyzers.source.values import number

DEFAULT_TEST_SHARE = 0.25


class TrainingSetTooSmall(Rule):
    """Most of the data are kept from training."""

    code = "SCR223"
    name = "training-set-too-small"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "a split that leaves most of the data to the test part, or training on a handful of the rows there are"
    why = (
        "What a network learns comes from its examples: with a fifth of them it overfits earlier and does worse, and a "
        "test part larger than needed gives nothing in return. Often two arguments were merely swapped."
    )
    how = "Give 70 to 90% of the rows to training: train_test_split(x, y, test_size=0.2)."
    references = (
        Reference(
            "scikit-learn: train_test_split",
            "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html",
        ),
    )
    false_alarms = "A study of how much a model learns from few examples, and quick trials of the code."
    prevents_learning = True
    options = (
        Option("min-share", 0.3, "smallest share of the rows for training", "usual splits give 0.7 to 0.9"),
        Option(
            "enough-rows", 5000.0, "known number of rows from which a small share is no matter", "a choice for speed"
        ),
        Option(
            "min-rows",
            100.0,
            "smallest number of rows cut from a larger array",
            "fewer can't be learned from, only by heart",
        ),
    )
    bad = (
        Example(
            "The share to validate on, taken for the other",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = shuffle(*load_iris(return_X_y=True))
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, validation_split=»0.9«, epochs=20)
            """,
        ),
        Example(
            "Shares swapped",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, »test_size=0.8«)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Names swapped",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_test, x_train, y_test, y_train = »train_test_split(x, y)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Fifty of sixty thousand",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train[:50]«, y_train[:50])
            """,
        ),
    )
    good = (
        Example(
            "A fifth for the test",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A fifth of sixty thousand is plenty",
            """
            import keras
            from sklearn.model_selection import train_test_split

            (x, y), _ = keras.datasets.mnist.load_data()
            x_train, _, y_train, _ = train_test_split(x / 255, y, test_size=0.8)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "All four rows there are",
            """
            import keras
            import numpy as np

            x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
            model = keras.Sequential(
                [
                    keras.layers.Dense(8, activation="relu"),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=200)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report small shares for training, and a few rows cut out of many."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.inputs
        if data is None or fit.x is None or fit.x.place is None:
            return
        if (held := self._held_back(fit, data)) is not None:
            yield held
            return
        used = Related(fit.x.place, "The model is trained on this part.")
        if (call := _split_of(program, data)) is not None:
            share = _share(call, data)
            rows = _rows_before(call)
            if share is None or share >= self.option("min-share"):
                return
            if rows is not None and rows * share >= self.option("enough-rows"):
                return
            percent = fixes.number_text(round(share * 100, 1))
            message = f"Only {percent}% of the rows are left for training ({name_of(fit.x.place, 'here')})."
            yield Report(_marked(call), message, (used,), recipe="test_size=0.2")
        elif self._is_handful(data):
            rows = data.samples or 0
            message = f"The model is trained on {rows} rows, cut out of a larger array."
            yield Report(fit.x.place, message)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a run that validates on most of the rows, and trains on the few others."""
        rows, held = training_rows(history), validation_rows(history) or validation_rows_seen(history)
        if not rows or not held or rows >= self.option("enough-rows"):
            return
        if rows < self.option("min-share") * (rows + held):
            is_stream = history.info.training_samples is None  # of which another epoch may bring other rows
            trained = "An epoch trains on about" if is_stream else "The run trains on"
            yield RunReport(
                subject=Subject(SubjectKind.FIT),
                message=f"{trained} {counted(rows, 'row')} and validates on {held:,}.",
            )

    def _held_back(self, fit: Fit, data: Data) -> Report | None:
        """A `validation_split` that takes most of the rows."""
        given = fit.arguments.get("validation_split")
        share = number(given.value) if given is not None else None
        if given is None or share is None or not 0 < share < 1 or 1 - share >= self.option("min-share"):
            return None
        if data.samples is not None and data.samples * (1 - share) >= self.option("enough-rows"):
            return None
        place = given.written_at or given.place or fit.place
        percent = fixes.number_text(round((1 - share) * 100, 1))
        message = f"Only {percent}% of the rows are left for training: validation_split is the share to validate on."
        related = (Related(fit.place, "This training holds them back."),)
        return Report(place, message, related, recipe="validation_split=0.2")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Swap the shares of a split."""
        for call in program.calls:
            size = number(call.arguments.value("test_size"))
            place = fixes.argument_of(call.place, "test_size")
            if size is None or not 0.5 < size < 1 or place is None or program.range_of(place) != finding.range:
                continue
            share = fixes.number_text(round(1 - size, 6))
            edit = fixes.replace(program, place, f"test_size={share}")
            return Fix(
                f"Keep {fixes.number_text(round((1 - size) * 100, 4))}% for the test", Applicability.UNSAFE, (edit,)
            )
        return None

    def _is_handful(self, data: Data) -> bool:
        if (
            data.rows is None
            or data.rows == WHOLE
            or data.samples is None
            or not data.source.startswith("keras.datasets.")
        ):
            return False
        return 0 < data.samples < self.option("min-rows")


def _split_of(program: Program, data: Data) -> Call | None:
    splits = [step for step in data.steps if step.kind is StepKind.SPLIT]
    return call_of(program, splits[0]) if len(splits) == 1 else None


def _share(call: Call, data: Data) -> float | None:
    """The share of the rows that the part holds."""
    sizes = [number(call.arguments.value(name)) for name in ("test_size", "train_size")]
    given = [call.arguments.get(name) is not None for name in ("test_size", "train_size")]
    test, train = sizes
    if call.arguments.open or any(held and size is None for held, size in zip(given, sizes, strict=True)):
        return None
    if any(size is not None and not 0 < size < 1 for size in sizes):
        return None
    if test is None:
        test = 1 - train if train is not None else DEFAULT_TEST_SHARE
    if train is None:
        train = 1 - test
    return train if data.part is Part.TRAINING else test


def _rows_before(call: Call) -> int | None:
    first = call.arguments.positional[0].value if call.arguments.positional else None
    return first.samples if isinstance(first, Data) else None


def _marked(call: Call) -> Place:
    for name in ("test_size", "train_size"):
        place = fixes.argument_of(call.place, name)
        if place is not None:
            return place
    return call.place
