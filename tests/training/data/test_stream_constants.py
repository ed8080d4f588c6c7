"""Columns of streams that never change."""

from __future__ import annotations

import numpy as np

from scram_lsp.training.data.stream_constants import StreamConstants


def test_a_column_is_constant_until_a_row_has_another_value() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(64, 4)).astype("float32")
    rows[:, 2] = 7.0
    seen = StreamConstants(32)
    seen.look({"table": rows, "text": np.array([["a"], ["b"]])})
    (table,) = seen.inputs
    assert (table.name, table.columns, table.constant_columns, table.rows_read) == ("x['table']", 4, (2,), 32)
    rows[3, 2] = 7.5
    seen.look({"table": rows})
    assert seen.inputs == ()


def test_a_measurement_of_a_series_is_a_column_and_a_pixel_is_none() -> None:
    series = np.random.default_rng(0).normal(size=(16, 24, 2))
    series[..., 0] = 0.0
    seen = StreamConstants(32)
    seen.look(series)
    seen.look(series[:, :20])
    assert [(each.constant_columns, each.rows_read) for each in seen.inputs] == [((0,), 32)]
    pictures = StreamConstants(32)
    pictures.look(np.zeros((16, 28, 28, 1)))
    assert pictures.inputs == ()


def test_batches_of_other_forms_are_left_alone() -> None:
    seen = StreamConstants(32)
    seen.look(np.ones((16, 3)))
    seen.look(np.ones((16, 5)))
    seen.look(np.ones((16, 3)))
    assert seen.inputs == ()
