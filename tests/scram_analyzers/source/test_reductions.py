"""What is known of arrays of which axes are averaged, summed up or picked."""

import pytest

from scram_analyzers.source.data import Data, Interval
from scram_analyzers.source.interpreting.interpreter import Interpreter
from scram_analyzers.source.reading.chunks import ParseCache
from scram_analyzers.source.reading.parsed_module import parse_module
from scram_analyzers.source.reading.splitting import split_module

_PICTURES = """
import keras
import numpy as np
import tensorflow as tf
(x, y), _ = keras.datasets.cifar10.load_data()
made = %s
"""
_ROWS = 50_000


def _made(expression: str) -> object:
    text = _PICTURES % expression
    interpreter = Interpreter(text, "a.py", parse_module(split_module(text), ParseCache()).chunks)
    interpreter.run()
    return interpreter.name_at((0, "made"))


@pytest.mark.parametrize(
    ("expression", "shape", "highest"),
    [
        ("x.mean(axis=-1)", (_ROWS, 32, 32), 255),
        ("np.mean(x, axis=3, keepdims=True)", (_ROWS, 32, 32, 1), 255),
        ("x.max(axis=(1, 2))", (_ROWS, 3), 255),
        ("x.sum(axis=1)", (_ROWS, 32, 3), 32 * 255),
        ("x[..., 0]", (_ROWS, 32, 32), 255),
        ("x[..., :1]", (_ROWS, 32, 32, 1), 255),
        ("x[:, ..., 1]", (_ROWS, 32, 32), 255),
        ("tf.image.rgb_to_grayscale(x)", (_ROWS, 32, 32, 1), 255),
    ],
)
def test_axes_that_are_gone(expression: str, shape: tuple[int, ...], highest: int) -> None:
    made = _made(expression)
    assert isinstance(made, Data)
    assert made.shape == shape
    assert made.range == Interval(0, highest)


@pytest.mark.parametrize("expression", ["x.mean(axis=0)", "x.mean()", "x.std(axis=axes)", "y.max(axis=1)"])
def test_what_is_worked_out_of_all_examples_is_no_array_of_them(expression: str) -> None:
    assert not isinstance(_made(expression), Data)
