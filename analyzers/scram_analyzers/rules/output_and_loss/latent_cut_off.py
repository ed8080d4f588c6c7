"""SCR435 latent-cut-off."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

_LATENT = re.compile(
    r"^(z_?|latent_?)(mean|mu)$|^(z_?|latent_?)?log_?(var|variance|sigma|sigma_?sq|std)$", re.IGNORECASE
)
_MEAN = re.compile(r"^([a-z]+_)?(mean|mu)(_?[a-z])?$", re.IGNORECASE)
_LOG_VARIANCE = re.compile(r"^([a-z]+_)?log_?(var|variance|sigma|sigma_?sq|std)(_?[a-z])?$", re.IGNORECASE)
"""What is the mean of a code where it stands beside the other of its two parts."""

_LATENT_WORD = re.compile(r"mean|mu|var|sigma|std", re.IGNORECASE)
"""What stands in each of these."""

_LOGARITHM = re.compile(r"\bexp\(")


class LatentCutOff(Rule):
    """A variational autoencoder whose code can't be below zero."""

    code = "SCR435"
    name = "latent-cut-off"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    only_with = ("relu",)
    summary = "a relu on the mean or the log-variance of a variational autoencoder's code"
    why = (
        "The mean and the logarithm of the variance may be any number; the Kullback-Leibler term pulls both towards 0. "
        "With relu the mean never leaves the positive side, and the variance never falls below 1: half of the space "
        "that is drawn from later was never trained, and the code stays noisier than it has to be."
    )
    how = "Leave the activation out: Dense(latent_dim)."
    references = (
        Reference("Kingma and Welling 2013: Auto-Encoding Variational Bayes", "https://arxiv.org/abs/1312.6114"),
        Reference("Keras: Variational AutoEncoder", "https://keras.io/examples/generative/vae/"),
    )
    false_alarms = "A code that is meant to hold nothing below zero."
    bad = (
        Example(
            "A mean that is cut off",
            """
            import keras
            from keras import layers, ops


            class Sampling(layers.Layer):
                def call(self, inputs):
                    z_mean, z_log_var = inputs
                    epsilon = keras.random.normal(ops.shape(z_mean))
                    return z_mean + ops.exp(0.5 * z_log_var) * epsilon


            pictures = keras.Input((784,))
            x = layers.Dense(256, activation="relu")(pictures)
            z_mean = layers.Dense(2, activation=»"relu"«, name="z_mean")(x)
            z_log_var = layers.Dense(2)(x)
            encoder = keras.Model(pictures, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
            """,
            """
            import keras
            from keras import layers, ops


            class Sampling(layers.Layer):
                def call(self, inputs):
                    z_mean, z_log_var = inputs
                    epsilon = keras.random.normal(ops.shape(z_mean))
                    return z_mean + ops.exp(0.5 * z_log_var) * epsilon


            pictures = keras.Input((784,))
            x = layers.Dense(256, activation="relu")(pictures)
            z_mean = layers.Dense(2, activation="linear", name="z_mean")(x)
            z_log_var = layers.Dense(2)(x)
            encoder = keras.Model(pictures, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
            """,
        ),
        Example(
            "A variance that never falls below 1",
            """
            import keras
            from keras import layers, ops


            class Encoder(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(256, activation="relu")
                    self.z_mean = layers.Dense(2)
                    self.z_log_var = layers.Dense(2, activation=»"relu"«)

                def call(self, pictures):
                    x = self.hidden(pictures)
                    mean, log_var = self.z_mean(x), self.z_log_var(x)
                    return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean))
            """,
            """
            import keras
            from keras import layers, ops


            class Encoder(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.hidden = layers.Dense(256, activation="relu")
                    self.z_mean = layers.Dense(2)
                    self.z_log_var = layers.Dense(2, activation="linear")

                def call(self, pictures):
                    x = self.hidden(pictures)
                    mean, log_var = self.z_mean(x), self.z_log_var(x)
                    return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean))
            """,
        ),
        Example(
            "A mean beside a log-variance",
            """
            import keras
            from keras import layers, ops

            rows = keras.Input((784,))
            x = layers.Dense(256, activation="relu")(rows)
            mu = layers.Dense(2, activation=»"relu"«, name="mu")(x)
            logvar = layers.Dense(2, name="logvar")(x)
            z = mu + ops.exp(0.5 * logvar) * keras.random.normal(ops.shape(mu))
            encoder = keras.Model(rows, z)
            """,
            fixed="""
            import keras
            from keras import layers, ops

            rows = keras.Input((784,))
            x = layers.Dense(256, activation="relu")(rows)
            mu = layers.Dense(2, activation="linear", name="mu")(x)
            logvar = layers.Dense(2, name="logvar")(x)
            z = mu + ops.exp(0.5 * logvar) * keras.random.normal(ops.shape(mu))
            encoder = keras.Model(rows, z)
            """,
        ),
        Example(
            "The drawing goes by other names",
            """
            import keras
            from keras import layers, ops


            class Sampling(layers.Layer):
                def call(self, parts):
                    m, v = parts
                    return m + ops.exp(0.5 * v) * keras.random.normal(ops.shape(m))


            x = layers.Dense(256, activation="relu")(keras.Input((784,)))
            z_mean = layers.Dense(2)(x)
            z_log_var = layers.Dense(2, activation=»"relu"«, name="z_log_var")(x)
            z = Sampling()([z_mean, z_log_var])
            """,
            fixed="""
            import keras
            from keras import layers, ops


            class Sampling(layers.Layer):
                def call(self, parts):
                    m, v = parts
                    return m + ops.exp(0.5 * v) * keras.random.normal(ops.shape(m))


            x = layers.Dense(256, activation="relu")(keras.Input((784,)))
            z_mean = layers.Dense(2)(x)
            z_log_var = layers.Dense(2, activation="linear", name="z_log_var")(x)
            z = Sampling()([z_mean, z_log_var])
            """,
        ),
    )
    good = (
        Example(
            "A mean of counts, of which nothing is drawn",
            """
            import keras
            from keras import layers

            rows = keras.Input((8,))
            mu = layers.Dense(1, activation="relu", name="mean")(rows)
            model = keras.Model(rows, mu)
            model.compile(loss=lambda y, told: keras.ops.mean(told - y * keras.ops.log(told + 1)))
            """,
        ),
        Example(
            "Nothing after the code, relu before it",
            """
            import keras
            from keras import layers, ops

            pictures = keras.Input((784,))
            x = layers.Dense(256, activation="relu")(pictures)
            z_mean = layers.Dense(2)(x)
            z_log_var = layers.Dense(2)(layers.Dense(16, activation="relu")(x))
            z = z_mean + ops.exp(0.5 * z_log_var) * keras.random.normal(ops.shape(z_mean))
            encoder = keras.Model(pictures, z)
            """,
        ),
        Example(
            "The mean of something else",
            """
            import keras
            from keras import layers, ops

            rows = keras.Input((8,))
            mean = layers.Dense(1, activation="relu")(rows)
            spread = layers.Dense(1, activation="softplus")(rows)
            model = keras.Model(rows, [mean, spread])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report a relu of what is called the mean or the log-variance of a code that is drawn."""
        for name, place in _cut_off(program):
            yield Report(place, f"The code's {name} can't be below 0 with relu, but any number is right for it.")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """No activation."""
        for _, place in _cut_off(program):
            if program.range_of(place) == finding.range:
                edit = fixes.replace(program, place, '"linear"')
                return Fix("Leave the code as it comes", Applicability.UNSAFE, (edit,))
        return None


def _cut_off(program: Program) -> Iterator[tuple[str, Place]]:
    found = [each for section in program.sections_with("relu") for each in _in_section(section)]
    if found and program.matches(_LOGARITHM):
        yield from found


@once
def _in_section(section: Section) -> tuple[tuple[str, Place], ...]:
    """The relus of layers that are called a mean or a log-variance, or put out what is, with these names."""
    found: dict[cst.CSTNode, str] = {}
    if not _LATENT_WORD.search(section.parsed.text):
        return ()
    assignments = list(_assignments(section))
    with_variance = any(
        _LOG_VARIANCE.search(name) for called, made in assignments for name in (called, _text(made, "name"))
    )
    for called, made in assignments:
        relu = _relu(made)
        for name in (called, _text(made, "name")) if relu is not None else ():
            is_part = with_variance and (_MEAN.search(name) or _LOG_VARIANCE.search(name))
            if relu is not None and (_LATENT.search(name) or is_part):
                found.setdefault(relu, name)
    return tuple((name, Place(section, relu)) for relu, name in found.items())


def _assignments(section: Section) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The last part of each name that is given, and what makes the thing, such as a layer."""
    for assignment in section.parsed.nodes.get(cst.Assign, ()):
        assert isinstance(assignment, cst.Assign)
        value = assignment.value
        made = value.func if isinstance(value, cst.Call) and isinstance(value.func, cst.Call) else value
        yield (dotted_name(assignment.targets[0].target) or "").rpartition(".")[2], made


def _relu(made: cst.BaseExpression) -> cst.BaseExpression | None:
    """The "relu" that a layer is made with."""
    return _given(made, "activation") if _text(made, "activation") == "relu" else None


def _text(made: cst.BaseExpression, keyword: str) -> str:
    given = _given(made, keyword)
    return str(given.evaluated_value) if isinstance(given, cst.SimpleString) else ""


def _given(made: cst.BaseExpression, keyword: str) -> cst.BaseExpression | None:
    arguments = made.args if isinstance(made, cst.Call) else ()
    return next((each.value for each in arguments if each.keyword is not None and each.keyword.value == keyword), None)
