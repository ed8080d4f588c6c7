"""Modules of torch's own within a Keras model: looked into as Keras's layers are, and left as they were."""

import numpy as np
import pytest

from scram_lsp.training.model.model_pass import predict
from scram_lsp.training.model.model_values import current_values
from scram_lsp.training.probes.layer_probe import LayerProbe

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
if keras.backend.backend() != "torch":
    pytest.skip("Keras runs on another backend here", allow_module_level=True)
torch = pytest.importorskip("torch")


class Recurrent(torch.nn.Module):
    """Its weights are in a list too, and it writes into a tensor that is no buffer."""

    def __init__(self):
        super().__init__()
        self.cells = torch.nn.LSTM(3, 4, batch_first=True)
        self.mean, self.calls = torch.zeros(4), 0

    def forward(self, x):
        self.calls += 1
        last = self.cells(x.reshape(-1, 2, 3))[0][:, -1]
        self.mean.mul_(0.9).add_(last.detach().mean(0))
        return last


def normalized():
    return torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Dropout(0.3))


def model_of(module):
    keras.utils.set_random_seed(5)
    wrap = keras.layers.TorchModuleWrapper(module(), output_shape=(None, 4), name="wrap")
    model = keras.Sequential([keras.Input((6,)), wrap, keras.layers.Dense(2, activation="softmax", name="head")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def batch():
    x = np.random.default_rng(3).normal(size=(24, 6)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int32")


def state(model):
    module = model.layers[0].module
    tensors = [*module.state_dict().values(), *(parameter.grad for parameter in module.parameters())]
    kept = [getattr(module, "mean", None), getattr(module, "calls", None), *(each.training for each in model.modules())]
    return [*model.get_weights(), *tensors, torch.get_rng_state()], kept


@pytest.mark.parametrize("module", [normalized, Recurrent])
def test_training_is_the_same_to_the_last_bit(module):
    def train(with_probe):
        model, (x, y) = model_of(module), batch()
        probe = LayerProbe(model)
        for step in range(1, 5):
            if with_probe:
                assert probe.observe((x, y), step, 2) is not None
            model.train_on_batch(x, y)
        return state(model)

    (plain, plain_kept), (probed, probed_kept) = train(False), train(True)
    assert all(np.array_equal(one, other) for one, other in zip(plain, probed, strict=True))
    assert str(plain_kept) == str(probed_kept)


@pytest.mark.parametrize("module", [normalized, Recurrent])
def test_weights_have_their_gradients(module):
    record = LayerProbe(model_of(module)).observe(batch(), 1, 1)
    assert [each.layer for each in record.layers] == ["wrap", "head"]
    assert all(each.gradient_norm is not None for each in record.weights)


@pytest.mark.parametrize("module", [normalized, Recurrent])
def test_it_computes_with_the_values_that_are_handed_to_it(module):
    model, (x, _) = model_of(module), batch()
    values = current_values(model)
    own = predict(model, values.trainable, values.others, x)
    other = predict(model, [torch.zeros_like(each) for each in values.trainable], values.others, x)
    assert np.allclose(other.detach(), 0.5)
    assert not np.allclose(own.detach(), 0.5)
