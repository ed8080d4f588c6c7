"""Tests of what looks into a model, run again on Keras's other backends where these are installed.

Keras fixes its backend when it is imported, so each has a process of its own. XLA compiles every model anew, which
takes minutes for all of those tests (`KERAS_BACKEND=jax pytest tests/training/probes tests/training/nonfinite`), so
here are the few that use what differs between backends: gradients, the state of a run, replay, random numbers.

torch is no dependency of the tests: on Linux pip brings gigabytes for GPUs with it. Once a build of torch for CPUs is
installed beside the rest, these run.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LAYERS, ORIGINS = "probes/test_layer_probe.py", "nonfinite/test_flight_recorder.py"
OF_ONE_BACKEND = {"torch": ["model/test_torch_modules.py", "test_torch_steps.py"]}
TESTS = [
    f"{LAYERS}::test_training_is_the_same_to_the_last_bit[nested]",
    f"{LAYERS}::test_layers_inside_models_and_layers_of_the_users_own_are_seen",
    f"{ORIGINS}::test_training_is_the_same_to_the_last_bit[regression]",
    f"{ORIGINS}::test_a_loss[False]",
    f"{ORIGINS}::test_an_input[inf-False]",
    f"{ORIGINS}::test_a_derivative",
]


@pytest.mark.tensorflow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_layers_are_probed_and_nan_is_traced(backend):
    for package in ("keras", backend):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *TESTS,
        *OF_ONE_BACKEND.get(backend, []),
    ]
    environment = os.environ | {"KERAS_BACKEND": backend}
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:]
