"""SCR112 callback-not-passed."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source import usage
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name


class CallbackNotPassed(Rule):
    """A callback that is made and never given to a training."""

    code = "SCR112"
    name = "callback-not-passed"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a callback that is created, but never used by any training"
    why = "A callback acts only in the training that it is passed to. This one does nothing."
    how = "Pass it to fit: callbacks=[...]. If it is not wanted any more, remove it."
    references = (Reference("Keras: callbacks", "https://keras.io/api/callbacks/"),)
    false_alarms = "A name that another module imports from this one."
    bad = (
        Example(
            "Made, but not used",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            stop = »keras.callbacks.EarlyStopping(patience=3)«
            model.fit(x, y, epochs=50, validation_split=0.2)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            stop = keras.callbacks.EarlyStopping(patience=3)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            """,
        ),
        Example(
            "In a list that nobody reads",
            """
            from keras.callbacks import EarlyStopping, ModelCheckpoint
            from keras.layers import Dense
            from keras.models import Sequential

            model = Sequential([Dense(1)])
            model.compile("adam", "mse")
            stop = »EarlyStopping(patience=3)«
            chosen = [stop, »ModelCheckpoint("best.keras", save_best_only=True)«]
            model.fit(x, y, epochs=50, validation_split=0.2, verbose=2)
            """,
        ),
    )
    good = (
        Example(
            "Passed in a list",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            stop = keras.callbacks.EarlyStopping(patience=3)
            callbacks = [stop]
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=callbacks)
            """,
        ),
        Example(
            "Returned by a function",
            """
            import keras

            def callbacks_of(name):
                best = keras.callbacks.ModelCheckpoint(name)
                return [best]

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=50, callbacks=callbacks_of("best.keras"))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each callback whose name is never read, in a program that trains."""
        for place, last, name in _unused(program):
            yield Report(
                place=place,
                message=f"This {last} is never passed to fit, so it does nothing.",
                related=(Related(program.fits[-1].place, "The training runs without it."),),
                recipe=f"callbacks=[{name or '...'}]",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Pass it to the only training there is."""
        if len(program.fits) != 1 or program.fits[0].callbacks != ():
            return None
        if program.fits[0].arguments.get("callbacks") is not None:
            return None
        unused = list(_unused(program))
        for place, _, name in unused:
            if len(unused) == 1 and name is not None and program.range_of(place) == finding.range:
                edit = fixes.add_argument(program, program.fits[0].place, f"callbacks=[{name}]")
                if edit is not None:
                    return Fix(f"Pass {name} to fit", Applicability.UNSAFE, (edit,))
        return None


def _unused(program: Program) -> Iterator[tuple[Place, str, str | None]]:
    """Callbacks whose names nobody reads, with their class and the name (None: none, or that of a list)."""
    calls = program.calls_where(_makes_callback)
    made = [*((each.place, each.name.rpartition(".")[2]) for each in calls), *_of_own_classes(program)]
    if not made or not program.fits or any(fit.callbacks is None for fit in program.fits):
        return
    passed = {each.place.key for fit in program.fits for each in fit.callbacks or () if each.place is not None}
    for place, kind in made:
        if place.key in passed:
            continue
        above = parents.ancestors(place)
        name = usage.bound_to(above)
        if name is not None and not usage.is_read(program, name):
            yield place, kind, name if isinstance(above[0], cst.Assign) else None


def _makes_callback(call: Call) -> bool:
    package, last = call.name.rpartition(".")[::2]
    return package == "keras.callbacks" and last[:1].isupper() and last != "CallbackList"


def _of_own_classes(program: Program) -> Iterator[tuple[Place, str]]:
    """Objects of the module's own callback classes."""
    for defined, _ in search.found(program, cst.ClassDef, "Callback"):
        if not any((dotted_name(base.value) or "").endswith("Callback") for base in defined.bases):
            continue
        for call, place in search.found(program, cst.Call, f"{defined.name.value}("):
            if isinstance(call.func, cst.Name) and call.func.value == defined.name.value:
                yield place, defined.name.value
