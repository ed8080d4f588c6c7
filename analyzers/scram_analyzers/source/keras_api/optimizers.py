"""What is known of Keras optimizers by class name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BY_STRING: Mapping[str, str] = MappingProxyType(
    {
        "adadelta": "Adadelta",
        "adafactor": "Adafactor",
        "adagrad": "Adagrad",
        "adam": "Adam",
        "adamax": "Adamax",
        "adamw": "AdamW",
        "ftrl": "Ftrl",
        "lamb": "Lamb",
        "lion": "Lion",
        "muon": "Muon",
        "nadam": "Nadam",
        "rmsprop": "RMSprop",
        "sgd": "SGD",
    }
)
"""Class names by the string that `compile` accepts, in lower case."""

DEFAULT_LEARNING_RATE: Mapping[str, float] = MappingProxyType(
    {"SGD": 0.01} | {name: 0.001 for name in BY_STRING.values() if name != "SGD"}
)
"""What Keras 3 takes when the program gives no learning rate."""

TENSORFLOW_OPTIMIZERS: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow.train.AdamOptimizer": "Adam",
        "tensorflow.compat.v1.train.AdamOptimizer": "Adam",
        "tensorflow.train.GradientDescentOptimizer": "SGD",
        "tensorflow.compat.v1.train.GradientDescentOptimizer": "SGD",
        "tensorflow.train.RMSPropOptimizer": "RMSprop",
        "tensorflow.compat.v1.train.RMSPropOptimizer": "RMSprop",
    }
)
"""TensorFlow's own optimizers that Keras models were compiled with."""
