"""SCR413 label-out-of-range."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.fixes import number_text
from scram_analyzers.rules.base import Example, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import cases, heads, picked_rows
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import targets_by_output
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.data import STANDARDIZED, Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.values import WORD_INDEX, Statistic, Value, integer

TOLERANCE = 1e-3
"""What rounding may add to a probability."""

_ARITHMETIC = frozenset(("Add", "Subtract", "Multiply", "Divide", "Modulo", "FloorDivide", "Power", "compare"))


class LabelOutOfRange(Rule):
    """binary_crossentropy with targets outside 0 to 1."""

    code = "SCR413"
    name = "label-out-of-range"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "targets below 0 or above 1 under binary_crossentropy"
    why = (
        "Binary cross-entropy reads each target as a probability. With -1 or 9 the loss can become negative, and "
        "it is smallest far away from the truth."
    )
    how = (
        "Turn -1 and 1 into 0 and 1 with y = (y + 1) / 2. For more than two classes use a softmax over all of "
        "them with sparse_categorical_crossentropy; for measured numbers a linear layer with mse."
    )
    references = (THE_DEEP_CHECKER,)
    false_alarms = "In the source: labels that are changed where it can't be seen. In a run: none known."
    bad = (
        Example(
            "No column for the last word",
            """
            import keras
            from keras.preprocessing.sequence import pad_sequences
            from keras.preprocessing.text import Tokenizer
            from project import lines

            words = Tokenizer()
            words.fit_on_texts(lines)
            count = len(words.word_index)
            numbers = pad_sequences(words.texts_to_sequences(lines))
            labels = keras.utils.to_categorical(numbers[:, -1], num_classes=»count«)
            """,
        ),
        Example(
            "A table that was scaled with its labels",
            """
            import keras
            import pandas as pd
            from keras import layers
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            table[table.columns] = StandardScaler().fit_transform(table)
            x_train, x_test = train_test_split(table)
            y_train, y_test = x_train.pop("ill"), x_test.pop("ill")
            model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Labels of -1 and 1",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import scores, x

            y = np.where(scores > 0, 1, -1)
            model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«, metrics=["accuracy"])
            model.fit(x, y, epochs=10)
            """,
        ),
        Example(
            "In a step of the model's own",
            """
            import keras
            import numpy as np
            import tensorflow as tf

            class Detector(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.out = keras.layers.Dense(1, activation="sigmoid")
                    self.bce = »keras.losses.BinaryCrossentropy()«

                def call(self, x):
                    return self.out(x)

                def train_step(self, data):
                    x, y = data
                    with tf.GradientTape() as tape:
                        loss = self.bce(y, self(x, training=True))
                    self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
                    return {"loss": loss}

            x = np.random.rand(500, 20)
            y = np.where(x[:, 0] > 0.5, 1, -1)
            model = Detector()
            model.compile(optimizer="adam")
            model.fit(x, y, epochs=10)
            """,
        ),
        Example(
            "Masks that keep the pixels of their files",
            """
            import glob

            import cv2
            import keras
            import numpy as np
            from keras import layers

            names = sorted(glob.glob("images/*.png"))
            images = np.array([cv2.imread(name) / 255 for name in names])
            masks = np.array([cv2.imread(name.replace("images", "masks"), 0) for name in names])
            model = keras.Sequential([layers.Conv2D(16, 3, padding="same", activation="relu")])
            model.add(layers.Conv2D(1, 1, activation="sigmoid"))
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«)
            model.fit(images, masks, epochs=10)
            """,
        ),
        Example(
            "Masks whose foreground the program makes white",
            """
            import keras
            import numpy as np
            from keras import layers

            pictures, masks = np.load("cells.npy") / 255, np.load("masks.npy")
            masks[masks > 0] = 255
            picture = keras.Input((64, 64, 1))
            mask = layers.Conv2D(1, 1, activation="sigmoid")(layers.Conv2D(16, 3, activation="relu")(picture))
            model = keras.Model(picture, mask)
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«)
            model.fit(pictures, masks, epochs=30)
            """,
        ),
        Example(
            "Raised by one in a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            y = »y + 1«
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in tf.data.Dataset.from_tensor_slices((x, y)).shuffle(178).batch(16):
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Two classes raised by one",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.preprocessing import StandardScaler

            data = load_breast_cancer()
            x, y = StandardScaler().fit_transform(data.data), »data.target + 1«
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Rows with too few columns",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar100.load_data()
            y_train = keras.utils.to_categorical(y_train, »10«)
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Conv2D(32, 3, activation="relu")])
            model.add(layers.GlobalAveragePooling2D())
            model.add(layers.Dense(10, activation="softmax"))
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=10)
            """,
        ),
        Example(
            "Squares, taken for probabilities",
            """
            import keras
            import numpy as np

            x = np.linspace(-10, 10, 1000)
            y = x**2
            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«)
            model.fit(x, y, epochs=100)
            """,
        ),
        Example(
            "Pictures to give back, of which only the inputs are scaled",
            """
            import keras

            (pictures, _), _ = keras.datasets.mnist.load_data()
            pictures = pictures.reshape(-1, 784)
            inputs = keras.Input((784,))
            hidden = keras.layers.Dense(32, activation="relu")(inputs)
            model = keras.Model(inputs, keras.layers.Dense(784, activation="sigmoid")(hidden))
            model.compile("adam", »"binary_crossentropy"«)
            model.fit(pictures / 255, pictures, epochs=10)
            """,
        ),
    )
    good = (
        Example(
            "A column for the number 0 as well",
            """
            import keras
            from keras.preprocessing.text import Tokenizer
            from project import lines

            words = Tokenizer()
            words.fit_on_texts(lines)
            numbers = words.texts_to_sequences(lines)
            rows = [keras.utils.to_categorical(each, num_classes=len(words.word_index) + 1) for each in numbers]
            """,
        ),
        Example(
            "The rows of five of ten classes",
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            low = y < 5
            model = keras.Sequential([keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x[low] / 16, y[low], epochs=20)
            """,
        ),
        Example(
            "Masks made white, and then fractions",
            """
            import keras
            import numpy as np
            from keras import layers

            pictures, masks = np.load("cells.npy") / 255, np.load("masks.npy")
            masks[masks > 0] = 255
            masks = masks / 255
            picture = keras.Input((64, 64, 1))
            mask = layers.Conv2D(1, 1, activation="sigmoid")(layers.Conv2D(16, 3, activation="relu")(picture))
            model = keras.Model(picture, mask)
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(pictures, masks, epochs=30)
            """,
        ),
        Example(
            "Masks made fractions",
            """
            import glob

            import cv2
            import keras
            import numpy as np
            from keras import layers

            names = sorted(glob.glob("images/*.png"))
            images = np.array([cv2.imread(name) / 255 for name in names])
            masks = np.array([cv2.imread(name.replace("images", "masks"), 0) for name in names]) / 255
            model = keras.Sequential([layers.Conv2D(16, 3, padding="same", activation="relu")])
            model.add(layers.Conv2D(1, 1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, masks, epochs=10)
            """,
        ),
        Example(
            "Labels of 0 and 1",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import scores, x

            y = np.where(scores > 0, 1, 0)
            model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=10)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report labels below 0, above 1 or beyond what the head knows; then rows with too few columns for them."""
        yield from program.each_of(cases.cases, self._of_case)
        yield from program.each(program.calls_of(_TO_ROWS), _of_rows)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        seen = case.targets.range if case.targets is not None else None
        yield from _too_high(case, seen)
        yield from _pixels(case, seen)
        yield from _moved(case)
        yield from _written(case)
        if case.loss.name != "binary_crossentropy" or seen is None or case.judged_by_hand:
            return
        if seen.low >= 0 and not _is_far_above(case, seen):
            return
        if case.form is LabelForm.CONTINUOUS:
            return  # classification-loss-for-regression says more
        place = case.labels_place
        low, high = number_text(seen.low), number_text(seen.high)
        where = "are scaled to lie on both sides of 0" if seen == STANDARDIZED else f"go from {low} to {high}"
        yield Report(
            place=case.loss.place,
            message=f"The targets {where}, and binary_crossentropy takes them for probabilities.",
            related=(Related(place, "The targets."),) if place is not None else (),
            recipe="y = (y + 1) / 2" if (seen.low, seen.high) == (-1, 1) else "",
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the range of the targets."""
        for seen in targets_by_output(history, batches=1):
            low, high = seen.low, seen.high
            if seen.output.loss != "binary_crossentropy" or (low >= -TOLERANCE and high <= 1 + TOLERANCE):
                continue
            of = f' of the output "{seen.output.name}"' if len(history.info.outputs) > 1 else ""
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=f"The targets{of} run from {low:g} to {high:g}, and binary_crossentropy takes them for "
                "probabilities.",
                recipe="y = (y + 1) / 2" if (low, high) == (-1, 1) else "",
            )


def _is_last_word_left_out(columns: Value, labels: Data) -> bool:
    """Whether there are as many columns as a Tokenizer has words, for numbers that it gave to all of them."""
    counted = isinstance(columns, Statistic) and columns.name == WORD_INDEX
    numbered = labels.source.endswith("Tokenizer.texts_to_sequences") and labels.token_ids and labels.range is None
    return counted and numbered and not any(step.name in _ARITHMETIC for step in labels.steps)


_TO_ROWS = frozenset(("keras.utils.to_categorical", "tensorflow.one_hot", "keras.ops.one_hot"))


def _of_rows(program: Program, call: Call) -> Iterator[Report]:
    """A column for each class, asked for with fewer columns than the labels of a known data set have classes."""
    given = call.arguments.get("num_classes", 1) or call.arguments.get("depth") or call.arguments.get("nb_classes")
    columns = integer(given.value) if given is not None else None
    labels = call.arguments.value("y", 0) or call.arguments.value("x") or call.arguments.value("indices")
    if given is not None and isinstance(labels, Data) and _is_last_word_left_out(given.value, labels):
        counted = given.value.place or given.place or call.place
        yield Report(
            place=given.place or call.place,
            message=(
                f"A Tokenizer numbers its words from 1, but {counted.text} columns are for the numbers from 0 on: the "
                "last word has none."
            ),
            related=(Related(counted, "The words are counted here."),),
            recipe=f"{counted.text} + 1",
        )
    if given is None or columns is None or not isinstance(labels, Data) or labels.classes is None:
        return
    if labels.labels is not LabelForm.INTEGER or any(step.name in _ARITHMETIC for step in labels.steps):
        return
    highest = labels.highest_class or 0
    if columns <= highest and cases.is_loaded(labels) and not any(map(picked_rows.picks_rows, labels.steps)):
        yield Report(
            place=given.place or call.place,
            message=(
                f"The labels of {labels.source.split('.')[2] if labels.source.count('.') > 2 else 'this data set'} go "
                f"from {highest - labels.classes + 1} to {highest}, but their rows get {columns} columns."
            ),
            recipe=str(highest + 1),
        )


def _is_far_above(case: Case, seen: Interval) -> bool:
    """Whether numbers that the program works out itself, of which none are classes, go far beyond 1."""
    targets = case.targets
    if targets is None or case.form is not None or targets.images or case.reproduces_inputs or targets.scaled:
        return False
    made = targets.source in ("numpy.linspace", "numpy.random.uniform", "numpy.random.rand", "numpy.arange")
    return made and seen.high >= FAR and cases.counted(targets) is False


FAR = 2.0
"""Targets that reach this are no probabilities, however roughly their range is known. Ours."""


def _pixels(case: Case, seen: Interval | None) -> Iterator[Report]:
    """Masks, or pictures to give back, whose pixels are still those of the image files."""
    targets = case.targets
    if targets is None or seen is None or not targets.images or targets.scaled or not 200 <= seen.high <= 255:
        return
    if case.loss.name != "binary_crossentropy" or seen.low < 0 or case.judged_by_hand:
        return
    inputs = case.fit.inputs if case.fit is not None else None
    if case.reproduces_inputs and (inputs is None or not inputs.scaled):
        return  # raw as the inputs are: that rule says more
    place = case.labels_place
    yield Report(
        place=case.loss.place,
        message=f"The targets are pixels up to {number_text(seen.high)}, and binary_crossentropy takes them for "
        "probabilities.",
        related=(Related(place, "The targets."),) if place is not None else (),
        recipe=f"y = y / {number_text(seen.high)}",
    )


def _written(case: Case) -> Iterator[Report]:
    """Numbers beyond 1 that the program itself writes into what may be a mask: `masks[masks > 0] = 255`."""
    targets = case.targets
    if targets is None or targets.range is not None or case.loss.name != "binary_crossentropy" or case.judged_by_hand:
        return
    written = [place for place, step in enumerate(targets.steps) if step.name == "setitem" and step.certain]
    step = targets.steps[written[-1]] if written else None
    if step is None or step.place is None or step.number is None or step.put is not None or step.number < FAR:
        return
    if case.reproduces_inputs or any(not _keeps_values(later) for later in targets.steps[written[-1] + 1 :]):
        return
    high = number_text(step.number)
    yield Report(
        place=case.loss.place,
        message=f"The targets were set to {high} in part, and binary_crossentropy takes them for probabilities.",
        related=(Related(step.place, "Set here."),),
        recipe="1",
    )


def _keeps_values(step: DataStep) -> bool:
    """Whether a step leaves the numbers as they are."""
    if step.kind is StepKind.SPLIT or step.name in ("reshape", "expand_dims", "copy", "numpy.reshape"):
        return True
    return step.kind in (StepKind.SELECTED, StepKind.CONVERTED, StepKind.SHUFFLED) and step.name != "map"


def _moved(case: Case) -> Iterator[Report]:
    """Class numbers that begin above 0, beyond those that the head and the loss would have fitted."""
    targets, known = case.targets, _known(case)
    if targets is None or targets.classes is None or known is None or case.form not in cases.NUMBERED:
        return
    if case.judged_by_hand and not cases.is_loaded(targets):
        return
    moved = [step.place for step in targets.steps if step.name in _ARITHMETIC]
    place = moved[0] if moved else targets.place
    highest = targets.highest_class or 0
    if targets.classes - 1 <= known[0] < highest and place is not None:
        yield Report(
            place=place,
            message=f"The labels go from {highest - targets.classes + 1} to {highest}, but {known[1]}.",
            related=(Related(case.loss.place, "The loss that reads them."),),
        )


def _known(case: Case) -> tuple[int, str] | None:
    """The highest class number that the loss can read with this head, and what says so."""
    units = case.head.units
    if case.loss.name == "sparse_categorical_crossentropy" and units is not None and units > 1:
        return units - 1, f"{heads.layer_words(case.head)} has units for 0 to {units - 1}"
    if case.loss.name == "binary_crossentropy" and units == 1:
        return 1, "binary_crossentropy knows 0 and 1"
    return None


def _too_high(case: Case, seen: Interval | None) -> Iterator[Report]:
    """Class numbers that were written out, beyond those that the head and the loss know."""
    targets = case.targets
    if targets is None or seen is None or seen.low < 0 or not cases.counted(targets) or targets.classes is not None:
        return
    if picked_rows.since_numbered(targets):
        return  # by what they hold, it may be
    if targets.shape is None or targets.shape[1:] not in ((), (1,)) or case.reproduces_inputs or case.judged_by_hand:
        return
    known = _known(case)
    if known is None:
        return
    highest = known[0]
    place = case.labels_place or case.loss.place
    if seen.high > highest:
        low, high = number_text(seen.low), number_text(seen.high)
        yield Report(
            place=place,
            message=f"The labels go from {low} to {high}, but {known[1]}.",
            related=(Related(case.loss.place, "The loss that reads them."),),
            recipe=f"y = y - {low}" if seen.high - seen.low <= highest else "",
        )
