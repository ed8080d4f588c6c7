"""Programs of Keras 3 in the ways of PyTorch and JAX: their datasets, and models called with their variables."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.test_data_collected_in_lists import said

LOADED = """
import keras
import torch
from keras import layers
from torch.utils.data import DataLoader, TensorDataset

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
{scaling}
dataset = TensorDataset(torch.from_numpy(x_train).float(), torch.tensor(y_train))
loader = DataLoader(dataset, batch_size=64, shuffle=True)
model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
model.compile("adam", "{loss}", metrics=["accuracy"])
model.fit(loader, epochs=10)
"""
STATELESS = """
import jax
import keras
from keras import layers

model = keras.Sequential([keras.Input((20,)), layers.Dense(64, activation="relu"), layers.Dense(3)])
loss_of = keras.losses.SparseCategoricalCrossentropy({options})

def compute(trained, others, x, y):
    predicted, others = model.stateless_call(trained, others, x, training=True)
    return loss_of(y, predicted), others

gradients = jax.value_and_grad(compute, has_aux=True)
"""


@pytest.mark.parametrize(
    ("scaling", "loss", "told"),
    [
        ("x_train = x_train / 255.0", "sparse_categorical_crossentropy", set()),
        ("", "sparse_categorical_crossentropy", {"input-not-normalized"}),
        ("x_train = x_train / 255.0", "categorical_crossentropy", {"label-encoding-mismatch"}),
    ],
)
def test_arrays_that_reach_training_through_pytorch(scaling: str, loss: str, told: set[str]) -> None:
    found = set(said(LOADED.format(scaling=scaling, loss=loss)))
    assert found & {"input-not-normalized", "label-encoding-mismatch", "dataset-not-shuffled"} == told


@pytest.mark.parametrize(("options", "told"), [("from_logits=True", False), ("", True)])
def test_a_model_called_with_its_variables(options: str, told: bool) -> None:
    assert ("logits-without-from-logits" in said(STATELESS.format(options=options))) is told
