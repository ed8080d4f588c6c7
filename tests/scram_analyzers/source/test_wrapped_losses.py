"""Losses of a program's own that are one of Keras's in other clothes."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet
from tests.scram_analyzers.source.programs import program_of

PROGRAM = """
import keras
import tensorflow as tf
from functools import partial
from keras import backend as K
from keras.losses import categorical_crossentropy

{defined}
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="{activation}")])
model.compile("adam", loss={loss})
"""

WRAPPED = {
    "lambda": ("", "lambda y, p: categorical_crossentropy(y, p)", False),
    "function": (
        "def own(y, p):\n    return keras.losses.categorical_crossentropy(y, p, from_logits=True)",
        "own",
        True,
    ),
    "mean of a name": (
        "def own(y, p):\n    each = categorical_crossentropy(y_true=y, y_pred=p)\n    return tf.reduce_mean(each)",
        "own",
        False,
    ),
    "backend": ("def own(y, p):\n    return K.categorical_crossentropy(y, p)", "own", False),
    "cast labels": ("def own(y, p):\n    return categorical_crossentropy(tf.cast(y, 'float32'), p)", "own", False),
    "function of TensorFlow": (
        "def own(y, p):\n    return tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=p)",
        "own",
        True,
    ),
    "made by a function": (
        "def make(smooth):\n    def own(y, p):\n        return categorical_crossentropy(y, p, from_logits=True, "
        "label_smoothing=smooth)\n    return own",
        "make(0.1)",
        True,
    ),
    "object": (
        "judge = keras.losses.CategoricalCrossentropy(from_logits=True)\ndef own(y, p):\n    return judge(y, p)",
        "own",
        True,
    ),
    "class": (
        "class Own(keras.losses.Loss):\n    def call(self, y, p):\n        return categorical_crossentropy(y, p)",
        "Own()",
        False,
    ),
    "partial": ("", "partial(categorical_crossentropy, from_logits=True)", True),
    "asked for by name": ("", 'keras.losses.get("categorical_crossentropy")', False),
}


@pytest.mark.parametrize(("defined", "loss", "from_logits"), WRAPPED.values(), ids=WRAPPED.keys())
def test_a_loss_that_hands_on_what_it_is_given_is_known(defined: str, loss: str, from_logits: bool) -> None:
    (compiled,) = program_of(PROGRAM.format(defined=defined, loss=loss, activation="softmax")).compiles
    (known,) = compiled.losses
    assert (known.name, known.from_logits) == ("categorical_crossentropy", from_logits)


@pytest.mark.parametrize(
    "body",
    [
        "return categorical_crossentropy(tf.one_hot(y, 3), p)",
        "return categorical_crossentropy(y, tf.nn.softmax(p))",
        "return categorical_crossentropy(y, p) + 0.1 * K.sum(p)",
        "return categorical_crossentropy(p, y)",
        "p = K.clip(p, 0.01, 0.99)\n    return categorical_crossentropy(y, p)",
        "loss = categorical_crossentropy(y, p)\n    loss *= mask(y)\n    return loss",
        "each = K.mean(each)\n    return each",
        "if K.ndim(y) > 1:\n        return categorical_crossentropy(y, p)\n    return K.mean(p)",
    ],
)
def test_a_loss_that_does_more_is_its_own(body: str) -> None:
    (compiled,) = program_of(
        PROGRAM.format(defined=f"def own(y, p):\n    {body}", loss="own", activation="softmax")
    ).compiles
    (known,) = compiled.losses
    assert known.name is None
    assert known.function is not None


def test_the_call_within_is_what_is_to_be_changed() -> None:
    defined = "def own(y, p):\n    return categorical_crossentropy(y, p, from_logits=True)"
    text = textwrap.dedent(PROGRAM.format(defined=defined, loss="own", activation="softmax"))
    (finding,) = (
        each for each in analyze_source(text, "train.py", RuleSet.default()).findings if each.code == "SCR402"
    )
    line = text.splitlines()[finding.range.start.line - 1]
    assert line == "    return categorical_crossentropy(y, p, from_logits=True)"
