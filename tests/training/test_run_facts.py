from datetime import datetime, timezone

import pytest

from scram_lsp.training.places.call_site import CallSite
from scram_lsp.training.run_facts import chance_loss, input_consumers, new_run_id, read_run_info

pytestmark = pytest.mark.tensorflow
NOW = datetime(2026, 11, 21, 14, 2, 33, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def info_of(model, tmp_path, **arguments):
    params = {"epochs": 5, "steps": 10, "verbose": 0}
    return read_run_info(model, params, CallSite(tmp_path / "train.py", 12, arguments), NOW)


def test_ids_sort_by_time_and_differ():
    first, second = new_run_id(NOW), new_run_id(NOW)
    assert first.startswith("20261121-140233-")
    assert len(first) == 20
    assert first != second


def test_what_the_rules_need_is_read_from_the_model(keras, tmp_path):
    import numpy as np

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.L1L2(0.02, 0.5)),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax", name="head"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy())
    info = info_of(model, tmp_path, x=np.zeros((320, 28, 28)), validation_data=(1, 2))
    assert (info.script, info.fit_line, info.started) == (
        str(tmp_path / "train.py"),
        12,
        "2026-11-21T14:02:33+00:00",
    )
    assert info.optimizer is not None
    assert (info.optimizer.name, info.optimizer.learning_rate) == ("Adam", pytest.approx(0.01))
    assert info.losses == ("sparse_categorical_crossentropy",)
    assert (info.classes, info.training_samples, info.has_validation) == (10, 320, True)
    assert chance_loss(info) == pytest.approx(2.302585)
    flatten, dense, dropout, head = info.layers
    assert (flatten.class_name, dense.units, dense.activation, dense.regularized) == ("Flatten", 64, "relu", True)
    assert (dropout.rate, head.name, head.regularized) == (0.4, "head", False)
    assert (dense.penalty, dense.rate, dropout.penalty, head.penalty) == (0.5, None, None, None)
    assert info.parameters == 784 * 64 + 64 + 64 * 10 + 10


def test_a_schedule_has_no_single_rate(keras, tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)
    model.compile(keras.optimizers.SGD(schedule), "mse")
    info = info_of(model, tmp_path)
    assert info.optimizer is not None
    assert (info.optimizer.name, info.optimizer.learning_rate) == ("SGD", None)
    assert info.losses == ("mean_squared_error",)


def test_an_unbuilt_subclass_and_several_losses(keras, tmp_path):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Net()
    model.compile("adam", ["mse", keras.losses.BinaryCrossentropy()])
    info = info_of(model, tmp_path)
    assert info.losses == ("mean_squared_error", "binary_crossentropy")
    assert (info.parameters, info.classes) == (None, None)
    assert input_consumers(model) == {}


def test_an_inner_model_counts_with_its_layers(keras, tmp_path):
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dropout(0.2)])
    model = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    layers = info_of(model, tmp_path).layers
    assert [(layer.class_name, layer.rate) for layer in layers] == [("Dense", None), ("Dropout", 0.2), ("Dense", None)]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda k: [k.layers.Dense(2)], "Dense"),
        (lambda k: [k.layers.Flatten(), k.layers.Dropout(0.1), k.layers.Dense(2)], "Dense"),
        (lambda k: [k.layers.Rescaling(1 / 255), k.layers.Dense(2)], "Rescaling"),
        (lambda k: [k.layers.BatchNormalization(), k.layers.Dense(2)], "BatchNormalization"),
        (lambda k: [k.layers.Embedding(10, 2), k.layers.Dense(2)], "Embedding"),
        (lambda k: [k.layers.Embedding(10, 2, mask_zero=True), k.layers.GRU(2)], "Embedding"),
        (lambda k: [k.Sequential([k.Input((4,)), k.layers.Rescaling(0.1), k.layers.Dense(2)])], "Rescaling"),
    ],
)
def test_the_first_layer_that_changes_the_input(keras, build, expected):
    model = keras.Sequential([keras.Input((4,)), *build(keras)])
    assert input_consumers(model) == {"x": expected}


def test_consumers_of_named_inputs_and_of_operations(keras):
    image, meta = keras.Input((4,), name="image"), keras.Input((3,), name="meta")
    scaled = keras.layers.Dense(2)(image / 255.0)
    output = keras.layers.Concatenate()([scaled, keras.layers.Dense(2)(meta)])
    model = keras.Model({"image": image, "meta": meta}, output)
    assert input_consumers(model) == {"x['image']": "TrueDivide", "x['meta']": "Dense"}
    listed = keras.Model([image, meta], output)
    by_name = {"x['image']": "TrueDivide", "x['meta']": "Dense"}
    assert input_consumers(listed) == {"x[0]": "TrueDivide", "x[1]": "Dense", **by_name}


def test_inputs_that_are_put_side_by_side_first(keras):
    numbers, kind = keras.Input((3,), name="numbers"), keras.Input((1,), name="kind")
    rows = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(kind))
    model = keras.Model([numbers, kind], keras.layers.Dense(1)(keras.layers.Concatenate()([numbers, rows])))
    assert input_consumers(model)["x['numbers']"] == "Dense"
    assert input_consumers(model)["x['kind']"] == "Embedding"


def test_an_input_with_two_kinds_of_readers_is_not_judged(keras):
    x = keras.Input((4,))
    output = keras.layers.Add()([keras.layers.Dense(4)(x), keras.layers.Rescaling(0.1)(x)])
    assert input_consumers(keras.Model(x, output)) == {}
