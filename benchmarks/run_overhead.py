"""What watching a run costs: step by step against the same training without us, in one process.

    python benchmarks/run_overhead.py [--model NAME ...] [--steps N] [--jit yes|no|both] [--soak STEPS]

Every arm is a `fit` of its own copy of a model, in a thread of its own; a gate in front of the train function lets one
arm at a time take one step, in a new random order each round. So a slow moment of the machine strikes all arms alike,
and the steps are compared in pairs. The arm `plain again` has no callback either: its distance from 1 is the noise.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WARM_STEPS = 20
"""Steps left out of the comparison: they trace, compile and settle."""

STEPS_PER_EPOCH = 50
START_STEPS = 20
START_PAIRS = 3
SOAK_REPORTS = 10

SLOWEST = 3
"""So many of each arm's slowest steps are told below its table."""


@dataclass(frozen=True)
class Workload:
    """A model and its data: `make` returns an uncompiled model, inputs and targets."""

    name: str
    batch: int
    make: Callable[[int], tuple[Any, Any, Any]]


@dataclass
class Lane:
    """One arm's gate: the arm waits at `go`, the scheduler at `ready`. Times are of single steps, in seconds."""

    arm: str
    go: threading.Event = field(default_factory=threading.Event)
    ready: threading.Event = field(default_factory=threading.Event)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    waited: float = 0.0
    model: Any = None
    error: BaseException | None = None
    is_done: bool = False
    _begin: tuple[float, float] | None = None

    def enter(self) -> None:
        """Called before each step: the step before is over, the next waits for its turn."""
        self._close()
        self.ready.set()
        begin = time.perf_counter()
        self.go.wait()
        self.go.clear()
        self.waited += time.perf_counter() - begin
        self._begin = time.perf_counter(), time.process_time()

    def clock(self) -> float:
        """Seconds of this arm's own: those in which others had their turn are left out."""
        return time.perf_counter() - self.waited

    def leave(self) -> None:
        """Called when fit is over."""
        self._close()
        self.is_done = True
        self.ready.set()

    def _close(self) -> None:
        if self._begin is not None:
            self.wall.append(time.perf_counter() - self._begin[0])
            self.cpu.append(time.process_time() - self._begin[1])


def dense(rows: int) -> tuple[Any, Any, Any]:
    import keras
    import numpy as np

    layers = keras.layers
    hidden = [layers.Dense(1024, activation="relu"), layers.Dropout(0.2, seed=1), layers.Dense(1024, activation="relu")]
    model = keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(10, activation="softmax")])
    source = np.random.default_rng(0)
    return model, source.random((rows, 784), "float32"), source.integers(0, 10, rows)


def convolutional(rows: int) -> tuple[Any, Any, Any]:
    import keras
    import numpy as np

    layers = keras.layers
    stack = [
        layers.Conv2D(24, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Conv2D(48, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.3, seed=1),
    ]
    model = keras.Sequential([keras.Input((32, 32, 3)), *stack, layers.Dense(10, activation="softmax")])
    source = np.random.default_rng(0)
    return model, source.random((rows, 32, 32, 3), "float32"), source.integers(0, 10, rows)


def recurrent(rows: int) -> tuple[Any, Any, Any]:
    import keras
    import numpy as np

    layers = keras.layers
    stack = [layers.LSTM(96, return_sequences=True), layers.LSTM(96), layers.Dropout(0.2, seed=1)]
    model = keras.Sequential([keras.Input((28, 28)), *stack, layers.Dense(10, activation="softmax")])
    source = np.random.default_rng(0)
    return model, source.random((rows, 28, 28), "float32"), source.integers(0, 10, rows)


def attention(rows: int) -> tuple[Any, Any, Any]:
    import keras
    import numpy as np

    layers = keras.layers
    ids = keras.Input((64,), dtype="int32")
    x = layers.Embedding(2000, 64)(ids)
    for _ in range(2):
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 16, dropout=0.1, seed=1)(x, x))
        x = layers.LayerNormalization()(x + layers.Dense(64)(layers.Dense(128, activation="gelu")(x)))
    model = keras.Model(ids, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    source = np.random.default_rng(0)
    return model, source.integers(0, 2000, (rows, 64)).astype("int32"), source.integers(0, 2, rows)


def tiny(rows: int) -> tuple[Any, Any, Any]:
    import keras
    import numpy as np

    layers = keras.layers
    stack = [layers.Dense(16, activation="relu"), layers.Dense(1)]
    source = np.random.default_rng(0)
    return keras.Sequential([keras.Input((8,)), *stack]), source.random((rows, 8), "float32"), source.random(rows)


WORKLOADS = {
    each.name: each
    for each in (
        Workload("dense", 256, dense),
        Workload("convolutional", 64, convolutional),
        Workload("recurrent", 64, recurrent),
        Workload("attention", 32, attention),
        Workload("tiny", 32, tiny),
    )
}


def arms(folder: Path, *, jit: bool) -> dict[str, Callable[[], list[Any]]]:
    """The callbacks of each arm, by its name; XLA can't compile what check_numerics puts in."""
    import inspect

    import keras

    from scram_lsp import ScramCallback

    made: dict[str, Callable[[], list[Any]]] = {
        "plain": list,
        "plain again": list,
        "empty callback": lambda: [keras.callbacks.Callback()],
        "scram": lambda: [ScramCallback(quiet=True)],
    }
    if _has_tensorboard():
        if "tensorboard" in inspect.signature(ScramCallback).parameters:
            made["scram + TensorBoard"] = lambda: [ScramCallback(quiet=True, tensorboard=str(folder / "ours"))]  # type: ignore[call-arg,unused-ignore]
        made["TensorBoard, histograms"] = lambda: [
            keras.callbacks.TensorBoard(str(folder / "theirs"), histogram_freq=1, write_graph=False)
        ]
    if not jit:
        made["check_numerics"] = list
    return made


def _has_tensorboard() -> bool:
    import importlib.util

    return importlib.util.find_spec("tensorboard") is not None


def compare(workload: Workload, *, jit: bool, steps: int, seed: int) -> list[Lane]:
    """Train every arm for `steps` steps in step with the others."""
    order = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="scram-overhead-") as folder:
        lanes = []
        for arm, callbacks in arms(Path(folder), jit=jit).items():
            lane = Lane(arm)
            threading.Thread(target=_fit, args=(lane, workload, callbacks(), jit, steps), daemon=True).start()
            lane.ready.wait()  # traced one after the other: Keras makes models for one thread at a time
            if lane.error is not None:
                raise lane.error
            lanes.append(lane)
        while not all(lane.is_done for lane in lanes):
            for lane in order.sample(lanes, len(lanes)):
                if lane.is_done:
                    continue
                lane.ready.clear()
                lane.go.set()
                lane.ready.wait()
                if lane.error is not None:
                    raise lane.error
    return lanes


def without_autotune() -> None:
    """Turn TensorFlow's tuning of the data off, for every arm.

    At an epoch's end its thread is at times not woken, and the fit waits until that wakes by itself: up to 41 s were
    seen, in plain arms as in ours. With several fits in one process that struck most of them.
    """
    import tensorflow as tf
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    tuned = ArrayDataAdapter.get_tf_dataset

    def untuned(adapter: Any) -> Any:
        options = tf.data.Options()
        options.autotune.enabled = False
        return tuned(adapter).with_options(options)

    ArrayDataAdapter.get_tf_dataset = untuned


def _fit(lane: Lane, workload: Workload, callbacks: list[Any], jit: bool, steps: int) -> None:
    import keras
    import tensorflow as tf

    from scram_lsp.training import run_recorder
    from scram_lsp.training.budget import Budget

    # By the time of all arms together, a watch could take several times its share of its own.
    vars(run_recorder)["Budget"] = functools.partial(Budget, clock=lane.clock)
    try:
        if lane.arm == "check_numerics":
            tf.debugging.enable_check_numerics()  # of this thread only
        keras.utils.set_random_seed(7)
        model, x, y = workload.make(workload.batch * STEPS_PER_EPOCH)
        loss = "mse" if model.output_shape[-1] == 1 else "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=jit)
        model.make_train_function()
        original = model.train_function

        @functools.wraps(original)  # it is to pass for Keras's own: others are not looked into
        def gated(iterator: Any) -> Any:
            lane.enter()
            return original(iterator)

        model.train_function = gated
        lane.model = model
        epochs = -(-steps // STEPS_PER_EPOCH)
        model.fit(x, y, batch_size=workload.batch, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)
    except BaseException as error:
        lane.error = error
    finally:
        lane.leave()


def report(workload: Workload, jit: bool, lanes: Sequence[Lane]) -> None:
    """One table: each arm against the plain one."""
    plain = lanes[0]
    step = 1e3 * statistics.median(plain.wall[WARM_STEPS:])
    print(f"\n{workload.name}, jit {'on' if jit else 'off'}: a plain step takes {step:.1f} ms\n")
    print("| Arm | Median step | All steps | CPU | Weights |")
    print("|---|---:|---:|---:|---|")
    for lane in lanes[1:]:
        pairs = list(zip(lane.wall[WARM_STEPS:], plain.wall[WARM_STEPS:], strict=True))
        median = statistics.median(mine / other for mine, other in pairs)
        total = _robust_sum([mine for mine, _ in pairs]) / _robust_sum([other for _, other in pairs])
        cpu = sum(lane.cpu[WARM_STEPS:]) / sum(plain.cpu[WARM_STEPS:])
        same = "identical" if _same_weights(lane.model, plain.model) else "different"
        print(f"| {lane.arm} | {median:.3f} | {total:.3f} | {cpu:.3f} | {same} |", flush=True)
    print(f"\nslowest steps: {'; '.join(f'{lane.arm} {_slowest(lane)}' for lane in lanes)}", flush=True)


def _slowest(lane: Lane) -> str:
    """The steps that took longest, by number, in seconds: what an arm's sum hides."""
    steps = sorted(range(WARM_STEPS, len(lane.wall)), key=lane.wall.__getitem__, reverse=True)[:SLOWEST]
    return ", ".join(f"{step + 1}: {lane.wall[step]:.2f}" for step in steps)


def _robust_sum(values: Sequence[float]) -> float:
    """The sum with the slowest hundredth left out: those are the machine's hiccups, not an arm's work."""
    kept = sorted(values)[: len(values) - len(values) // 100]
    return sum(kept)


def _same_weights(one: Any, other: Any) -> bool:
    return all(
        mine.tobytes() == theirs.tobytes() for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True)
    )


def start_cost() -> None:
    """Seconds of a fit of 20 steps in a fresh process, with us and without, and the memory.

    Of modules that are compiled already, as an installation leaves them: a first pair sees to that and is not counted.
    """
    spent: dict[str, list[dict[str, float]]] = {"plain": [], "scram": []}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(1 + START_PAIRS):
        for arm, results in spent.items():
            command = [sys.executable, __file__, "--child-start", arm]
            child = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            results.append(json.loads(child.stdout))
    print(f"\nin a fresh process, median of {START_PAIRS} pairs\n")
    print("| | To the last step, s | Whole fit, s | CPU of it, s | Memory, MB |")
    print("|---|---:|---:|---:|---:|")
    medians = {
        arm: [statistics.median(each[key] for each in results[1:]) for key in ("steps", "wall", "cpu", "memory")]
        for arm, results in spent.items()
    }
    for name, values in [*medians.items(), ("difference", _difference(medians["scram"], medians["plain"]))]:
        print(f"| {name} | {values[0]:.2f} | {values[1]:.2f} | {values[2]:.2f} | {values[3]:.0f} |")


def _difference(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [mine - theirs for mine, theirs in zip(one, other, strict=True)]


def _child_start(arm: str) -> None:
    import keras

    from scram_lsp import ScramCallback

    model, x, y = convolutional(64 * START_STEPS)
    model.compile("adam", "sparse_categorical_crossentropy")
    callbacks: list[Any] = [ScramCallback(quiet=True)] if arm == "scram" else []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ends: list[float] = []

        def note(batch: int, logs: Any) -> None:
            ends.append(time.perf_counter())

        callbacks.append(keras.callbacks.LambdaCallback(on_train_batch_end=note))
        begin, cpu = time.perf_counter(), time.process_time()
        model.fit(x, y, batch_size=64, verbose=0, callbacks=callbacks)
        spent = {"wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "memory": _resident()}
        spent["steps"] = ends[-1] - begin
        os.chdir("/")
    keras.backend.clear_session()
    print(json.dumps(spent))


def _resident() -> float:
    """Resident memory of this process now, in MB; its highest so far where the system does not say."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def soak(steps: int) -> None:
    """Memory over a long run of a tiny model, watched and not: a process grows without us, too."""
    told: dict[str, list[float]] = {}
    for arm in ("plain", "scram"):
        command = [sys.executable, __file__, "--child-soak", arm, "--soak", str(steps)]
        told[arm] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(f"\n{steps:,} steps of a tiny model, each arm in a process of its own: memory in MB\n")
    print("| Steps | plain | scram | difference |")
    print("|---:|---:|---:|---:|")
    for part, (plain, ours) in enumerate(zip(told["plain"], told["scram"], strict=True), start=1):
        print(f"| {part * steps // SOAK_REPORTS:,} | {plain:.0f} | {ours:.0f} | {ours - plain:.0f} |")


def _child_soak(arm: str, steps: int) -> None:
    import keras

    from scram_lsp import ScramCallback

    model, x, y = tiny(32 * max(1, steps // SOAK_REPORTS))
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    memory: list[float] = []
    watching = [ScramCallback(quiet=True)] if arm == "scram" else []
    callbacks = [*watching, keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: memory.append(_resident()))]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        model.fit(x, y, batch_size=32, epochs=SOAK_REPORTS, verbose=0, callbacks=callbacks)
        os.chdir("/")
    print(json.dumps(memory))


def main() -> int:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", choices=sorted(WORKLOADS), help="only this one (may be repeated)")
    parser.add_argument("--steps", type=int, default=300, help="steps of each arm (default 300)")
    parser.add_argument("--jit", choices=("yes", "no", "both"), default="both")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which the arms take turns")
    parser.add_argument("--soak", type=int, metavar="STEPS", help="only watch the memory over so many steps")
    parser.add_argument("--child-start", help=argparse.SUPPRESS)
    parser.add_argument("--child-soak", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child_start:
        _child_start(options.child_start)
    elif options.child_soak:
        _child_soak(options.child_soak, options.soak)
    elif options.soak:
        soak(options.soak)
    else:
        start_cost()
        without_autotune()
        for name in options.model or WORKLOADS:
            for jit in {"yes": [True], "no": [False], "both": [False, True]}[options.jit]:
                workload = WORKLOADS[name]
                report(workload, jit, compare(workload, jit=jit, steps=options.steps, seed=options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
