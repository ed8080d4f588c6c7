"""What a program puts into the modules of others, and numbers that only change their type."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.source.programs import program_of


def test_a_model_that_is_kept_in_a_module_is_built_and_trained() -> None:
    program = program_of(
        """
        import tensorflow as tf

        tf.model = tf.keras.Sequential()
        tf.model.add(tf.keras.layers.Dense(1, input_dim=3, activation="sigmoid"))
        tf.model.compile(loss="mse", optimizer="sgd")
        tf.model.fit(x, y)
        """
    )
    (fit,) = program.fits
    assert fit.model is not None
    assert [layer.class_name for layer in fit.model.layers] == ["Dense"]


def test_what_one_branch_put_into_a_module_is_one_of_both() -> None:
    program = program_of(
        """
        import settings
        import keras

        settings.rate = 0.5
        if settings.small:
            settings.rate = 0.25
        keras.optimizers.Adam(settings.rate)
        """
    )
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.value is None


@pytest.mark.parametrize(
    "rate", ["np.float32(0.5)", "tf.constant(0.5, dtype=tf.float32)", "tf.convert_to_tensor(0.5)", "Rates.START.value"]
)
def test_a_number_of_another_type_is_the_same_number(rate: str) -> None:
    program = program_of(
        f"""
        import keras
        import numpy as np
        import tensorflow as tf
        from enum import Enum

        class Rates(Enum):
            START = 0.5

        keras.optimizers.Adam({rate})
        """
    )
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.value == 0.5
