"""What `ScramCallback` promises about `fit`: it sees what goes wrong, and nothing else is any different."""

import contextlib
import copy
import inspect
import pickle
import random
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

from scram_analyzers.run.history import Moment
from scram_lsp import ScramCallback
from scram_lsp.training.batches.batch_tap import BatchTap
from scram_lsp.training.publication import Publication
from scram_lsp.training.run_recorder import RunRecorder
from scram_lsp.training.run_rules import RunRules

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")


def data(rows=136):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(rows, 8)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int32")


def classifier(**compile_arguments):
    keras.utils.set_random_seed(42)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    arguments = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(**(arguments | compile_arguments))
    return model


def recorded_steps(monkeypatch):
    """The records of every run from now on."""
    records = []
    end = RunRecorder.end

    def keep(self, status, error=None):
        records.append(list(self._history.steps))
        end(self, status, error)

    monkeypatch.setattr(RunRecorder, "end", keep)
    return records


WAYS = {
    "plain": {},
    "executions of four steps": {"steps_per_execution": 4},
    "eager": {"run_eagerly": True},
    "compiled by XLA": {"jit_compile": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_training_is_the_same_to_the_last_bit(project, way):
    x, y = data()
    results = []
    for callbacks in ([], [ScramCallback(quiet=True)]):
        model = classifier(**WAYS[way])
        history = project.fit(model, x, y, epochs=2, batch_size=16, verbose=0, callbacks=callbacks)
        results.append((history.history, model.get_weights(), model.optimizer.iterations.numpy()))
    (plain_history, plain_weights, plain_steps), (history, weights, steps) = results
    assert history == plain_history
    assert steps == plain_steps == 18
    assert all(np.array_equal(one, other) for one, other in zip(weights, plain_weights, strict=True))
    assert [status for status, _ in project.runs] == ["finished"]


@pytest.mark.parametrize("way", ["plain", "executions of four steps", "eager"])
def test_every_step_is_recorded_with_the_loss_of_its_batch(project, monkeypatch, way):
    records = recorded_steps(monkeypatch)
    seen = []

    class Spy(keras.losses.Loss):
        def call(self, y_true, y_pred):
            loss = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
            if way == "eager":
                seen.append(float(keras.ops.mean(loss)))
            return loss

    x, y = data(120)
    model = classifier(**WAYS[way], loss=Spy())
    # Without a budget nothing of ours calls the loss besides, nor reads the batches.
    callback = ScramCallback(time_budget=0.0) if way == "eager" else ScramCallback()
    project.fit(model, x, y, epochs=2, batch_size=32, verbose=0, callbacks=[callback])
    (steps,) = records
    if way == "executions of four steps":
        assert [(record.step, record.epoch) for record in steps] == [(4, 1), (8, 2)]
    else:
        assert [(record.step, record.epoch) for record in steps] == [(n, 1 + n // 5) for n in range(1, 9)]
    if way == "eager":
        assert [record.loss for record in steps] == pytest.approx(seen, rel=1e-5)
    else:
        assert [array.name for array in steps[0].arrays] == ["x", "y"]
        assert steps[0].arrays[0].shape == (32, 8)


def learning_rate_script(extra=""):
    return f"""
import keras
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, activation="relu"),
                          keras.layers.Dense(1, activation="sigmoid")])
RATE = 1e10
model.compile(keras.optimizers.Adam(learning_rate=RATE), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(
    x, y, epochs=2, batch_size=16, verbose=0, validation_split=0.2,
    callbacks=[ScramCallback()],
){extra}
"""


def test_a_learning_rate_of_ten_billion_is_found_at_its_number(project, capsys):
    x, y = data()
    project.run(learning_rate_script(), x=x, y=y, ScramCallback=ScramCallback)
    ((status, findings),) = project.runs
    assert status == "finished"
    (finding,) = [each for each in findings if each.code == "SCR101"]
    assert (finding.range.start.line, finding.range.start.column) == (5, 7)
    assert (finding.range.end.line, finding.range.end.column) == (5, 11)
    assert finding.severity.value == "error"
    assert finding.moment.step <= 8
    assert not any(each.code in ("SCR601", "SCR602") for each in findings)
    error = capsys.readouterr().err
    assert error.count("SCR101 train.py:5:8 learning-rate-too-high") == 1
    assert "scram: watched 14 steps" in error


def test_an_error_stops_the_training_of_those_who_ask_for_it(project, capsys):
    x, y = data()
    text = learning_rate_script().replace("ScramCallback()", "ScramCallback(on_error='stop')")
    names = project.run(text.replace("epochs=2", "epochs=50"), x=x, y=y, ScramCallback=ScramCallback)
    assert names["model"].stop_training
    assert [status for status, _ in project.runs] == ["finished"]
    assert "training is stopped because of SCR101" in capsys.readouterr().err
    with pytest.raises(ValueError, match="on_error must be"):
        ScramCallback(on_error="explode")


def test_an_error_found_at_the_end_stops_nothing(project, monkeypatch, capsys):
    monkeypatch.setattr("scram_lsp.training.background.Background.release", lambda self: None)
    monkeypatch.setattr("scram_lsp.training.background.PATIENCE_SECONDS", None)
    x, y = data()
    text = learning_rate_script().replace("ScramCallback()", "ScramCallback(on_error='stop')")
    names = project.run(text, x=x, y=y, ScramCallback=ScramCallback)
    error = capsys.readouterr().err
    assert "SCR101 train.py" in error
    assert "training is stopped" not in error
    assert not names["model"].stop_training


def test_findings_and_probes_are_written_for_tensorboard(project):
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    x, y = data()
    text = learning_rate_script().replace("ScramCallback()", "ScramCallback(tensorboard='logs/scram')")
    project.run(text, x=x, y=y, ScramCallback=ScramCallback)
    (folder,) = (project.folder / "logs" / "scram").iterdir()
    events = accumulators.EventAccumulator(str(folder))
    events.Reload()
    tags = events.Tags()
    assert "scram findings/SCR101 learning-rate-too-high" in tags["tensors"]
    assert "scram loss/batch" in tags["scalars"]
    assert any(tag.startswith("scram gradients/") for tag in tags["scalars"])


def test_a_comment_silences_it_in_the_run_too(project):
    x, y = data()
    text = learning_rate_script().replace("RATE = 1e10", "RATE = 1e10  # scram: ignore[SCR101]")
    project.run(text, x=x, y=y, ScramCallback=ScramCallback)
    assert "SCR101" not in project.codes


def test_a_healthy_run_says_so(project, capsys):
    x, y = data(2500)
    model = classifier()
    project.fit(model, x, y, validation_split=0.2, epochs=40, batch_size=100, verbose=0, callbacks=[ScramCallback()])
    assert project.runs == [("finished", [])]
    found, checked = [line for line in capsys.readouterr().err.splitlines() if line.startswith("scram")]
    assert found.startswith("scram: watched 800 steps, ")
    assert " checks on the run, nothing found; scram used " in found
    assert checked.startswith("scram: checked hyperparameters (")
    assert "off in this run" not in checked


def test_the_report_names_what_only_the_source_shows(project, capsys):
    x, y = data()
    text = learning_rate_script().replace("1e10", "0.001").replace(', activation="relu"', "")
    project.run(text, x=x, y=y, ScramCallback=ScramCallback)
    (report,) = [line for line in capsys.readouterr().err.splitlines() if "watched" in line]
    assert "; 1 problem in the source alone (scram-lint " in report


def test_hidden_nan_weights_are_found_although_the_loss_is_finite(project):
    """One NaN pixel: TensorFlow's CPU build shows a finite loss, and a convolution whose kernel is all NaN."""
    rng = np.random.default_rng(0)
    x = rng.random((64, 8, 8, 1)).astype("float32")
    x[40, 3, 3, 0] = np.nan
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    y = rng.integers(0, 10, 64)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)  # not read before the first step, as arrays are
    project.fit(model, batches, epochs=2, verbose=0, callbacks=[ScramCallback()])
    ((_, (finding,)),) = project.runs
    assert finding.code == "SCR202"
    # The fused convolution leaves whatever was in memory: with some weights the loss shows it as well.
    assert re.search(r"(weights became NaN or infinite by|the loss became (NaN|infinite) at) step 3", finding.message)


def tf_dataset(x, y):
    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).batch(16)}


def generator(x, y):
    def batches():
        while True:
            for start in range(0, len(x), 16):
                yield x[start : start + 16], y[start : start + 16]

    return {"x": batches(), "steps_per_epoch": len(x) // 16}


class Sequence(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x) // 16

    def __getitem__(self, place):
        return self.x[16 * place : 16 * place + 16], self.y[16 * place : 16 * place + 16]


@pytest.mark.parametrize("feed", [tf_dataset, generator, lambda x, y: {"x": Sequence(x, y)}])
def test_any_source_of_batches_gives_the_same_training_and_is_seen(project, monkeypatch, feed):
    x, y = data(128)
    records = recorded_steps(monkeypatch)
    weights = []
    for callbacks in ([], [ScramCallback()]):
        model = classifier()
        project.fit(model, **feed(x, y), epochs=2, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
    (steps,) = records
    assert len(steps) == 16
    assert [array.name for array in steps[0].arrays] == ["x", "y"]


def two_inputs(as_dict):
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    inner = keras.layers.Concatenate()([left, right])
    outputs = {"kind": keras.layers.Dense(2, activation="softmax", name="kind")(inner)}
    outputs["size"] = keras.layers.Dense(1, name="size")(inner)
    inputs = {"left": left, "right": right} if as_dict else [left, right]
    model = keras.Model(inputs, outputs if as_dict else list(outputs.values()))
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    model.compile("adam", losses if as_dict else list(losses.values()))
    return model


@pytest.mark.parametrize("as_dict", [True, False])
def test_several_inputs_and_outputs(project, monkeypatch, as_dict):
    x, y = data()
    records = recorded_steps(monkeypatch)
    inputs = {"left": x, "right": x} if as_dict else [x, x]
    targets = {"kind": y, "size": x[:, 0]} if as_dict else [y, x[:, 0]]
    project.fit(two_inputs(as_dict), inputs, targets, epochs=1, verbose=0, callbacks=[ScramCallback()])
    (steps,) = records
    names = ["x['left']", "x['right']", "y['kind']", "y['size']"] if as_dict else ["x[0]", "x[1]", "y[0]", "y[1]"]
    assert [array.name for array in steps[0].arrays] == names


def test_texts_and_ragged_rows(project, monkeypatch):
    records = recorded_steps(monkeypatch)
    vectorize = keras.layers.TextVectorization(max_tokens=20)
    texts = np.array(["a good film", "a bad one"] * 16)
    vectorize.adapt(texts)
    model = keras.Sequential(
        [vectorize, keras.layers.Embedding(20, 4), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    labels = np.array([1.0, 0.0] * 16)
    project.fit(model, tf.constant(texts), labels, epochs=1, verbose=0, callbacks=[ScramCallback()])
    assert records[0][0].arrays[0].dtype == "string"
    ragged = tf.data.Dataset.from_tensor_slices((tf.ragged.constant([[1, 2], [3]] * 16), labels)).batch(8)

    class Mean(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(tf.reduce_mean(tf.cast(x, "float32"), axis=1)[:, None])

    model = Mean()
    model.compile("adam", "mse")
    project.fit(model, ragged, epochs=2, verbose=0, callbacks=[ScramCallback()])
    assert len(records[1]) == 8
    assert records[1][0].arrays[0].maximum == 3


def test_a_subclass_with_its_own_step_that_logs_the_batches_own_loss(project, monkeypatch):
    records = recorded_steps(monkeypatch)
    own = []

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, batch):
            x, y = batch
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x)[:, 0] - tf.cast(y, "float32")) ** 2)
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    model = Net()
    model.compile("adam", run_eagerly=True)
    x, y = data(64)
    keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: own.append(logs["loss"]))
    project.fit(model, x, y, epochs=2, batch_size=16, verbose=0, callbacks=[ScramCallback(), keep])
    assert [record.loss for record in records[0]] == pytest.approx(own)


def test_distribution_over_devices(project, monkeypatch):
    records = recorded_steps(monkeypatch)
    x, y = data()
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = classifier()
    project.fit(model, x, y, epochs=2, batch_size=16, verbose=0, callbacks=[ScramCallback()])
    assert len(records[0]) == 18
    assert records[0][0].arrays[0].shape == (16, 8)


def test_the_model_is_left_as_it_was(project, tmp_path):
    x, y = data()
    model = classifier()
    project.fit(model, x, y, epochs=1, verbose=0)
    own = model.train_function
    project.fit(model, x, y, epochs=1, verbose=0, callbacks=[ScramCallback()])
    assert model.train_function is own
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    keras.models.clone_model(model)
    project.fit(loaded, x, y, epochs=1, verbose=0)


def test_the_step_is_traced_no_more_often(project):
    traces = []

    class Counting(keras.Sequential):
        def train_step(self, batch):
            traces.append(1)
            return super().train_step(batch)

    x, y = data()
    counts = []
    for callbacks in ([], [ScramCallback()]):
        model = Counting([keras.Input((8,)), keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        traces.clear()
        project.fit(model, x, y, epochs=3, batch_size=16, verbose=0, callbacks=callbacks)
        counts.append(len(traces))
    assert 0 < counts[1] <= counts[0]  # what is built before the first step need not be traced in it


def test_fit_twice_is_two_runs(project):
    x, y = data()
    model, callback = classifier(), ScramCallback()
    for _ in range(2):
        project.fit(model, x, y, epochs=1, verbose=0, callbacks=[callback])
    assert [status for status, _ in project.runs] == ["finished", "finished"]


class BrokenDataError(Exception):
    pass


def broken(x, y, good):
    for number in range(good):
        yield x[number : number + 16], y[number : number + 16]
    raise BrokenDataError


@pytest.mark.parametrize("good", [3, 6])
def test_an_error_of_the_users_comes_through_and_the_run_has_failed(project, good):
    x, y = data()
    model, callback = classifier(), ScramCallback()
    with pytest.raises((BrokenDataError, tf.errors.OpError)) as raised:
        project.fit(model, broken(x, y, good), epochs=1, steps_per_epoch=8, verbose=0, callbacks=[callback])
    assert "BrokenDataError" in f"{raised.value!r} {raised.value}"
    # without us the function of the fit that raised passes everything through
    project.fit(model, x, y, epochs=1, verbose=0)
    project.fit(model, x, y, epochs=1, verbose=0, callbacks=[callback])
    assert [status for status, _ in project.runs] == ["finished", "failed"]
    assert not isinstance(model.train_function, BatchTap)


def test_a_run_has_failed_as_soon_as_its_exception_is_caught(project):
    x, y = data()
    model = classifier()
    callback = ScramCallback(quiet=True)
    with contextlib.suppress(RuntimeError):
        project.fit(model, x, y, epochs=1, verbose=0, callbacks=[callback, Interrupting()])
    assert [status for status, _ in project.runs] == ["failed"]
    assert not isinstance(model.train_function, BatchTap)


class Interrupting(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise RuntimeError


def test_a_step_that_raises_is_explained_by_its_batch(project, capsys):
    x, y = data()
    batches = tf.data.Dataset.from_tensor_slices((x, y + 7)).batch(16)
    with pytest.raises(tf.errors.OpError):
        project.fit(classifier(), batches, epochs=1, verbose=0, callbacks=[ScramCallback()])
    assert project.codes == ["SCR411"]
    assert "nothing found" not in capsys.readouterr().out


def test_an_early_stop_is_a_finished_run(project):
    x, y = data()
    stop = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True))
    model = classifier()
    project.fit(model, x, y, epochs=5, verbose=0, callbacks=[ScramCallback(), stop])
    assert [status for status, _ in project.runs] == ["finished"]


PLACES = [
    "scram_lsp.training.run_recorder.read_run_info",
    "scram_lsp.training.run_rules.load_settings",
    "scram_lsp.training.run_recorder.Publication",
    "scram_lsp.training.run_rules.ask_rules",
    "scram_lsp.training.run_recorder.nonfinite_weights",
    "scram_lsp.training.batches.batch_feed.queue_and_iterator",
]


@pytest.mark.parametrize("place", PLACES)
def test_an_error_of_ours_is_one_line_and_training_is_the_same(project, monkeypatch, capsys, place):
    x, y = data()
    plain = classifier()
    project.fit(plain, x, y, epochs=2, verbose=0)

    def fail(*_, **__):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(place, fail)
    model = classifier()
    project.fit(model, x, y, epochs=2, verbose=0, callbacks=[ScramCallback()])
    same = zip(model.get_weights(), plain.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in same)
    assert not isinstance(model.train_function, BatchTap)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("scram")]
    assert len(lines) == 1
    assert "stopped watching this run" in lines[0]
    assert "RuntimeError: a fault of ours" in lines[0]


def test_parts_that_fail_are_switched_off_and_the_others_go_on(project, monkeypatch, capsys):
    def fail(*_, **__):
        raise RuntimeError("a fault of ours")

    for place in ("observers.batch_statistics", "run_recorder.check_data", "probes.panel_watch.panel_record"):
        monkeypatch.setattr(f"scram_lsp.training.{place}", fail)
    monkeypatch.setattr("scram_lsp.training.probes.layer_probe.LayerProbe.observe", fail)
    x, y = data()
    project.fit(classifier(), x, y, epochs=1, verbose=0, callbacks=[ScramCallback()])
    *lines, last, checked = [line for line in capsys.readouterr().err.splitlines() if line.startswith("scram: ")]
    assert lines == [
        "scram: can't look at the data given to fit (RuntimeError: a fault of ours)",
        "scram: no longer looks at the batches (RuntimeError: a fault of ours)",
        "scram: no longer looks at the layers (RuntimeError: a fault of ours)",
        "scram: can't look at the panel (RuntimeError: a fault of ours)",
    ]
    assert "watched 5 steps" in last
    assert checked.count("RuntimeError: a fault of ours") == 4


def test_even_the_end_may_fail(project, monkeypatch, capsys):
    def fail(*_):
        raise RuntimeError("the end")

    monkeypatch.setattr(Publication, "end", fail)
    x, y = data()
    project.fit(classifier(), x, y, epochs=1, verbose=0, callbacks=[ScramCallback()])
    assert "stopped watching" in capsys.readouterr().err


OUR_THREADS = {"scram-watch", "scram-sender"}


def fails_at_the_end(recorder):
    raise RuntimeError("the end")


def fails_asked_at_the_end(rules, history):
    if history.moment is Moment.END:
        raise RuntimeError("the end")
    return ()


@pytest.mark.parametrize(
    ("owner", "method", "fail"),
    [(RunRules, "check", fails_asked_at_the_end), (RunRecorder, "restore_model", fails_at_the_end)],
)
def test_an_end_that_fails_leaves_nothing_open(project, monkeypatch, capsys, owner, method, fail):
    monkeypatch.setattr(owner, method, fail)
    x, y = data()
    before = set(threading.enumerate())
    project.fit(classifier(), x, y, epochs=1, verbose=0, callbacks=[ScramCallback()])
    assert "stopped watching this run after an error of its own (RuntimeError: the end)" in capsys.readouterr().err
    assert [status for status, _ in project.runs] == ["finished"]
    assert {thread.name for thread in threading.enumerate() if thread not in before} & OUR_THREADS == set()


def test_another_process_than_the_first_is_silent(project, monkeypatch, capsys):
    monkeypatch.setenv("RANK", "1")
    x, y = data()
    project.fit(classifier(), x, y, epochs=1, verbose=0, callbacks=[ScramCallback()])
    assert project.runs == []
    assert "scram" not in capsys.readouterr().err


def test_it_has_every_method_of_a_keras_callback():
    for name, method in inspect.getmembers(keras.callbacks.Callback, inspect.isfunction):
        ours = getattr(ScramCallback, name, None)
        assert ours is not None, name
        if name != "__init__":
            assert list(inspect.signature(ours).parameters) == list(inspect.signature(method).parameters), name


def test_tuners_copy_callbacks_and_processes_are_sent_them():
    callback = ScramCallback(quiet=True)
    copy.deepcopy(callback)
    pickle.loads(pickle.dumps(callback))
    callback.set_model(classifier())
    state = random.getstate()
    assert copy.deepcopy(callback).model is None
    assert random.getstate() == state


def test_a_copy_of_one_that_watches_does_not_watch(project):
    copies = []

    class Copy(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            copies.append(copy.copy(callback))
            copies[-1].on_train_end()

    callback = ScramCallback(quiet=True)
    project.fit(classifier(), *data(), verbose=0, callbacks=[callback, Copy()])
    assert [status for status, _ in project.runs] == ["finished"]
    assert len(copies) == 1


def test_a_script_that_fails_in_the_middle_of_training_is_a_failed_run(project):
    project.script.write_text(
        """
import keras, numpy as np
from scram_lsp import ScramCallback
class Crash(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise ValueError("the user's own mistake")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(np.ones((64, 2)), np.ones(64), batch_size=8, verbose=0, callbacks=[ScramCallback(), Crash()])
"""
    )
    done = subprocess.run([sys.executable, project.script], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ValueError: the user's own mistake" in done.stderr
    assert "scram: fit did not finish; watched 3 steps" in done.stderr
    assert [status for status, _ in project.runs] == ["failed"]
