"""SCR222 label-corrupted."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.blended_masks import blended
from scram_analyzers.rules.data.evidence.turned_alone import turned_alone
from scram_analyzers.run.batches import only_target
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.learning import accuracy_name
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.data import Data, DataStep, LabelForm, StepKind
from scram_analyzers.source.heads import heads_with_losses
from scram_analyzers.source.program import Fit, Program, every_fit

CLASSIFICATION = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy", "focal")
COUNTED = (LabelForm.INTEGER, LabelForm.BINARY)


class LabelCorrupted(Rule):
    """Class numbers that are divided or scaled like measurements, or that the same number is written over."""

    code = "SCR222"
    name = "label-corrupted"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "class labels that arithmetic or an assignment made into something else"
    why = (
        "A class number is a name, not a quantity. Divided by 255 the classes 0 to 9 become numbers between 0 and "
        "0.04, which count as class 0, all of them: the network learns to answer the same for everything. "
        "Rows that one number was written over have lost their class as well."
    )
    how = "Scale only the inputs. Leave class numbers as they are (sparse loss), or make them one-hot."
    references = (Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),)
    false_alarms = "Labels that were coded with a factor in the first place, such as 0 and 255 in a mask."
    bad = (
        Example(
            "Masks of four classes, resized as pictures are",
            """
            import cv2
            import keras
            import numpy as np
            from project import files, images

            masks = np.array([»cv2.resize(cv2.imread(file, 0), (64, 64))« for file in files])
            model = keras.Sequential([keras.layers.Conv2D(4, 3, padding="same", activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(images / 255.0, masks, epochs=20)
            """,
        ),
        Example(
            "Masks of four classes, scaled as the images are",
            """
            import cv2
            import keras
            import numpy as np
            from project import files, images

            masks = np.array([cv2.imread(file, 0) for file in files])
            masks = »masks / 255.0«
            model = keras.Sequential([keras.layers.Conv2D(4, 3, padding="same", activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(images / 255.0, masks[..., np.newaxis], epochs=20)
            """,
        ),
        Example(
            "Labels divided along with the pixels",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            y_train = »y_train / 255«
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Class numbers through a scaler",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.preprocessing import MinMaxScaler

            x, y = load_iris(return_X_y=True)
            y = »MinMaxScaler().fit_transform(y.reshape(-1, 1))«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "One-hot rows divided along with the pixels",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = keras.utils.to_categorical(y_train, 10)
            x_train, y_train = x_train / 255, »y_train / 255«
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Ten classes made true or false",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, »y_train.astype(bool)«)
            """,
        ),
        Example(
            "A number over half of the labels",
            """
            import keras
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            x, y = load_digits(return_X_y=True)
            x_train, x_val, y_train, y_val = train_test_split(x / 16, y, random_state=0)
            »y_train[: len(y_train) // 2]« = 0
            model = keras.Sequential(
                [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Masks by the nearest pixel, and masks of two classes",
            """
            import cv2
            import keras
            import numpy as np
            from project import files, images

            near = [cv2.resize(cv2.imread(file, 0), (64, 64), interpolation=cv2.INTER_NEAREST) for file in files]
            model = keras.Sequential([keras.layers.Conv2D(4, 3, padding="same", activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(images / 255.0, np.array(near), epochs=20)
            edges = np.array([cv2.resize(cv2.imread(file, 0), (64, 64)) for file in files]) / 255
            other = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
            other.compile(optimizer="adam", loss="binary_crossentropy")
            other.fit(images / 255.0, edges, epochs=20)
            """,
        ),
        Example(
            "Masks of two levels, and grey levels to be classes of their own",
            """
            import cv2
            import keras
            import numpy as np
            from project import files, images

            masks = np.array([cv2.imread(file, 0) for file in files])
            model = keras.Sequential([keras.layers.Conv2D(2, 3, padding="same", activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(images, masks / 255.0, epochs=20)
            painter = keras.Sequential([keras.layers.Conv2D(256, 3, padding="same", activation="softmax")])
            painter.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            painter.fit(images, masks, epochs=20)
            """,
        ),
        Example(
            "Only the inputs are divided",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            y_train = y_train.astype("int64")
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Labels smoothed after they are one-hot",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            y_train = keras.utils.to_categorical(y_train) * 0.9 + 0.01
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "One digit against the others",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            y_train = (y_train == 5).astype("float32")
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Labels that are made by writing them",
            """
            import keras
            import numpy as np
            from project import cats, dogs

            x = np.concatenate([cats, dogs]) / 255
            y = np.zeros(len(x))
            y[len(cats) :] = 1
            order = np.random.permutation(len(x))
            x, y = x[order], y[order]
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, validation_split=0.2, epochs=20)
            """,
        ),
    )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report targets for a cross-entropy that are one and the same for every row."""
        if _sorts_into_classes(history) and (seen := only_target(history)) is not None:
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=(
                    f"Every target that was looked at is {seen:g}: there is nothing to tell apart, and the model only "
                    "learns to answer the same for everything."
                ),
                step=history.last_step or None,
            )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what class numbers went through on their way to a classification."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.targets
        yield from turned_alone(fit)
        if data is None or not _is_classification(fit):
            return
        yield from _of_masks(fit, data)
        step = _spoiling(data) or _written_over(data) or _divided_numbers(fit, data)
        if step is None or step.place is None:
            return
        used = fit.y.place if fit.y is not None else None
        related = () if used is None else (Related(used, "The labels are trained on here."),)
        yield Report(step.place, _message(step, data, used.text if used is not None else ""), related)


def _sorts_into_classes(history: RunHistory) -> bool:
    """Whether the only loss says so, or, of a step of the program's own, the accuracy that it counts."""
    losses = history.info.losses
    if not losses:
        return bool(history.epochs) and accuracy_name(history.epochs[-1]) is not None
    return len(losses) == 1 and losses[0].endswith("crossentropy")


def _is_classification(fit: Fit) -> bool:
    losses = fit.compile.losses if fit.compile is not None else ()
    return len(losses) == 1 and losses[0].name is not None and any(each in losses[0].name for each in CLASSIFICATION)


def _spoiling(data: Data) -> DataStep | None:
    """The step that made class numbers into something else, or divided one-hot rows as if they were pixels."""
    if data.labels is LabelForm.ONE_HOT:
        return _divided_rows(data)
    if data.labels not in COUNTED:
        return None
    coded = max((number for number, step in enumerate(data.steps) if step.kind is StepKind.ENCODED), default=-1)
    for step in data.steps[coded + 1 :]:
        divided = step.name in ("Divide", "Multiply") and step.number is not None
        if step.kind is StepKind.SCALED and (step.learned is not None or divided):
            return step
        if step.kind is StepKind.CONVERTED and data.dtype in ("bool", "bool_") and (data.classes or 0) > 2:
            return step
    return None


def _divided_rows(data: Data) -> DataStep | None:
    """What divides one-hot rows, after they were made, by more than a mean over a few of them would."""
    made = next((step for step in reversed(data.steps) if step.kind is not StepKind.SELECTED), None)
    if made is None or made.name != "Divide" or (made.number or 0) < LEAST_DIVISOR:
        return None
    return made if any(step.kind is StepKind.ENCODED for step in data.steps) else None


def _of_masks(fit: Fit, data: Data) -> Iterator[Report]:
    """Masks of several classes in which a resizing makes numbers of classes that are not there."""
    units, step = _classes_told_apart(fit), blended(data)
    if units is not None and units > 2 and data.labels is None and step is not None and step.place is not None:
        yield Report(
            step.place,
            "Resized like a picture, a mask gets means of the class numbers around each place: between classes 0 and "
            "2 comes a rim of class 1, or of fractions.",
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM,
            why="Class numbers are names: what lies between two of them is not the class in the middle.",
            how="Take the nearest pixel for masks: interpolation=cv2.INTER_NEAREST, resample=Image.NEAREST.",
        )


def _divided_numbers(fit: Fit, data: Data) -> DataStep | None:
    """What divides class numbers by 255 as if they were grey levels, for a loss that reads them as they are.

    Of masks with two levels 0 and 1 come of it; with more classes than two none of those in between is a whole number.
    """
    units = _classes_told_apart(fit)
    if data.labels is not None or units is None or units <= 2:
        return None
    made = next((step for step in reversed(data.steps) if not _leaves_alone(step)), None)
    divided = made is not None and made.name == "Divide" and made.number in GREY_LEVELS and made.certain
    return made if divided else None


def _classes_told_apart(fit: Fit) -> int | None:
    """How many classes a model of one output tells apart by a loss that reads whole class numbers."""
    pairs = list(heads_with_losses(fit.compile)) if fit.compile is not None else []
    if len(pairs) != 1 or pairs[0][1].name != "sparse_categorical_crossentropy":
        return None
    return pairs[0][0].units


def _leaves_alone(step: DataStep) -> bool:
    """Whether a step leaves the numbers as they are, but for what is behind the point."""
    return step.kind in (StepKind.SELECTED, StepKind.SPLIT, StepKind.SHUFFLED, StepKind.CONVERTED) or (
        step.name in ("reshape", "expand_dims", "squeeze", "numpy.reshape", "numpy.expand_dims", "numpy.squeeze")
    )


GREY_LEVELS = (255, 256)
"""What pixels are divided by."""

LEAST_DIVISOR = 10
"""One-hot rows divided by less may be averages of a few of them."""


def _written_over(data: Data) -> DataStep | None:
    """Where one class is written over a stretch of the labels, though the rows had theirs: they had been put in order.

    Labels that are made in this way get theirs before the rows are split or shuffled.
    """
    is_ordered = False
    for step in data.steps:
        is_class = step.number is not None and step.number >= 0 and step.number == int(step.number)
        if is_ordered and step.name == "setitem" and step.certain and is_class and _is_stretch(step):
            return step
        is_ordered = is_ordered or step.kind in (StepKind.SPLIT, StepKind.SHUFFLED)
    return None


def _is_stretch(step: DataStep) -> bool:
    """Whether more than a few rows are written to, as told by their bounds: `y[:n]`, `y[100:]`, not `y[y == 2]`."""
    rows = step.node.slice[0].slice if isinstance(step.node, cst.Subscript) and len(step.node.slice) == 1 else None
    if not isinstance(rows, cst.Slice) or rows.step is not None:
        return False
    stop = rows.upper if rows.lower is None else None
    return not (isinstance(stop, cst.Integer) and int(stop.evaluated_value) < FEW_ROWS)


FEW_ROWS = 20
"""So many labels may be mended by hand. Ours."""


def _message(step: DataStep, data: Data, name: str) -> str:
    labels = f"the labels {name}" if name.isidentifier() else "the labels"
    number = fixes.number_text(step.number or 0)
    if step.name == "setitem":
        return f"This writes {number} over a stretch of {labels}: the rows there lose their own classes."
    if data.labels is LabelForm.ONE_HOT:
        return f"This divides {labels} by {number}: they are one-hot rows, and no longer add up to 1."
    if data.labels is None:
        return f"This divides {labels} by {number}: of whole class numbers fractions are left, most of them below 1."
    count = f"{data.classes} classes" if data.classes is not None else "classes"
    if step.kind is StepKind.CONVERTED:
        return f"As true and false, {labels} know two classes where there were {data.classes}."
    return f"This scales {labels}: numbers that name {count} are no quantities."
