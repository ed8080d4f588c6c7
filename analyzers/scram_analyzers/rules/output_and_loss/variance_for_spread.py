"""SCR434 variance-for-spread."""

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

_LOG_VARIANCE = re.compile(r"log_?var", re.IGNORECASE)
_NOISE = re.compile(r"eps|noise|normal", re.IGNORECASE)


class VarianceForSpread(Rule):
    """A variational autoencoder that draws with the variance where the spread belongs."""

    code = "SCR434"
    name = "variance-for-spread"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "the sampling of a variational autoencoder that multiplies the noise by the variance, not by its root"
    why = (
        "What is drawn has a spread of exp(log_var / 2). With exp(log_var) it has another one than the "
        "Kullback-Leibler term speaks of: the decoder learns from points that the encoder does not mean, and what is "
        "drawn from the prior later looks wrong."
    )
    how = "Halve the logarithm: z_mean + exp(0.5 * z_log_var) * epsilon."
    references = (
        Reference("Kingma and Welling 2013: Auto-Encoding Variational Bayes", "https://arxiv.org/abs/1312.6114"),
        Reference("Keras: Variational AutoEncoder", "https://keras.io/examples/generative/vae/"),
    )
    false_alarms = "A name that says log_var and stands for the logarithm of the spread."
    bad = (
        Example(
            "The variance for the spread",
            """
            import keras
            from keras import ops


            class Sampling(keras.layers.Layer):
                def call(self, inputs):
                    z_mean, z_log_var = inputs
                    epsilon = keras.random.normal(ops.shape(z_mean))
                    return z_mean + »ops.exp(z_log_var)« * epsilon
            """,
            """
            import keras
            from keras import ops


            class Sampling(keras.layers.Layer):
                def call(self, inputs):
                    z_mean, z_log_var = inputs
                    epsilon = keras.random.normal(ops.shape(z_mean))
                    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
            """,
        ),
    )
    good = (
        Example(
            "Half of the logarithm, or its root",
            """
            import keras
            from keras import ops


            def draw(z_mean, z_log_var, log_sigma, epsilon):
                one = z_mean + ops.exp(0.5 * z_log_var) * epsilon
                other = z_mean + ops.exp(z_log_var / 2) * epsilon
                third = z_mean + ops.sqrt(ops.exp(z_log_var)) * epsilon
                fourth = z_mean + ops.exp(log_sigma) * epsilon
                penalty = -0.5 * ops.mean(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
                return one + other + third + fourth, penalty
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report `exp(log_var)` times noise, added to a mean."""
        for section in program.sections_with("exp("):
            for place in _variances(section):
                message = f"This {place.text} is the variance: the noise is to be multiplied by its root, the spread."
                yield Report(place, message)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Halve the logarithm."""
        for section in program.sections_with("exp("):
            for place in _variances(section):
                if program.range_of(place) == finding.range and isinstance(place.node, cst.Call):
                    logarithm = Place(section, place.node.args[0].value)
                    edit = fixes.replace(program, logarithm, f"0.5 * {logarithm.text}")
                    return Fix("Halve the logarithm", Applicability.UNSAFE, (edit,))
        return None


@once
def _variances(section: Section) -> tuple[Place, ...]:
    """`exp(log_var)` as one of two factors, the other of them noise, in a sum."""
    found = []
    for product in section.parsed.nodes.get(cst.BinaryOperation, ()):
        assert isinstance(product, cst.BinaryOperation)
        around = next(iter(section.parsed.ancestors(product)), None)
        if not isinstance(product.operator, cst.Multiply) or not isinstance(around, cst.BinaryOperation):
            continue
        if not isinstance(around.operator, cst.Add):
            continue
        for one, other in ((product.left, product.right), (product.right, product.left)):
            if _is_variance(one) and _NOISE.search(Place(section, other).text):
                found.append(Place(section, one))
    return tuple(found)


def _is_variance(node: cst.BaseExpression) -> bool:
    if not isinstance(node, cst.Call) or len(node.args) != 1:
        return False
    given = dotted_name(node.args[0].value)
    exponential = (dotted_name(node.func) or "").rpartition(".")[2] == "exp"
    return exponential and given is not None and _LOG_VARIANCE.search(given.rpartition(".")[2]) is not None
