"""Programs for the tests of the interpreter."""

from __future__ import annotations

import textwrap

from scram_analyzers.source.interpreting.interpreter import interpret
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import ParseCache


def program_of(text: str) -> Program:
    """The program of an indented text."""
    return interpret(textwrap.dedent(text), "train.py", ParseCache())


def layer_names(program: Program) -> list[str]:
    """Class names of the layers of the last compiled model, in order."""
    model = program.compiles[-1].model
    assert model is not None
    return [layer.class_name for layer in model.layers]
