"""SCR333 positional-strides."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, SourceRange, TextEdit
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import integer


class PositionalStrides(Rule):
    """A kernel's width that Keras takes for the strides."""

    code = "SCR333"
    name = "positional-strides"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a convolution whose third positional number was meant as the kernel's width but sets the strides"
    why = (
        "Until Keras 1 the kernel's height and width were two arguments: Conv2D(32, 3, 3). Since Keras 2 the third one "
        "is the strides: the layer skips most of the image, and the map shrinks by that factor at once."
    )
    how = "Give the kernel's size as one argument: Conv2D(32, (3, 3)). If you mean strides, name them: strides=3."
    references = (Reference("Keras: Conv2D", "https://keras.io/api/layers/convolution_layers/convolution2d/"),)
    false_alarms = "Patches that don't overlap, cut with an odd size and unnamed strides."
    bad = (
        Example(
            "Keras 1's way to write a 3 by 3 kernel",
            """
            from keras.models import Sequential
            from keras.layers import Conv2D

            model = Sequential()
            model.add(»Conv2D(32, 3, 3, activation="relu", input_shape=(64, 64, 1))«)
            """,
            """
            from keras.models import Sequential
            from keras.layers import Conv2D

            model = Sequential()
            model.add(Conv2D(32, (3, 3), activation="relu", input_shape=(64, 64, 1)))
            """,
        ),
    )
    good = (
        Example(
            "Keras 1, where a kernel's height and width are two arguments",
            """
            from keras.layers import Convolution2D
            from keras.models import Sequential

            model = Sequential()
            model.add(Convolution2D(32, 3, 3, border_mode="same", input_shape=(32, 32, 3)))
            """,
        ),
        Example(
            "Kernel and strides, named",
            """
            from keras.layers import Conv2D

            layer = Conv2D(32, 3, strides=3)
            """,
        ),
        Example(
            "Patches of 16 by 16",
            """
            from keras.layers import Conv2D

            layer = Conv2D(768, 16, 16)
            """,
        ),
        Example(
            "Strides of two by position",
            """
            from keras.layers import Conv2D

            layer = Conv2D(32, 3, 2, padding="same")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each convolution whose strides stand third and look like a kernel's width."""
        for layer in program.layers:
            sizes = kernel_and_strides(layer)
            if sizes is None or ("Convolution2D" in layer.place.text and _speaks_keras_1(program)):
                continue  # Keras 1: the kernel's height and width are two arguments
            kernel, strides = sizes
            spelled = program.imports.spell(layer.kind).text
            yield Report(
                place=layer.place,
                message=(
                    f"The third number of this {layer.class_name} is its strides: a {kernel} by {kernel} kernel that "
                    f"moves {strides} pixels at a time, not a {kernel} by {strides} kernel."
                ),
                recipe=f"{spelled}(..., ({kernel}, {strides}), ...)",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Join the two numbers into the kernel's size."""
        for layer in program.layers:
            sizes = kernel_and_strides(layer)
            if sizes is None or program.range_of(layer.place) != finding.range:
                continue
            call = fixes.call_of(layer.place)
            if call is None or len(call.args) < 3:
                return None
            height, breadth = (Place(layer.place.section, argument.value) for argument in call.args[1:3])
            both = SourceRange(program.range_of(height).start, program.range_of(breadth).end)
            edit = TextEdit(both, f"({height.text}, {breadth.text})")
            return Fix("Write the kernel's size as one argument", Applicability.UNSAFE, (edit,))
        return None


KERAS_1 = frozenset(("border_mode", "subsample", "dim_ordering", "init", "nb_filter", "nb_epoch", "W_regularizer"))
"""Arguments that only Keras 1 had."""


def _speaks_keras_1(program: Program) -> bool:
    given = (*(layer.arguments for layer in program.layers), *(fit.arguments for fit in program.fits))
    return any(argument.keyword in KERAS_1 for arguments in given for argument in arguments.keywords.values())


def kernel_and_strides(layer: Layer) -> tuple[int, int] | None:
    """Kernel and strides, where they look like the height and width of a kernel."""
    if layer.class_name != "Conv2D":
        return None
    given = layer.arguments.get("strides")
    kernel = layer.arguments.get("kernel_size")
    if given is None or kernel is None or given.keyword is not None or kernel.keyword is not None:
        return None
    height, breadth = integer(kernel.value), integer(given.value)
    if height is None or breadth is None or breadth < 3:
        return None
    return (height, breadth) if (height == breadth and height % 2 == 1) or breadth > height else None
