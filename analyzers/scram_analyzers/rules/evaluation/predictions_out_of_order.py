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
_DATASETS = frozenset(("keras.utils.image_dataset_from_directory", "keras.preprocessing.image_dataset_from_directory"))
_IN_ORDER = ("classes", "labels", "filenames", "filepaths")
"""What a generator lists in the order of its files, however it shuffles."""


class PredictionsOutOfOrder(Rule):
    """Predictions of a generator or dataset that shuffles, beside its labels in another order."""

    code = "SCR710"
    name = "predictions-out-of-order"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "predictions for images that are shuffled, compared with labels in another order"
    why = (
        "A generator of images shuffles unless it is told not to, and predict answers in that order; classes and "
        "filenames list the files in the order of the folder. A dataset of images is shuffled anew each time that "
        "it is gone through, for predict and for the labels. Compared with each other they agree by chance alone, "
        "so that a good model seems to guess."
    )
    how = "Read the images that are to be predicted with shuffle=False."
    references = (
        Reference(
            "TensorFlow: ImageDataGenerator",
            "https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator",
        ),
    )
    only_with = (*_READERS, "image_dataset_from_directory")
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
        Example(
            "Labels of a dataset, read in another pass",
            """
            import numpy as np
            import tensorflow as tf

            held = tf.keras.utils.»image_dataset_from_directory«("held", image_size=(96, 96))
            model = tf.keras.applications.VGG16(weights="birds.h5", classes=20)
            labels = np.concatenate([classes for images, classes in held])
            answers = np.argmax(model.predict(held), axis=1)
            print((labels == answers).mean())
            """,
            """
            import numpy as np
            import tensorflow as tf

            held = tf.keras.utils.image_dataset_from_directory("held", image_size=(96, 96), shuffle=False)
            model = tf.keras.applications.VGG16(weights="birds.h5", classes=20)
            labels = np.concatenate([classes for images, classes in held])
            answers = np.argmax(model.predict(held), axis=1)
            print((labels == answers).mean())
            """,
        ),
    )
    good = (
        Example(
            "Labels and predictions of the same pass",
            """
            import numpy as np
            import tensorflow as tf

            held = tf.keras.utils.image_dataset_from_directory("held", image_size=(96, 96))
            model = tf.keras.applications.VGG16(weights="birds.h5", classes=20)
            labels, answers = [], []
            for images, classes in held:
                labels.append(classes)
                answers.append(np.argmax(model.predict(images), axis=1))
            print((np.concatenate(labels) == np.concatenate(answers)).mean())
            print(model.predict(held).shape)
            """,
        ),
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
            kind = "generator" if use.asked in _IN_ORDER else "dataset"
            yield Report(
                _marked(use),
                f"This {kind} shuffles: predictions for {use.name} come in another order than its {use.asked}.",
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
    if isinstance(function, cst.Name):
        return Place(use.read.place.section, function)
    return Place(use.read.place.section, function.attr) if isinstance(function, cst.Attribute) else use.read.place


def _uses(program: Program) -> Iterator[_Use]:
    yield from _of_generators(program)
    yield from _of_datasets(program)


def _of_datasets(program: Program) -> Iterator[_Use]:
    """Datasets that shuffle, gone through once for predictions and once more for labels."""
    read = {call.place.key: call for call in program.calls_of(_DATASETS) if _shuffles(call)}
    said: set[tuple[int, int]] = set()
    for evaluation in program.evaluations if read else ():
        given, data = evaluation.x, evaluation.x.value if evaluation.x is not None else None
        if evaluation.method != "predict" or not isinstance(data, Data) or data.place is None:
            continue
        call = read.get(data.place.key)
        if call is None or call.place.key in said or any(step.name not in _KEEPING_ORDER for step in data.steps):
            continue
        if given is not None and given.place is not None and isinstance(given.place.node, (cst.Name, cst.Attribute)):
            name = given.place.text
            if _gathers_labels(program, name):
                said.add(call.place.key)
                yield _Use(call, evaluation, name, "labels, read in a pass of their own")


_KEEPING_ORDER = ("map", "prefetch", "Divide", "rescale")
"""Steps after which each pass over a dataset still has an order of its own, unlike after `cache`."""


def _gathers_labels(program: Program, name: str) -> bool:
    """Whether labels are taken out of a dataset in a pass in which no model is asked."""
    if program.matches(_listed(name)):
        return True
    for section in program.sections_with(f" in {name}:"):
        for loop in section.parsed.nodes.get(cst.For, ()):
            if not isinstance(loop, cst.For) or Place(section, loop.iter).text != name:
                continue
            text = Place(section, loop.body).text
            if _TWO.search(Place(section, loop.target).text) and _COLLECTED.search(text) and not _ASKED.search(text):
                return True
    return False


def _listed(name: str) -> re.Pattern[str]:
    return re.compile(rf"\[\s*(\w+)(?:\.numpy\(\))?\s+for\s+\(?\w+\s*,\s*\1\)?\s+in\s+{re.escape(name)}\s*\]")


_TWO = re.compile(r"^\(?\w+\s*,\s*\w+\)?$")
_COLLECTED = re.compile(r"\.(?:append|extend)\(|\+=|concat")
_ASKED = re.compile(r"model|predict|net\b|\bplt\.")


def _of_generators(program: Program) -> Iterator[_Use]:
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
