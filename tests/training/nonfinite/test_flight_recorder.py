"""Where a NaN came from is found in real training, whatever the backend and however the step is compiled."""

import numpy as np
import pytest

from scram_analyzers.run.records import OriginPlace
from scram_lsp import ScramCallback, watch
from scram_lsp.training.budget import Budget
from scram_lsp.training.nonfinite.flight_recorder import FlightRecorder
from scram_lsp.training.run_recorder import RunRecorder

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
layers, ops = keras.layers, keras.ops

COMPILED = pytest.mark.parametrize("jit_compile", [False, True] if keras.backend.backend() != "torch" else [False])


@pytest.fixture
def origins(project, monkeypatch):
    """The origins that runs from now on find, time being no matter."""
    found = []
    end = RunRecorder.end

    def keep(self, status, error=None):
        found.append(self._history.origin)
        end(self, status, error)

    monkeypatch.setattr(RunRecorder, "end", keep)
    monkeypatch.setattr(Budget, "affords", lambda self, activity: True)
    return found


def table(rows=96):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


def regression(*middle, activation="relu", optimizer="adam", loss="mse", **arguments):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(4, activation=activation, name="hidden"),
            *middle,
            layers.Dense(1, name="head"),
        ]
    )
    model.compile(optimizer, loss, **arguments)
    return model


def fit(project, model, x, y, **arguments):
    settings = {"batch_size": 16, "epochs": 2, "verbose": 0, "shuffle": False}
    return project.fit(model, x, y, **(settings | arguments), callbacks=[ScramCallback(quiet=True)])


class Log(layers.Layer):
    def call(self, x):
        return ops.log(ops.relu(x))


class Length(layers.Layer):
    def call(self, x):
        return ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True))


@COMPILED
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_input(project, origins, jit_compile, value):
    x, y = table()
    x[70, 2] = value
    fit(project, regression(jit_compile=jit_compile), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.array, origin.rows) == (OriginPlace.INPUTS, 5, "x", (6,))
    assert origin.seen_at >= 5


class Filled(layers.Layer):
    """Hides NaN as TensorFlow's fused convolution does on a CPU, on every backend."""

    def call(self, x):
        return ops.where(ops.isfinite(x), x, 0.0)


def test_an_input_that_the_loss_never_shows(project, origins):
    x, y = table()
    x[70, 2] = np.nan
    model = regression(Filled(), jit_compile=False)
    history = fit(project, model, x, y)
    assert np.isfinite(history.history["loss"]).all()
    assert np.isnan(model.get_layer("hidden").get_weights()[0]).any()
    (origin,) = origins
    assert (origin.place, origin.step, origin.array, origin.rows) == (OriginPlace.INPUTS, 5, "x", (6,))


@COMPILED
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_batch_that_passed_unseen(project, origins, jit_compile, shuffle, monkeypatch):
    """Between the steps that are looked at closely (1, 2, 3, 5, 8, 13, 21, 34, ...) TensorFlow's batches pass."""
    seen = []
    look = FlightRecorder.look

    def note(self, execution, step, epoch):
        seen.append(execution.kept is None)
        look(self, execution, step, epoch)

    monkeypatch.setattr(FlightRecorder, "look", note)
    x, y = table(rows=16 * 48)
    x[16 * 37 + 3, 2] = np.nan  # in step 38
    fit(project, regression(jit_compile=jit_compile), x, y, epochs=1, shuffle=shuffle)
    (origin,) = origins
    assert (origin.place, origin.array, len(origin.rows)) == (OriginPlace.INPUTS, "x", 1)
    if not shuffle:
        assert (origin.step, origin.rows) == (38, (3,))
    assert all(seen[:3])
    if keras.backend.backend() == "tensorflow":
        assert not any(seen[3:4] + seen[5:7])


@COMPILED
def test_a_target(project, origins, jit_compile):
    x, y = table()
    y[40] = np.nan
    fit(project, regression(jit_compile=jit_compile), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.array, origin.rows) == (OriginPlace.TARGETS, 3, "y", (8,))


@COMPILED
def test_a_layer(project, origins, jit_compile):
    x, y = table()
    fit(project, regression(Log(name="log"), jit_compile=jit_compile), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (OriginPlace.FORWARD, 1, "log")


def test_a_layer_of_a_model_that_its_first_batch_builds(project, origins):
    x, y = table()
    fit(project, subclassed(Log(name="log")), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (OriginPlace.FORWARD, 1, "log")


@COMPILED
def test_a_loss(project, origins, jit_compile):
    x, y = table()
    y[:] = np.abs(y) + 1
    y[48:64] = 0

    def relative(true, predicted):
        return ops.mean(ops.square(predicted - true)) / ops.mean(true)

    fit(project, regression(loss=relative, jit_compile=jit_compile), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (OriginPlace.LOSS, 4, None)


def test_a_derivative(project, origins):
    x, y = table()
    x[:16] = 0
    # XLA on a CPU makes it finite, and so does the derivative of relu on JAX.
    fit(project, regression(Length(name="length"), activation=None, jit_compile=False), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (OriginPlace.GRADIENTS, 1, "length")
    assert np.isfinite(origin.loss)


def test_the_derivative_of_the_loss(project, origins):
    x, y = table()

    def distance(true, predicted):
        return ops.sqrt(ops.sum(ops.square(predicted - true)))

    x[:16], y[:16] = 0, 0
    fit(project, regression(loss=distance, jit_compile=False), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (OriginPlace.GRADIENTS, 1, None)


def test_a_learning_rate_of_ten_billion(project, origins):
    x, y = table()
    fit(project, regression(optimizer=keras.optimizers.SGD(1e10)), x, y)
    (origin,) = origins
    assert origin.place in (OriginPlace.GRADIENTS, OriginPlace.LOSS, OriginPlace.FORWARD, OriginPlace.UPDATE)
    assert 2 <= origin.step <= origin.seen_at <= 6


def test_weights_that_were_never_sound(project, origins):
    x, y = table()
    model = regression()
    kernel, bias = model.get_layer("head").get_weights()
    kernel[1] = np.nan
    model.get_layer("head").set_weights([kernel, bias])
    fit(project, model, x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.weight, origin.layer) == (OriginPlace.WEIGHTS, 1, "head/kernel", "head")


def test_what_never_did_harm_is_not_the_origin(project, origins):
    x, y = table()
    y[::16] = np.nan

    def masked(true, predicted):
        is_known = ops.isfinite(true)
        return ops.mean(ops.where(is_known, ops.square(predicted - ops.where(is_known, true, 0.0)), 0.0))

    x[70, 2] = np.nan
    fit(project, regression(loss=masked), x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.array) == (OriginPlace.INPUTS, 5, "x")


def test_a_sound_run_has_no_origin(project, origins):
    x, y = table()
    fit(project, regression(), x, y)
    assert origins == [None]


class Subclassed(keras.Model):
    """Built by its first batch."""

    def __init__(self, *middle):
        super().__init__()
        self.parts = [layers.Dense(4, activation="relu"), *middle, layers.Dense(1)]

    def call(self, x, training=None):
        for part in self.parts:
            x = part(x)
        return x


def subclassed(*middle):
    keras.utils.set_random_seed(3)
    model = Subclassed(*middle)
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("make", [regression, subclassed])
def test_training_is_the_same_to_the_last_bit(project, origins, make):
    x, y = table()
    weights = []
    for callbacks in ([], [ScramCallback(quiet=True)]):
        keras.utils.set_random_seed(4)
        model = make(layers.BatchNormalization(), layers.Dropout(0.3))
        history = project.fit(model, x, y, epochs=3, batch_size=16, verbose=0, callbacks=callbacks)
        weights.append((history.history, model.get_weights(), [np.array(each) for each in model.optimizer.variables]))
    (plain_history, plain, plain_optimizer), (history, watched, optimizer) = weights
    assert history == plain_history
    assert all(np.array_equal(one, other) for one, other in zip(plain, watched, strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(plain_optimizer, optimizer, strict=True))


def test_a_step_of_the_users_own_is_judged_by_its_batches(project, origins):
    class Own(keras.Sequential):
        def train_step(self, *arguments):
            return super().train_step(*arguments)

    x, y = table()
    x[70, 2] = np.nan
    model = Own([keras.Input((6,)), layers.Dense(1, name="head")])
    model.compile("adam", "mse")
    fit(project, model, x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.rows) == (OriginPlace.INPUTS, 5, (6,))


class OwnStep(keras.Model):
    """Its step and its call are the user's own; `rooted` takes roots of numbers below 0."""

    def __init__(self, rooted=False, limit=None):
        super().__init__()
        self.first, self.head = layers.Dense(4, activation="relu", name="first"), layers.Dense(1, name="head")
        self.rooted, self.limit = rooted, limit

    def call(self, x, training=None):
        x = self.first(x)
        return self.head(ops.sqrt(x - 0.5) if self.rooted else x)

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = ops.mean((self(x, training=True) - y) ** 2)
            if self.limit is not None:
                loss = loss / tf.cast(self.optimizer.iterations < self.limit, "float32")
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the step is written for TensorFlow")
@pytest.mark.parametrize(
    ("settings", "place", "step"),
    [({"rooted": True}, OriginPlace.FORWARD, 1), ({"limit": 8}, OriginPlace.STEP, 9)],
)
def test_a_step_of_the_users_own_that_goes_wrong_by_itself(project, origins, settings, place, step):
    x, y = table()
    model = OwnStep(**settings)
    model.compile("adam")
    fit(project, model, x, y)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (place, step, None)


def test_a_change_of_learning_rate_is_replayed(project, origins):
    class Warmer(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = [1e-3, 1e-3, 1e30][epoch]

    x, y = table(48)
    callbacks = [ScramCallback(quiet=True), Warmer()]
    model = regression(optimizer=keras.optimizers.SGD())
    project.fit(model, x, y, epochs=3, batch_size=16, verbose=0, callbacks=callbacks)
    (origin,) = origins
    assert origin.step == 8


class Spoils(keras.callbacks.Callback):
    """Sets one weight of a layer to NaN once so many steps are done."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            hidden = self.model.get_layer("hidden")
            kernel = ops.convert_to_numpy(hidden.kernel).copy()
            kernel[2, 1] = np.nan
            hidden.kernel.assign(kernel)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="Keras's callbacks see old values there")
@pytest.mark.parametrize("after", [4, 8])
def test_a_weight_that_a_callback_sets(project, origins, after):
    x, y = table()
    callbacks = [ScramCallback(quiet=True), Spoils(after)]
    project.fit(regression(), x, y, epochs=2, batch_size=16, verbose=0, callbacks=callbacks)
    (origin,) = origins
    assert (origin.place, origin.step, origin.layer) == (OriginPlace.OUTSIDE, after + 1, "hidden")
    ((_, findings),) = project.runs
    (finding,) = [each for each in findings if each.code == "SCR601"]
    assert f'the weight hidden/kernel of "hidden" was not finite before step {after + 1}' in finding.message


class Steps:
    """A recorder at work without a fit: one call for each step."""

    def __init__(self, model, limit):
        self.budget = Budget(1.0, limit)
        self.recorder = FlightRecorder(model, self.budget)
        self.step = 0

    def look(self, batch, epoch=1):
        from scram_lsp.training.batches.batch_tap import Execution

        self.step += 1
        self.recorder.look(Execution([batch]), self.step, epoch)
        return self.recorder._window


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="the values come with a fit there")
def test_bytes_are_bounded():
    model = regression()
    x, y = table(64)
    model.train_on_batch(x, y)
    limit = 20_000
    steps = Steps(model, limit)
    sizes = [steps.look((x, y)).size for _ in range(40)]
    assert max(sizes) <= limit
    assert steps.budget.used_bytes <= limit
    assert len(steps.recorder._window.batches) > 1
    small = Steps(model, 100)
    assert small.look((x, y)) is None
    assert small.budget.used_bytes <= 100


LOG_SCRIPT = """
import keras
class Log(keras.layers.Layer):
    def call(self, x):
        return keras.ops.log(keras.ops.relu(x))
model = keras.Sequential([
    keras.Input((6,)),
    keras.layers.Dense(4, activation="relu"),
    Log(name="log_layer"),
    keras.layers.Dense(1),
])
model.compile("adam", "mse")
model.fit(x, y, batch_size=16, epochs=2, verbose=0)
"""


def test_the_finding_is_on_the_line_of_the_layers_own_code(project, origins):
    x, y = table()
    with watch(quiet=True):
        project.run(LOG_SCRIPT, x=x, y=y)
    ((_, findings),) = project.runs
    (finding,) = [each for each in findings if each.code == "SCR601"]
    assert 'it began in that step in the layer "log_layer" (forward pass)' in finding.message
    assert LOG_SCRIPT.splitlines()[finding.range.start.line - 1].strip() == "return keras.ops.log(keras.ops.relu(x))"
