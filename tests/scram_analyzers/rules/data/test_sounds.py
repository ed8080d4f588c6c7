"""Numbers that librosa makes of sounds, which are far from 1."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import librosa
import numpy as np
from keras.layers import Dense, Flatten
from keras.models import Sequential
from project import labels, paths

x = []
for path in paths:
    wave, rate = librosa.load(path)
    {made}
x = np.array(x)
{scaled}
model = Sequential([{first}, Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, labels, epochs=20)
"""

COEFFICIENTS = "x.append(np.mean(librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=40).T, axis=0))"
DECIBELS = "x.append(librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=rate), ref=np.max))"
DENSE, FLAT = "Dense(64, activation='relu')", "Flatten()"


@pytest.mark.parametrize(
    ("made", "first"), [(COEFFICIENTS, DENSE), (DECIBELS, FLAT), (DECIBELS.replace(", ref=np.max", ""), FLAT)]
)
def test_sounds_as_they_are(made: str, first: str) -> None:
    assert "input-not-normalized" in said(PROGRAM.format(made=made, first=first, scaled=""))


@pytest.mark.parametrize(
    ("made", "first", "scaled"),
    [
        (COEFFICIENTS, DENSE, "x = (x - x.mean(axis=0)) / x.std(axis=0)"),
        (
            COEFFICIENTS,
            DENSE,
            "from sklearn.preprocessing import StandardScaler\nx = StandardScaler().fit_transform(x)",
        ),
        (COEFFICIENTS, "BatchNormalization()", "from keras.layers import BatchNormalization"),
        (DECIBELS, FLAT, "x = x / 80 + 1"),
        (DECIBELS, FLAT, "x = (x - x.min()) / (x.max() - x.min())"),
    ],
)
def test_sounds_that_are_scaled_or_of_no_known_scale(made: str, first: str, scaled: str) -> None:
    assert "input-not-normalized" not in said(PROGRAM.format(made=made, first=first, scaled=scaled))
