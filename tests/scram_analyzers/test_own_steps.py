"""Own losses, layers, training steps, batch loops and generators, of statements at random: no rule fails, none hangs.

A name may be worked out of itself, two names out of each other, and a step be read many times by the next.
"""

from __future__ import annotations

import sys
import textwrap
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet, rule_classes

ALL_RULES = RuleSet.build({rule.code for rule in rule_classes()})
MAX_CALLS = 4_000_000  # a program of forty lines takes 0.05 to 0.8 million

HEAD = """
import keras, numpy as np, tensorflow as tf
from keras import backend as K, layers
from project import flag, x, y
a, b, c = x, y, 2
def f(q): return q
data = tf.data.Dataset.from_tensor_slices((x, y))
model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
judge = keras.Sequential([layers.Dense(1, activation="sigmoid")])
optimizer, error = keras.optimizers.Adam(1e-3), keras.losses.MeanSquaredError()
"""
PLACES = {
    "loss": """
        def own(a, b):
            c = b - a
            {body}
            return b
        model.compile("adam", own, metrics=[own])
        model.fit(x, y)
    """,
    "tape": """
        for a, b in data:
            with tf.GradientTape() as tape:
                c = tf.stop_gradient(model(a, training=True))
                {body}
                c = error(b, c)
            grads = tape.gradient(c, model.trainable_variables)
            optimizer.apply_gradients(zip(grads, model.trainable_variables))
    """,
    "two tapes": """
        @tf.function
        def step(a, b):
            with tf.GradientTape() as one, tf.GradientTape() as two:
                c = judge(model(a))
                {body}
                b = error(tf.ones_like(a), judge(a)) + error(tf.zeros_like(c), c) + b
            optimizer.apply_gradients(zip(one.gradient(c, model.trainable_variables), model.trainable_variables))
            optimizer.apply_gradients(zip(two.gradient(b, judge.trainable_variables), judge.trainable_variables))
        for a, b in data:
            step(a, b)
    """,
    "train_step": """
        class Own(keras.Model):
            def train_step(self, data):
                a, b = data
                with tf.GradientTape() as tape:
                    c = self.compute_loss(y=b, y_pred=self(a))
                    {body}
                grads = tape.gradient(c, self.trainable_weights)
                self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
                return {{"loss": c}}
        own = Own()
        own.compile("adam", "mse")
        own.fit(x, y)
    """,
    "call": """
        class Own(layers.Layer):
            def call(self, a, training=None):
                b = c = a
                {body}
                return c
        model.add(Own())
        model.compile("adam", "mse")
        model.fit(x, y)
    """,
    "batches": """
        judge.compile("adam", "binary_crossentropy")
        judge.trainable = False
        both = keras.Sequential([model, judge])
        both.compile("adam", "binary_crossentropy")
        for epoch in range(9):
            a = model.predict(x)
            {body}
            b = judge.train_on_batch(a, np.zeros((32, 1)))
            c = both.train_on_batch(x, np.ones((32, 1)))
    """,
    "generator": """
        def rows():
            a, b, c = x, y, 0
            while True:
                {body}
                yield a, b
        model.compile("adam", "mse")
        model.fit(rows(), steps_per_epoch=3)
    """,
}
NAMES = st.sampled_from(["a", "b", "c", "d"])
FUNCTIONS = st.sampled_from(
    ["f", "K.mean", "tf.reduce_sum", "tf.stop_gradient", "tf.ones_like", "judge", "model", "abs"]
)
VALUES = st.recursive(
    st.one_of(NAMES, st.sampled_from(["x", "1.0", "255", "flag", "f", "model", "judge(a)", "y[0]"])),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/@"), inner),
        st.builds(
            "{}({})".format, st.sampled_from(["f", "K.mean", "tf.stop_gradient", "np.array", "model", "abs"]), inner
        ),
        st.builds("tf.{}({}, {})".format, st.sampled_from(["add", "where", "concat", "maximum"]), inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}[{}]".format, inner, st.sampled_from(["0", ":, 0", "...", "a"])),
        st.builds("({} if flag else {})".format, inner, inner),
        st.builds("(lambda a: {})({})".format, inner, inner),
        st.builds("[{} for a in {}]".format, inner, inner),
        st.builds("{}.{}".format, inner, st.sampled_from(["shape", "numpy()", "mean()", "T", "trainable"])),
    ),
    max_leaves=5,
)
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, VALUES),
    st.builds("{0} = {0} + {0} * {1}".format, NAMES, VALUES),
    st.builds("{0} = {1}({0})".format, NAMES, FUNCTIONS),
    st.builds("{}, {} = {}, {}".format, NAMES, NAMES, VALUES, VALUES),
    st.builds("{} += {}".format, NAMES, VALUES),
    st.builds("{}[0] = {}".format, NAMES, VALUES),
    st.builds("{}.append({})".format, NAMES, VALUES),
    st.builds("print({})".format, VALUES),
    st.builds("f = lambda q: f({})".format, VALUES),
)


def _block(head: str, lines: list[str]) -> str:
    return head + "\n" + textwrap.indent("\n".join(lines), "    ")


HEADS = [
    "if flag:",
    "for a in b:",
    "while c:",
    "for i in range(3):",
    "with tf.GradientTape() as inner:",
    "def f(a, b=1):",
]
STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.builds(_block, st.sampled_from(HEADS), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=4,
)


class TooMuch(BaseException):
    """More calls than the analysis of such a program takes; no `Exception`, which a rule's guard would keep."""


def codes_within_bounds(text: str) -> set[str]:
    calls = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"
        if calls > MAX_CALLS:
            raise TooMuch(text)

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        return {each.code for each in analyze_source(text, "train.py", ALL_RULES).findings}
    finally:
        sys.setprofile(before)


def program(place: str, statements: list[str]) -> str:
    whole = textwrap.dedent(PLACES[place])
    (line,) = (each for each in whole.splitlines() if "{body}" in each)
    body = textwrap.indent("\n".join(statements), line[: line.index("{")])
    return HEAD + whole.replace(line, body).replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=25)
@given(statements=st.lists(STATEMENTS, min_size=1, max_size=12))
def test_statements_at_random_neither_fail_nor_hang_a_rule(place: str, statements: list[str]) -> None:
    assert "SCR901" not in codes_within_bounds(program(place, statements))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_name_that_is_worked_out_of_itself_once(place: str, name: str) -> None:
    for line in ("{0} = K.mean({0})", "{0} = {0} + judge(model(a))", "{0} = tf.ones_like({0})", "{0} = [{0}, {0}]"):
        assert "SCR901" not in codes_within_bounds(program(place, [line.format(name)]))


CHAINS = {
    "names of themselves": "c = c + c * 0.5\nb = K.mean(b)\na = a * 2",
    "the last step twice": "s{next} = s{this} + s{this}",
    "two of each other": "s{next}, t{next} = t{this} + s{this}, s{this} - t{this}",
    "calls": "s{next} = tf.add(f(s{this}), f(s{this}))",
    "functions": "f{next} = lambda q: f{this}(q) + f{this}(q)",
    "branches": "if flag:\n    c = c + c\nelse:\n    c = c * c",
    "lists": "s{next} = [s{this}, s{this}]",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_of_steps_takes_no_more_than_a_step_of_it_each(place: str, chain: str) -> None:
    lines = [CHAINS[chain].format(this=step, next=step + 1) for step in range(40)]
    statements = ["s0 = t0 = c", "f0 = f", *lines, "c = c + s40 + f40(c)"]
    assert "SCR901" not in codes_within_bounds(program(place, statements))
