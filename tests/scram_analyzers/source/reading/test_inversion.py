"""A broken triple quote costs the prose around it, not everything below it."""

from __future__ import annotations

import pytest

from scram_analyzers.source.interpreting.interpreter import interpret

TUTORIAL = '''"""
Title: A first model
"""

import keras

"""
## The data

Let's load the digits (all 60,000 of them), as "numbers".
"""

(x, y), _ = keras.datasets.mnist.load_data()

"""
## The model

It is made of two layers:

- one that flattens,
- and one that isn't deep.
"""

model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
model.compile("sgd", "mse")

"""
Then it's trained.
"""

model.fit(x, y)

"""
That's all.
"""
'''


def _edited(line: int, text: str) -> str:
    lines = TUTORIAL.split("\n")
    assert lines[line] == '"""'
    return "\n".join([*lines[:line], text, *lines[line + 1 :]])


OPENED = [6, 14, 26]
CLOSED = [10, 21, 28]


@pytest.mark.parametrize("text", ['"x""', '""x"', '"', '""', ""])
@pytest.mark.parametrize("line", OPENED)
def test_a_broken_opening_quote_costs_its_prose(line: int, text: str) -> None:
    program = interpret(_edited(line, text), "train.py")
    assert len(program.compiles) == len(program.fits) == 1
    assert {part.range.start.line for part in program.unread} <= set(range(line + 1, line + 9))
    assert 1 <= len(program.unread) <= 2


@pytest.mark.parametrize("text", ['"x""', '""x"', '"', '""', ""])
@pytest.mark.parametrize("line", CLOSED)
def test_a_broken_closing_quote_costs_the_code_up_to_the_next_prose_and_that(line: int, text: str) -> None:
    program = interpret(_edited(line, text), "train.py")
    assert (len(program.compiles), len(program.fits)) == {10: (1, 1), 21: (0, 0), 28: (1, 0)}[line]
    assert 1 <= len(program.unread) <= 2


def test_two_broken_quotes_cost_no_more_than_before() -> None:
    lines = TUTORIAL.split("\n")
    lines[6] = lines[14] = '""'
    program = interpret("\n".join(lines), "train.py")
    assert len(program.fits) == 1
