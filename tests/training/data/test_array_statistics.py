import numpy as np
import pytest

from scram_lsp.training.data.array_statistics import batch_statistics, deviation_ratio, first_rows


def only(batch, **consumers):
    (found,) = batch_statistics(batch, consumers)
    return found


def test_range_mean_and_deviation():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 4, 4)
    found = only((pixels,), x="Dense")
    assert (found.role, found.name, found.dtype, found.shape) == ("input", "x", "uint8", (16, 4, 4))
    assert (found.minimum, found.maximum, found.mean, found.consumer) == (0, 255, 127.5, "Dense")
    assert found.deviation == pytest.approx(pixels.std())


def test_values_that_are_not_finite_are_counted_and_left_out():
    found = only(np.array([[1.0, np.nan], [3.0, -np.inf]], dtype=np.float32))
    assert (found.nonfinite, found.minimum, found.maximum, found.mean) == (2, 1.0, 3.0, 2.0)
    nothing = only(np.full((2, 2), np.nan))
    assert (nothing.nonfinite, nothing.minimum) == (4, None)


@pytest.mark.filterwarnings("error")
def test_large_doubles_are_finite():
    assert only(np.array([1e300, -1e300])).nonfinite == 0


def test_names_say_how_to_reach_each_array():
    x = {"image": np.zeros((2, 3)), "meta": [np.zeros(2), np.ones(2)]}
    found = batch_statistics((x, np.ones(2), np.ones(2)), {})
    assert [(each.role, each.name) for each in found] == [
        ("input", "x['image']"),
        ("input", "x['meta'][0]"),
        ("input", "x['meta'][1]"),
        ("target", "y"),
    ]


def test_texts_have_a_shape_and_no_numbers():
    found = only(np.array(["a good film", "a bad one"]))
    assert (found.shape, found.minimum, found.deviation) == ((2,), None, None)


def test_a_missing_target_is_no_array():
    assert [each.role for each in batch_statistics((np.zeros(2), None), {})] == ["input"]


def test_an_empty_batch():
    assert only(np.zeros((0, 4))).mean is None


def test_the_ratio_of_features_leaves_rare_ones_out():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(64, 3)) * [1000.0, 1.0, 0.0]
    rare = np.zeros((64, 1))
    rare[5] = 0.001
    found = only(np.hstack([table, rare]))
    assert found.feature_deviation_ratio == pytest.approx(1000, rel=0.3)
    assert only(np.hstack([table[:, :1], rare])).feature_deviation_ratio is None


def test_the_middle_value_of_a_long_table_is_found_in_a_part_of_its_rows(monkeypatch):
    read = []
    monkeypatch.setattr(np, "median", lambda table, axis: read.append(len(table)) or table[0] * 0)
    assert deviation_ratio(np.random.default_rng(0).normal(size=(5000, 2)) * [1, 8]) == pytest.approx(8, rel=0.1)
    assert read == [500]


def test_a_huge_batch_is_read_in_part():
    huge = np.broadcast_to(np.float32(7.0), (4096, 128, 128))
    found = only(huge)
    assert (found.shape, found.mean, found.deviation) == ((4096, 128, 128), 7.0, 0.0)


@pytest.mark.tensorflow
def test_tensors_of_every_kind():
    import tensorflow as tf

    ragged = tf.ragged.constant([[1.0, 2.0], [3.0]])
    sparse = tf.sparse.from_dense([[0.0, 5.0], [0.0, 0.0]])
    half = tf.cast([[1.0, 60000.0]], tf.bfloat16)
    found = batch_statistics(([ragged, sparse, half, tf.constant(["text"]), tf.constant([True, False])],), {})
    assert [(each.dtype, each.maximum) for each in found] == [
        ("float32", 3.0),
        ("float32", 5.0),
        ("bfloat16", pytest.approx(60000, rel=0.01)),
        ("string", None),
        ("bool", 1.0),
    ]


def test_small_tensors_are_read_whole_and_large_ones_by_their_first_rows() -> None:
    class Tensor:
        """Counts what is cut out of it by the framework."""

        def __init__(self, values: np.ndarray) -> None:
            self.values_read, self.shape, self.cuts = values, values.shape, 0

        def __getitem__(self, rows: slice) -> np.ndarray:
            self.cuts += 1
            return self.values_read[rows]

        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return self.values_read

    small, large = Tensor(np.zeros((64, 3))), Tensor(np.zeros((70_000, 3)))
    assert (first_rows(small, 32).shape, small.cuts) == ((32, 3), 0)
    assert (first_rows(large, 32).shape, large.cuts) == ((32, 3), 1)
