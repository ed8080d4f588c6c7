"""SCR246 noisy-targets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, DataStep
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit


class NoisyTargets(Rule):
    """A denoising autoencoder that is shown the noise as what it is to give."""

    code = "SCR246"
    name = "noisy-targets"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    only_with = ("random", "noise")
    summary = "noise that is added to the examples, and stands in the targets of their training"
    why = (
        "An autoencoder learns to give its targets. With the noisy examples as targets it learns to give the noise "
        "back, and takes none of it away."
    )
    how = "Train from the noisy examples to the clean ones: model.fit(noisy, clean)."
    references = (
        Reference(
            "Keras: Convolutional autoencoder for image denoising", "https://keras.io/examples/vision/autoencoder/"
        ),
        Reference(
            "Vincent et al. 2008: Extracting and Composing Robust Features with Denoising Autoencoders",
            "https://www.cs.toronto.edu/~larocheh/publications/icml-2008-denoising-autoencoders.pdf",
        ),
    )
    false_alarms = "Noise that the data are meant to have, added to what was read from files."
    bad = (
        Example(
            "From the noise to the noise",
            """
            import keras
            import numpy as np
            from keras import layers

            (x, _), _ = keras.datasets.mnist.load_data()
            x = x.reshape(60000, 784) / 255
            x_noisy = np.clip(x + 0.3 * np.random.normal(size=x.shape), 0, 1)
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_noisy, »x_noisy«, epochs=20)
            """,
            """
            import keras
            import numpy as np
            from keras import layers

            (x, _), _ = keras.datasets.mnist.load_data()
            x = x.reshape(60000, 784) / 255
            x_noisy = np.clip(x + 0.3 * np.random.normal(size=x.shape), 0, 1)
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_noisy, x, epochs=20)
            """,
        ),
        Example(
            "The wrong way round",
            """
            import keras
            import numpy as np
            from keras import layers

            (x, _), _ = keras.datasets.mnist.load_data()
            x = x.reshape(60000, 784) / 255
            x_noisy = np.clip(x + 0.3 * np.random.normal(size=x.shape), 0, 1)
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, »x_noisy«, epochs=20)
            """,
            """
            import keras
            import numpy as np
            from keras import layers

            (x, _), _ = keras.datasets.mnist.load_data()
            x = x.reshape(60000, 784) / 255
            x_noisy = np.clip(x + 0.3 * np.random.normal(size=x.shape), 0, 1)
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_noisy, x, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "From the noise to the clean pictures",
            """
            import keras
            import numpy as np
            from keras import layers

            (x, _), _ = keras.datasets.mnist.load_data()
            x = x.reshape(60000, 784) / 255
            x_noisy = np.clip(x + 0.3 * np.random.normal(size=x.shape), 0, 1)
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_noisy, x, epochs=20)
            """,
        ),
        Example(
            "Noise in place, and a made-up series that is noisy by itself",
            """
            import keras
            import numpy as np
            from keras import layers

            (x, _), _ = keras.datasets.mnist.load_data()
            x = (x.reshape(60000, 784) + np.random.uniform(size=(60000, 784))) / 256
            model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, x, epochs=20)

            days = np.linspace(0, 60, 6000).reshape(-1, 20)
            series = np.sin(days) + np.random.normal(0, 0.1, days.shape)
            other = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(20)])
            other.compile(optimizer="adam", loss="mse")
            other.fit(series, series, epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training towards noisy data, where the clean ones have a name of their own."""
        for inputs, targets, noise, clean in program.each_of(every_fit, _noisy):
            learned = "to give it back" if inputs.text != clean.text else "to add it"
            related = (Related(noise, "The noise is added here."),)
            yield Report(
                targets,
                f"The targets {targets.text} hold the noise that was added to {clean.text}: the model learns "
                f"{learned}.",
                related,
                recipe=f"model.fit({targets.text}, {clean.text})",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The noisy data as the inputs, the clean ones as the targets."""
        for inputs, targets, _, clean in program.each_of(every_fit, _noisy):
            if program.range_of(targets) == finding.range:
                edits = [fixes.replace(program, targets, clean.text)]
                if inputs.text == clean.text:
                    edits.insert(0, fixes.replace(program, inputs, targets.text))
                return Fix("Train towards the clean data", Applicability.UNSAFE, tuple(edits))
        return None


def _noisy(_: Program, fit: Fit) -> Iterator[tuple[Place, Place, Place, Place]]:
    """The inputs, the targets, where noise was added to these, and the name of what it was added to.

    The inputs are either the same noisy data or the clean ones.
    """
    x, y = fit.x, fit.y
    if x is None or y is None or x.place is None or y.place is None:
        return
    data = y.value
    if not isinstance(data, Data) or data.source.startswith(_MADE_UP):
        return
    are_same = x.place.text == y.place.text
    for step in data.steps:
        clean = _under_noise(step)
        if step.place is not None and clean is not None and (clean.text != x.place.text) is are_same:
            yield x.place, y.place, step.place, clean
            return


_MADE_UP = ("numpy.", "random.", "literal", "list")
_NOISE = re.compile(
    r"noise|random\w*\.(normal|randn|standard_normal)\(|rng\.(normal|standard_normal)\(|random_normal\("
)


def _under_noise(step: DataStep) -> Place | None:
    """The name of what noise that is drawn from a bell curve, or is called noise, is added to."""
    node = step.node
    if step.place is None or not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Add):
        return None
    noise = Place(step.place.section, node.right).text
    if not isinstance(node.left, cst.Name) or _NOISE.search(noise) is None:
        return None
    return Place(step.place.section, node.left)
