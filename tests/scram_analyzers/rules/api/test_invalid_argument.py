from __future__ import annotations

import importlib
import inspect

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.api.invalid_argument import InvalidArgument
from scram_analyzers.rules.registry import RuleSet

RULES = RuleSet({InvalidArgument.code: InvalidArgument()})


def accepted(cls: type) -> set[str]:
    """The arguments that a class and those it passes `**kwargs` on to take by name."""
    return {
        parameter.name
        for base in cls.__mro__
        if base.__module__.startswith("keras") and "__init__" in vars(base)
        for parameter in list(inspect.signature(base.__init__).parameters.values())[1:]  # type: ignore[misc]
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


@pytest.mark.tensorflow
@pytest.mark.parametrize("package", ["layers", "optimizers", "callbacks"])
def test_what_the_installed_keras_takes_is_not_reported(package: str) -> None:
    module = importlib.import_module(f"keras.{package}")
    inner = {
        "pool_dimensions",
        "pool_mode",
        "rank",
        "baseline",
        "min_delta",
    }  # what bases are given by their subclasses
    calls = [
        f"keras.{package}.{name}({', '.join(f'{each}=value' for each in sorted(accepted(cls) - inner))})"
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and not name.startswith(("_", "Flax", "Jax"))
    ]
    assert len(calls) > 10
    found = analyze_source("import keras\n\nvalue = read()\n" + "\n".join(calls), "train.py", RULES).findings
    assert [each.message for each in found] == []


def test_a_keyword_from_a_dict_is_not_marked() -> None:
    program = "import keras\n\noptions = {'activaton': 'relu'}\nlayer = keras.layers.Dense(3, **options)\n"
    assert analyze_source(program, "train.py", RULES).findings == ()
