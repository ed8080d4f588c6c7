"""SCR851 removed-api."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import keras_versions
from scram_analyzers.rules.api.evidence.keras_versions import KerasVersion
from scram_analyzers.rules.api.evidence.removed_names import Removed, removed
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.heads import heads_of
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.values import Argument, is_none

_METHODS = {
    "fit_generator": "use fit, which takes generators and datasets too",
    "evaluate_generator": "use evaluate, which takes generators and datasets too",
    "predict_generator": "use predict, which takes generators and datasets too",
    "predict_classes": "take the class from the probabilities that predict gives",
    "predict_proba": "use predict, which gives the probabilities",
}
_RENAMED_METHODS = {"fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict"}
_SAME_ARGUMENTS = frozenset(
    (
        "steps_per_epoch",
        "epochs",
        "verbose",
        "callbacks",
        "validation_data",
        "validation_steps",
        "class_weight",
        "steps",
    )
)


class RemovedApi(Rule):
    """A part of an older Keras that Keras 3 no longer has."""

    code = "SCR851"
    name = "removed-api"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "a layer, function, method or module that Keras 3 no longer has"
    why = "With Keras 3 (TensorFlow 2.16 and later) the program stops here with an error."
    how = "Use what has taken its place, or install the older Keras that the program was written for (tf_keras)."
    references = (
        Reference("Keras: Migrating Keras 2 code to Keras 3", "https://keras.io/guides/migrating_to_keras_3/"),
    )
    false_alarms = (
        "A program that is meant to run on an old Keras only. Where its imports say so (tf.compat.v1, tf_keras, ...), "
        "this rule is silent; else it is a note, not a warning, unless the program can only run on Keras 3."
    )
    bad = (
        Example(
            "A layer for GPUs that the plain one has replaced",
            """
            from keras import ops
            from keras.layers import *

            layer = »CuDNNGRU«(50, return_sequences=False)
            scale = ops.sqrt(2.0)
            """,
            """
            from keras import ops
            from keras.layers import *

            layer = GRU(50, return_sequences=False)
            scale = ops.sqrt(2.0)
            """,
        ),
        Example(
            "Modules that are gone",
            """
            from »keras.layers.core« import Dense, Dropout
            from keras.models import Sequential
            from »keras.utils.np_utils« import to_categorical

            model = Sequential([Dense(10), Dropout(0.5)])
            """,
            """
            from keras.layers import Dense, Dropout
            from keras.models import Sequential
            from keras.utils import to_categorical

            model = Sequential([Dense(10), Dropout(0.5)])
            """,
        ),
        Example(
            "A module whose contents have moved, and functions of the old backend",
            """
            from keras import backend as K
            from keras import ops
            from keras.utils import »np_utils«

            def loss(y_true, y_pred):
                return »K.mean«(ops.abs(y_true - y_pred)) + K.mean(ops.square(y_pred))

            labels = np_utils.to_categorical([0, 1, 2])
            """,
            """
            from keras import backend as K
            from keras import ops
            from keras import utils as np_utils

            def loss(y_true, y_pred):
                return ops.mean(ops.abs(y_true - y_pred)) + ops.mean(ops.square(y_pred))

            labels = np_utils.to_categorical([0, 1, 2])
            """,
        ),
        Example(
            "Layers that are no longer experimental",
            """
            import keras
            from keras import layers

            scale = keras.ops.sqrt(2.0)
            model = keras.Sequential(
                [
                    »layers.experimental.preprocessing.Rescaling«(1 / 255),
                    layers.experimental.preprocessing.RandomFlip("horizontal"),
                    layers.Flatten(),
                ]
            )
            """,
            """
            import keras
            from keras import layers

            scale = keras.ops.sqrt(2.0)
            model = keras.Sequential(
                [
                    layers.Rescaling(1 / 255),
                    layers.RandomFlip("horizontal"),
                    layers.Flatten(),
                ]
            )
            """,
        ),
        Example(
            "Methods of models that are gone",
            """
            from tensorflow.keras import layers, models

            model = models.Sequential([layers.Dense(10, activation="softmax")])
            model.compile("adam", "categorical_crossentropy")
            »model.fit_generator«(batches, steps_per_epoch=100, epochs=5)
            labels = »model.predict_classes«(x_test)
            """,
            """
            from tensorflow.keras import layers, models

            model = models.Sequential([layers.Dense(10, activation="softmax")])
            model.compile("adam", "categorical_crossentropy")
            model.fit(batches, steps_per_epoch=100, epochs=5)
            labels = model.predict(x_test).argmax(axis=-1)
            """,
        ),
    )
    good = (
        Example(
            "TensorFlow's Keras keeps the backend's functions",
            """
            from tensorflow.keras import backend as K

            def loss(y_true, y_pred):
                return K.mean(K.square(y_true - y_pred))
            """,
        ),
        Example(
            "scikit-learn has a predict_proba of its own",
            """
            import keras
            from sklearn.linear_model import LogisticRegression

            probabilities = LogisticRegression().fit(x, y).predict_proba(x_test)
            """,
        ),
        Example(
            "A program that asks for the old Keras",
            """
            import tf_keras as keras

            layer = keras.layers.LocallyConnected1D(8, 3)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each import, call and method that Keras 3 has not."""
        uses = [*_imports(program), *_calls(program), *_methods(program), *_decays(program)]
        if not uses:
            return
        version = keras_versions.keras_version(program)
        if version is KerasVersion.OLDER:
            return
        for use in uses:
            yield Report(
                place=use.place,
                message=f"{_owner(use.what)} has no {use.what}: {use.instead}.",
                severity=use.severity or keras_versions.severity_of(version),
                why=use.why,
                recipe=use.recipe,
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write what has taken its place, where that is the same thing by another name."""
        for use in [*_imports(program), *_calls(program), *_methods(program)]:
            if not use.recipe or use.replaced is None or program.range_of(use.place) != finding.range:
                continue
            edits = {
                each.replaced.key: fixes.replace(program, each.replaced, each.recipe)
                for each in (use, *use.others)
                if each.replaced is not None
            }
            new = "keras.ops." + use.what.rpartition(".")[2] if use.what.startswith("keras.backend.") else ""
            imports = fixes.import_edits(program, (program.imports.spell(new),)) if new else ()
            applicability = Applicability.UNSAFE if new else Applicability.SAFE
            return Fix(f"Write {use.recipe}", applicability, (*edits.values(), *imports))
        return None


def _owner(what: str) -> str:
    return "TensorFlow 2" if what.startswith("tensorflow.train.") else "Keras 3"


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of what is gone, with others of the same. `recipe` may be written in the place of `replaced`."""

    place: Place
    what: str
    instead: str
    recipe: str = ""
    replaced: Place | None = None
    severity: Severity | None = None
    why: str | None = None
    others: tuple[_Use, ...] = ()


# -- imports


def _imports(program: Program) -> Iterator[_Use]:
    """What a statement of the module imports; imports under `try` have another way to go."""
    for section in search.parts(program, "import"):
        yield from _imported_in(section)


@once
def _imported_in(section: Section) -> tuple[_Use, ...]:
    found: list[_Use] = []
    for statement in section.parsed.module.body if section.parsed.module is not None else ():
        for part in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(part, cst.ImportFrom) and part.module is not None and not part.relative:
                found += _imported_from(part, Place(section, part.module))
            elif isinstance(part, cst.Import):
                named = ((alias.name, removed(dotted_name(alias.name) or "")) for alias in part.names)
                found += (_Use(Place(section, name), gone.dotted, gone.instead) for name, gone in named if gone)
    return tuple(found)


def _imported_from(statement: cst.ImportFrom, module: Place) -> Iterator[_Use]:
    dotted = dotted_name(module.node) or ""
    if isinstance(statement.names, cst.ImportStar):
        return
    named = [(alias, removed(f"{dotted}.{dotted_name(alias.name)}")) for alias in statement.names]
    gone = [(alias, each) for alias, each in named if each is not None]
    prefix = "tensorflow." if dotted.startswith("tensorflow.") else ""
    if gone and len(gone) == len(named) and all(f"{prefix}{each.dotted}" == dotted for _, each in gone):
        homes = {each.name.rpartition(".")[0] for _, each in gone if each.name}
        moved = all(_keeps_its_name(alias, each) for alias, each in gone)
        home = f"{prefix}{homes.pop()}" if len(homes) == 1 and moved else ""
        yield _Use(module, f"module {dotted}", gone[0][1].instead, home, module)
        return
    for alias, each in gone:
        recipe = _module_import(alias, each, prefix) if len(named) == 1 else ""
        yield _Use(
            Place(module.section, alias.name), each.dotted, each.instead, recipe, Place(module.section, statement)
        )


def _module_import(alias: cst.ImportAlias, gone: Removed, prefix: str) -> str:
    """The import that gives a module's new home the old name; empty when it is no module that has moved."""
    name = dotted_name(alias.name)
    if gone.name is None or not gone.dotted.endswith(f".{name}") or gone.name.rpartition(".")[2][0].isupper():
        return ""
    bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
    package, _, home = gone.name.rpartition(".")
    return f"from {prefix}{package} import {home}" + (f" as {bound}" if bound != home else "")


def _keeps_its_name(alias: cst.ImportAlias, gone: Removed) -> bool:
    return gone.name is not None and gone.name.rpartition(".")[2] == dotted_name(alias.name)


# -- calls


def _calls(program: Program) -> Iterator[_Use]:
    """Calls of what is gone, each name once; what an import statement names is said there."""
    uses: dict[str, list[_Use]] = {}
    imported = set(program.imports.names.values())
    for call in program.calls_where(_is_gone):
        gone = removed(call.dotted)
        if gone is None or not isinstance(call.place.node, cst.Call):
            continue
        if call.dotted in imported or any(each.startswith(gone.dotted) for each in imported):
            continue
        place = Place(call.place.section, call.place.node.func)
        recipe = _renamed(program, call.dotted, gone, place)
        uses.setdefault(gone.dotted, []).append(_Use(place, gone.dotted, gone.instead, recipe, place))
    for first, *others in uses.values():
        mended = all(use.recipe for use in (first, *others))
        yield replace(first, others=tuple(others)) if mended else replace(first, recipe="")


def _is_gone(call: Call) -> bool:
    return removed(call.dotted) is not None


def _renamed(program: Program, dotted: str, gone: Removed, function: Place) -> str:
    """How the function is called now, as this program reaches Keras; empty when nothing takes its place."""
    if gone.name is None:
        return ""
    last, new = dotted.rpartition(".")[2], gone.name.rpartition(".")[2]
    if gone.dotted == dotted and function.text.endswith(last) and not gone.name.startswith("keras.ops."):
        return function.text.removesuffix(last) + new
    return program.imports.spell(gone.name).text


# -- methods of models


def _methods(program: Program) -> Iterator[_Use]:
    calls = [
        *((each.method, each.model, each.place) for each in program.fits),
        *((each.method, each.model, each.place) for each in program.evaluations),
    ]
    for method, model, place in calls:
        node = place.node
        if method not in _METHODS or model is None:
            continue
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            recipe, replaced = _replacement(method, place, node, model)
            yield _Use(Place(place.section, node.func), f"method {method}", _METHODS[method], recipe, replaced)


def _replacement(method: str, place: Place, call: cst.Call, model: Model) -> tuple[str, Place | None]:
    """The text that does the same, and what it replaces; an empty text when that can't be told."""
    assert isinstance(call.func, cst.Attribute)
    owner = Place(place.section, call.func.value).text
    function = Place(place.section, call.func)
    keywords = [argument.keyword.value for argument in call.args if argument.keyword is not None]
    positional = len(call.args) - len(keywords)
    starred = any(argument.star for argument in call.args)
    if starred or positional != 1:
        return "", None
    if method in _RENAMED_METHODS:
        return (f"{owner}.{_RENAMED_METHODS[method]}", function) if _SAME_ARGUMENTS.issuperset(keywords) else ("", None)
    if method == "predict_proba":
        return f"{owner}.predict", function
    heads = heads_of(model)
    if len(heads) != 1 or heads[0].units is None or keywords:
        return "", None
    predicted = f"{owner}.predict({Place(place.section, call.args[0].value).text})"
    if heads[0].units > 1:
        return f"{predicted}.argmax(axis=-1)", place
    return f'({predicted} > 0.5).astype("int32")', place


# -- an optimizer's decay


def _decays(program: Program) -> Iterator[_Use]:
    """`decay=`, which Keras 3 ignores with a warning."""
    for optimizer in program.optimizers:
        argument = optimizer.arguments.get("decay")
        if argument is not None and argument.place is not None and not _is_nothing(argument):
            place = argument.place
            instead = "the rate never falls; give a schedule (keras.optimizers.schedules) as the learning rate"
            what = f"argument decay= of {optimizer.class_name}"
            yield _Use(place, what, instead, severity=Severity.INFO, why=_IGNORED)


_IGNORED = "Keras 3 warns once and leaves the argument aside: every step has the learning rate of the first."


def _is_nothing(argument: Argument) -> bool:
    return is_none(argument.value) or getattr(argument.value, "value", None) == 0
