"""SCR713 decision-misread."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.evaluation.evidence.argmax_axis import astray
from scram_analyzers.rules.evaluation.evidence.counted_entries import entries_counted
from scram_analyzers.rules.evaluation.evidence.predicted import are_classes, case_of, head_related
from scram_analyzers.rules.evaluation.evidence.scored_outputs import COUNTING, of_score
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.source.data import PREDICTION, Data, DataStep, LabelForm
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Pairing, Program, every_pairing
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import integer

_ROUNDING = frozenset(("numpy.round", "numpy.around", "numpy.rint", "tensorflow.round", "tensorflow.math.round"))
_ARGMAX = frozenset(("numpy.argmax", "tensorflow.argmax", "tensorflow.math.argmax", "keras.ops.argmax"))


class DecisionMisread(Rule):
    """Predictions turned into answers in a way that does not fit what the model's outputs are."""

    code = "SCR713"
    name = "decision-misread"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "predictions turned into classes in a way that does not fit the model's last activation"
    why = (
        "What the outputs mean is up to the last activation. The shares of a softmax add up to 1, and the answer is "
        "the largest of them, which may well be below 0.5. The sigmoids of a model for several labels answer one "
        "question each, so that the largest is only one of the answers. Logits are on both sides of 0, where a "
        "probability of 0.5 is. Read in another way, the answers of a good model look bad."
    )
    how = (
        "After softmax take argmax along the last axis; compare each sigmoid with 0.5; put sigmoid or softmax over "
        "logits first, or compare them with 0."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference("TensorFlow: Basic classification", "https://www.tensorflow.org/tutorials/keras/classification"),
    )
    only_with = ("predict",)
    false_alarms = "A threshold that is meant for a single share, of a class that only counts when it is certain."
    bad = (
        Example(
            "Each share of a softmax compared with a half",
            """
            import keras
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(4, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            shares = model.predict(x_new)
            answers = »shares > 0.5«
            """,
        ),
        Example(
            "A probability that is to be exactly 1",
            """
            import keras
            from project import picture, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            result = model.predict(picture[None])
            if »result[0][0] == 1«:
                print("a dog")
            """,
        ),
        Example(
            "Shares compared with labels",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            shares = model.predict(x_test)
            print(np.mean(»shares == y_test«), np.mean(shares.argmax(axis=-1) == y_test))
            """,
        ),
        Example(
            "Shares rounded",
            """
            import keras
            import numpy as np
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(4, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            answers = »np.round(model.predict(x_new))«
            """,
        ),
        Example(
            "Logits compared as if they were probabilities",
            """
            import keras
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
            model.fit(x_train, y_train, epochs=20)
            answers = (»model.predict(x_new) > 0.5«).astype("int32")
            """,
        ),
        Example(
            "Several labels, of which the strongest alone is taken",
            """
            import keras
            import numpy as np
            from sklearn.preprocessing import MultiLabelBinarizer
            from project import tags, x_new, x_train

            y_train = MultiLabelBinarizer().fit_transform(tags)
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(6, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            answers = »np.argmax(model.predict(x_new), axis=1)«
            """,
        ),
        Example(
            "Zeros that count as right",
            """
            import keras
            import numpy as np
            from project import classes, new_classes, x_new, x_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(6, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, keras.utils.to_categorical(classes, 6), epochs=20)
            labels = keras.utils.to_categorical(new_classes, 6)
            answers = (model.predict(x_new) > 0.5).astype(int)
            print("accuracy", np.mean(»answers == labels«))
            """,
        ),
        Example(
            "Argmax down the rows of a map",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import images, masks, new_images

            inputs = keras.Input((64, 64, 3))
            x = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
            model = keras.Model(inputs, layers.Conv2D(5, 1, activation="softmax")(x))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(images, masks, epochs=20)
            found = »np.argmax(model.predict(new_images), axis=1)«
            """,
        ),
        Example(
            "Argmax along the examples",
            """
            import keras
            import numpy as np
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(4, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            shares = model.predict(x_new)
            print(»np.argmax(shares, axis=0)«)
            print(np.argmax(shares[0], axis=0))
            """,
        ),
        Example(
            "Probabilities scored as classes",
            """
            import keras
            from project import x_test, x_train, y_test, y_train
            from sklearn.metrics import accuracy_score

            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20)
            y_pred = model.predict(x_test)
            print(accuracy_score(y_test, »y_pred«))
            """,
        ),
        Example(
            "Probabilities made whole numbers without rounding",
            """
            import keras
            from project import x_new, x_train, y_new, y_train
            from sklearn.metrics import accuracy_score

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            answers = model.predict(x_new).astype("int32")
            print(accuracy_score(y_new, »answers«))
            """,
        ),
    )
    good = (
        Example(
            "Rounded only where there is a single output",
            """
            import keras
            import numpy as np
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(4, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            outputs = model.predict(x_new)
            if len(outputs[0]) > 1:
                answers = np.argmax(outputs, axis=1)
            else:
                answers = np.round(outputs)
            """,
        ),
        Example(
            "Classes, scored",
            """
            import keras
            from project import x_test, x_train, y_test, y_train
            from sklearn.metrics import accuracy_score

            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20)
            y_pred = model.predict(x_test)
            print(accuracy_score(y_test, (y_pred > 0.5).astype(int)))
            """,
        ),
        Example(
            "Classes, rounded",
            """
            import keras
            from project import x_test, x_train, y_test, y_train
            from sklearn.metrics import accuracy_score

            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=20)
            y_pred = model.predict(x_test)
            print(accuracy_score(y_test, y_pred.round()))
            """,
        ),
        Example(
            "Rounded, or classes, before they are compared",
            """
            import keras
            from project import picture, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            result = model.predict(picture[None])
            dogs = [result[0][0].round() == 1, (result > 0.5)[0][0] == 1, model.predict_classes(picture[None])[0] == 1]
            """,
        ),
        Example(
            "The class of each place, the surest example of each class",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import images, masks, new_images, x, y

            inputs = keras.Input((64, 64, 3))
            maps = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
            model = keras.Model(inputs, layers.Conv2D(5, 1, activation="softmax")(maps))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(images, masks, epochs=20)
            found = model.predict(new_images)
            places = np.argmax(found, axis=3), np.argmax(found, -1), np.argmax(found[0], axis=2)

            flat = keras.Sequential([layers.Dense(16, "relu"), layers.Dense(4, activation="softmax")])
            flat.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            flat.fit(x, y, epochs=20)
            surest = x[np.argmax(flat.predict(x), axis=0)]
            """,
        ),
        Example(
            "Rows that are right as a whole",
            """
            import keras
            import numpy as np
            from project import classes, new_classes, x_new, x_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(6, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, keras.utils.to_categorical(classes, 6), epochs=20)
            labels = keras.utils.to_categorical(new_classes, 6)
            answers = (model.predict(x_new) > 0.5).astype(int)
            print(np.mean(np.all(answers == labels, axis=1)))
            """,
        ),
        Example(
            "The largest share, and how certain it is",
            """
            import keras
            import numpy as np
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(4, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=20)
            shares = model.predict(x_new)
            answers = np.argmax(shares, axis=1)
            is_certain = np.max(shares, axis=1) > 0.5
            is_first = shares[:, 0] > 0.9
            print(np.round(shares, 2))
            """,
        ),
        Example(
            "Logits compared with 0",
            """
            import keras
            from project import x_new, x_train, y_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
            model.fit(x_train, y_train, epochs=20)
            answers = model.predict(x_new) > 0
            """,
        ),
        Example(
            "One class of several, by sigmoids",
            """
            import keras
            import numpy as np
            from project import classes, x_new, x_train

            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(6, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, keras.utils.to_categorical(classes, 6), epochs=20)
            answers = np.argmax(model.predict(x_new), axis=1)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report thresholds, roundings and argmax of predictions that their model's outputs are not made for."""
        yield from _of_equalities(program)
        yield from program.each_of(every_pairing, _of_pairing)
        asked = [(each.made, each.place, each.bound) for each in program.thresholds if not each.exact]
        asked += [(made, call.place, HALF) for call in program.calls_of(_ROUNDING) if (made := _rounded(call))]
        yield from program.each(program.calls_of(COUNTING), of_score)
        said = set()
        for made, place, bound in asked:
            case = case_of(program, made) if place.key not in said and not _goes_by_width(place) else None
            report = _of_threshold(case, made, bound, place) if case is not None else None
            if report is not None:
                said.add(place.key)
                yield report
        for call in program.calls_of(_ARGMAX):
            made = _given(call)
            case = case_of(program, made) if made is not None and call.place.key not in said else None
            gives = astray(call, made, case) if case is not None and made is not None else None
            if case is not None and gives is not None:
                said.add(call.place.key)
                yield Report(call.place, gives, head_related(case), recipe="np.argmax(predictions, axis=-1)")
                continue
            if case is not None and case.form is LabelForm.MULTI_HOT and _is_strongest(call, case):
                said.add(call.place.key)
                yield Report(
                    call.place,
                    "The labels may hold several classes at once, but this argmax names the strongest alone.",
                    head_related(case),
                    severity=Severity.INFO,
                    recipe="predictions > 0.5  # an answer for each label",
                )


HALF = 0.5
"""Where rounding tells 0 from 1."""

LEAST, MOST = 0.3, 0.7
"""Numbers in between are meant as the half of a probability. Ours."""


def _of_threshold(case: Case, made: Data, bound: float, place: Place) -> Report | None:
    if not LEAST <= bound <= MOST or not all(_picks_one_row(step) for step in made.steps) or len(made.steps) > 1:
        return None
    head, units = case.head, case.head.units
    if head.activation == "softmax" and case.several and not made.one_row:
        if case.form is LabelForm.ONE_HOT and (units is None or units == 2):
            return None  # rows of a 0 and a 1, like the labels
        of = f"{units} shares" if units is not None else "shares"
        means = "this answers once for each share" if units == 2 else "it may well be below 0.5"
        return Report(
            place,
            f"The softmax gives {of} that add up to 1, and the largest names the class: {means}.",
            head_related(case),
            recipe="np.argmax(predictions, axis=-1)",
        )
    if head.activation == "linear" and case.loss.from_logits is True and case.loss.name == "binary_crossentropy":
        return Report(
            place,
            "The model gives logits, not probabilities: a probability of 0.5 is a logit of 0.",
            (*head_related(case), Related(case.loss.place, "The loss is told so.")),
            recipe="predictions > 0",
        )
    return None


def _goes_by_width(place: Place) -> bool:
    """Whether the program itself asks how many outputs there are, and goes another way for several."""
    asked = (each.test for each in parents.ancestors(place) if isinstance(each, (cst.If, cst.IfExp)))
    return any(_asks_for_width(test) for test in asked)


def _asks_for_width(test: cst.BaseExpression) -> bool:
    """`len(predictions[0]) > 1`, `predictions.shape[-1] == 1`."""
    by_length = (dotted_name(call.func) == "len" for call in search.nodes(test, cst.Call))
    return any(by_length) or any(each.attr.value == "shape" for each in search.nodes(test, cst.Attribute))


def _of_equalities(program: Program) -> Iterator[Report]:
    """Probabilities that are asked to be 0 or 1 to the last digit."""
    said = set()
    for each in program.thresholds:
        case = case_of(program, each.made) if each.exact and each.bound in (0, 1) else None
        if case is None or case.head.activation not in ("sigmoid", "softmax") or each.place.key in said:
            continue
        if all(step.name == "getitem" for step in each.made.steps) and not are_classes(program, each.made):
            said.add(each.place.key)
            yield Report(
                each.place,
                f"This asks for a probability of exactly {each.bound:g}, which the {case.head.activation} hardly ever "
                "gives: 0.99 is another number.",
                head_related(case),
                recipe="prediction > 0.5",
            )


def _of_pairing(program: Program, pairing: Pairing) -> Iterator[Report]:
    """The shares of a softmax set equal with labels, where the largest of them was meant."""
    made = pairing.made
    entries = entries_counted(pairing)
    if entries is not None:
        yield Report(
            pairing.place, entries, recipe="np.mean(np.argmax(predictions, axis=-1) == np.argmax(labels, axis=-1))"
        )
        return
    if made is None or made.steps or pairing.operator not in ("Equal", "NotEqual") or are_classes(program, made):
        return
    case = case_of(program, made)
    if case is not None and case.head.activation == "softmax" and case.several:
        yield Report(
            pairing.place,
            "This sets the shares of a softmax equal with labels, which they hardly ever are: the largest share names "
            "the class.",
            head_related(case),
            recipe="np.argmax(predictions, axis=-1) == labels",
        )


def _picks_one_row(step: DataStep) -> bool:
    """Whether a step takes one example's predictions out of all: `predictions[0]`."""
    return step.name == "getitem" and step.column is None and step.place is not None and "," not in step.place.text


def _rounded(call: Call) -> Data | None:
    """The predictions that are rounded to whole numbers."""
    return _given(call) if call.arguments.get("decimals", 1) is None else None


def _given(call: Call) -> Data | None:
    argument = call.arguments.get("a", 0) or call.arguments.get("input") or call.arguments.get("x")
    made = argument.value if argument is not None else None
    return made if isinstance(made, Data) and made.source == PREDICTION else None


def _is_strongest(call: Call, case: Case) -> bool:
    """Whether an argmax goes along the labels of a model that answers each of them by itself."""
    made, axis = _given(call), integer(call.arguments.value("axis", 1))
    along = axis in (1, -1) if made is not None and not made.steps else axis in (0, -1, None)
    rows = made is not None and all(_picks_one_row(step) for step in made.steps) and len(made.steps) <= 1
    return rows and along and case.head.activation in ("sigmoid", "softmax") and case.several
