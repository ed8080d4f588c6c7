"""Rates that a scheduler's function works out for each epoch."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

RISING = """
import keras
import matplotlib.pyplot as plt
from project import x, y

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
rising = keras.callbacks.LearningRateScheduler(lambda epoch: {rate})
story = model.fit(x, y, epochs=100, callbacks=[rising], validation_split=0.2)
{drawn}
"""


@pytest.mark.parametrize(
    ("rate", "drawn", "is_found"),
    [
        ("1e-4 * 1.2**epoch", "plt.plot(story.history['loss'])", True),
        ("1e-4 * 1.2**epoch", "plt.semilogx(story.history['learning_rate'], story.history['loss'])", False),
        ("1e-4 * 1.2**epoch", "plt.plot(story.history['lr'], story.history['loss'])\nplt.xscale('log')", False),
        ("1e-4 * 10 ** (epoch / 20)", "plt.plot(story.history['loss'])", False),
        ("0.5 * 0.9**epoch", "plt.semilogx(story.history['lr'], story.history['loss'])", True),
    ],
)
def test_a_rate_that_rises_to_be_drawn_against_the_loss_is_looked_for(rate: str, drawn: str, is_found: bool) -> None:
    text = RISING.format(rate=rate, drawn=drawn)
    names = [each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings]
    assert ("learning-rate-too-high" in names) is is_found
