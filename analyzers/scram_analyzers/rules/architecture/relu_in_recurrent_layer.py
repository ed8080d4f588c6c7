"""SCR342 relu-in-recurrent-layer."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.activations import own_activation
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.program import Program


class ReluInRecurrentLayer(Rule):
    """A recurrent layer with relu in the place of its own tanh."""

    code = "SCR342"
    name = "relu-in-recurrent-layer"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "a recurrent layer (LSTM, GRU, SimpleRNN) whose activation is relu in place of tanh"
    why = (
        "A recurrent layer feeds its output back at every step. tanh keeps it between -1 and 1; relu lets it grow from "
        "step to step, up to NaN on longer sequences. On a GPU any other activation than tanh also rules out the fast "
        "cuDNN kernel of LSTM and GRU, which is several times quicker."
    )
    how = "Leave the activation of recurrent layers at its default, tanh. Use relu in the dense layers after it."
    references = (
        Reference("Keras: LSTM layer", "https://keras.io/api/layers/recurrent_layers/lstm/"),
        Reference(
            "Le, Jaitly, Hinton: A Simple Way to Initialize Recurrent Networks of Rectified Linear Units",
            "https://arxiv.org/abs/1504.00941",
        ),
    )
    false_alarms = "Short sequences of small numbers, on which it may train well all the same."
    bad = (
        Example(
            "relu on a window of prices",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(keras.Input(shape=(60, 1)))
            model.add(layers.LSTM(50, activation=»"relu"«))
            model.add(layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(keras.Input(shape=(60, 1)))
            model.add(layers.LSTM(50, activation="tanh"))
            model.add(layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "The default, and relu where it belongs",
            """
            import keras
            from keras import layers

            model = keras.Sequential()
            model.add(keras.Input(shape=(60, 1)))
            model.add(layers.LSTM(50))
            model.add(layers.Dense(16, activation="relu"))
            model.add(layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each recurrent layer that was given relu."""
        for layer in program.layers:
            if layer.class_name not in RECURRENT or _is_chosen(layer):
                continue
            activation, argument = own_activation(layer)
            if activation != "relu" or argument is None or argument.place is None:
                continue
            yield Report(
                place=argument.place,
                message=(
                    f"This {layer.class_name} uses relu, so what it feeds back to itself can grow at every step of "
                    "the sequence; its default, tanh, stays between -1 and 1."
                ),
                recipe=_recipe(program, layer),
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Go back to tanh."""
        for layer in program.layers:
            _, argument = own_activation(layer)
            if (
                argument is not None
                and argument.place is not None
                and program.range_of(argument.place) == finding.range
            ):
                edit = fixes.replace(program, argument.place, '"tanh"')
                return Fix('Use the default, activation="tanh"', Applicability.UNSAFE, (edit,))
        return None


RECURRENT = ("SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def _is_chosen(layer: Layer) -> bool:
    """Whether the first weights were chosen for relu, as by Le, Jaitly and Hinton."""
    return layer.class_name == "SimpleRNN" and layer.value("recurrent_initializer") is not None


def _recipe(program: Program, layer: Layer) -> str:
    return f"{program.imports.spell(layer.kind).text}(...)  # tanh is the default"
