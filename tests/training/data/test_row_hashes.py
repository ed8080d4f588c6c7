import numpy as np

from scram_lsp.training.data import row_hashes
from scram_lsp.training.data.row_hashes import SameRows, same_rows, with_numbered_texts


def images(rows, seed=0):
    return np.random.default_rng(seed).random((rows, 16, 16), dtype=np.float32)


def test_rows_of_the_training_data_in_the_validation_data():
    x = images(300)
    validation = np.concatenate([x[10:40], images(70, seed=1)])
    assert same_rows([x], [np.arange(300)], [validation]) == SameRows(300, 100, 0, 30, 0)


def test_rows_that_differ_in_one_value_are_different():
    x = images(100)
    other = x.copy()
    other[:, 7, 3] += 1
    assert same_rows([x], [], [other]).shared_rows == 0


def test_duplicates_and_conflicting_targets():
    x = np.concatenate([images(50), images(50)[:10]])
    y = np.concatenate([np.arange(50), np.arange(10)])
    assert (same_rows([x], [y], []).duplicate_rows, same_rows([x], [y], []).conflicting_rows) == (10, 0)
    y[50:54] += 1
    assert same_rows([x], [y], []).conflicting_rows == 8


def test_several_inputs_are_one_row_together():
    left, right = np.array([[1], [1], [2]]), np.array([[1.0], [2.0], [1.0]])
    assert same_rows([left, right], [], []).duplicate_rows == 0
    assert same_rows([left], [], []).duplicate_rows == 1


def test_only_a_part_of_many_equal_rows_is_hashed_in_full(monkeypatch):
    monkeypatch.setattr(row_hashes, "MAX_COMPARED_BYTES", 10_000)
    x = images(100)
    assert same_rows([x], [], [x[:50]]).shared_rows == 50


def test_of_very_many_rows_some_are_compared(monkeypatch):
    monkeypatch.setattr(row_hashes, "MAX_ROWS", 100)
    found = same_rows([images(1000)], [np.zeros(1000)], [])
    assert (found.training_rows, found.duplicate_rows, found.conflicting_rows) == (100, 0, 0)


def test_what_cannot_be_compared_is_left_alone():
    texts = np.array(["a", "b"])
    x = np.ones((4, 3))
    assert same_rows([], [], []) == same_rows([texts], [], []) == same_rows([np.zeros(0)], [], []) == SameRows()
    assert same_rows([x], [np.ones(3)], [np.ones((4, 2))]) == SameRows(4, 0, 3, None, None)


def test_texts_are_compared_by_what_they_say():
    texts = np.array([["inland"], ["bay"], ["inland"]])
    numbers = with_numbered_texts(texts.astype(object))
    assert (numbers.dtype, numbers.shape) == (np.int64, (3, 1))
    assert (numbers == with_numbered_texts(texts)).all()
    assert len(np.unique(numbers)) == 2
    assert with_numbered_texts(np.array([None, "bay"], object)).dtype == object
