"""SCR217 augmentation-too-strong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Report, Rule
from scram_analyzers.rules.data.evidence.range_of_brightness import too_bright
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import number


class AugmentationTooStrong(Rule):
    """Random changes after which nobody could tell what the image shows."""

    code = "SCR217"
    name = "augmentation-too-strong"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = (
        "ImageDataGenerator",
        "RandomZoom",
        "RandomTranslation",
        "RandomFlip",
        "RandomRotation",
        "RandomBrightness",
    )
    summary = "augmentation whose random changes can destroy the image"
    why = (
        "Augmentation helps as long as the label stays true. An image zoomed by a factor around zero, or shifted out "
        "of its frame, shows nothing of what its label says: the network is taught noise."
    )
    how = "Stay with changes after which you would still know the class: zoom and shift by 0.1 to 0.3."
    references = (
        Reference(
            "Keras: Image augmentation layers", "https://keras.io/api/layers/preprocessing_layers/image_augmentation/"
        ),
    )
    false_alarms = "Images whose object is known to survive, such as textures that fill the frame many times over."
    options = (
        Option("max-zoom", 0.8, "largest zoom range", "zoom_range=z draws factors from 1-z to 1+z: at 1 they reach 0"),
        Option(
            "max-shift", 0.6, "largest shift, as a share of the image", "more than half of the object leaves the frame"
        ),
        Option(
            "max-brightness",
            0.7,
            "largest change of brightness, as a share of white",
            "half of all images lose more than a third of their greys",
        ),
    )
    bad = (
        Example(
            "Brightness of pixels up to 255, for images of pixels up to 1",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = x_train / 255
            changes = keras.Sequential([keras.layers.RandomFlip("horizontal"), »keras.layers.RandomBrightness(0.2)«])
            inputs = keras.Input((32, 32, 3))
            features = keras.layers.Flatten()(changes(inputs))
            model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_split=0.1, epochs=20)
            """,
        ),
        Example(
            "Images that are made all white or all black",
            """
            import keras

            augmentation = keras.Sequential([keras.layers.RandomBrightness(»1.0«), keras.layers.RandomFlip()])
            """,
        ),
        Example(
            "A zoom of 1.2 taken for a factor",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            generator = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True, »zoom_range=1.2«)
            train = generator.flow_from_directory("flowers")
            """,
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            generator = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True, zoom_range=0.2)
            train = generator.flow_from_directory("flowers")
            """,
        ),
        Example(
            "A layer that moves images out of the frame",
            """
            import keras

            augmentation = keras.Sequential([keras.layers.RandomTranslation(»0.9«, 0.1), keras.layers.RandomFlip()])
            """,
        ),
        Example(
            "Digits turned upside down and mirrored",
            """
            import keras

            (x, y), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.RandomRotation(0.05),
                    »keras.layers.RandomRotation(0.5)«,
                    »keras.layers.RandomFlip()«,
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[..., None], y, epochs=10)
            """,
        ),
    )
    good = (
        Example(
            "Brightness before the pixels are scaled, and after it with their range",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            inputs = keras.Input((32, 32, 3))
            changed = keras.layers.RandomBrightness(0.2)(inputs)
            scaled = keras.layers.Rescaling(1 / 255)(changed)
            changed = keras.layers.RandomBrightness(0.2, value_range=(0, 1))(scaled)
            features = keras.layers.Flatten()(changed)
            model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, validation_split=0.1, epochs=20)
            """,
        ),
        Example(
            "Clothes mirrored",
            """
            import keras

            (x, y), _ = keras.datasets.fashion_mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.RandomFlip("horizontal"),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[..., None], y, epochs=10)
            """,
        ),
        Example(
            "The usual amounts",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            generator = ImageDataGenerator(rotation_range=40, zoom_range=0.2, width_shift_range=0.2, shear_range=0.2)
            layers = [keras.layers.RandomZoom(0.3), keras.layers.RandomRotation(0.5)]
            """,
        ),
        Example(
            "Bounds of the factor, and shifts in pixels",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            generator = ImageDataGenerator(zoom_range=(0.8, 1.2), width_shift_range=4, height_shift_range=[-4, 4])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the arguments of generators and layers that go too far."""
        for call in program.calls:
            if not call.name.endswith("ImageDataGenerator"):
                continue
            for name in ("zoom_range", "width_shift_range", "height_shift_range"):
                amount, place = number(call.arguments.value(name)), fixes.argument_of(call.place, name)
                if amount is not None and place is not None:
                    yield from self._of_generator(place, name, amount)
        yield from program.each_of(every_fit, _of_digits)
        yield from program.each_of(every_fit, too_bright)
        for layer in program.layers:
            for name, limit in _LAYERS.get(layer.class_name, {}).items():
                given = layer.arguments.get(name)
                amount = number(given.value) if given is not None else None
                if given is None or given.place is None or amount is None or amount <= self.option(limit):
                    continue
                size = fixes.number_text(amount)
                what = _DOES[limit]
                message = f"{layer.class_name} {what} up to {fixes.number_text(amount * 100)}% ({name} {size})."
                yield Report(given.place, message, recipe=f"{name}=0.1")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """A zoom that was meant as a factor: its distance from one."""
        for call in program.calls:
            amount, place = number(call.arguments.value("zoom_range")), fixes.argument_of(call.place, "zoom_range")
            if amount is None or not 1 < amount <= 1.5 or place is None or program.range_of(place) != finding.range:
                continue
            meant = round(amount - 1, 6)
            edit = fixes.replace(program, place, f"zoom_range={fixes.number_text(meant)}")
            title = f"Zoom by up to {fixes.number_text(round(meant * 100, 4))}%"
            return Fix(title, Applicability.UNSAFE, (edit,))
        return None

    def _of_generator(self, place: Place, name: str, amount: float) -> Iterator[Report]:
        if name == "zoom_range" and amount > self.option("max-zoom"):
            low, high = (fixes.number_text(round(each, 6)) for each in (1 - amount, 1 + amount))
            message = f"This zoom_range draws zoom factors from {low} to {high}: nothing of the image may be left."
            yield Report(place, message, recipe="zoom_range=0.2")
        elif name != "zoom_range" and self.option("max-shift") < amount < 1:
            share = fixes.number_text(amount * 100)
            yield Report(place, f"This {name} moves images by up to {share}% of their size.", recipe=f"{name}=0.1")


DIGITS = ("keras.datasets.mnist.", "sklearn.datasets.load_digits")
"""Sources of written digits, which are others, or none, in a mirror and upside down."""

QUARTER_TURN = 0.25
"""Turned by more than that way, a 6 may be a 9. Ours."""


def _of_digits(program: Program, fit: Fit) -> Iterator[Report]:
    """Mirrors and large turns of digits that are told apart."""
    losses = fit.compile.losses if fit.compile is not None else ()
    is_told_apart = any("crossentropy" in (loss.name or "") for loss in losses)
    if fit.inputs is None or fit.model is None or not is_told_apart or not fit.inputs.source.startswith(DIGITS):
        return
    for layer in fit.model.layers:
        turn = number(layer.value("factor")) if layer.value("factor") is not None else None
        if layer.class_name == "RandomRotation" and turn is not None and turn > QUARTER_TURN:
            degrees = fixes.number_text(round(turn * 360))
            yield Report(layer.place, f"Digits are turned by up to {degrees} degrees here: a 6 may become a 9.")
        if layer.class_name == "RandomFlip":
            yield Report(layer.place, "Digits are mirrored here: a mirrored digit is another one, or none.")


_LAYERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "RandomZoom": MappingProxyType({"height_factor": "max-zoom", "width_factor": "max-zoom"}),
        "RandomBrightness": MappingProxyType({"factor": "max-brightness"}),
        "RandomTranslation": MappingProxyType({"height_factor": "max-shift", "width_factor": "max-shift"}),
    }
)
"""Layers and their arguments, with the option that bounds them."""

_DOES: Mapping[str, str] = MappingProxyType(
    {"max-zoom": "zooms by", "max-shift": "moves images by", "max-brightness": "makes images brighter or darker by"}
)
