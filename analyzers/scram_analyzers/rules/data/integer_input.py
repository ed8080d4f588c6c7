"""SCR204 integer-input."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import name_of
from scram_analyzers.source.data import Data
from scram_analyzers.source.entries import entries_of, entry_layers
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.program import Fit, Program, every_fit

REFUSED = ("uint8", "int8", "uint16", "int16", "int64", "uint32", "uint64", "bool")
"""Types that TensorFlow's convolution names as not allowed."""


class IntegerInput(Rule):
    """Whole numbers go into a convolution that only takes real ones."""

    code = "SCR204"
    name = "integer-input"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "arrays of whole numbers that a subclassed model hands to a convolution as they are"
    why = (
        "Sequential and functional models turn their input into float32. A subclass of Model passes on what it gets, "
        "and TensorFlow's convolutions refuse uint8 and int64: the first step ends in an error about types."
    )
    how = (
        'Convert the array with .astype("float32"), best together with scaling, or begin `call` with a Rescaling layer.'
    )
    references = (
        Reference(
            "Keras: Making new layers and models via subclassing",
            "https://keras.io/guides/making_new_layers_and_models_via_subclassing/",
        ),
    )
    false_alarms = "Another backend than TensorFlow, if its convolution takes whole numbers."
    prevents_learning = True
    bad = (
        Example(
            "Raw pixels into a model's own class",
            """
            import keras
            from keras import layers

            class Network(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.convolution = layers.Conv2D(16, 3, activation="relu")
                    self.pool = layers.GlobalAveragePooling2D()
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x):
                    return self.head(self.pool(self.convolution(x)))

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            model = Network()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras
            from keras import layers

            class Network(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.convolution = layers.Conv2D(16, 3, activation="relu")
                    self.pool = layers.GlobalAveragePooling2D()
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x):
                    return self.head(self.pool(self.convolution(x)))

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            model = Network()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train.astype("float32"), y_train)
            """,
        ),
    )
    good = (
        Example(
            "Divided, and so real numbers",
            """
            import keras
            from keras import layers

            class Network(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.convolution = layers.Conv2D(16, 3, activation="relu")
                    self.pool = layers.GlobalAveragePooling2D()
                    self.head = layers.Dense(10, activation="softmax")

                def call(self, x):
                    return self.head(self.pool(self.convolution(x)))

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            model = Network()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train / 255, y_train)
            """,
        ),
        Example(
            "A sequential model converts its input",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
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
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report whole numbers that reach a convolution unconverted."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data, layer = fit.inputs, _first_convolution(fit.model) if fit.model is not None else None
        if data is None or layer is None or fit.x is None or fit.x.place is None or data.dtype not in REFUSED:
            return
        name = name_of(fit.x.place, "The input")
        message = f"The input {name} holds {data.dtype}; the {layer.class_name} that takes it needs float32."
        related = (Related(layer.place, "This layer takes the input as it is."),)
        yield Report(fit.x.place, message, related, recipe=f'{name}.astype("float32")')

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Convert the array where it is passed."""
        for fit in program.fits:
            if (
                fit.x is None
                or fit.x.place is None
                or program.range_of(fit.x.place) != finding.range
                or not _is_array(fit)
            ):
                continue
            edit = fixes.replace(program, fit.x.place, f'{fit.x.place.text}.astype("float32")')
            return Fix('Convert the input: .astype("float32")', Applicability.UNSAFE, (edit,))
        return None


def _first_convolution(model: Model) -> Layer | None:
    if model.kind is not ModelKind.SUBCLASSED:
        return None
    layers = [layer for entry in entries_of(model) for layer in entry_layers(entry)]
    return layers[0] if len(layers) == 1 and layers[0].class_name.startswith(("Conv", "SeparableConv")) else None


def _is_array(fit: Fit) -> bool:
    data: Data | None = fit.inputs
    plain = fit.x is not None and fit.x.place is not None and fit.x.place.text.isidentifier()
    return plain and data is not None and not data.batched and fit.y is not None
