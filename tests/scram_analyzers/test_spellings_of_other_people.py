"""Faults in spellings that were read past for a long time, and healthy twins that differ in the one thing."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize(("lines", "wrong"), [("", True), ("normalize.adapt(numbers)", False)])
def test_a_lookup_that_is_adapted_says_nothing_of_a_normalization(lines: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from keras import layers

        table = pd.read_csv("patients.csv")
        numbers, words, y = table[["age", "bmi"]].values, table["work"].values, table["ill"].values
        lookup = layers.StringLookup(output_mode="one_hot")
        lookup.adapt(words)
        normalize = layers.Normalization()
        {lines}
        first, second = keras.Input((2,)), keras.Input((1,), dtype="string")
        x = layers.concatenate([normalize(first), lookup(second)])
        model = keras.Model([first, second], layers.Dense(1, activation="sigmoid")(x))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit([numbers, words], y, epochs=20, validation_split=0.2)
    """
    assert ("input-not-normalized" in said(text)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("", True), (" / 255", False)])
@pytest.mark.parametrize("inputs", ["images.input", "images.inputs[0]"])
def test_what_goes_into_the_input_of_a_sequential_model_is_followed(inputs: str, scale: str, wrong: bool) -> None:
    text = f"""
        import cv2
        import keras
        import numpy as np
        from keras import layers

        def picture(parts):
            out = np.zeros((64, 64, 3), dtype="uint8")
            tiles = [cv2.resize(cv2.imread(part), (32, 32)) for part in parts]
            out[0:32, 0:32] = tiles[0]
            out[0:32, 32:64] = tiles[1]
            return out

        x = np.array([picture(parts) for parts in read()]){scale}
        images = keras.Sequential([layers.Conv2D(8, 3, input_shape=(64, 64, 3)), layers.ReLU(), layers.Flatten()])
        sizes = keras.Input((3,))
        head = layers.Dense(1)(layers.concatenate([images.output, sizes]))
        model = keras.Model([{inputs}, sizes], head)
        model.compile("adam", "mse")
        model.fit([x, table], y, epochs=30, validation_split=0.2)
    """
    assert ("input-not-normalized" in said(text)) is wrong
