"""Series that are scaled as a whole, and then cut."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

PROGRAM = """
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler

prices = MinMaxScaler().fit_transform(pd.read_csv("prices.csv")[["Close"]].values)
{rows}
x, y = [], []
for day in range(len({days}) - 70):
    stretch = {days}[day : day + 70]
    x.append(stretch[:60])
    y.append(stretch[60:])
model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(10)])
model.compile(optimizer="adam", loss="mse")
model.fit(np.array(x), np.array(y)[:, :, 0], epochs=20)
"""


@pytest.mark.parametrize("cut", ["-200", "1000", "cut"])
def test_cut_by_a_name_or_a_number(cut: str) -> None:
    rows = f"cut = 900\nearly, late = prices[:{cut}], prices[{cut}:]"
    assert "scaler-fitted-before-split" in said(PROGRAM.format(rows=rows, days="early"))


@pytest.mark.parametrize("past", ["60", "past"])
def test_stretches_of_a_series_that_are_parted_into_past_and_future(past: str) -> None:
    program = PROGRAM.replace("stretch[:60]", f"stretch[:{past}]").replace("stretch[60:]", f"stretch[{past}:]")
    assert "scaler-fitted-before-split" not in said(program.format(rows="past = 60", days="prices"))
