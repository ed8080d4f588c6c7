"""The shapes of what operators make of arrays, and of arrays that are drawn."""

from __future__ import annotations

import math

import pytest

from scram_analyzers.source.data import Data, Interval
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


@pytest.mark.parametrize(
    ("drawn", "shape", "high"),
    [
        ("rng.exponential(size=100)", (100,), 5),
        ("rng.gamma(4.0, 10.0, (100, 3))", (100, 3), 120),
        ("np.random.lognormal(0.0, 0.5, 100)", (100,), math.exp(2)),
        ("np.random.beta(2, 5, size=(n, 2))", (None, 2), 1),
        ("rng.chisquare(freedom, 100)", (100,), None),
    ],
)
def test_numbers_that_are_drawn_from_above_zero(drawn: str, shape: tuple[int, ...], high: float | None) -> None:
    program = program_of(
        f"""
        import keras
        import numpy as np
        from project import freedom, n, points

        rng = np.random.default_rng(3)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(loss="mse")
        model.fit({drawn}, points)
        """
    )
    inputs = program.fits[0].inputs
    assert isinstance(inputs, Data)
    assert inputs.shape == shape
    assert inputs.range == (Interval(0, high) if high is not None else None)
