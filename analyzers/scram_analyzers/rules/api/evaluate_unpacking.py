"""SCR865 evaluate-unpacking."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Evaluation, Program, every_evaluation
from scram_analyzers.source.reading import parents, search

_ACCURACY = re.compile(r"acc", re.IGNORECASE)
_LOSS = re.compile(r"loss|cost|err", re.IGNORECASE)


class EvaluateUnpacking(Rule):
    """What `evaluate` gives, taken for something else."""

    code = "SCR865"
    name = "evaluate-unpacking"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "the loss that evaluate gives first, reported as the accuracy"
    why = (
        "The method evaluate gives the loss first and the metrics after it, in the order of compile; without metrics "
        "it gives the loss alone. Under the wrong name the loss is read as if it were the accuracy."
    )
    how = "Unpack in this order: loss, accuracy = model.evaluate(...). Name the metric in compile: metrics=[...]."
    references = (
        Reference("Keras: Model.evaluate", "https://keras.io/api/models/model_training_apis/#evaluate-method"),
    )
    false_alarms = "A name with acc in it that means something else."
    bad = (
        Example(
            "The two in the wrong order",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=5)
            »accuracy, loss« = model.evaluate(x_test, y_test)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=5)
            loss, accuracy = model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "The first of them is the loss",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=5)
            score = model.evaluate(x_test, y_test)
            print("Test accuracy:", »score[0]«)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=5)
            score = model.evaluate(x_test, y_test)
            print("Test accuracy:", score[1])
            """,
        ),
        Example(
            "Without metrics there is only the loss",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=5)
            »accuracy« = model.evaluate(x_test, y_test)
            """,
        ),
    )
    good = (
        Example(
            "Loss first",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            loss, accuracy = model.evaluate(x_test, y_test)
            score = model.evaluate(x_test, y_test)
            print("Test loss:", score[0], "accuracy:", score[1])
            accuracy = model.evaluate(x_test, y_test)[1]
            """,
        ),
        Example(
            "A dict by name",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            accuracy = model.evaluate(x_test, y_test, return_dict=True)["accuracy"]
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report names that take the loss for the accuracy."""
        return program.each_of(every_evaluation, self._of_evaluation)

    def _of_evaluation(self, program: Program, evaluation: Evaluation) -> Iterator[Report]:
        if evaluation.method != "evaluate" or "return_dict" in evaluation.arguments.keywords:
            return
        above = parents.ancestors(evaluation.place)
        index = _index(above[0]) if above else None
        statement = next((node for node in above[:2] if isinstance(node, cst.Assign)), None)
        compiled = _compiled(program, evaluation) if statement is not None else None
        if statement is None or len(statement.targets) != 1 or compiled is None or compiled.metrics is None:
            return
        target = statement.targets[0].target
        named = Place(evaluation.place.section, target)
        if isinstance(target, cst.Name) and (index == 0 or statement.value is evaluation.place.node):
            yield from _one_name(program, evaluation, compiled, target.value, named, index)
        elif isinstance(target, cst.Tuple) and statement.value is evaluation.place.node:
            yield from _two_names(target, named, compiled)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Swap the names, or take the second value."""
        for target, place in search.found(program, cst.Tuple, "evaluate"):
            if program.range_of(place) == finding.range and len(target.elements) == 2:
                first, second = (Place(place.section, element.value) for element in target.elements)
                edits = (fixes.replace(program, first, second.text), fixes.replace(program, second, first.text))
                return Fix("Swap the names", Applicability.SAFE, edits)
        for subscript, place in search.found(program, cst.Subscript, "print"):
            if program.range_of(place) == finding.range:
                content = Place(place.section, subscript.value).text + "[1]"
                return Fix(f"Write {content}", Applicability.UNSAFE, (fixes.replace(program, place, content),))
        return None


def _compiled(program: Program, evaluation: Evaluation) -> Compile | None:
    model = evaluation.model
    if model is None or model.trains_itself:
        return None
    of_model = [each for each in program.compiles if each.model is not None and each.model.identity == model.identity]
    return of_model[-1] if of_model else None


def _index(node: cst.CSTNode) -> int | None:
    """The whole number in `...[number]`."""
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        value = node.slice[0].slice.value
        return int(value.value) if isinstance(value, cst.Integer) and value.value.isdigit() else None
    return None


def _one_name(
    program: Program, evaluation: Evaluation, compiled: Compile, name: str, named: Place, index: int | None
) -> Iterator[Report]:
    if _ACCURACY.search(name) and not _LOSS.search(name):
        if index == 0:
            yield Report(named, f"The name {name} holds the loss: evaluate gives it first.")
        elif compiled.metrics == ():
            yield Report(
                named,
                f"The name {name} holds the loss: the model was compiled without metrics, so evaluate gives only that.",
                related=(Related(compiled.place, "No metrics here."),),
                recipe='metrics=["accuracy"]',
            )
    elif index is None and compiled.metrics:
        yield from _printed(program, evaluation, name)


def _printed(program: Program, evaluation: Evaluation, name: str) -> Iterator[Report]:
    """`print("accuracy", score[0])` where `score` is what evaluate gave."""
    for call, place in search.found(program, cst.Call, f"{name}["):
        if not isinstance(call.func, cst.Name) or call.func.value != "print":
            continue
        text = place.text
        if not _ACCURACY.search(text) or _LOSS.search(text):
            continue
        items = [each for each in search.nodes(call, cst.Subscript) if _is_name(each.value, name)]
        if len(items) == 1 and _index(items[0]) == 0:
            yield Report(
                Place(place.section, items[0]),
                f"This is the loss, not the accuracy: evaluate gives the loss first, and the accuracy is {name}[1].",
                related=(Related(evaluation.place, "This gives the loss first, then the metrics."),),
                recipe=f"{name}[1]",
            )


def _is_name(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _two_names(target: cst.Tuple, named: Place, compiled: Compile) -> Iterator[Report]:
    names = [element.value.value if isinstance(element.value, cst.Name) else "" for element in target.elements]
    if len(names) != 2 or not compiled.metrics:
        return
    first, second = names
    if _ACCURACY.search(first) and not _LOSS.search(first) and _LOSS.search(second):
        yield Report(
            named,
            f"The first value is the loss, so {first} holds the loss and {second} the metric.",
            recipe=f"{second}, {first} = ...",
        )
    elif _names_metric(first, compiled) and not _names_metric(second, compiled):
        yield Report(
            named,
            f"The first value is the loss ({compiled.losses[0].name}), so {first} holds the loss and {second} the "
            "metric.",
            related=(Related(compiled.place, "The loss and the metric."),),
            recipe=f"{second}, {first} = ...",
        )


def _names_metric(name: str, compiled: Compile) -> bool:
    """Whether a name speaks of the one distance that is the metric, where another one is the loss."""
    measured = [metric.name for metric in compiled.metrics or ()]
    judged = [loss.name for loss in compiled.losses]
    if len(measured) != 1 or len(judged) != 1 or judged[0] is None or measured[0] not in SHORT or measured == judged:
        return False
    return SHORT[measured[0]] in name.lower().split("_")


SHORT: Mapping[str | None, str] = MappingProxyType({"mean_absolute_error": "mae", "mean_squared_error": "mse"})
"""What people call distances in the names of their variables."""
