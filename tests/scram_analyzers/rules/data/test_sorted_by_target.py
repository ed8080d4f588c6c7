"""Tables that a program sorts by their target before it sets rows aside."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

PROGRAM = """
import keras
import pandas as pd

table = pd.read_csv("measured.csv")
{order}
y = table["broken"]
x = table.drop(columns=["broken"]) / 100
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", ["accuracy"])
model.fit(x, y, epochs=9, validation_split=0.2)
"""


@pytest.mark.parametrize(
    ("order", "sorted_by_target"),
    [
        ('table = table.sort_values("broken")', True),
        ('table = table.sort_values(by=["broken", "age"], ascending=False).reset_index(drop=True)', True),
        ('table = table.sort_values("age")', False),
        ('table = table.sort_values("broken").sample(frac=1)', False),
    ],
)
def test_the_last_rows_of_a_table_sorted_by_its_target_are_unlike_the_rest(order: str, sorted_by_target: bool) -> None:
    findings = analyze_source(PROGRAM.format(order=order), "program.py", RuleSet.default()).findings
    assert any(finding.code == "SCR211" for finding in findings) is sorted_by_target
