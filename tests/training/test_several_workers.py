"""Training spread over devices and over processes: found once, by the first, and the same weights."""

import json
import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow

PREAMBLE = """
import numpy as np, tensorflow as tf
from scram_lsp import ScramCallback
rng = np.random.default_rng(0)
x, y = (rng.random((128, 6)) * 255).astype("float32"), rng.integers(0, 2, 128)

def weights_of(keras, strategy, callbacks):
    keras.utils.set_random_seed(1)
    with strategy.scope():
        hidden, head = keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2, activation="softmax")
        model = keras.Sequential([keras.Input((6,)), hidden, head])
        model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(16), epochs=1, verbose=0, callbacks=callbacks)
    return model.get_weights()
"""

ON_TWO_DEVICES = """
import keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
plain, watched = (
    weights_of(keras, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), callbacks)
    for callbacks in ([], [ScramCallback()])
)
print("same:", all(np.array_equal(one, other) for one, other in zip(plain, watched)))
"""

ON_TWO_WORKERS = """
strategy = tf.distribute.MultiWorkerMirroredStrategy()
import tf_keras
plain, watched = (weights_of(tf_keras, strategy, callbacks) for callbacks in ([], [ScramCallback()]))
print("same:", all(np.array_equal(one, other) for one, other in zip(plain, watched)))
"""


def start(project, text, **environment):
    project.script.write_text(PREAMBLE + text)
    return subprocess.Popen(
        [sys.executable, project.script],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process):
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return out, [line for line in error.splitlines() if line.startswith("scram")]


def free_ports():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_two_devices(project):
    out, lines = said(start(project, ON_TWO_DEVICES))
    assert "same: True" in out
    assert sum("SCR201" in line for line in lines) == 1
    assert project.codes.count("SCR201") == 1


def test_two_workers_speak_once(project):
    pytest.importorskip("tf_keras")  # Keras 3 does not train under this strategy
    workers = [f"127.0.0.1:{port}" for port in free_ports()]
    cluster = {"cluster": {"worker": workers}, "task": {"type": "worker"}}
    processes = []
    for index in range(2):
        cluster["task"]["index"] = index
        processes.append(start(project, ON_TWO_WORKERS, TF_CONFIG=json.dumps(cluster)))
    (first_out, first), (second_out, second) = map(said, processes)
    assert "same: True" in first_out
    assert "same: True" in second_out
    assert second == []
    assert "of the batches and of the weights are off" in first[0]
    assert any("watched 8 steps" in line for line in first)
    assert [status for status, _ in project.runs] == ["finished"]
