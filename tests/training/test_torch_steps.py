"""What a step on torch is seen to do, where that differs from other backends."""

import numpy as np
import pytest

from scram_lsp import ScramCallback
from scram_lsp.training.batches.batch_rows import copied
from scram_lsp.training.data.stream_columns import ROWS, StreamColumns

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
if keras.backend.backend() != "torch":
    pytest.skip("Keras runs on another backend here", allow_module_level=True)
torch = pytest.importorskip("torch")


def test_a_tensor_that_the_next_step_writes_into_is_kept_as_it_was():
    tensor = torch.zeros(3)
    kept = copied({"x": (tensor, None)})
    tensor += 1
    assert kept["x"][0].tolist() == [0, 0, 0]


def test_a_batch_of_a_loader_that_holds_its_target():
    seen, x = StreamColumns(), torch.randn(ROWS, 4)
    seen.look(x, 3 * x[:, 1])
    assert seen.columns == ("x[:, 1]",)


class OwnStep(keras.Sequential):
    """Its step logs the mean of the losses of an epoch, as Keras's does."""

    def __init__(self, *layers):
        super().__init__(layers)
        self.mean, self.losses_seen = keras.metrics.Mean(name="loss"), []

    def train_step(self, data):
        x, y = data
        self.zero_grad()
        loss = keras.ops.mean((self(x, training=True)[:, 0] - y) ** 2)
        loss.backward()
        with torch.no_grad():
            self.optimizer.apply([each.value.grad for each in self.trainable_weights], self.trainable_weights)
        self.mean.update_state(loss)
        self.losses_seen.append(float(loss.detach()))
        return {"loss": self.mean.result()}


def test_of_means_that_a_step_of_the_programs_own_logs_each_steps_loss_is_told(project, histories):
    model = OwnStep(keras.Input((3,)), keras.layers.Dense(1))
    model.compile("sgd")
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    project.fit(model, x, x[:, 0] * 3, batch_size=16, epochs=2, verbose=0, callbacks=[ScramCallback(quiet=True)])
    assert [each.loss for each in histories[0].steps] == pytest.approx(model.losses_seen, rel=1e-4)
