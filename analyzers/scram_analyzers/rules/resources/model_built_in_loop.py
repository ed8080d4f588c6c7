"""SCR802 model-built-in-loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.chunks import Section

_MODELS = frozenset(("keras.models.Sequential", "keras.models.Model"))


class ModelBuiltInLoop(Rule):
    """A new model in every turn of a loop, and none of them let go."""

    code = "SCR802"
    name = "model-built-in-loop"
    severity = Severity.INFO
    confidence = Confidence.LOW
    summary = "models that are built in a loop without clearing Keras's state"
    why = (
        "Keras keeps names and graphs of every model that a process has built. In a long loop memory grows and each "
        "model is slower to build than the one before."
    )
    how = "Call keras.backend.clear_session() at the start of each turn, unless models of earlier turns are still used."
    references = (Reference("Keras: clear_session", "https://keras.io/api/utils/config_utils/#clear_session-function"),)
    false_alarms = "Short loops, and models that are kept to be used together."
    bad = (
        Example(
            "A model for each setting",
            """
            import keras

            for units in range(16, 512):
                model = »keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(1)])«
                model.compile("adam", "mse")
                model.fit(x, y, epochs=5, validation_split=0.2)
            """,
            """
            import keras

            for units in range(16, 512):
                keras.backend.clear_session()
                model = keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(1)])
                model.compile("adam", "mse")
                model.fit(x, y, epochs=5, validation_split=0.2)
            """,
        ),
        Example(
            "A function builds it, for each fold",
            """
            import keras
            from sklearn.model_selection import KFold
            from project import x, y

            def build():
                model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])
                model.compile("adam", "mse")
                return model

            for training, held_out in KFold(10).split(x):
                model = »build()«
                model.fit(x[training], y[training], validation_data=(x[held_out], y[held_out]))
            """,
            """
            import keras
            from sklearn.model_selection import KFold
            from project import x, y

            def build():
                model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])
                model.compile("adam", "mse")
                return model

            for training, held_out in KFold(10).split(x):
                keras.backend.clear_session()
                model = build()
                model.fit(x[training], y[training], validation_data=(x[held_out], y[held_out]))
            """,
        ),
        Example(
            "A new model in each epoch",
            """
            import keras
            from project import x, y


            def build():
                model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
                model.compile("adam", "mse")
                return model


            for epoch in range(20):
                model = »build()«
                model.fit(x, y, epochs=1, validation_split=0.2)
            """,
        ),
    )
    good = (
        Example(
            "Cleared in each turn",
            """
            import keras

            for units in range(16, 512):
                keras.backend.clear_session()
                model = keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(1)])
                model.compile("adam", "mse")
                model.fit(x, y, epochs=5, validation_split=0.2)
            """,
        ),
        Example(
            "One model, trained in a loop",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            for turn in range(10):
                model.fit(x, y, epochs=5, validation_split=0.2)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each model made in a loop that also trains, where nothing clears the session."""
        for call, loop in _in_loops(program):
            if _over_epochs(call.place):
                yield _anew_each_epoch(call.place, loop)
                continue
            yield Report(
                place=call.place,
                message="Each turn of this loop builds a new model, and Keras keeps something of every one.",
                related=(Related(loop, "The loop."),),
                recipe=f"{program.imports.spell('keras.backend.clear_session').text}()",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Clear the session before the model is made."""
        for call, _ in _in_loops(program):
            if program.range_of(call.place) == finding.range and not _over_epochs(call.place):
                spelling = program.imports.spell("keras.backend.clear_session")
                edit = fixes.statement_before(program, call.place, f"{spelling.text}()")
                edits = (edit, *fixes.import_edits(program, (spelling,)))
                return Fix("Clear the session first", Applicability.UNSAFE, edits)
        return None


def _in_loops(program: Program) -> Iterator[tuple[Call, Place]]:
    """Models whose creating call stands in a loop in which something is trained."""
    made = {call.place.key: call for call in program.calls_of(_MODELS)}
    if not made or not program.fits or program.mentions("clear_session"):
        return
    trained = {fit.place.key for fit in program.fits}
    looping = {fit.place.section for fit in program.fits}.intersection(search.parts(program, "for "))
    for call in made.values() if looping else ():
        built = _function_around(call)
        if built is not None:
            yield from _calls_in_loops(program, call, built, trained)
        if call.place.section not in looping:
            continue
        loop = _loop_around(call.place, trained)
        if loop is not None:
            yield call, loop


def _loop_around(place: Place, trained: set[tuple[int, int]]) -> Place | None:
    """What a loop around a place, in the same function, goes over, when something is trained in it."""
    for node in parents.ancestors(place):
        if isinstance(node, cst.FunctionDef):
            return None
        if isinstance(node, cst.For) and _holds(Place(place.section, node), trained):
            return Place(place.section, node.iter)
    return None


def _over_epochs(place: Place) -> bool:
    """Whether the closest loop around counts epochs, and is no trial of several numbers of them."""
    loop = next((each for each in parents.ancestors(place) if isinstance(each, cst.For)), None)
    counter = loop.target.value if loop is not None and isinstance(loop.target, cst.Name) else ""
    if loop is None or counter.lower() not in ("epoch", "ep", "current_epoch"):
        return False
    given = [each for each in search.nodes(loop.body, cst.Arg) if each.keyword is not None]
    tried = [each for each in given if each.keyword is not None and each.keyword.value in ("epochs", "nb_epoch")]
    return not any(isinstance(each.value, cst.Name) and each.value.value == counter for each in tried)


def _anew_each_epoch(place: Place, loop: Place) -> Report:
    return Report(
        place,
        "Each epoch begins with a new model that has learned nothing: what the last one learned is lost.",
        (Related(loop, "The loop."),),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        why="A model begins with random weights. Built inside the loop it never gets further than one turn.",
        how="Build and compile the model once, before the loop.",
    )


@once
def _function_around(call: Call) -> str | None:
    """The function of the module that a call stands in."""
    above = [node for node in parents.ancestors(call.place) if isinstance(node, (cst.FunctionDef, cst.ClassDef))]
    return above[0].name.value if len(above) == 1 and isinstance(above[0], cst.FunctionDef) else None


def _calls_in_loops(
    program: Program, made: Call, function: str, trained: set[tuple[int, int]]
) -> Iterator[tuple[Call, Place]]:
    """The calls in loops of a function that makes a model: each of them makes a new one."""
    for section in search.parts(program, f"{function}("):
        for call in _calls_by_name(section).get(function, ()):
            place = Place(section, call)
            loop = _loop_around(place, trained)
            if loop is not None:
                yield replace(made, place=place), loop


@once
def _calls_by_name(section: Section) -> Mapping[str, list[cst.Call]]:
    """The calls of plain names in a section."""
    found: dict[str, list[cst.Call]] = {}
    for node in section.parsed.nodes.get(cst.Call, ()):
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
            found.setdefault(node.func.value, []).append(node)
    return found


def _holds(loop: Place, calls: set[tuple[int, int]]) -> bool:
    return any(Place(loop.section, call).key in calls for call in search.nodes(loop.node, cst.Call))
