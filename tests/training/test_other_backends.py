"""The tests of what looks into a model, run again on Keras's other backends where these are installed.

Keras fixes its backend when it is imported, so each has a process of its own.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = ["test_layer_probe.py", "test_flight_recorder.py"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_layers_are_probed_and_nan_is_traced(backend):
    for package in ("keras", backend):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *FILES]
    environment = os.environ | {"KERAS_BACKEND": backend}
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:]
