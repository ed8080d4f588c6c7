"""SCR211 sorted-validation-split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence import sorted_rows
from scram_analyzers.rules.data.evidence.bound_before import is_known_before
from scram_analyzers.rules.data.evidence.judging import judged_by
from scram_analyzers.rules.data.evidence.label_order import are_stretches_of_one_order, order_of_labels
from scram_analyzers.rules.data.evidence.sorted_folds import FOLDS, of_folds
from scram_analyzers.rules.references import DEEP_CHECKS
from scram_analyzers.run.data_parts import is_no_chance, total_variation
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.sorted_parts import sorted_apart
from scram_analyzers.run.task import class_shares, targets
from scram_analyzers.run.wording import listed
from scram_analyzers.run.wording import share as percent
from scram_analyzers.source.data import Data
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import number

KERAS_FIT = Reference("Keras: Model.fit, validation_split", "https://keras.io/api/models/model_training_apis/")

MINOR = 0.05
NONE = 0.001
"""A class that makes up so much of the last rows and so little of the others is in these rows only."""


class SortedValidationSplit(Rule):
    """Validation rows are cut off data that are sorted by label."""

    code = "SCR211"
    name = "sorted-validation-split"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "validation rows with other labels than the rest, cut off data that are sorted by label"
    why = (
        "The argument validation_split takes the last rows before anything is shuffled. Of sorted data these are other "
        "classes than those the model trains on: validation says nothing, and some classes are never learned."
    )
    how = (
        "Shuffle inputs and labels together before fit, or split with "
        "sklearn.model_selection.train_test_split(..., stratify=y) and pass validation_data."
    )
    references = (
        DEEP_CHECKS,
        KERAS_FIT,
    )
    false_alarms = "None known: in a run the labels of both parts are counted."
    bad = (
        Example(
            "Folders that are called by the numbers of their classes",
            """
            import os

            import keras
            import numpy as np
            from project import read

            images, labels = [], []
            for folder in sorted(os.listdir("digits")):
                for file in os.listdir(os.path.join("digits", folder)):
                    images.append(read(file) / 255)
                    labels.append(int(folder))
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(np.array(images), np.array(labels), epochs=50, »validation_split=0.2«)
            """,
        ),
        Example(
            "The end of a curve held back",
            """
            import keras
            import numpy as np

            x = np.linspace(-1, 1, 1000).reshape(-1, 1)
            y = x**3
            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x[:800], y[:800], epochs=50, validation_data=(»x[800:]«, y[800:]))
            """,
        ),
        Example(
            "A data set that comes sorted",
            """
            import keras
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)

            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, »validation_split=0.2«, epochs=50)
            """,
            """
            import keras
            from sklearn.datasets import load_iris
            import numpy as np

            x, y = load_iris(return_X_y=True)

            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            order = np.random.permutation(len(x))
            x, y = x[order], y[order]
            model.fit(x, y, validation_split=0.2, epochs=50)
            """,
        ),
        Example(
            "Cut off by a slice",
            """
            import keras
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[:140], y[:140], epochs=50, validation_data=(»x[140:]«, y[140:]))
            """,
        ),
        Example(
            "Folds without a shuffle",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import KFold

            x, y = load_iris(return_X_y=True)
            for train, test in »KFold(n_splits=3)«.split(x):
                model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
                model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
                model.fit(x[train], y[train], epochs=50, validation_data=(x[test], y[test]))
            """,
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import KFold

            x, y = load_iris(return_X_y=True)
            for train, test in KFold(n_splits=3, shuffle=True).split(x):
                model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
                model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
                model.fit(x[train], y[train], epochs=50, validation_data=(x[test], y[test]))
            """,
        ),
        Example(
            "Points in order",
            """
            import keras
            import numpy as np

            x = np.linspace(-1, 1, 1000)
            model = keras.Sequential([keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, x**3, epochs=50, »validation_split=0.2«)
            """,
        ),
        Example(
            "First all of one folder, then all of the other",
            """
            import os

            import keras
            import numpy as np
            from project import read

            images, labels = [], []
            for file in os.listdir("yes"):
                images.append(read(file) / 255)
                labels.append(1)
            for file in os.listdir("no"):
                images.append(read(file) / 255)
                labels.append(0)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(np.array(images), np.array(labels), epochs=50, »validation_split=0.2«)
            """,
        ),
        Example(
            "Collected folder by folder",
            """
            import os

            import keras
            import numpy as np
            from project import read

            images, labels = [], []
            for number, name in enumerate(sorted(os.listdir("flowers"))):
                for file in os.listdir(os.path.join("flowers", name)):
                    images.append(read(file) / 255)
                    labels.append(number)
            x, y = np.array(images), np.array(labels)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=50, »validation_split=0.2«)
            """,
            """
            import os

            import keras
            import numpy as np
            from project import read

            images, labels = [], []
            for number, name in enumerate(sorted(os.listdir("flowers"))):
                for file in os.listdir(os.path.join("flowers", name)):
                    images.append(read(file) / 255)
                    labels.append(number)
            x, y = np.array(images), np.array(labels)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            order = np.random.permutation(len(x))
            x, y = x[order], y[order]
            model.fit(x, y, epochs=50, validation_split=0.2)
            """,
        ),
        Example(
            "First all of one class, then all of the other",
            """
            import keras
            import numpy as np
            from project import cats, dogs

            x = np.concatenate([cats, dogs])
            y = np.concatenate([np.zeros(len(cats)), np.ones(len(dogs))])
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=50, »validation_split=0.2«)
            """,
        ),
        Example(
            "Put in the order of the labels, then cut",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            order = np.argsort(y)
            x, y = x[order] / 16, y[order]
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[:1400], y[:1400], epochs=50, validation_data=(»x[1400:]«, y[1400:]))
            """,
        ),
        Example(
            "Collected folder by folder, and cut as it stands",
            """
            import os

            import keras
            import numpy as np
            from project import read

            images, labels = [], []
            for number, name in enumerate(sorted(os.listdir("flowers"))):
                for file in os.listdir(os.path.join("flowers", name)):
                    images.append(read(file) / 255)
                    labels.append(number)
            x, y = np.array(images), np.array(labels)
            n = int(0.8 * len(x))
            x_train, x_test = »x[:n]«, x[n:]
            y_train, y_test = y[:n], y[n:]
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=50, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Names of classes, numbered after they were collected",
            """
            import glob
            import keras
            import numpy as np
            from PIL import Image
            from sklearn.preprocessing import LabelEncoder

            images, names = [], []
            for kind in ["daisy", "rose", "tulip"]:
                for path in glob.glob("flowers/" + kind + "/*.jpg"):
                    images.append(np.array(Image.open(path).resize((64, 64))) / 255)
                    names.append(kind)
            labels = LabelEncoder().fit_transform(names)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(np.array(images), labels, epochs=20, »validation_split=0.2«)
            """,
        ),
        Example(
            "The files of one class after those of the other",
            """
            import os
            import cv2
            import keras
            import numpy as np

            files = ["train/" + name for name in os.listdir("train")]
            dogs = [name for name in files if "dog" in name]
            cats = [name for name in files if "cat" in name]
            files = dogs[:1000] + cats[:1000]
            x = np.array([cv2.resize(cv2.imread(name), (64, 64)) for name in files]) / 255
            labels = []
            for name in files:
                if "dog" in name:
                    labels.append(1)
                else:
                    labels.append(0)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, np.array(labels), epochs=20, »validation_split=0.25«)
            """,
        ),
        Example(
            "Two tables of one class each, one below the other",
            """
            import keras
            import pandas as pd
            from keras import layers

            calm = pd.read_csv("calm.csv")
            storm = pd.read_csv("storm.csv")
            calm["storm"] = 0
            storm["storm"] = 1
            days = pd.concat([calm, storm], ignore_index=True)
            model = keras.Sequential([layers.Normalization(), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(days[["wind", "rain"]], days["storm"], epochs=20, »validation_split=0.2«)
            """,
        ),
    )
    good = (
        Example(
            "Put in order, then mixed",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            order = np.argsort(y)
            x, y = x[order] / 16, y[order]
            mixed = np.random.permutation(len(x))
            x, y = x[mixed], y[mixed]
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[:1400], y[:1400], epochs=50, validation_data=(x[1400:], y[1400:]))
            """,
        ),
        Example(
            "Folds of shuffled rows",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import KFold

            x, y = load_iris(return_X_y=True)
            for train, test in KFold(n_splits=3, shuffle=True).split(x):
                model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
                model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
                model.fit(x[train], y[train], epochs=50, validation_data=(x[test], y[test]))
            """,
        ),
        Example(
            "Slices of rows in random order",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            order = np.random.permutation(len(x))
            x, y = x[order], y[order]
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[:140], y[:140], epochs=50, validation_data=(x[140:], y[140:]))
            """,
        ),
        Example(
            "Collected folder by folder, and shuffled",
            """
            import os

            import keras
            import numpy as np
            from project import read
            from sklearn.utils import shuffle

            images, labels = [], []
            for number, name in enumerate(sorted(os.listdir("flowers"))):
                for file in os.listdir(os.path.join("flowers", name)):
                    images.append(read(file) / 255)
                    labels.append(number)
            x, y = shuffle(np.array(images), np.array(labels))
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=50, validation_split=0.2)
            """,
        ),
        Example(
            "Joined class by class, and mixed",
            """
            import keras
            import numpy as np
            from project import cats, dogs

            x = np.concatenate([cats, dogs])
            y = np.concatenate([np.zeros(len(cats)), np.ones(len(dogs))])
            order = np.random.permutation(len(x))
            x, y = x[order], y[order]
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=50, validation_split=0.2)
            """,
        ),
        Example(
            "Shuffled first",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = load_iris(return_X_y=True)
            x, y = shuffle(x, y, random_state=0)

            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, validation_split=0.2, epochs=50)
            """,
        ),
        Example(
            "Two tables of one class each, mixed once they are joined",
            """
            import keras
            import pandas as pd
            from keras import layers

            calm = pd.read_csv("calm.csv")
            storm = pd.read_csv("storm.csv")
            calm["storm"] = 0
            storm["storm"] = 1
            days = pd.concat([calm, storm]).sample(frac=1)
            model = keras.Sequential([layers.Normalization(), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(days[["wind", "rain"]], days["storm"], epochs=20, validation_split=0.2)
            """,
        ),
    )
    options = (Option("distance", 0.5, "total variation distance of the two label distributions", "scram"),)

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report validation_split of data sets that are known to come sorted by class."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(every_fit, _of_slices)
        yield from program.each_of(every_fit, _of_cut)
        if program.mentions("argsort"):
            yield from program.each_of(every_fit, _of_argsort)
        if program.fits:
            yield from program.each(program.calls_of(FOLDS), of_folds)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        share = number(fit.arguments.value("validation_split"))
        place = fixes.argument_of(fit.place, "validation_split")
        if share is None or not 0 < share < 1 or place is None:
            return
        last = sorted_rows.last_rows(program, fit)
        if last is None:
            return
        message = f"{last.order}, and validation_split={share:g} takes the last of them: {last.seen}."
        yield Report(place, message, recipe=sorted_rows.mixed(program, fit))

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report classes that only the last rows have, or very different shares."""
        labels, split = targets(history), history.data.validation_split if history.data is not None else None
        if not split or (labels is not None and not class_shares(labels)):
            yield from _of_parts(history)
            return
        if labels is None or not labels.last_classes or not class_shares(labels):
            return
        last = _shares(labels.last_classes)
        first = _shares(labels.classes)
        apart = total_variation(first, last)
        new = sorted(label for label, share in last.items() if share > MINOR and first.get(label, 0.0) < NONE)
        rows = sum(count for _, count in labels.last_classes)
        gone = any(last.get(label, 0.0) == 0.0 and is_no_chance(share, rows) for label, share in first.items())
        if apart <= self.option("distance") and not ((new or gone) and apart > self.option("distance") / 2):
            return
        only = f"; {_classes(new)} in no other row" if new else ""
        yield RunReport(
            subject=Subject(SubjectKind.VALIDATION),
            message=(
                f"validation_split={split:g} takes the last rows, whose labels are not those of the rest: "
                f"{_told(last)}{only}. The data seem to be sorted by label."
            ),
            recipe=sorted_rows.MIXED,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Mix the rows before they are cut, or have the folds do so."""
        for fit in program.fits:
            place = fixes.argument_of(fit.place, "validation_split")
            if place is not None and program.range_of(place) == finding.range:
                edits = _mixing_edits(program, fit)
                return Fix("Mix the rows before they are cut", Applicability.UNSAFE, edits) if edits else None
        for call in program.calls_of(FOLDS):
            if program.range_of(call.place) == finding.range:
                edit = fixes.set_argument(program, call.place, "shuffle", "True")
                return Fix("Mix the rows before they are cut", Applicability.UNSAFE, (edit,)) if edit else None
        return None


def _mixing_edits(program: Program, fit: Fit) -> tuple[TextEdit, ...]:
    """Mix inputs and labels before the training, where these are arrays under names of their own."""
    x, y = (each.place if each is not None else None for each in (fit.x, fit.y))
    given = [each.value if each is not None else None for each in (fit.x, fit.y)]
    arrays = all(isinstance(value, Data) and not value.is_table for value in given)
    if x is None or y is None or not arrays or not sorted_rows.has_names(fit):
        return ()
    if program.mentions("order") or not all(is_known_before(program, each, fit.place) for each in (x, y)):
        return ()
    lines = sorted_rows.mixed(program, fit).splitlines()
    return (fixes.statement_before(program, fit.place, *lines), *fixes.import_edits(program, (fixes.numpy(program),)))


def _of_parts(history: RunHistory) -> Iterator[RunReport]:
    """Validation rows that the program cut off itself."""
    apart = sorted_apart(history)
    if apart is not None:
        yield RunReport(
            subject=Subject(SubjectKind.VALIDATION),
            message=f"{apart}. The rows seem to have been sorted by target when they were split.",
            recipe=sorted_rows.MIXED,
        )


def _of_slices(program: Program, fit: Fit) -> Iterator[Report]:
    """Other rows than those trained on, by slices of a data set that comes sorted by class."""
    trained = fit.inputs
    if trained is None or trained.rows is None:
        return
    by_class = sorted_rows.comes_sorted(trained)
    if not by_class and (not sorted_rows.runs_through(trained) or sorted_rows.is_straight(fit.targets)):
        return
    for judged in judged_by(program, fit):
        rows = judged.data.rows
        if judged.use.startswith("predict") or rows is None or judged.data.roots != trained.roots:
            continue
        if rows.meets(trained.rows):
            continue
        if not by_class and sorted_rows.runs_through(judged.data):
            message = (
                f"The inputs run from one end to the other ({sorted_rows.name_of_source(trained)}), and these are a "
                "stretch of them that the model is not trained on: it has to guess how things go on there."
            )
            yield Report(judged.place, message, recipe=sorted_rows.MIXED)
            return
        if by_class and sorted_rows.comes_sorted(judged.data):
            message = (
                f"The rows of {sorted_rows.name_of_source(trained)} are sorted by class, and these are a stretch of "
                "them: they hold other classes than the stretch that the model is trained on."
            )
            yield Report(judged.place, message, recipe=sorted_rows.MIXED)
            return


def _of_cut(program: Program, fit: Fit) -> Iterator[Report]:
    """Rows that the program collected class by class and cut in two as they stood."""
    cut = sorted_rows.cut_in_their_order(program, fit)
    trained = fit.inputs
    if cut is None or trained is None:
        return
    reach = trained.roots | trained.origins
    if any(not reach.isdisjoint(each.data.roots | each.data.origins) for each in judged_by(program, fit)):
        yield Report(
            cut,
            "The labels are collected class by class, and the rows are cut as they stand: what judges the model holds "
            "other classes than those it is trained on.",
            recipe="train_test_split(x, y, stratify=y)",
        )


def _of_argsort(program: Program, fit: Fit) -> Iterator[Report]:
    """Stretches of rows that the program itself put in the order of their labels."""
    order = order_of_labels(program, fit)
    if order is None:
        return
    for judged in judged_by(program, fit):
        if not judged.use.startswith("predict") and are_stretches_of_one_order(fit, judged.data):
            yield Report(
                judged.place,
                "The rows are put in the order of their labels, and these are a stretch of them: they hold other "
                "labels than the stretch that the model is trained on.",
                (Related(order, "The order is made here."),),
                recipe=sorted_rows.MIXED,
            )
            return


def _shares(classes: Sequence[tuple[float, int]]) -> dict[float, float]:
    total = sum(count for _, count in classes) or 1
    return {label: count / total for label, count in classes}


def _told(shares: Mapping[float, float]) -> str:
    largest = sorted(shares.items(), key=lambda each: -each[1])
    return "they are " + listed(f"{percent(value)} class {label:g}" for label, value in largest if value > NONE)


def _classes(labels: Sequence[float]) -> str:
    names = listed(f"{label:g}" for label in labels)
    return f"class {names} is" if len(labels) == 1 else f"classes {names} are"
