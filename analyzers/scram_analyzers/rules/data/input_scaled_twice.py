"""SCR205 input-scaled-twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes, layer_edits
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.architecture.evidence.paths import models_of
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.evidence.divisions import divisions
from scram_analyzers.rules.data.evidence.judging import name_of, step_of
from scram_analyzers.rules.data.evidence.pretrained import prepares_pixels, scales_itself
from scram_analyzers.rules.data.evidence.scaled_inside import scaled_inside
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.input_range import WEIGHING_LAYERS
from scram_analyzers.run.layers import layer_at
from scram_analyzers.run.outputs import inputs_seen
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import named, rounded
from scram_analyzers.source.data import Data, DataStep, Interval, StepKind
from scram_analyzers.source.entries import entries_of, entry_layers
from scram_analyzers.source.graph import Layer, Operation, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.reading.parents import ancestors
from scram_analyzers.source.values import Function, is_none, number


class InputScaledTwice(Rule):
    """Data that were scaled already are scaled once more."""

    code = "SCR205"
    name = "input-scaled-twice"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "inputs that are divided by 255 twice, or scaled before a network that scales them itself"
    why = (
        "After the second division all pixels lie between 0 and 0.004: the inputs hardly differ, gradients of the "
        "first layer are tiny, and a pretrained network sees nothing but black pictures."
    )
    how = "Scale once: keep the layer in the model, which also scales new data, and leave the arrays raw."
    references = (
        Reference("Keras: EfficientNet, note on preprocessing", "https://keras.io/api/applications/efficientnet/"),
        Reference(
            "Keras: Rescaling layer", "https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/"
        ),
    )
    false_alarms = "A first scaling that brings large values to 0..255 before the layer does the rest."
    options = (
        Option(
            "min-magnitude",
            0.05,
            "smallest largest value of an input that passes",
            "pixels divided by 255 twice reach 0.004",
        ),
    )
    bad = (
        Example(
            "Divided by 255, and prepared in the model",
            """
            import keras
            from keras import layers

            photos = keras.utils.image_dataset_from_directory("photos", image_size=(224, 224), seed=1)
            photos = photos.map(lambda image, label: (image / 255.0, label))
            base = keras.applications.MobileNetV2(include_top=False, input_shape=(224, 224, 3))
            inputs = keras.Input((224, 224, 3))
            x = base(keras.applications.mobilenet_v2.preprocess_input(inputs), training=False)
            model = keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»photos«, epochs=5)
            """,
            """
            import keras
            from keras import layers

            photos = keras.utils.image_dataset_from_directory("photos", image_size=(224, 224), seed=1)
            photos = photos.map(lambda image, label: (image, label))
            base = keras.applications.MobileNetV2(include_top=False, input_shape=(224, 224, 3))
            inputs = keras.Input((224, 224, 3))
            x = base(keras.applications.mobilenet_v2.preprocess_input(inputs), training=False)
            model = keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(photos, epochs=5)
            """,
        ),
        Example(
            "In the program and in the model",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.astype("float32") / 255
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.astype("float32") / 255
            model = keras.Sequential(
                [
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Before a network that scales by itself",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = x_train / 255.0
            backbone = keras.applications.EfficientNetB0(include_top=False, pooling="avg", input_shape=(32, 32, 3))
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            backbone = keras.applications.EfficientNetB0(include_top=False, pooling="avg", input_shape=(32, 32, 3))
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Pixels of a file of arrays, before a network that scales by itself",
            """
            import keras
            import numpy as np

            archive = np.load("birds.npz")
            x_train, y_train = archive["x"] / 255.0, archive["y"]
            backbone = keras.applications.EfficientNetB0(include_top=False, pooling="avg", input_shape=(96, 96, 3))
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras
            import numpy as np

            archive = np.load("birds.npz")
            x_train, y_train = archive["x"], archive["y"]
            backbone = keras.applications.EfficientNetB0(include_top=False, pooling="avg", input_shape=(96, 96, 3))
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A Lambda layer divides once more",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = x_train / 255.0
            model = keras.Sequential(
                [
                    layers.Lambda(lambda x: x / 255.0),
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = x_train / 255.0
            model = keras.Sequential(
                [
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A layer that scales for a network which scales",
            """
            from tensorflow import keras

            photos = keras.utils.image_dataset_from_directory("photos", image_size=(224, 224))
            base = keras.applications.EfficientNetB0(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential(
                [
                    keras.Input((224, 224, 3)),
                    keras.layers.RandomFlip("horizontal"),
                    »keras.layers.Rescaling(1 / 255)«,
                    base,
                    keras.layers.Dense(2, activation="softmax"),
                ]
            )
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(photos, epochs=5)
            """,
        ),
    )
    good = (
        Example(
            "Pixels that the model prepares, and fractions for a network that lets them pass",
            """
            import keras
            from keras import layers

            photos = keras.utils.image_dataset_from_directory("photos", image_size=(224, 224), seed=1)
            base = keras.applications.MobileNetV2(include_top=False, input_shape=(224, 224, 3))
            inputs = keras.Input((224, 224, 3))
            x = base(keras.applications.mobilenet_v2.preprocess_input(inputs), training=False)
            model = keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(photos, epochs=5)
            """,
        ),
        Example(
            "In the model only",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "From 0..1 to -1..1",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train / 255
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(2.0, offset=-1.0),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A network told not to scale",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = x_train / 255.0
            backbone = keras.applications.MobileNetV3Small(
                include_top=False, pooling="avg", weights=None, include_preprocessing=False
            )
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report scaled inputs that are scaled again, in the program or in the model."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(models_of, scaled_inside)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.inputs
        if data is None or fit.x is None or fit.x.place is None or not data.scaled:
            return
        prepared = _prepared_after_scaling(data)
        if prepared is not None:
            scaled, network = prepared
            name = f"The input {name_of(fit.x.place, 'here')}"
            message = f"{name} is scaled to small values, and then {network}, which expects pixels from 0 to 255."
            where = (Related(scaled.place, "The data are scaled here."),) if scaled.place is not None else ()
            yield Report(fit.x.place, message, where)
            return
        interval = data.range or _fractions(data)
        if interval is None:
            return
        first = step_of(data, StepKind.SCALED)
        related = [Related(first.place, "The data are scaled here.")] if first is not None and first.place else []
        name = f"The input {name_of(fit.x.place, 'here')}"
        low, high = fixes.number_text(interval.low), fixes.number_text(interval.high)
        if 0 < interval.magnitude < self.option("min-magnitude") and _divisions(data) > 1:
            message = f"{name} is scaled {_divisions(data)} times and now lies between {low} and {high}."
            yield Report(fit.x.place, message, tuple(related))
            return
        again = self._scaled_again(fit.model, interval) if fit.model is not None else None
        if again is not None:
            layer, what = again
            if layer.place is not None:
                related.append(Related(layer.place, f"The model scales once more: {what}."))
            message = f"{name} lies between {low} and {high} already, and the model scales it once more ({what})."
            yield Report(fit.x.place, message, tuple(related))

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Scale once: in the model where that expects raw values, in the program otherwise."""
        for fit in program.fits:
            if fit.x is None or fit.x.place is None or program.range_of(fit.x.place) != finding.range:
                continue
            edits = self._scaled_once(program, fit)
            if edits:
                return Fix("Scale once", Applicability.UNSAFE, edits)
        return None

    def _scaled_once(self, program: Program, fit: Fit) -> tuple[TextEdit, ...]:
        data = fit.inputs
        if data is None or fit.model is None:
            return ()
        if _prepared_after_scaling(data) is not None:
            return _undone(program, fit, 0, 2)
        if _divisions(data) > 1:
            return _undone(program, fit, -1, _divisions(data))
        interval = data.range or _fractions(data)
        again = self._scaled_again(fit.model, interval) if interval is not None else None
        if again is None:
            return ()
        layer, _ = again
        if not isinstance(layer, Layer):
            return _undone(program, fit, 0, 1)
        return layer_edits.take_out(program, layer) if _SHAPES.isdisjoint(layer.arguments.keywords) else ()

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report inputs that reach a layer with weights as nearly nothing."""
        for array in inputs_seen(history):
            if array.consumer not in WEIGHING_LAYERS or array.maximum is None or array.minimum is None:
                continue
            largest = max(abs(array.minimum), abs(array.maximum))
            if 0 < largest < RUN_MAGNITUDE and (array.deviation or 0.0) < RUN_DEVIATION:
                yield RunReport(
                    subject=Subject(SubjectKind.INPUTS),
                    message=(
                        f"The input {array.name} stays within {rounded(array.minimum, 2)} to "
                        f"{rounded(array.maximum, 2)}, as if it "
                        "had been scaled twice: the first layer sees hardly any difference between rows."
                    ),
                )
                return
        yield from _shrunk_in_the_model(history)

    def _scaled_again(self, model: Model, interval: Interval) -> tuple[Layer | Model | Tensor, str] | None:
        """What in the model scales data that need it no more."""
        for entry in entries_of(model):
            network = entry.producer
            if isinstance(network, Operation) and interval.magnitude <= 1 and prepares_pixels(network.name):
                return entry, f"{'.'.join(network.name.split('.')[-2:])} expects pixels from 0 to 255"
            if isinstance(network, Model) and network.application is not None:
                name = network.application.rpartition(".")[2]
                untrained = is_none(network.arguments.get("weights"))
                if scales_itself(network) and not untrained and interval.magnitude <= 1:
                    return network, f"{name} expects pixels from 0 to 255"
            for layer in entry_layers(entry):
                scale = _scale(layer)
                offset = number(layer.value("offset")) or 0.0
                if scale is None or offset != 0:
                    continue
                if interval.magnitude * abs(scale) < self.option("min-magnitude"):
                    written = f"Rescaling({fixes.number_text(scale)})" if layer.class_name == "Rescaling" else "Lambda"
                    return layer, written
        return None


_SHAPES = frozenset(("input_shape", "batch_input_shape", "input_dim"))


def _undone(program: Program, fit: Fit, position: int, scalings: int) -> tuple[TextEdit, ...]:
    """Take back one of so many divisions by a number."""
    edits = [_without_division(program, place) for place in divisions(program, fit, position, scalings)]
    return tuple(edit for found in edits for edit in found) if all(edits) else ()


def _without_division(program: Program, place: Place) -> tuple[TextEdit, ...]:
    node = place.node
    if isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.DivideAssign):
        return fixes.remove_statement(program, place)
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Divide):
        return ()
    left = Place(place.section, node.left)
    around = ancestors(place)[0]
    target = around.targets[0].target if isinstance(around, cst.Assign) and len(around.targets) == 1 else None
    if isinstance(target, cst.Name) and isinstance(node.left, cst.Name) and target.value == node.left.value:
        return fixes.remove_statement(program, place)
    return (fixes.replace(program, place, left.text),)


def _scale(layer: Layer) -> float | None:
    """The factor of a Rescaling layer, or of a Lambda that divides by a number; None for any other layer."""
    if layer.class_name == "Rescaling":
        return number(layer.value("scale"))
    function = layer.value("function") if layer.class_name == "Lambda" else None
    body = function.node.body if isinstance(function, Function) else None
    if not isinstance(body, cst.BinaryOperation) or not isinstance(body.operator, cst.Divide):
        return None
    if not isinstance(body.left, cst.Name) or not isinstance(body.right, (cst.Integer, cst.Float)):
        return None
    return 1 / body.right.evaluated_value if body.right.evaluated_value else None


def _prepared_after_scaling(data: Data) -> tuple[DataStep, str] | None:
    """A division of pixels, and the `preprocess_input` of a network that still wanted them whole."""
    scaled = [step for step in data.steps if step.kind is StepKind.SCALED]
    if len(scaled) != 2 or not data.images:
        return None
    divided = next((step for step in scaled if step.name in _TO_SMALL and step.name != "Divide"), None)
    divided = divided or next((step for step in scaled if step.name == "Divide" and (step.number or 0) > 100), None)
    prepared = next((step.name for step in scaled if step.name.endswith(".preprocess_input")), None)
    if divided is None or prepared is None or not prepares_pixels(prepared):
        return None
    return divided, f"goes through {prepared.split('.')[-2]}.preprocess_input"


_TO_SMALL = ("Divide", "rescale", "keras.layers.Rescaling")


def _fractions(data: Data) -> Interval | None:
    """The range of pixels whose source tells nothing, once they were divided by 255: nothing else is."""
    scaled = [step for step in data.steps if step.kind is StepKind.SCALED]
    divided = len(scaled) == 1 and scaled[0].name == "Divide" and scaled[0].number in (255, 256)
    return Interval(0, 1) if divided else None


def _divisions(data: Data) -> int:
    return sum(1 for step in data.steps if step.kind is StepKind.SCALED)


SHRUNK = 20.0
"""A Rescaling that divides by more than this is meant for pixels up to 255. Ours."""


def _shrunk_in_the_model(history: RunHistory) -> Iterator[RunReport]:
    """A Rescaling for pixels, before anything that learns, that gets inputs which are scaled already."""
    first, arrays = history.first_probe, list(inputs_seen(history))
    ends = [abs(end) for each in arrays for end in (each.minimum, each.maximum) if end is not None]
    spread = max((each.deviation or 0.0 for each in arrays), default=0.0)
    if first is None or not ends or max(ends) > SCALED_MAGNITUDE or len({each.name for each in arrays}) != 1:
        return
    entry = itertools.takewhile(lambda layer: layer.parameters == 0, history.info.layers)
    scaling = next((layer.name for layer in entry if layer.class_name == "Rescaling"), None)
    seen = layer_at(first, scaling) if scaling is not None else None
    if seen is None or seen.deviation is None or not 0 < SHRUNK * seen.deviation < spread:
        return
    yield RunReport(
        subject=Subject(SubjectKind.INPUTS),
        message=(
            f"The inputs stay within {rounded(max(ends), 2)}, and {named(seen.layer)} scales them once more: what it "
            f"puts out deviates by {rounded(seen.deviation, 2)} only, so the first layer sees hardly any difference "
            "between rows."
        ),
    )


SCALED_MAGNITUDE = 2.0
"""Inputs up to this are no raw pixels. Ours."""

RUN_MAGNITUDE = 0.02
RUN_DEVIATION = 0.01
"""Of the inputs in a run (catalogue D5): pixels divided by 255 twice stay below 0.004."""
