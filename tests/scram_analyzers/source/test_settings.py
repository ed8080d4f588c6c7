"""Learning rates that come from settings as people keep them, and rates that are set later."""

from __future__ import annotations

import textwrap

import pytest

from tests.scram_analyzers.source.programs import program_of

KEPT = {
    "namespace": """
        import argparse
        rate = argparse.Namespace(rate=0.25).rate
        """,
    "namespace of a dict in a dict": """
        from easydict import EasyDict
        settings = EasyDict({"training": {"rate": 0.25}})
        rate = settings.training["rate"]
        """,
    "namespace that gave one of its settings away": """
        from easydict import EasyDict
        settings = EasyDict({"rate": 0.25, "size": 32})
        settings.pop("size")
        settings.setdefault("rate", 0.5)
        rate = settings.rate
        """,
    "named tuple": """
        from collections import namedtuple
        Settings = namedtuple("Settings", "rate, size")
        rate = Settings(0.25, size=32).rate
        """,
    "fields by position": """
        from dataclasses import dataclass
        @dataclass
        class Settings:
            size: int
            rate: float = 0.5
        rate = Settings(32, 0.25).rate
        """,
    "field with a default": """
        from dataclasses import dataclass, field
        @dataclass
        class Settings:
            rate: float = field(default=0.25)
        rate = Settings().rate
        """,
    "flags": """
        from absl import flags
        FLAGS = flags.FLAGS
        flags.DEFINE_float("rate", 0.25, "the learning rate")
        rate = FLAGS.rate
        """,
    "flags of TensorFlow 1": """
        import tensorflow as tf
        tf.app.flags.DEFINE_float("rate", 0.25, "the learning rate")
        rate = tf.app.flags.FLAGS.rate
        """,
    "tracked run": """
        import wandb
        wandb.init(config={"rate": 0.25})
        rate = wandb.config.rate
        """,
    "tracked run by its object": """
        import wandb
        run = wandb.init(config=dict(rate=0.25))
        rate = run.config["rate"]
        """,
    "merged dicts": """
        rate = ({"rate": 0.5} | {"rate": 0.25})["rate"]
        """,
    "put in where nothing was": """
        settings = {}
        settings.setdefault("rate", 0.25)
        rate = settings["rate"]
        """,
    "configuration of an optimizer": """
        import keras
        rate = keras.optimizers.get({"class_name": "adam", "config": {"learning_rate": 0.25}}).learning_rate
        """,
    "variable": """
        import tensorflow as tf
        rate = tf.Variable(0.25, trainable=False)
        """,
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT.keys())
def test_a_rate_out_of_settings_is_known(kept: str) -> None:
    program = program_of(textwrap.dedent(kept) + "import keras\nkeras.optimizers.SGD(rate)\n")
    optimizer = next(each for each in program.optimizers if each.class_name == "SGD")
    assert optimizer.learning_rate.value == 0.25


@pytest.mark.parametrize(
    "main",
    [
        '@click.command()\n@click.option("--rate", default=0.25)\ndef main(rate):',
        '@click.command()\n@click.option("-r", "--rate", type=float, default="0.25")\ndef main(rate=None):',
        "app = typer.Typer()\n@app.command()\ndef main(rate: float = typer.Option(0.25)):",
    ],
)
def test_the_options_of_a_command_have_their_defaults(main: str) -> None:
    program = program_of(f"import click\nimport keras\nimport typer\n{main}\n    keras.optimizers.SGD(rate)\n")
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.value == 0.25
    assert optimizer.learning_rate.assumed


def test_fields_that_nobody_knows_keep_a_default_that_may_be_another() -> None:
    program = program_of(
        """
        import keras
        from dataclasses import dataclass

        @dataclass
        class Settings:
            rate: float = 0.25

        keras.optimizers.SGD(Settings(**given()).rate)
        """
    )
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.assumed


@pytest.mark.parametrize(
    "change",
    [
        "optimizer.learning_rate = 0.25",
        "optimizer.lr = 0.25",
        "optimizer.learning_rate.assign(0.25)",
        "keras.backend.set_value(optimizer.lr, 0.25)",
        "model.optimizer.learning_rate = 0.25",
        "model.optimizer.lr.assign(0.25)",
        "keras.backend.set_value(model.optimizer.learning_rate, 0.25)",
    ],
)
@pytest.mark.parametrize("given", ["optimizer", '"sgd"'])
def test_a_rate_that_is_set_later_is_noted(change: str, given: str) -> None:
    program = program_of(
        f"""
        import keras

        optimizer = keras.optimizers.SGD(0.01)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile({given}, "mse")
        {change}
        """
    )
    (rate,) = program.rates_set
    assert rate.optimizer.class_name == "SGD"
    assert getattr(rate.value, "value", None) == 0.25


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        ("keras.optimizers.schedules.PiecewiseConstantDecay([100], [0.25, 0.1])", 0.25),
        ("Own(0.25)", 0.25),
        ("Own(unknown)", None),
    ],
)
def test_a_schedule_begins_with_its_first_rate(schedule: str, first: float | None) -> None:
    program = program_of(
        f"""
        import keras

        class Own(keras.optimizers.schedules.LearningRateSchedule):
            def __init__(self, highest):
                self.highest = highest

            def __call__(self, step):
                return self.highest if step < 100 else self.highest / 10

        keras.optimizers.SGD({schedule})
        """
    )
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.value == first
    assert optimizer.learning_rate.schedule is not None
