"""SCR710 predictions-out-of-order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Evaluation, Program
from scram_analyzers.source.values import boolean

_READERS = ("flow_from_directory", "flow_from_dataframe")
_IN_ORDER = ("classes", "labels", "filenames", "filepaths")
"""What a generator lists in the order of its files, however it shuffles."""


class PredictionsOutOfOrder(Rule):
    """Predictions of a generator that shuffles, beside its labels in the order of the files."""

    code = "SCR710"
    name = "predictions-out-of-order"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "predictions for a generator that shuffles, compared with its classes or file names"
    why = (
        "A generator of images shuffles unless it is told not to, and predict answers in that order; classes and "
        "filenames list the files in the order of the folder. Compared with each other they agree by chance alone, "
        "so that a good model seems to guess."
    )
    how = "Read the images that are to be predicted with shuffle=False."
    references = (
        Reference(
            "TensorFlow: ImageDataGenerator",
            "https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator",
        ),
    )
    only_with = _READERS
    false_alarms = "Classes that are only counted, not compared with the predictions."
    bad = (
        Example(
            "Compared with the classes of the folder",
            """
            from keras.applications import VGG16
            from keras.preprocessing.image import ImageDataGenerator

            held = ImageDataGenerator(rescale=1 / 255).»flow_from_directory«("held", target_size=(96, 96))
            model = VGG16(weights="birds.h5", classes=20)
            predicted = model.predict(held).argmax(axis=1)
            print((predicted == held.classes).mean())
            """,
            """
            from keras.applications import VGG16
            from keras.preprocessing.image import ImageDataGenerator

            held = ImageDataGenerator(rescale=1 / 255).flow_from_directory("held", target_size=(96, 96), shuffle=False)
            model = VGG16(weights="birds.h5", classes=20)
            predicted = model.predict(held).argmax(axis=1)
            print((predicted == held.classes).mean())
            """,
        ),
    )
    good = (
        Example(
            "In the order of the folder",
            """
            from keras.applications import VGG16
            from keras.preprocessing.image import ImageDataGenerator

            held = ImageDataGenerator(rescale=1 / 255).flow_from_directory("held", shuffle=False)
            model = VGG16(weights="birds.h5", classes=20)
            predicted = model.predict(held).argmax(axis=1)
            print((predicted == held.classes).mean())
            """,
        ),
        Example(
            "The model is evaluated, not its predictions compared",
            """
            from keras.applications import VGG16
            from keras.preprocessing.image import ImageDataGenerator

            held = ImageDataGenerator(rescale=1 / 255).flow_from_directory("held")
            model = VGG16(weights="birds.h5", classes=20)
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
            print(model.evaluate(held), len(held.classes))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each generator that shuffles what is predicted and asked for its labels."""
        for use in _uses(program):
            yield Report(
                _marked(use),
                f"This generator shuffles: predictions for {use.name} come in another order than its {use.asked}.",
                (Related(use.predicted.place, "The predictions."),),
                recipe="shuffle=False",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Read the images in order."""
        for use in _uses(program):
            if program.range_of(_marked(use)) != finding.range:
                continue
            edit = fixes.set_argument(program, use.read.place, "shuffle", "False")
            edit = edit or fixes.add_argument(program, use.read.place, "shuffle=False")
            if edit is not None:
                return Fix("Read them in order", Applicability.UNSAFE, (edit,))
        return None


@dataclass(frozen=True, slots=True)
class _Use:
    read: Call
    predicted: Evaluation
    name: str
    asked: str


def _marked(use: _Use) -> Place:
    """The name of the method that reads the images."""
    call = use.read.place.node
    function = call.func if isinstance(call, cst.Call) else None
    return Place(use.read.place.section, function.attr) if isinstance(function, cst.Attribute) else use.read.place


def _uses(program: Program) -> Iterator[_Use]:
    read: dict[tuple[int, int], Call] = {
        call.place.key: call for call in program.method_calls if call.name.endswith(_READERS)
    }
    said: set[tuple[int, int]] = set()
    for evaluation in program.evaluations if read else ():
        given = evaluation.x
        if not evaluation.method.startswith("predict") or given is None or given.place is None:
            continue
        if not isinstance(given.value, Data) or not isinstance(given.place.node, (cst.Name, cst.Attribute)):
            continue
        places = [step.place.key for step in given.value.steps if step.name in _READERS and step.place is not None]
        call = read.get(places[-1]) if places else None
        if call is None or call.place.key in said or not _shuffles(call):
            continue
        asked = next((each for each in _IN_ORDER if program.matches(_question(given.place.text, each))), None)
        if asked is not None:
            said.add(call.place.key)
            yield _Use(call, evaluation, given.place.text, asked)


def _shuffles(call: Call) -> bool:
    given = call.arguments.value("shuffle")
    return not call.arguments.open and (given is None or boolean(given) is True)


def _question(name: str, asked: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(name)}\.{asked}\b(?!\s*=[^=])")
