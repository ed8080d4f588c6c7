"""SCR215 scaled-copy-unused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import judged_by, name_of
from scram_analyzers.rules.data.evidence.unused_copies import unused_copies
from scram_analyzers.source.data import Data, StepKind
from scram_analyzers.source.libraries.changing_objects import SCALED_RANGE
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, Program, every_fit
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.usage import bound_to, is_read


class ScaledCopyUnused(Rule):
    """The work of a scaler that never reaches the model."""

    code = "SCR215"
    name = "scaled-copy-unused"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a scaled copy of the data that nothing uses, while the model is trained on the raw ones"
    why = (
        "A scaler returns a new array and leaves the old one as it was. Whoever passes on the old one trains on raw "
        "values, though the program looks as if they were scaled."
    )
    how = "Pass on what the scaler returned: to the split, to fit and to evaluate."
    references = (
        Reference("scikit-learn: Preprocessing data", "https://scikit-learn.org/stable/modules/preprocessing.html"),
    )
    false_alarms = "A copy that is scaled for something other than this model, in a way that can't be seen."
    bad = (
        Example(
            "The split takes the raw table",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_scaled = »StandardScaler().fit_transform(x)«
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Divided by hand, under another name",
            """
            import keras

            (train_x, train_y), _ = keras.datasets.mnist.load_data()
            train_scaled = »train_x.astype("float32") / 255.0«
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train_x, train_y)
            """,
            """
            import keras

            (train_x, train_y), _ = keras.datasets.mnist.load_data()
            train_scaled = train_x.astype("float32") / 255.0
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train_scaled, train_y)
            """,
        ),
        Example(
            "What a scaler returns is not kept",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            scaler = StandardScaler()
            »scaler.fit_transform(x_train)«
            scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            scaler = StandardScaler()
            x_train = scaler.fit_transform(x_train)
            x_test = scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Scaled too late",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = pd.read_csv("bikes.csv")
            x, y = table.drop(columns="count"), table["count"]
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            x = »MinMaxScaler().fit_transform(x)«
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "Scaled and centred by hand, of data that come from a file",
            """
            import pickle

            import keras
            import numpy as np

            with open("signs.p", "rb") as file:
                signs = pickle.load(file)
            x_train, y_train = signs["features"], signs["labels"]
            x_centred = »np.array(x_train / 255.0 - 0.5)«
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
            """
            import pickle

            import keras
            import numpy as np

            with open("signs.p", "rb") as file:
                signs = pickle.load(file)
            x_train, y_train = signs["features"], signs["labels"]
            x_centred = np.array(x_train / 255.0 - 0.5)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_centred, y_train)
            """,
        ),
    )
    good = (
        Example(
            "The scaled copy is used",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y)
            x_scaled = StandardScaler().fit_transform(x_train)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_scaled, y_train)
            """,
        ),
        Example(
            "The scaled copy is for another model",
            """
            import keras
            from sklearn.datasets import load_wine
            from sklearn.preprocessing import StandardScaler
            from sklearn.svm import SVC

            x, y = load_wine(return_X_y=True)
            scaled = StandardScaler().fit_transform(x)
            machine = SVC()
            machine.fit(scaled, y)
            normalization = keras.layers.Normalization()
            normalization.adapt(x)
            model = keras.Sequential([normalization, keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report results of scalers that go nowhere, made from what the model is trained on raw."""
        yield from _never_read(program)
        yield from program.each_of(every_fit, _made_by_hand)
        for call, fit in unused_copies(program):
            raw = name_of(fit.x.place, "raw values") if fit.x is not None and fit.x.place is not None else "raw values"
            message = f"What this scaler returns is never used: the model is trained on {raw}, which is not scaled."
            yield Report(call.place, message, tuple(_related(fit)))

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Train on the copy, or keep what the scaler returned."""
        for fit in program.fits:
            if any(program.range_of(each.place) == finding.range for each in _copies_of(program, fit)):
                edits = _trained_on_copies(program, fit)
                return Fix("Train on the scaled copy", Applicability.UNSAFE, edits) if edits else None
        for call, _ in unused_copies(program):
            if program.range_of(call.place) == finding.range and _kept(program, call) is not None:
                same = [
                    each for each in program.method_calls if _scales(each) and each.place.node is not call.place.node
                ]
                edits = tuple(filter(None, (_kept(program, each) for each in (call, *same))))
                return Fix("Keep the scaled values", Applicability.UNSAFE, edits)
        return None


def _copies_of(program: Program, fit: Fit) -> Sequence[_Quotient]:
    given = fit.x.place.node if fit.x is not None and fit.x.place is not None else None
    return _quotients(program).get(given.value, ()) if isinstance(given, cst.Name) else ()


def _trained_on_copies(program: Program, fit: Fit) -> tuple[TextEdit, ...]:
    """Name the copies in the training and wherever its model is judged, where all of these have one."""
    edits = []
    places = [fit.x.place if fit.x is not None else None, *(judged.place for judged in judged_by(program, fit))]
    for place in places:
        name = place.node.value if place is not None and isinstance(place.node, cst.Name) else ""
        copies = [each for each in _quotients(program).get(name, ()) if not is_read(program, each.name)]
        if place is None or len(copies) != 1:
            return ()
        edits.append(fixes.replace(program, place, copies[0].name))
    return tuple(edits)


def _scales(call: Call) -> bool:
    owner, _, method = call.name.rpartition(".")
    return method in ("transform", "fit_transform") and owner.rpartition(".")[2] in SCALED_RANGE


def _kept(program: Program, call: Call) -> TextEdit | None:
    """Assign what a statement makes and drops to the name of what it was made of."""
    node, around = fixes.call_of(call.place), parents.ancestors(call.place)
    given = node.args[0].value if node is not None and node.args else None
    if not isinstance(given, cst.Name) or not around or not isinstance(around[0], cst.Expr):
        return None
    return fixes.insert(program.range_of(call.place).start, f"{given.value} = ")


def _never_read(program: Program) -> Iterator[Report]:
    """Copies scaled by a scaler fitted to them, under a name that nothing in the module reads."""
    if not program.mentions("fit_transform"):
        return
    for call in program.method_calls:
        owner, _, method = call.name.rpartition(".")
        if method != "fit_transform" or owner.rpartition(".")[2] not in SCALED_RANGE or not program.fits:
            continue
        name = bound_to(parents.ancestors(call.place))
        given = call.arguments.get("X", 0)
        known = isinstance(given.value, Data) if given is not None else True
        if name is None or known or is_read(program, name):
            continue  # of data that are known, the roots tell more
        yield Report(
            call.place,
            f"The scaled copy {name} is never used: whatever the model is trained on, it is not these values.",
            confidence=Confidence.MEDIUM,
        )


def _made_by_hand(program: Program, fit: Fit) -> Iterator[Report]:
    """Copies divided by a number, under a name that nothing reads, of what the model is trained on as it is."""
    given = fit.x.place if fit.x is not None else None
    if given is None or not isinstance(given.node, cst.Name) or (fit.inputs is not None and fit.inputs.scaled):
        return
    for quotient in _quotients(program).get(given.node.value, ()):
        if not is_read(program, quotient.name):
            message = (
                f"The scaled copy {quotient.name} is never used: the model is trained on {given.node.value}, which is "
                "not scaled."
            )
            yield Report(quotient.place, message, tuple(_related(fit)))


@dataclass(frozen=True, slots=True)
class _Quotient:
    """`name = dividend / 255`, with the place of what is assigned; the division may stand deeper in it."""

    name: str
    dividend: str
    place: Place


@once
def _quotients(program: Program) -> Mapping[str, list[_Quotient]]:
    """Names that are assigned others divided by a number, by those others."""
    found: dict[str, list[_Quotient]] = {}
    for section in search.parts(program, "/"):
        for each in _quotients_in(section):
            found.setdefault(each.dividend, []).append(each)
    return found


@once
def _quotients_in(section: Section) -> tuple[_Quotient, ...]:
    first: dict[cst.Assign, str] = {}
    for operation in section.parsed.nodes.get(cst.BinaryOperation, ()):
        assert isinstance(operation, cst.BinaryOperation)
        dividend = _divided(operation)
        if dividend is None:
            continue
        for around in section.parsed.ancestors(operation):
            if isinstance(around, cst.Assign):
                first.setdefault(around, dividend)
                break
    found = []
    for assign, dividend in first.items():
        target = assign.targets[0].target
        if isinstance(target, cst.Name) and dividend != target.value:
            found.append(_Quotient(target.value, dividend, Place(section, assign.value)))
    return tuple(found)


def _divided(operation: cst.BinaryOperation) -> str | None:
    """The name of what an operation divides by a number."""
    divides = isinstance(operation.operator, cst.Divide) and _is_number(operation.right)
    return _base_name(operation.left) if divides else None


def _is_number(node: cst.BaseExpression) -> bool:
    return isinstance(node, (cst.Integer, cst.Float))


def _base_name(node: cst.CSTNode) -> str | None:
    """The name that an expression begins with: `x` of `x.astype("float32")` and of `x - 128`."""
    while isinstance(node, (cst.Call, cst.Attribute, cst.BinaryOperation)):
        if isinstance(node, cst.BinaryOperation):
            if not isinstance(node.operator, (cst.Add, cst.Subtract)) or not _is_number(node.right):
                return None
            node = node.left
        else:
            node = node.func if isinstance(node, cst.Call) else node.value
    return node.value if isinstance(node, cst.Name) else None


def _related(fit: Fit) -> Iterator[Related]:
    assert fit.x is not None
    if fit.x.place is not None:
        yield Related(fit.x.place, "The model is trained on these.")
    for step in fit.inputs.steps if fit.inputs is not None else ():
        if step.kind is StepKind.SPLIT and step.place is not None:
            yield Related(step.place, "They were split from the raw data here.")
