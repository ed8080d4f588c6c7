"""Models that a function of another module answers: compiling or training them tells that they are models."""

from __future__ import annotations

from scram_analyzers.source.model import ModelKind
from tests.scram_analyzers.source.programs import program_of

IMPORTED = """
import numpy as np
from project import build
x, y = np.load("x.npy"), np.load("y.npy")
model = build(28)
"""


def test_what_is_compiled_is_the_model_that_is_trained_and_evaluated() -> None:
    program = program_of(
        IMPORTED
        + 'model.compile(loss="categorical_crossentropy", optimizer="adam")\nmodel.fit(x, y, epochs=5)\n'
        + "model.evaluate(x, y)\n"
    )
    (fit,) = program.fits
    assert fit.model is not None
    assert fit.model.kind is ModelKind.ELSEWHERE
    assert fit.compile is program.compiles[0]
    assert [each.model and each.model.identity for each in program.evaluations] == [fit.model.identity]


def test_nothing_is_known_of_its_layers() -> None:
    program = program_of(IMPORTED + 'model.compile(loss="mse", optimizer="adam")\n')
    (model,) = program.models
    assert (model.layers, model.complete) == ((), False)


def test_what_a_function_is_handed_may_be_trained_elsewhere_too() -> None:
    program = program_of("def train(model, x, y):\n    model.fit(x, y, epochs=1)\n")
    assert [fit.model for fit in program.fits] == [None]


def test_a_class_of_another_module_may_be_a_model() -> None:
    program = program_of(
        "import nets\nmodel = nets.DenseNet(depth=40)\n"
        'model.compile(loss="categorical_crossentropy", optimizer="adam")\nmodel.fit(x, y, epochs=5)\n'
    )
    (fit,) = program.fits
    assert fit.model is not None
    assert fit.model.kind is ModelKind.ELSEWHERE
    assert fit.compile is program.compiles[0]
