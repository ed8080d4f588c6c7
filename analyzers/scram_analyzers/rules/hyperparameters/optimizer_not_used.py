"""SCR115 optimizer-not-used."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source import usage
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Optimizer, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import text


class OptimizerNotUsed(Rule):
    """An optimizer made with settings of its own, where compile is given the plain one of the same kind by name."""

    code = "SCR115"
    name = "optimizer-not-used"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("compile",)
    summary = "an optimizer that is created, while compile names the same kind by a string and gets its defaults"
    why = (
        'A string like "sgd" makes a new optimizer with Keras\'s own settings. The learning rate, momentum or decay of '
        "the one that was made before have no effect."
    )
    how = "Pass the object itself to compile: optimizer=sgd, without quotes."
    references = (Reference("Keras: optimizers", "https://keras.io/api/optimizers/"),)
    false_alarms = "An optimizer left over from a trial, where the defaults are meant."
    bad = (
        Example(
            "Quotes too many",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            sgd = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
            model.compile(loss="categorical_crossentropy", optimizer=»"sgd"«, metrics=["accuracy"])
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            sgd = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
            model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
            """,
        ),
    )
    good = (
        Example(
            "Passed by its name, and another one by a string",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            rough = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            adam = keras.optimizers.Adam(3e-4)
            model.compile(loss="categorical_crossentropy", optimizer=adam, metrics=["accuracy"])
            rough.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            """,
        ),
        Example(
            "Made only later",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(loss="categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
            falling = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=1000, decay_rate=0.9)
            optimizer = keras.optimizers.RMSprop(learning_rate=falling)
            """,
        ),
        Example(
            "Of another kind, left over",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            sgd = keras.optimizers.SGD(0.1)
            model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            """,
        ),
        Example(
            "The same settings",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            adam = keras.optimizers.Adam()
            model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each string that stands in compile in the place of an optimizer which nothing uses."""
        for place, made, name in _named_instead(program):
            kind = made.class_name
            yield Report(
                place,
                f"This makes a new {kind} with Keras's own settings; the one made for it ({name}) is used by nothing.",
                (Related(made.place, f"The {kind} that is never used."),),
                recipe=f"optimizer={name}",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Pass the object."""
        for place, _, name in _named_instead(program):
            if program.range_of(place) == finding.range:
                edit = fixes.replace(program, place, name)
                return Fix(f"Pass {name} itself", Applicability.UNSAFE, (edit,))
        return None


def _named_instead(program: Program) -> Iterator[tuple[Place, Optimizer, str]]:
    """Where a string names an optimizer, with the unused one of its kind in the same function, and that one's name."""
    by_string = [(each, given) for each in program.compiles if (given := _string(each)) is not None]
    for made in program.optimizers if by_string else ():
        alike = [place for each, place in by_string if each.optimizer is not None and each.optimizer.kind == made.kind]
        name = usage.bound_to(parents.ancestors(made.place)) if alike and _has_settings(made) else None
        if name is None or usage.is_read(program, name):
            continue
        for place in alike:
            together = parents.function_around(place) is parents.function_around(made.place)
            if together and program.line_of(made.place) < program.line_of(place):
                yield place, made, name


def _string(compiled: Compile) -> Place | None:
    """Where compile is given an optimizer by its name."""
    given = compiled.arguments.get("optimizer", 0)
    return given.place if given is not None and text(given.value) is not None else None


def _has_settings(made: Optimizer) -> bool:
    return bool(made.arguments.positional or made.arguments.keywords)
