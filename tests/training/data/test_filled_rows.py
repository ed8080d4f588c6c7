"""Rows that were filled up with zeros to one length are told from tables and pictures that hold zeros."""

import numpy as np
import pytest

from scram_lsp.training.data.filled_rows import filled_share


def texts(where: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 500, (200, 20))
    for row, length in zip(rows, rng.integers(5, 30, 200), strict=True):
        if length < 20 and where == "behind":
            row[length:] = 0
        elif length < 20:
            row[: 20 - length] = 0
    return rows


@pytest.mark.parametrize("where", ["behind", "before"])
def test_texts_of_different_lengths(where: str) -> None:
    rows = texts(where)
    assert filled_share(rows) == pytest.approx((rows == 0).any(axis=1).mean())
    assert filled_share(rows.astype("float32")[..., np.newaxis]) == filled_share(rows)


def test_what_is_no_text() -> None:
    rng = np.random.default_rng(0)
    counts, measured = rng.integers(0, 9, (200, 20)), rng.normal(size=(200, 20))
    pictures = np.pad(rng.integers(0, 256, (200, 6, 6)), ((0, 0), (1, 1), (1, 1))).reshape(200, 64)
    for fine in (counts, measured, pictures, texts("behind")[:, :4], -texts("behind")):
        assert filled_share(fine) is None
