"""SCR411 output-units-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import cases
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import target_columns, targets_by_output
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import REGRESSIONS
from scram_analyzers.run.wording import counted
from scram_analyzers.source.data import LabelForm, StepKind
from scram_analyzers.source.keras_api.losses import CATEGORICAL, REGRESSION
from scram_analyzers.source.program import Program


class OutputUnitsMismatch(Rule):
    """A head with more or fewer units than the labels have classes."""

    code = "SCR411"
    name = "output-units-mismatch"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a last layer whose number of units is not the number of classes in the labels"
    why = (
        "A classifier needs one unit for each class (or a single sigmoid unit for two). With fewer, some labels have "
        "no unit: training stops with an error, or the loss becomes NaN. With more, units stand for classes that "
        "never come."
    )
    how = "Give the last layer as many units as there are classes."
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference("TheDeepChecker (TSE 2022)", "https://arxiv.org/abs/2204.00694"),
    )
    false_alarms = (
        "Labels that are filtered or merged to other classes where it can't be seen; a spare unit for an extra class."
    )
    bad = (
        Example(
            "Five units for ten digits",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential(
                [
                    layers.Dense(32, activation="relu"),
                    layers.Dense(»5«, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential(
                [
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "One unit for three classes",
            """
            from sklearn.datasets import load_iris
            from tensorflow.keras.layers import Dense
            from tensorflow.keras.models import Sequential

            x, y = load_iris(return_X_y=True)
            model = Sequential([Dense(16, activation="relu"), Dense(»1«, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "One unit for three classes, and a loss for numbers",
            """
            from sklearn.datasets import load_wine
            from tensorflow.keras.layers import Dense
            from tensorflow.keras.models import Sequential

            x, y = load_wine(return_X_y=True)
            model = Sequential([Dense(16, activation="relu"), Dense(»1«, activation="sigmoid")])
            model.compile("adam", "mse", metrics=["accuracy"])
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "One unit for a folder of classes",
            """
            from tensorflow.keras.layers import Conv2D, Dense, Flatten
            from tensorflow.keras.models import Sequential
            from tensorflow.keras.preprocessing.image import ImageDataGenerator

            batches = ImageDataGenerator(rescale=1 / 255).flow_from_directory("breeds", class_mode="categorical")
            model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(»1«, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(batches, epochs=5)
            """,
        ),
        Example(
            "An autoencoder that is given the labels",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(»784«, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            """,
        ),
        Example(
            "A unit too few for folders that are numbered in a loop",
            """
            import os

            import keras
            import numpy as np
            from PIL import Image

            pictures, labels = [], []
            for number in range(43):
                for name in os.listdir(f"signs/{number}"):
                    pictures.append(np.array(Image.open(f"signs/{number}/{name}").resize((30, 30))))
                    labels.append(number)
            x, y = np.array(pictures) / 255, np.array(labels)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(»42«, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=15)
            """,
            """
            import os

            import keras
            import numpy as np
            from PIL import Image

            pictures, labels = [], []
            for number in range(43):
                for name in os.listdir(f"signs/{number}"):
                    pictures.append(np.array(Image.open(f"signs/{number}/{name}").resize((30, 30))))
                    labels.append(number)
            x, y = np.array(pictures) / 255, np.array(labels)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(43, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=15)
            """,
        ),
    )
    good = (
        Example(
            "As many units as the data set has names of classes",
            """
            import keras
            from keras import layers
            from sklearn.datasets import load_wine

            wine = load_wine()
            names = wine.target_names
            model = keras.Sequential([keras.Input((len(wine.feature_names),)), layers.BatchNormalization()])
            model.add(layers.Dense(len(names), activation="softmax"))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(wine.data, wine.target, epochs=30)
            """,
        ),
        Example(
            "Numbers of a loop that are no classes",
            """
            import keras
            import numpy as np

            x, y = [], []
            for number in range(100):
                x.append(2 * number + 1)
                y.append(number)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(np.array(x), np.array(y), epochs=500)
            """,
        ),
        Example(
            "An autoencoder of its inputs",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, x_train, epochs=20)
            """,
        ),
        Example(
            "One unit for each class",
            """
            import keras
            from keras import layers
            from keras.utils import to_categorical

            (x_train, y_train), _ = keras.datasets.cifar100.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(100, "softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, to_categorical(y_train, 100))
            """,
        ),
        Example(
            "Two classes, one unit",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=1000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            model = keras.Sequential(
                [layers.Embedding(1000, 8), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A number of classes that can't be known",
            """
            import keras
            import pandas as pd
            from keras import layers
            from keras.utils import to_categorical

            table = pd.read_csv("flowers.csv")
            y = to_categorical(table.pop("species"))
            model = keras.Sequential([layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(table, y)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each head whose units can't be the classes of its labels."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        classes = _classes(case)
        columns = _one_unit_for_columns(case)
        yield from _units_for_one_column(case)
        if (classes is None or case.head.units == classes) and not columns:
            return
        units, argument = case.head.units, case.head.units_argument
        place = argument.place if argument is not None and argument.place is not None else case.head.place
        if place is None:
            return
        have = "a single unit" if units == 1 else f"{units} units"
        layer = case.head.layer.class_name if case.head.layer is not None else "The head"
        yield Report(
            place=place,
            message=f"{layer} has {have}, but {_labels(classes)}.",
            related=(
                *((Related(case.head.place, "The last layer."),) if case.head.place is not None else ()),
                *case.labels_related(),
                Related(case.loss.place, "The loss that compares the two."),
            ),
            severity=Severity.WARNING if classes is not None and _spare(case, classes) else None,
            recipe=f'{_spelled(program, case)}({classes or "number_of_classes"}, activation="softmax")',
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report labels that have no unit of their own: their loss is wrong or NaN."""
        yield from _columns(history)
        for seen in targets_by_output(history, batches=1):
            output, low, high = seen.output, seen.low, seen.high
            if output.units is None or output.loss != "sparse_categorical_crossentropy":
                continue
            ignored = output.ignored_class
            if (low >= 0 or low == ignored) and (high < output.units or high == ignored):
                continue
            layer = "the last layer" if len(history.info.outputs) == 1 else f'the output "{output.name}"'
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, output.layer)
                if output.layer is not None
                else Subject(SubjectKind.TARGETS),
                message=(
                    f"The labels run from {low:g} to {high:g}, and {layer} has {output.units} units for the labels "
                    f"0 to {output.units - 1}."
                ),
                how=_run_how(low, high, output.units),
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """As many units as classes, where the loss is one for many classes."""
        for case in cases.cases(program):
            argument = case.head.units_argument
            if argument is None or argument.place is None or program.range_of(argument.place) != finding.range:
                continue
            classes = _classes(case)
            if classes is None or case.loss.name not in CATEGORICAL:
                return None
            edit = fixes.replace(program, argument.place, str(classes))
            return Fix(f"Use {classes} units", Applicability.UNSAFE, (edit,))
        return None


def _columns(history: RunHistory) -> Iterator[RunReport]:
    """Report measured targets of one column beside several units, or the other way round: both are stretched."""
    for output, columns in target_columns(history):
        if output.loss not in REGRESSIONS or output.units in (None, columns) or 1 not in (columns, output.units):
            continue
        layer = "the last layer" if len(history.info.outputs) == 1 else f'the output "{output.name}"'
        is_one = output.units == 1
        what = (
            "its one number is compared with each of them" if is_one else "each unit is compared with the same number"
        )
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, output.layer) if output.layer else Subject(SubjectKind.TARGETS),
            message=(
                f"A row of targets has {counted(columns, 'number')}, and {layer} {counted(output.units or 0, 'unit')}: "
                f"{what}."
            ),
            how=f"Give the layer {counted(columns, 'unit')}, or the targets {counted(output.units or 0, 'column')}.",
        )


def _classes(case: Case) -> int | None:
    """How many units the labels need; None where any number may do."""
    units, classes = case.head.units, case.classes
    if units is None or classes is None:
        return None
    if case.loss.name in CATEGORICAL:
        highest = case.targets.highest_class if case.targets is not None and case.form in cases.NUMBERED else None
        if units == 1 or (highest is not None and units == highest + 1):
            return None  # one unit: single-unit-categorical-loss says more; or numbers that don't begin at 0
        return classes
    if case.loss.name in REGRESSION and case.form is LabelForm.ONE_HOT and case.head.activation == "softmax":
        return classes  # not the right loss either, but these shapes can't be compared at all
    if units == 1 and case.head.activation == "sigmoid" and cases.classifies_with_regression_loss(case):
        return classes if case.form is LabelForm.INTEGER and classes > 2 else None
    if case.loss.name == "binary_crossentropy" and case.head.activation in ("sigmoid", "linear"):
        if case.form is LabelForm.INTEGER and units == 1 and classes > 2:
            return classes
        if case.form in cases.ROWS and units != classes:
            return classes
    return None


def _one_unit_for_columns(case: Case) -> bool:
    """Whether one unit meets one-hot rows, which have a column for each class however many there are."""
    if case.form is not LabelForm.ONE_HOT or case.classes is not None or case.head.units != 1:
        return False
    if case.loss.name != "binary_crossentropy" or case.targets is None:
        return False
    encoded = [step.name for step in case.targets.steps if step.kind is StepKind.ENCODED]
    return not encoded or not encoded[-1].endswith("LabelBinarizer")  # of two classes it makes one column


def _units_for_one_column(case: Case) -> Iterator[Report]:
    """Yes-or-no units of which there are several, for labels that are one column of unknown values."""
    head, targets = case.head, case.targets
    if case.loss.name != "binary_crossentropy" or head.units is None or head.units < 2 or targets is None:
        return
    if head.activation not in ("sigmoid", "linear") or head.layer is None or head.layer.class_name != "Dense":
        return
    if targets.batched or targets.shape is None or targets.shape[1:] not in ((), (1,)) or case.form in cases.ROWS:
        return
    numbered = case.form is LabelForm.INTEGER
    if case.reproduces_inputs or (numbered and case.classes in (None, head.units)):
        return
    argument = head.units_argument
    place = argument.place if argument is not None and argument.place is not None else head.layer.place
    yield Report(
        place=place,
        message=f"Dense has {head.units} units, but the labels are one column: one number for each example.",
        related=(Related(case.loss.place, "The loss that compares the two."),),
        how=_REBUILT if numbered else None,
        recipe="" if numbered else 'Dense(1, activation="sigmoid")',
    )


_REBUILT = (
    "Give the last layer one unit for each class. An autoencoder is trained on its inputs instead of labels: "
    "model.fit(x_train, x_train)."
)


def _labels(classes: int | None) -> str:
    if classes is None:
        return "the labels are one-hot rows, with a column for each class"
    return f"the labels have {classes} classes"


def _spare(case: Case, classes: int) -> bool:
    """Whether there are only units too many, which training survives."""
    units = case.head.units
    return case.form in cases.NUMBERED and units is not None and units > classes


def _spelled(program: Program, case: Case) -> str:
    kind = case.head.layer.kind if case.head.layer is not None else "keras.layers.Dense"
    return program.imports.spell(kind).text


def _run_how(low: float, high: float, units: int) -> str:
    if low > 0 and high - low < units:
        return f"Number the classes from 0: subtract {low:g} from the labels."
    if low < 0:
        return "Number the classes from 0, for example with np.unique(labels, return_inverse=True)[1]."
    return f"Give the last layer {high + 1:,.0f} units, one for each class."
