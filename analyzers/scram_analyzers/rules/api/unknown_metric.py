"""SCR854 unknown-metric."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.rules.close_names import closest
from scram_analyzers.source.keras_api.losses import LOSS_STRINGS, METRIC_STRINGS
from scram_analyzers.source.keras_api.optimizers import BY_STRING
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Program, every_compile
from scram_analyzers.source.reading.literals import string_value
from scram_analyzers.source.values import text

PACKAGE_MARK = ">"
"""What Keras puts between a package and the name that it registered there ("Addons>triplet_loss")."""


class UnknownMetric(Rule):
    """A metric, loss or optimizer named by a string that Keras does not know."""

    code = "SCR854"
    name = "unknown-metric"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "a metric, loss or optimizer named by a string that Keras does not know"
    why = "Keras looks the name up when the model is compiled or trained, does not find it, and stops with an error."
    how = "Use the name of one that exists, or pass the function or object itself."
    references = (
        Reference("Keras: metrics", "https://keras.io/api/metrics/"),
        Reference("Keras: losses", "https://keras.io/api/losses/"),
        Reference("Keras: optimizers", "https://keras.io/api/optimizers/"),
    )
    false_alarms = (
        "A name that the program or a library registers: where anything is registered in this file, this rule is "
        "silent. Names that an older Keras knew are left alone."
    )
    bad = (
        Example(
            "A spelling mistake in the loss",
            """
            import keras

            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
            model.compile("adam", loss=»"sparse_categorical_crossentrophy"«, metrics=["accuracy"])
            """,
            """
            import keras

            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
            model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "Accuracy misspelled",
            """
            import keras

            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[»"accuarcy"«])
            """,
            """
            import keras

            model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            """,
        ),
        Example(
            "No such optimizer",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=»"gradient descent"«, loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "Short names and names of classes",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="SGD", loss="MSE", metrics=["mae", "RootMeanSquaredError"])
            """,
        ),
        Example(
            "A name that the program registers",
            """
            import keras

            keras.utils.get_custom_objects()["distance"] = distance
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="distance")
            """,
        ),
        Example(
            "A name that another package has registered",
            """
            import keras
            import tensorflow_addons

            model = keras.Sequential([keras.layers.Dense(32)])
            model.compile(optimizer="adam", loss="Addons>triplet_semihard_loss")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each name that is in none of Keras's tables."""
        for name in _unknown_names(program):
            near = _nearest(name)
            hint = f" The nearest that it knows is {near!r}." if near else ""
            yield Report(
                place=name.place,
                message=f"Keras has no {name.kind} called {name.text!r}.{hint}",
                recipe=f'"{near}"' if near else "",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the nearest name, where there is one."""
        for name in _unknown_names(program):
            near = _nearest(name)
            if near is not None and program.range_of(name.place) == finding.range:
                quoted = name.place.text[0] + near + name.place.text[-1]
                return Fix(f"Write {near}", Applicability.UNSAFE, (fixes.replace(program, name.place, quoted),))
        return None


@dataclass(frozen=True, slots=True)
class _Name:
    kind: str
    text: str
    place: Place
    known: frozenset[str]


def _unknown_names(program: Program) -> Iterator[_Name]:
    names = list(program.each_of(every_compile, _names))
    if names and not _registers(program):
        yield from names


def _names(_: Program, compiled: Compile) -> Iterator[_Name]:
    """The names that `compile` is given as strings and that are in none of Keras's tables."""
    if compiled.model is not None and not compiled.model.trains_itself:
        for name in _written(compiled):
            if name.text.lower() not in name.known and PACKAGE_MARK not in name.text:
                yield name


def _written(compiled: Compile) -> Iterator[_Name]:
    for loss in compiled.losses:
        written = _string(loss.place)
        if written is not None:
            yield _Name("loss", written, loss.place, LOSS_STRINGS)
    for metric in compiled.metrics or ():
        written = _string(metric.place)
        if written is not None:
            yield _Name("metric", written, metric.place, METRIC_STRINGS)
    optimizer = compiled.arguments.get("optimizer")
    chosen = text(optimizer.value) if optimizer is not None else None
    place = optimizer.value.place if optimizer is not None else None
    if chosen is not None and place is not None and _string(place) is not None:
        yield _Name("optimizer", chosen, place, frozenset(BY_STRING))


def _string(place: Place) -> str | None:
    """The string written at a place; None for any other expression."""
    node = place.node
    value = string_value(node) if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def _registers(program: Program) -> bool:
    return any(map(program.mentions, ("custom_objects", "register_keras_serializable", "custom_object_scope")))


def _nearest(name: _Name) -> str | None:
    near = closest(name.text.lower(), tuple(sorted(name.known)), 0.75, 3)
    return max(near, key=lambda each: "_" in each, default=None)  # a class in lower case is no one's way to write it
