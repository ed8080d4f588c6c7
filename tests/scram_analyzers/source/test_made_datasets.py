"""Data that scikit-learn makes up, against scikit-learn itself."""

from __future__ import annotations

import numpy as np
import pytest

from scram_analyzers.source.data import Data
from tests.scram_analyzers.source.programs import program_of

CALLS = [
    "make_blobs()",
    "make_blobs(50, 3, centers=4)",
    "make_blobs([5, 6, 7, 8])",
    "make_circles(60)",
    "make_classification(200)",
    "make_classification(n_samples=200, n_features=12, n_classes=4, n_informative=8)",
    "make_friedman1()",
    "make_friedman2(30)",
    "make_friedman3()",
    "make_gaussian_quantiles(n_samples=90)",
    "make_hastie_10_2(40)",
    "make_moons(20)",
    "make_multilabel_classification()",
    "make_regression(30, 7)",
    "make_regression(30, n_targets=2)",
    "make_s_curve(25)",
    "make_sparse_uncorrelated()",
    "make_swiss_roll(25)",
]


@pytest.mark.parametrize("call", CALLS)
def test_what_is_known_of_made_data_is_true(call: str) -> None:
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    x, y = eval(f"made.{call}", {"made": sklearn_datasets})  # one of the calls above
    known_x, known_y = known(call)
    assert known_x.shape is None or matches(known_x.shape, x)
    assert known_y.shape is None or matches(known_y.shape, y)
    if known_y.classes is not None:
        assert set(np.unique(y)) == set(range(known_y.classes))
        assert known_y.range is not None
        assert (known_y.range.low, known_y.range.high) == (np.min(y), np.max(y))


def test_classes_that_the_source_tells_are_counted() -> None:
    assert known("make_blobs(50, centers=4)")[1].classes == 4
    assert known("make_blobs(somewhere)")[1].classes is None
    assert known("make_classification(**settings)")[1].classes is None


def matches(shape: tuple[int | None, ...], array: np.ndarray) -> bool:
    return len(shape) == array.ndim and all(size in (None, real) for size, real in zip(shape, array.shape, strict=True))


def known(call: str) -> tuple[Data, Data]:
    (fit,) = program_of(
        f"""
        import keras
        from sklearn import datasets

        x, y = datasets.{call}
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """
    ).fits
    assert fit.inputs is not None
    assert fit.targets is not None
    return fit.inputs, fit.targets
