"""Models and data behind decorators, properties, fields and named tuples."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.source.data import LabelForm
from tests.scram_analyzers.source.programs import program_of

BUILT = {
    "registry": """
        BUILDERS = {}
        def register(name):
            def keep(function):
                BUILDERS[name] = function
                return function
            return keep

        @register("small")
        def small():
            return keras.Sequential([layers.Dense(3)])

        model = BUILDERS["small"]()
        """,
    "wrapped": """
        def timed(function):
            def wrapper(*args, **kwargs):
                print("begin")
                return function(*args, **kwargs)
            return wrapper

        @timed
        def small():
            return keras.Sequential([layers.Dense(3)])

        model = small()
        """,
    "property that is kept": """
        from functools import cached_property
        class Small:
            @cached_property
            def model(self):
                return keras.Sequential([layers.Dense(3)])
        model = Small().model
        """,
    "field made by a function": """
        from dataclasses import dataclass, field
        @dataclass
        class Head:
            units: int = 3
        @dataclass
        class Settings:
            head: Head = field(default_factory=Head)
        model = keras.Sequential([layers.Dense(Settings().head.units)])
        """,
}


@pytest.mark.parametrize("built", BUILT.values(), ids=BUILT.keys())
def test_a_model_behind_a_style_is_known(built: str) -> None:
    lines = f"import keras\nfrom keras import layers\n{textwrap.dedent(built)}model.compile('adam', 'mse')\n"
    (model,) = program_of(lines).models
    (layer,) = model.layers
    assert layer.class_name == "Dense"
    assert getattr(layer.value("units"), "value", None) == 3


def test_a_named_tuple_is_a_tuple_as_well() -> None:
    program = program_of(
        """
        import keras
        from collections import namedtuple

        Part = namedtuple("Part", ["x", "y"])
        (x, y), _ = keras.datasets.mnist.load_data()
        train = Part(y=y, x=x)
        model = keras.Sequential([keras.layers.Dense(3)])
        model.compile("adam", "mse")
        model.fit(*train)
        """
    )
    (fit,) = program.fits
    assert fit.inputs is not None
    assert fit.inputs.range is not None
    assert fit.targets is not None
    assert fit.targets.labels is LabelForm.INTEGER


def test_what_a_decorator_puts_around_a_function_trains_nothing_by_itself() -> None:
    program = program_of(
        """
        import keras

        def timed(function):
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs)
            return wrapper

        @timed
        def train(rate=0.5):
            model = keras.Sequential([keras.layers.Dense(3)])
            model.compile(keras.optimizers.Adam(rate), "mse")
            model.fit(x, y)

        train(0.001)
        """
    )
    assert [each.learning_rate.value for each in program.optimizers] == [0.001]
    assert len(program.fits) == 1
