"""SCR242 split-unpacked-out-of-order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.source.data import Data, DataStep, Part, StepKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.reading.parents import ancestors


class SplitUnpackedOutOfOrder(Rule):
    """The parts of a split under each other's names."""

    code = "SCR242"
    name = "split-unpacked-out-of-order"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "a train_test_split whose results are given names in another order than they come in"
    why = (
        "The call train_test_split(x, y) returns both parts of x, then both parts of y. In another order the model is "
        "given the test part of the inputs as its labels."
    )
    how = "Unpack it as x_train, x_test, y_train, y_test."
    references = (
        Reference(
            "scikit-learn: train_test_split",
            "https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.train_test_split.html",
        ),
    )
    bad = (
        Example(
            "The labels' names in the second place",
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x, y = np.load("x.npy"), np.load("y.npy")
            x_train, y_train, x_test, y_test = »train_test_split(x, y, test_size=0.2)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x, y = np.load("x.npy"), np.load("y.npy")
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "The labels' two parts exchanged",
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x, y = np.load("x.npy"), np.load("y.npy")
            x_train, x_test, y_test, y_train = »train_test_split(x, y, test_size=0.5)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x, y = np.load("x.npy"), np.load("y.npy")
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.5)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "The second of two targets",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            wine = load_wine()
            x, y, z = np.delete(wine.data, 0, axis=1), wine.target, wine.data[:, 0]
            x_train, x_test, y_train, y_test, z_test, z_train = »train_test_split(x, y, z, test_size=0.2)«
            inputs = keras.Input((12,))
            hidden = keras.layers.Dense(32, activation="relu")(inputs)
            kind = keras.layers.Dense(3, activation="softmax", name="kind")(hidden)
            model = keras.Model(inputs, {"kind": kind, "grade": keras.layers.Dense(1, name="grade")(hidden)})
            model.compile("adam", loss={"kind": "sparse_categorical_crossentropy", "grade": "mse"})
            model.fit(x_train, {"kind": y_train, "grade": z_train}, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Both trained on the test part, on purpose",
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x, y = np.load("x.npy"), np.load("y.npy")
            x_one, x_two, y_one, y_two = train_test_split(x, y, test_size=0.5)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_two, y_two, validation_data=(x_one, y_one))
            """,
        ),
        Example(
            "In the order in which they come",
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x, y = np.load("x.npy"), np.load("y.npy")
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "An autoencoder, which has no labels",
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split

            x_train, x_test = train_test_split(np.load("x.npy"), test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(64)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, x_train, validation_data=(x_test, x_test))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each split of which a training takes one part as inputs and the other part of the same as labels."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        place, crossed = _mixed_up(fit), _crossed(fit)
        given = fit.y.place if fit.y is not None else None
        name = name_of(given, "one of the targets") if given is not None else "the labels"
        if place is not None:
            message = f"Here {name} is the test part of the inputs: both parts of x come first, then both of y."
        elif crossed is not None:
            place, message = crossed, f"Here {name} is of other rows than the inputs: of the other part of the split."
        else:
            return
        yield Report(
            place,
            message,
            (Related(given, "They are given to the training as labels."),) if given is not None else (),
            recipe="x_train, x_test, y_train, y_test = train_test_split(x, y)",
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Exchange the two names that stand in each other's place."""
        for fit in program.fits:
            for place, pair in ((_mixed_up(fit), (1, 2)), (_crossed(fit), (2, 3))):
                if place is None or program.range_of(place) != finding.range:
                    continue
                names = _names_given(place)
                if len(names) == 4 and _trains_on(fit, names, pair):
                    first, second = (names[each] for each in pair)
                    edits = fixes.replace(program, first, second.text), fixes.replace(program, second, first.text)
                    return Fix(f"Exchange {first.text} and {second.text}", Applicability.UNSAFE, edits)
        return None


def _names_given(split: Place) -> list[Place]:
    """The names that the parts of a split are unpacked to, where all are names."""
    for around in ancestors(split):
        if isinstance(around, cst.Assign):
            target = around.targets[0].target
            elements = target.elements if isinstance(target, (cst.Tuple, cst.List)) else ()
            names = [Place(split.section, each.value) for each in elements if isinstance(each.value, cst.Name)]
            return names if len(names) == len(elements) and around.value is split.node else []
    return []


def _trains_on(fit: Fit, names: list[Place], exchanged: tuple[int, int]) -> bool:
    """Whether the training takes the first part, and as labels what will then be their first part."""
    inputs, labels = fit.x.place if fit.x is not None else None, fit.y.place if fit.y is not None else None
    if inputs is None or labels is None:
        return False
    ordered = [place.text for place in names]
    first, second = exchanged
    ordered[first], ordered[second] = ordered[second], ordered[first]
    return ordered[0] in _words(inputs) and ordered[2] in _words(labels)


def _words(place: Place) -> list[str]:
    return re.findall(r"\w+", place.text)


def _crossed(fit: Fit) -> Place | None:
    """The split of which a training takes the one part of the inputs and the other part of the labels."""
    if fit.inputs is None:
        return None
    parts = {step.place.key: step.number for step in _splits(fit.inputs) if step.place is not None}
    for targets in (fit.targets, *fit.targets_by_output.values()):
        for step in _splits(targets) if targets is not None else ():
            if step.place is not None and parts.get(step.place.key, step.number) != step.number:
                return step.place
    return None


def _splits(data: Data) -> list[DataStep]:
    """The splits that name their parts, each once: a loop may split the same data again and again."""
    found = [step for step in data.steps if step.kind is StepKind.SPLIT and step.number is not None and step.certain]
    places = [step.place.key for step in found if step.place is not None]
    return [step for step in found if step.place is not None and places.count(step.place.key) == 1]


def _mixed_up(fit: Fit) -> Place | None:
    """The split whose two parts of one array are the inputs and the labels."""
    x, y = fit.inputs, fit.targets
    if fit.y is None or x is None or y is None or (x.part, y.part) != (Part.TRAINING, Part.TEST):
        return None
    ours, theirs = _last_split(x), _last_split(y)
    if ours is None or theirs is None or ours.place is None or theirs.place is None:
        return None
    same_array = bool(x.origins) and x.origins == y.origins
    return ours.place if ours.place.key == theirs.place.key and same_array else None


def _last_split(data: Data) -> DataStep | None:
    return next((step for step in reversed(data.steps) if step.kind is StepKind.SPLIT), None)
