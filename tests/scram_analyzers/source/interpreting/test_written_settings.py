"""Settings that a program holds as a text, or hands to a class as a dict."""

import pytest

from tests.scram_analyzers.source.programs import program_of

MODEL = 'model = keras.Sequential([keras.layers.Dense(3)])\nmodel.compile(keras.optimizers.Adam({}), "mse")\n'


@pytest.mark.parametrize("reading", ["json.loads", "ast.literal_eval"])
def test_numbers_of_a_text(reading: str) -> None:
    text = """{"optimizer": {"rates": [0.5, 0.1]}}"""
    rate = 'settings["optimizer"]["rates"][0]'
    source = f"import ast, json, keras\nsettings = {reading}('{text}')\n" + MODEL.format(rate)
    optimizer = program_of(source).compiles[0].optimizer
    assert optimizer is not None
    assert optimizer.learning_rate.value == 0.5


@pytest.mark.parametrize("text", ["{", "[1", "nothing"])
def test_a_text_that_is_no_such_thing_tells_nothing(text: str) -> None:
    source = f"import json, keras\nrate = json.loads('{text}')\n" + MODEL.format("rate")
    optimizer = program_of(source).compiles[0].optimizer
    assert optimizer is not None
    assert optimizer.learning_rate.value is None


def test_a_layer_of_its_settings() -> None:
    source = """
        import keras
        layer = keras.layers.Dense.from_config({"units": 4, "activation": "relu"})
        model = keras.Sequential([layer])
        model.compile("adam", "mse")
        """
    model = program_of(source).compiles[0].model
    assert model is not None
    assert [(each.class_name, sorted(each.arguments.keywords)) for each in model.layers] == [
        ("Dense", ["activation", "units"])
    ]
