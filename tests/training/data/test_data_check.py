import numpy as np
import pytest

from scram_analyzers.run.records import LabelForm
from scram_lsp.training.data import whole_arrays
from scram_lsp.training.data.data_check import check_data
from scram_lsp.training.data.whole_arrays import describe_array


def table(rows=200, columns=4):
    return np.random.default_rng(3).normal(size=(rows, columns))


def test_training_and_validation_arrays():
    x, y = table(), np.arange(200) % 3
    record = check_data({"x": x, "y": y, "validation_data": (x[:50], y[:50]), "shuffle": True}, {"x": "Dense"})
    assert [(each.part, each.role, each.name, each.rows) for each in record.arrays] == [
        ("training", "input", "x", 200),
        ("training", "target", "y", 200),
        ("validation", "input", "x", 50),
        ("validation", "target", "y", 50),
    ]
    inputs, targets = record.array("training", "input"), record.array("training", "target")
    assert (inputs.dtype, inputs.columns, inputs.consumer, inputs.nonfinite) == ("float64", 4, "Dense", 0)
    assert inputs.mean == pytest.approx(x.mean())
    assert (targets.label_form, targets.classes[0]) == (LabelForm.CLASS_INDICES, (0.0, 67))
    assert (record.shared_rows, record.duplicate_rows, record.is_shuffled) == (50, 0, True)


def test_the_part_that_validation_split_takes_off():
    x, y = table(), np.repeat([0, 1], 100)
    arguments = {"x": x[:150], "y": y[:150], "validation_data": (x[150:], y[150:], None), "validation_split": 0.25}
    target = check_data(arguments, {}).array("training", "target")
    assert (target.classes, target.last_classes) == (((0.0, 100), (1.0, 50)), ((1.0, 50),))


def test_one_of_several_targets_that_is_a_column_of_the_inputs():
    x, kinds = table(), np.arange(200) % 3
    record = check_data({"x": x, "y": {"kind": kinds, "size": 3 * x[:, 2] - 1}}, {})
    assert record.target_columns == ("x[:, 2]",)
    assert check_data({"x": x, "y": {"kind": kinds, "size": x[:, 2] * x[:, 1]}}, {}).target_columns == ()
    copied = {"x": x, "y": [kinds, x]}  # what an autoencoder is to give back
    assert check_data(copied, {}).target_columns == ()


def test_bad_values_and_constant_columns():
    x = table()
    x[7, 1] = np.nan
    x[9] = np.inf
    x[:, 2] = 5.0
    x[9, 2] = 5.0
    array = describe_array("training", "input", "x", x)
    assert (array.nonfinite, array.nonfinite_rows, array.constant_columns) == (4, 2, (2,))
    assert np.isfinite(array.maximum)


def test_how_far_targets_of_several_columns_lie_from_the_means_of_these():
    y = table() * [1.0, 2.0, 3.0, 4.0] + [0.0, 50.0, 100.0, 150.0]
    assert describe_array("training", "target", "y", y).column_deviation == pytest.approx(np.sqrt(y.var(axis=0).mean()))
    assert describe_array("training", "target", "y", y[:, 0]).column_deviation is None
    assert describe_array("training", "input", "x", y).column_deviation is None


def test_a_large_array_is_sampled_but_searched_for_bad_values_in_full(monkeypatch):
    monkeypatch.setattr(whole_arrays, "MAX_VALUES", 100)
    x = table(1000)
    x[501, 3] = np.nan
    x[:, 0] = 1.0
    x[:, 1] = 2.0
    x[500, 1] = 3.0
    array = describe_array("training", "input", "x", x)
    assert (array.rows, array.rows_read, array.nonfinite, array.nonfinite_rows) == (1000, 25, 1, 1)
    assert array.constant_columns == (0,)


def test_sums_that_overflow_are_no_bad_values():
    huge = np.full((4, 3), 3e38, np.float32)
    assert describe_array("training", "input", "x", huge).nonfinite == 0


def test_several_inputs_weights_and_texts():
    x = {"image": np.zeros((6, 4, 4), np.uint8), "text": np.array(["a", "b", "c", "a", "d", "e"])}
    arguments = {"x": x, "y": np.zeros(6), "sample_weight": np.ones(6), "class_weight": None}
    record = check_data(arguments, {})
    assert [(each.role, each.name, each.dtype) for each in record.arrays] == [
        ("input", "x['image']", "uint8"),
        ("input", "x['text']", "<U1"),
        ("target", "y", "float64"),
        ("weight", "sample_weight", "float64"),
    ]
    assert record.has_sample_weight
    assert not record.has_class_weight
    assert record.duplicate_rows == 1


def test_generators_say_nothing_and_no_data_is_none():
    assert check_data({"x": (each for each in ()), "y": None}, {}) is None
    assert check_data({}, {}) is None


@pytest.mark.tensorflow
def test_what_a_dataset_declares():
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((8, 3), np.uint8), np.zeros(8))).batch(4)
    record = check_data({"x": dataset, "shuffle": True}, {"x": "Dense"})
    inputs, _ = record.arrays
    assert (inputs.dtype, inputs.shape, inputs.rows, inputs.consumer) == ("uint8", (None, 3), None, "Dense")
    assert record.is_shuffled is None


@pytest.mark.tensorflow
def test_tensors_and_frames():
    tf, pandas = pytest.importorskip("tensorflow"), pytest.importorskip("pandas")
    for x in (tf.constant(table()), pandas.DataFrame(table())):
        array = check_data({"x": x, "y": None}, {}).array("training", "input")
        assert (array.rows, array.columns) == (200, 4)


def test_class_weights_are_kept_with_their_labels():
    x, y = np.zeros((4, 2)), np.array([0, 0, 0, 1])
    assert check_data({"x": x, "y": y, "class_weight": {1: 3, 0: 0.5}}, {}).class_weights == ((0.0, 0.5), (1.0, 3.0))
    assert check_data({"x": x, "y": y, "class_weight": "balanced"}, {}).class_weights == ()


def test_stretches_of_labels_where_fit_does_not_shuffle():
    x, labels = table(), np.repeat([2, 0, 1, 0], 50)
    for y in (labels, labels[:, None], np.eye(3)[labels]):
        assert check_data({"x": x, "y": y, "shuffle": False}, {}).label_stretches == 4
    assert check_data({"x": x, "y": labels, "shuffle": True}, {}).label_stretches is None
    assert check_data({"x": x, "shuffle": False}, {}).label_stretches is None


def test_a_measurement_of_a_series_that_never_changes():
    series = np.random.default_rng(0).normal(size=(50, 20, 3)).astype("float32")
    series[:, :, 1] = 65.0
    (array,) = check_data({"x": series}, {}).arrays
    assert (array.columns, array.constant_columns) == (3, (1,))
    (pictures,) = check_data({"x": np.zeros((50, 8, 8), "float32")}, {}).arrays
    assert (pictures.columns, pictures.constant_columns) == (None, ())
