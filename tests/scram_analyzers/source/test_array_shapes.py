"""Shapes of arrays whose axes numpy's functions and methods move, add, take away, widen or join: as numpy has them."""

from __future__ import annotations

import numpy as np
import pytest

from scram_analyzers.source.data import Data, Interval
from scram_analyzers.source.interpreting.interpreter import interpret

MADE = "import keras\nimport numpy as np\nx = np.random.rand(6, 1, 4, 2)\ny = np.random.rand(6, 1, 4, 2)\n"
FITTED = "model = keras.Sequential([keras.layers.Dense(1)])\nmodel.fit(made)\n"


def data_of(expression: str) -> Data:
    program = interpret(f"{MADE}made = {expression}\n{FITTED}", "train.py")
    argument = program.fits[0].x
    assert argument is not None
    assert isinstance(argument.value, Data)
    return argument.value


@pytest.mark.parametrize(
    "expression",
    [
        "np.expand_dims(x, -1)",
        "np.expand_dims(x, axis=0)",
        "np.expand_dims(x, (0, -1))",
        "np.squeeze(x)",
        "np.squeeze(x, axis=1)",
        "x.squeeze(1)",
        "np.transpose(x)",
        "np.transpose(x, (0, 3, 1, 2))",
        "x.transpose(0, 2, 3, 1)",
        "x.transpose((1, 0, 2, 3))",
        "np.swapaxes(x, 1, -1)",
        "x.swapaxes(0, 2)",
        "np.moveaxis(x, -1, 1)",
        "np.moveaxis(x, [2, 3], [0, 1])",
        "np.flip(x, axis=2)",
        "x.ravel()",
        "x.flatten()",
        "np.ravel(x)",
        "np.pad(x, 2)",
        "np.pad(x, (1, 2))",
        "np.pad(x, ((0, 0), (2, 2), (1, 3), (0, 0)))",
        "np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), 'edge')",
        "np.concatenate([x, y])",
        "np.concatenate((x, y), axis=-1)",
        "np.concatenate([x, y, x], 2)",
        "np.vstack([x, y])",
        "np.hstack([x, y])",
        "np.stack([x, y])",
        "np.stack([x, y], axis=1)",
        "np.append(x, y, axis=0)",
        "np.column_stack([x[:, 0, :, 0], y[:, 0, :, 1]])",
    ],
)
def test_the_shape_is_that_of_numpy(expression: str) -> None:
    arrays = {"x": np.zeros((6, 1, 4, 2)), "y": np.zeros((6, 1, 4, 2)), "np": np}
    assert data_of(expression).shape == eval(expression, arrays).shape


@pytest.mark.parametrize(
    "expression",
    [
        "np.expand_dims(x, somewhere)",
        "np.squeeze(x[: int(much)])",
        "np.transpose(x, order)",
        "np.pad(x, widths)",
        "np.concatenate([x, y], axis=somewhere)",
        "np.append(x, y)",
        "np.rot90(x)",
    ],
)
def test_a_shape_that_is_not_known_stays_so(expression: str) -> None:
    assert data_of(expression).shape is None


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", Interval(0, 1)),
        (", 'constant', constant_values=-1", Interval(-1, 1)),
        (", mode='reflect'", Interval(0, 1)),
        (", constant_values=filling", None),
        (", mode=how", None),
    ],
)
def test_padding_widens_the_range_by_what_it_puts_around(rest: str, expected: Interval | None) -> None:
    assert data_of(f"np.pad(x, 2{rest})").range == expected
