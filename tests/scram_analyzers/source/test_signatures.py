from __future__ import annotations

import importlib
import inspect

import pytest

from scram_analyzers.source.keras_api.signatures import signatures

PACKAGES = ("layers", "optimizers", "losses", "metrics", "callbacks")


@pytest.mark.tensorflow
def test_the_table_is_that_of_the_installed_keras() -> None:
    keras = importlib.import_module("keras")
    compared = 0
    for name, parameters in signatures().items():
        package, _, last = name.removeprefix("keras.").partition(".")
        thing = getattr(getattr(keras, package, None), last, None)
        if package not in PACKAGES or not inspect.isclass(thing):
            continue
        found = [
            each.name
            for each in list(inspect.signature(thing.__init__).parameters.values())[1:]
            if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        ]
        shared = min(len(found), len(parameters), 4)
        assert list(parameters[:shared]) == found[:shared], name
        compared += 1
    assert compared > 150
