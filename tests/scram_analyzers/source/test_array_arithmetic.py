"""The shapes of what operators make of arrays."""

from __future__ import annotations

import pytest

from scram_analyzers.source.data import Data
from tests.scram_analyzers.source.programs import program_of


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("wide @ np.zeros((4, 3))", (100, 3)),
        ("np.matmul(wide, np.zeros((4, 3)))", (100, 3)),
        ("np.dot(wide, np.zeros(4))", (100,)),
        ("points @ np.eye(3).T", None),
        ("wide @ points", None),
        ("wide + np.zeros(4)", (100, 4)),
        ("np.zeros((100, 1)) * np.zeros(7)", (100, 7)),
        ("wide - np.zeros((2, 3))", None),
        ("wide / 2", (100, 4)),
        ("wide - points", (100, 4)),
    ],
)
def test_shape_of_an_expression(expression: str, shape: tuple[int, ...] | None) -> None:
    program = program_of(
        f"""
        import keras
        import numpy as np
        from project import points

        wide = np.random.rand(100, 4)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(loss="mse")
        model.fit({expression}, points)
        """
    )
    inputs = program.fits[0].inputs
    assert isinstance(inputs, Data)
    assert inputs.shape == shape
