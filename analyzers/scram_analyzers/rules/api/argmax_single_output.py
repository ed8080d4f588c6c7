"""SCR864 argmax-single-output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data
from scram_analyzers.source.heads import Head, heads_of
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.values import integer, is_none

_ARGMAX = frozenset(("numpy.argmax", "tensorflow.argmax", "tensorflow.math.argmax", "keras.ops.argmax"))


class ArgmaxSingleOutput(Rule):
    """The class of the largest output, taken from a model that has one."""

    code = "SCR864"
    name = "argmax-single-output"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "argmax over the outputs of a model that has only one"
    why = "Of a single number the largest is always the first: argmax gives 0 for every sample, whatever is predicted."
    how = "A sigmoid unit gives the probability of class 1: compare it with 0.5."
    references = (Reference("NumPy: argmax", "https://numpy.org/doc/stable/reference/generated/numpy.argmax.html"),)
    bad = (
        Example(
            "Every sample gets class 0",
            """
            import keras
            import numpy as np
            from keras import layers

            model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x, y, epochs=10)
            predictions = model.predict(x_test)
            classes = »np.argmax(predictions, axis=1)«
            """,
            """
            import keras
            import numpy as np
            from keras import layers

            model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x, y, epochs=10)
            predictions = model.predict(x_test)
            classes = (predictions > 0.5).astype("int32")
            """,
        ),
        Example(
            "As a method of the predictions",
            """
            from keras.layers import Dense
            from keras.models import Sequential

            model = Sequential([Dense(8, activation="relu"), Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x_train, y_train)
            probabilities = model.predict(x_test)
            classes = »probabilities.argmax(axis=1)«
            """,
            """
            from keras.layers import Dense
            from keras.models import Sequential

            model = Sequential([Dense(8, activation="relu"), Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy")
            model.fit(x_train, y_train)
            probabilities = model.predict(x_test)
            classes = (probabilities > 0.5).astype("int32")
            """,
        ),
        Example(
            "Of a generator, as it was asked in earlier versions",
            """
            import keras
            import numpy as np
            from project import batches, held

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(batches, epochs=5)
            answers = »np.argmax(model.predict_generator(held), axis=1)«
            """,
            """
            import keras
            import numpy as np
            from project import batches, held

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(batches, epochs=5)
            answers = (model.predict_generator(held) > 0.5).astype("int32")
            """,
        ),
    )
    good = (
        Example(
            "Ten outputs",
            """
            import keras
            import numpy as np
            from keras import layers

            model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy")
            classes = np.argmax(model.predict(x_test), axis=1)
            """,
        ),
        Example(
            "The sample with the highest prediction",
            """
            import keras
            import numpy as np
            from keras import layers

            model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1)])
            model.compile("adam", "mse")
            predictions = model.predict(candidates)
            best = candidates[np.argmax(predictions[:, 0])]
            """,
        ),
        Example(
            "One helper for the models of two losses",
            """
            import keras
            from keras import layers
            from project import chosen, x, y

            def answers(model, loss):
                predictions = model.predict(x)
                return predictions.argmax(axis=1) + 1 if loss == "cross_entropy" else predictions

            model = keras.Sequential([keras.Input((8,)), layers.Dense(1)])
            model.compile("adam", "mse")
            print(answers(model, chosen.loss) == y)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each argmax along the outputs of predictions from a model with one unit."""
        for use in _uses(program):
            along = integer(use.call.arguments.value("axis", 1))
            yield Report(
                place=use.call.place,
                message="The model has one output, so this argmax is always 0."
                if along is not None
                else "The model has one output: this argmax counts samples, not classes, and is 0 for a single one.",
                related=(Related(use.head.place, "The one output."),) if use.head.place is not None else (),
                severity=None if along is not None else Severity.INFO,
                recipe=f'({use.predictions} > 0.5).astype("int32")',
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Compare a sigmoid's output with 0.5."""
        for use in _uses(program):
            if use.head.activation == "sigmoid" and program.range_of(use.call.place) == finding.range:
                content = f'({use.predictions} > 0.5).astype("int32")'
                return Fix("Compare with 0.5", Applicability.UNSAFE, (fixes.replace(program, use.call.place, content),))
        return None


@dataclass(frozen=True, slots=True)
class _Use:
    call: Call
    head: Head
    predictions: str


def _uses(program: Program) -> Iterator[_Use]:
    calls = program.calls_of(_ARGMAX)
    if not calls:
        return
    predicting = {each.place.key: each.model for each in program.evaluations if each.method.startswith("predict")}
    for call in calls:
        argument = call.arguments.get("a", 0) or call.arguments.get("input") or call.arguments.get("x")
        data = argument.value if argument is not None else None
        if argument is None or argument.place is None or not isinstance(data, Data) or data.steps or data.place is None:
            continue
        model = predicting.get(data.place.key)
        head = _only_head(model) if model is not None else None
        axis = call.arguments.value("axis", 1)
        if head is None or (axis is not None and not is_none(axis) and integer(axis) not in (1, -1)):
            continue
        if not _asks_for_kind(call.place):
            yield _Use(call, head, argument.place.text)


def _asks_for_kind(place: Place) -> bool:
    """Whether it is done on a condition about a size or a task: for models of several outputs, as in helpers."""
    for around in place.section.parsed.ancestors(place.node):
        if isinstance(around, (cst.If, cst.IfExp)) and _KIND.search(Place(place.section, around.test).text):
            return True
    return False


_KIND = re.compile(r"\bshape\b|_shape\b|\blen\(|\bndim\b|\.size\b|classes|\bloss\b|\bmode\b|\btask\b|binary|multi")


def _only_head(model: Model) -> Head | None:
    heads = heads_of(model)
    return heads[0] if len(heads) == 1 and heads[0].units == 1 else None
