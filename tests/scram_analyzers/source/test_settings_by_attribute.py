"""Settings that stand behind a name with dots, and functions that call others."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.source.programs import layer_names, program_of


def rate_of(text: str) -> float | None:
    """The learning rate of the last optimizer."""
    return program_of(text).optimizers[-1].learning_rate.value


@pytest.mark.parametrize(
    "lines",
    [
        "import argparse\nc = argparse.Namespace(rate=0.8)",
        "from easydict import EasyDict as edict\nc = edict()\nc.rate = 0.8",
        "from easydict import EasyDict\nb = EasyDict({'net': {'rate': 0.8}})\nc = b.net",
        "from munch import Munch\nc = Munch(rate=0.1)\nc.update(rate=0.8)",
        "from ml_collections import config_dict\nc = config_dict.ConfigDict()\nc['rate'] = 0.8",
        "from collections import namedtuple\nP = namedtuple('P', 'units rate')\nc = P(3, 0.8)",
        "import collections\nP = collections.namedtuple('P', ['units', 'rate'], defaults=(0.8,))\nc = P(3)",
        "import dataclasses\n@dataclasses.dataclass\nclass P:\n    units: int\n    rate: float = 1\nc = P(3, 0.8)",
        "from dataclasses import dataclass, field\n@dataclass\nclass P:\n    rate: float = field(default=0.8)\nc = P()",
        "class P(dict):\n    def __getattr__(self, name): return self[name]\nc = P(rate=0.8)",
        "class P:\n    def __init__(self, **k): self.__dict__.update(k)\nc = P(rate=0.8)",
        "class P:\n    def __init__(self, **k): vars(self).update(k)\nc = P(rate=0.8)",
        "class P:\n    def __init__(self, **k):\n        for n, v in k.items(): setattr(self, n, v)\nc = P(rate=0.8)",
        "class P:\n    @classmethod\n    def of(cls, r):\n        c = cls()\n        c.rate = r\n        return c\n"
        "c = P.of(0.8)",
        "import keras as c\nc.rate = 0.8",
        "import wandb\nwandb.init(config={'rate': 0.8})\nc = wandb.config",
        "import wandb\nrun = wandb.init(config=dict(rate=0.8))\nc = run.config",
        "import wandb\nwandb.init()\nc = wandb.config\nc.rate = 0.8",
        "from absl import flags\nflags.DEFINE_float('rate', 0.8, 'how fast')\nc = flags.FLAGS",
        "import tensorflow as tf\nc = tf.app.flags.FLAGS\ntf.app.flags.DEFINE_float('rate', 0.8, 'how fast')",
    ],
)
def test_a_setting_is_followed_to_its_value(lines: str) -> None:
    assert rate_of(f"import keras\n{lines}\nkeras.optimizers.Adam(c.rate)\n") == 0.8


@pytest.mark.parametrize(
    "lines",
    [
        "s = dict(rate=1)\ns |= {'rate': 0.8}",
        "s = {'rate': 1} | {'rate': 0.8}",
        "from easydict import EasyDict\ns = EasyDict(rate=0.8)",
    ],
)
def test_a_setting_is_followed_to_an_entry(lines: str) -> None:
    assert rate_of(f"import keras\n{lines}\nkeras.optimizers.Adam(s['rate'])\n") == 0.8
    assert rate_of(f"import keras\n{lines}\nkeras.optimizers.Adam(**{{'learning_rate': s.get('rate')}})\n") == 0.8


@pytest.mark.parametrize("option", ["@click.option('--rate', default=0.8)", "@click.option('-r', 'rate', default=0.8)"])
def test_the_default_of_an_option_is_assumed(option: str) -> None:
    program = program_of(f"import click, keras\n{option}\ndef run(rate):\n    keras.optimizers.Adam(rate)\nrun()\n")
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.value == 0.8
    assert optimizer.learning_rate.assumed


def test_what_was_put_on_a_module_in_one_branch_alone_is_not_certain() -> None:
    lines = (
        "import keras\nkeras.rate = 0.1\nif keras.asked():\n    keras.rate = 0.8\nkeras.optimizers.Adam(keras.rate)\n"
    )
    assert rate_of(lines) is None


def test_a_function_put_in_the_place_of_another_is_taken_for_it() -> None:
    lines = "import numpy as np\nold = np.load\nnp.load = lambda *a: old(*a, allow_pickle=True)\nx = np.load('x.npy')\n"
    assert "numpy.load" in [call.name for call in program_of(lines).calls]


def test_layers_come_from_map_and_reduce() -> None:
    program = program_of(
        """
        import keras
        from functools import reduce

        stack = [*map(lambda n: keras.layers.Dense(n), [8, 4]), keras.layers.Dropout(0.5)]
        inputs = keras.Input((3,))
        model = keras.Model(inputs, reduce(lambda x, layer: layer(x), stack, inputs))
        model.compile("adam", "mse")
        """
    )
    assert layer_names(program) == ["Dense", "Dense", "Dropout"]
