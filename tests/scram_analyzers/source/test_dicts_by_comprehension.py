"""Dicts that comprehensions make, and arrays of which each value is the larger of two."""

from __future__ import annotations

from scram_analyzers.source.data import Interval
from tests.scram_analyzers.source.programs import program_of


def test_inputs_in_a_dict_are_those_of_the_model() -> None:
    program = program_of(
        """
        import keras

        inputs = {name: keras.Input((1,), name=name) for name in ["age", "fare"]}
        joined = keras.layers.concatenate(list(inputs.values()))
        model = keras.Model(inputs, keras.layers.Dense(1)(joined))
        model.compile("adam", "mse")
        model.fit({"age": [[30], [40]], "fare": [[7], [70]]}, [1, 2])
        """
    )
    assert [each.data.range for each in program.fits[-1].feeds] == [Interval(30, 40), Interval(7, 70)]


def test_a_rate_out_of_a_dict_made_of_pairs() -> None:
    program = program_of(
        """
        import keras

        rates = {name: rate for name, rate in [("slow", 0.01), ("fast", 0.8)]}
        keras.optimizers.Adam(rates["fast"])
        """
    )
    assert program.optimizers[-1].learning_rate.value == 0.8


def test_masks_laid_over_each_other_keep_the_range_of_their_pixels() -> None:
    program = program_of(
        """
        import cv2
        import keras
        import numpy as np
        from project import files, photos

        mask = np.zeros((64, 64))
        for file in files:
            mask = np.maximum(mask, cv2.imread(file, cv2.IMREAD_GRAYSCALE))
        model = keras.Sequential([keras.layers.Conv2D(1, 1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(photos, mask)
        """
    )
    targets = program.fits[-1].targets
    assert targets is not None
    assert targets.range == Interval(0, 255)


def test_columns_in_a_dict_are_those_of_their_table() -> None:
    program = program_of(
        """
        import keras
        import pandas as pd
        import tensorflow as tf

        table = pd.read_csv("hearts.csv")
        answers = table.pop("target")
        columns = {name: column.values[:, None] for name, column in table.items()}
        rows = tf.data.Dataset.from_tensor_slices((dict(columns), answers)).batch(32)
        halves = {name: column.values / 2 for name, column in table.items()}
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(rows)
        model.fit(halves, answers)
        """
    )
    first, second = program.fits
    assert first.inputs is not None
    assert first.inputs.is_table
    assert second.inputs is None
