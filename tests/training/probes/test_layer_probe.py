"""What a probe sees of a model, and that the model does not notice. Runs on any Keras backend."""

from typing import ClassVar

import numpy as np
import pytest

from scram_lsp.training.probes.layer_probe import MAX_SHAPES, LayerProbe

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
layers = keras.layers


def batch(rows=24, columns=6):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, columns)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int32")


def compiled(model, **arguments):
    model.compile(**({"optimizer": "adam", "loss": "sparse_categorical_crossentropy"} | arguments))
    return model


def sequential():
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2", name="hidden"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(2, activation="softmax", name="head"),
        ]
    )


def nested():
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="tanh", name="inside")], name="inner")
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2, activation="softmax", name="head")(inner(x)))


class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(6, activation="relu", name="first")

    def build(self, shape):
        self.first.build(shape)

    def call(self, x):
        return keras.ops.log(self.first(x) * 0)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(name="block")]
        self.head = layers.Dense(2, activation="softmax", name="head")

    def call(self, x):
        return self.head(self.blocks[0](x))


MODELS = {"sequential": sequential, "nested": nested, "subclassed": Subclassed}


def state(model):
    variables = (*model.variables, *model.optimizer.variables, *model.metrics_variables)
    return [np.asarray(keras.ops.convert_to_numpy(each)) for each in variables]


def train(make, with_probe):
    keras.utils.set_random_seed(5)
    model = compiled(make(), metrics=["accuracy"])
    x, y = batch()
    probe = LayerProbe(model)
    for step in range(1, 5):
        if with_probe:
            probe.observe((x, y), step, 1)
        model.train_on_batch(x, y)
    return state(model)


@pytest.mark.parametrize("kind", MODELS)
def test_training_is_the_same_to_the_last_bit(kind):
    plain, probed = train(MODELS[kind], False), train(MODELS[kind], True)
    assert len(plain) == len(probed)
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(plain, probed, strict=True))


def test_nothing_is_left_on_the_model():
    model = compiled(sequential())
    x, y = batch()
    model.train_on_batch(x, y)
    before = [{name: id(value) for name, value in vars(each).items()} for each in model._flatten_layers()]
    values = state(model)
    LayerProbe(model).observe((x, y), 2, 1)
    assert [{name: id(value) for name, value in vars(each).items()} for each in model._flatten_layers()] == before
    after = state(model)
    assert all(np.array_equal(one, other) for one, other in zip(values, after, strict=True))


def test_it_says_what_layers_and_weights_do():
    keras.utils.set_random_seed(1)
    model = compiled(sequential())
    hidden = model.get_layer("hidden")
    kernel, bias = hidden.get_weights()
    bias[:3] = -100.0
    hidden.set_weights([kernel, bias])
    x, y = batch()
    probe = LayerProbe(model)
    record = probe.observe((x, y), 1, 2)
    assert (record.step, record.epoch, record.rows) == (1, 2, 16)
    assert [each.layer for each in record.layers] == ["hidden", "norm", "drop", "head"]
    assert record.layers[0].dead_share == pytest.approx(3 / 8)
    assert record.layers[0].units == 8
    assert record.layers[0].nonfinite == 0
    outputs = np.maximum(x[:16] @ kernel + bias, 0)
    assert record.layers[0].mean == pytest.approx(outputs.mean(), rel=1e-4)
    assert record.layers[0].deviation == pytest.approx(outputs.std(), rel=1e-4)
    assert record.layers[0].maximum == pytest.approx(outputs.max(), rel=1e-4)
    assert record.layers[0].zero_share == pytest.approx((outputs == 0).mean())
    assert record.layers[3].mean == pytest.approx(0.5)
    first = record.weights[0]
    assert (first.weight, first.layer, first.update_ratio) == ("hidden/kernel", "hidden", None)
    assert first.norm == pytest.approx(np.linalg.norm(kernel), rel=1e-5)
    assert first.gradient_norm > 0
    assert record.penalty == pytest.approx(0.01 * np.square(kernel).sum(), rel=1e-4)
    assert record.inference_loss == pytest.approx(model.evaluate(x[:16], y[:16], verbose=0), rel=1e-4)
    assert record.loss != record.inference_loss
    model.train_on_batch(x, y)
    model.train_on_batch(x, y)
    later = probe.observe((x, y), 3, 1).weights[0]
    change = np.linalg.norm(hidden.get_weights()[0] - kernel)
    assert later.update_ratio == pytest.approx(change / 2 / later.norm, rel=1e-3)


def test_layers_inside_models_and_layers_of_the_users_own_are_seen():
    x, y = batch()
    record = LayerProbe(compiled(nested())).observe((x, y), 1, 1)
    assert [each.layer for each in record.layers] == ["inside", "head"]
    assert [(each.weight, each.layer) for each in record.weights][:2] == [
        ("inside/kernel", "inside"),
        ("inside/bias", "inside"),
    ]
    assert record.inference_loss is None
    assert record.penalty is None
    record = LayerProbe(compiled(Subclassed())).observe((x, y), 1, 1)
    assert [each.layer for each in record.layers] == ["first", "block", "head"]
    assert [each.nonfinite for each in record.layers][1:] == [16 * 6, 16 * 2]
    assert record.loss is None  # NaN is no number


def test_a_model_that_can_only_be_built_by_its_first_step_is_seen_from_the_second_on():
    class Picky(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = layers.Dense(2, activation="softmax", name="head")
            self.is_training = False

        def call(self, x):
            if not self.is_training:
                raise ValueError("not yet")
            return self.head(x)

    x, y = batch()
    model = compiled(Picky())
    probe = LayerProbe(model)
    assert probe.observe((x, y), 1, 1) is None
    model.is_training = True
    model.train_on_batch(x, y)
    assert [each.layer for each in probe.observe((x, y), 2, 1).layers] == ["head"]


def test_saturated_units_are_counted():
    model = compiled(
        keras.Sequential([keras.Input((6,)), layers.Dense(4, activation="sigmoid", name="flat")]), loss="mse"
    )
    model.layers[0].set_weights([np.zeros((6, 4), "float32"), np.array([9, -9, 0, 1], "float32")])
    x, _ = batch()
    (seen,) = LayerProbe(model).observe((x, np.zeros((24, 4), "float32")), 1, 1).layers
    assert (seen.units, seen.saturated_share, seen.dead_share) == (4, 0.5, None)


def test_several_inputs_outputs_and_weights_of_samples():
    a, b = keras.Input((6,), name="a"), keras.Input((2,), name="b")
    joined = layers.Concatenate()([a, b])
    outputs = {"one": layers.Dense(1, name="one")(joined), "two": layers.Dense(2, name="two")(joined)}
    model = compiled(keras.Model({"a": a, "b": b}, outputs), loss={"one": "mse", "two": "mae"})
    x, _ = batch()
    inputs = {"a": x, "b": x[:, :2]}
    targets = {"one": x[:, :1], "two": x[:, :2]}
    weights = {"one": np.ones(24, "float32"), "two": np.zeros(24, "float32")}
    record = LayerProbe(model).observe((inputs, targets, weights), 1, 1)
    by_name = {each.weight: each.gradient_norm for each in record.weights}
    assert by_name["one/kernel"] > 0
    assert by_name["two/kernel"] == 0
    model.train_on_batch(inputs, targets)
    assert record.loss > 0


def test_mixed_precision_gradients_are_those_of_the_loss():
    x, y = batch()
    norms = []
    for policy in ("float32", "mixed_float16"):
        keras.utils.set_random_seed(2)
        model = compiled(
            keras.Sequential(
                [
                    keras.Input((6,)),
                    layers.Dense(8, activation="relu", dtype=policy, name="half"),
                    layers.Dense(2, activation="softmax", dtype="float32"),
                ]
            ),
            optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
            if policy == "mixed_float16"
            else "sgd",
        )
        norms.append([each.gradient_norm for each in LayerProbe(model).observe((x, y), 1, 1).weights])
    assert norms[1] == pytest.approx(norms[0], rel=0.02)


def test_a_loss_is_known_only_where_training_uses_it():
    class Own(keras.Sequential):
        def train_step(self, *arguments):
            return {"loss": 0.0}

    model = compiled(Own([keras.Input((6,)), layers.Dense(2, name="head")]))
    seen = LayerProbe(model)
    seen.observe(batch(), 1, 1)
    record = seen.observe(batch(), 2, 1)
    assert record.loss is None
    assert [each.layer for each in record.layers] == ["head"]
    assert [(each.weight, each.gradient_norm) for each in record.weights] == [
        ("head/kernel", None),
        ("head/bias", None),
    ]
    assert record.weights[0].update_ratio == 0  # this step trains nothing


def test_a_frozen_model_is_observed_without_weights():
    model = sequential()
    model.trainable = False
    record = LayerProbe(compiled(model)).observe(batch(), 2, 1)
    assert record.weights == ()
    assert record.loss > 0


def test_new_shapes_are_compiled_a_few_times_only():
    model = compiled(sequential())
    probe = LayerProbe(model)
    assert probe.observe(batch(rows=2), 1, 1) is not None
    probe.trace()
    seen = [probe.observe(batch(rows=rows), 1, 1) is not None for rows in range(2, 3 + MAX_SHAPES)]
    assert seen == [True] * MAX_SHAPES + [False]
    assert probe.observe(batch(rows=2), 2, 1) is not None


class Watched(layers.Dense):
    """A layer of Keras's, as far as its module tells, that notes how it is run."""

    __module__ = "keras.src.layers"
    ways: ClassVar = []

    def call(self, x):
        import tensorflow as tf

        self.ways.append(tf.executing_eagerly())
        return super().call(x)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a pass is traced from the first on, elsewhere")
def test_nothing_is_traced_before_it_is_asked_for_and_the_numbers_are_the_same():
    keras.utils.set_random_seed(1)
    model = compiled(keras.Sequential([keras.Input((6,)), Watched(4, "relu", name="hidden"), layers.Dense(2)]))
    probe = LayerProbe(model)
    Watched.ways.clear()
    first = probe.observe(batch(), 1, 1)
    assert Watched.ways == [True]
    assert probe.can_be_traced
    probe.trace()
    again = probe.observe(batch(), 1, 1)
    assert False in Watched.ways
    assert not probe.can_be_traced
    for one, other in zip(first.layers, again.layers, strict=True):
        assert (one.mean, one.deviation, one.dead_share) == pytest.approx(
            (other.mean, other.deviation, other.dead_share)
        )
    for one, other in zip(first.weights, again.weights, strict=True):
        assert (one.norm, one.gradient_norm) == pytest.approx((other.norm, other.gradient_norm), rel=1e-4)


class Reading(keras.Model):
    """Reads its inputs as they are, or scales one of them itself."""

    def __init__(self, scales=False):
        super().__init__()
        self.flatten = layers.Flatten()
        self.wide, self.head = layers.Dense(4, name="wide"), layers.Dense(2, activation="softmax", name="head")
        self.scales = scales

    def call(self, x):
        hidden = self.flatten(x / 255.0 if self.scales else x)
        return self.head(self.wide(hidden))


@pytest.mark.parametrize(("scales", "readers"), [(False, (("x", "Dense"),)), (True, ())])
def test_which_layer_reads_an_input_as_it_is(scales, readers):
    model = compiled(Reading(scales))
    x, y = batch()
    model.fit(x, y, verbose=0)
    record = LayerProbe(model).observe((x, y), 1, 1)
    assert record.readers == readers
