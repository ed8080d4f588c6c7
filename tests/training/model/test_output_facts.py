import pytest

keras = pytest.importorskip("keras")
layers = keras.layers

from scram_lsp.training.model.output_facts import read_outputs  # noqa: E402


def compiled(model, loss):
    model.compile(loss=loss)
    return model


def test_a_head_behind_an_activation_layer_and_its_loss():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="head"), layers.Activation("softmax"), layers.Dropout(0.1)]
    )
    (output,) = read_outputs(compiled(model, keras.losses.SparseCategoricalCrossentropy(ignore_class=2)))
    assert (output.layer, output.activation, output.units) == ("head", "softmax", 3)
    assert (output.loss, output.from_logits, output.ignored_class) == ("sparse_categorical_crossentropy", False, 2)


@pytest.mark.parametrize(("loss", "delta"), [("huber", 1.0), (keras.losses.Huber(delta=0.3), 0.3), ("mse", None)])
def test_where_the_errors_of_a_huber_loss_are_straight(loss, delta):
    (output,) = read_outputs(compiled(keras.Sequential([keras.Input((4,)), layers.Dense(1)]), loss))
    assert output.delta == delta


def test_logits_and_a_loss_that_knows_them():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    (output,) = read_outputs(compiled(model, keras.losses.BinaryCrossentropy(from_logits=True)))
    assert (output.activation, output.from_logits) == ("linear", True)


def test_two_outputs_with_losses_by_name():
    entry = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(2, activation="tanh", name="deep")], name="inner")
    ends = {"a": layers.Dense(1, activation="sigmoid", name="a")(entry), "b": inner(entry)}
    model = keras.Model(entry, [ends["a"], ends["b"]])
    first, second = read_outputs(compiled(model, ["mse", "mae"]))
    assert (first.layer, first.activation, first.loss) == ("a", "sigmoid", "mean_squared_error")
    assert (second.layer, second.activation, second.loss) == ("deep", "tanh", "mean_absolute_error")


def test_a_custom_loss_on_a_model_without_a_graph():
    class Own(keras.Model):
        def call(self, x):
            return x

    def own_loss(y, prediction):
        return keras.ops.mean(y - prediction)

    (output,) = read_outputs(compiled(Own(), own_loss))
    assert (output.layer, output.activation, output.loss) == (None, None, "own_loss")
