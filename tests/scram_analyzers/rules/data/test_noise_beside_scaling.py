"""Pictures with noise, which moves no scale."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import cv2
import numpy as np
from keras.layers import Conv2D
from keras.models import Sequential
from project import paths

clean = np.stack([cv2.resize(cv2.imread(path), (64, 64)) for path in paths]) / 255
noisy = clean + np.random.normal(0, 0.1, clean.shape)
model = Sequential([Conv2D(32, 3, padding="same", activation="relu"), Conv2D(3, 3, padding="same")])
model.compile("adam", "mse")
model.fit({x}, clean, epochs=20)
print(model.predict(cv2.resize(cv2.imread("photo.png"), (64, 64))[None] / {divisor}))
"""


@pytest.mark.parametrize(
    ("x", "divisor", "apart"), [("noisy", "255", False), ("clean", "255", False), ("clean * 2 - 1", "255", True)]
)
def test_noise_on_both_sides_of_zero(x: str, divisor: str, apart: bool) -> None:
    assert ("scaling-mismatch" in said(PROGRAM.format(x=x, divisor=divisor))) is apart
