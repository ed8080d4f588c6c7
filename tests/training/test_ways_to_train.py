"""Everything a user may do with `fit`: it is watched, and the weights are the same to the last bit."""

import contextlib
import copy
import random
import threading
import time

import numpy as np
import pytest

from scram_lsp import ScramCallback
from scram_lsp.training.batches.batch_tap import BatchTap
from scram_lsp.training.model import model_pass

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")


def data(rows=96):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(rows, 6)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int32")


def classifier(**arguments):
    keras.utils.set_random_seed(42)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dropout(0.2)])
    model.add(keras.layers.Dense(2, activation="softmax", dtype="float32"))
    model.compile(**({"optimizer": "adam", "loss": "sparse_categorical_crossentropy"} | arguments))
    return model


def assert_same_training(project, build, *given, **arguments):
    """Fit twice from one seed, the second time under watch; gives the watched model."""
    weights = []
    for callbacks in ([], [ScramCallback()]):
        model = build()
        project.fit(model, *given, verbose=0, callbacks=callbacks, **arguments)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(*weights, strict=True))
    return model


def test_weights_of_samples_and_classes(project, histories):
    x, y = data()
    weights = np.linspace(0.5, 1.5, len(x))
    assert_same_training(project, classifier, x, y, sample_weight=weights, batch_size=32)
    assert_same_training(project, classifier, x, y, class_weight={0: 1.0, 1: 2.0}, batch_size=32)
    by_sample, by_class = (history.data for history in histories)
    assert (by_sample.has_sample_weight, by_sample.has_class_weight) == (True, False)
    assert (by_class.has_sample_weight, by_class.has_class_weight) == (False, True)


def test_mixed_precision(project, histories):
    x, y = data()
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        assert_same_training(project, classifier, x, y, batch_size=32)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    (history,) = histories
    assert history.probes
    assert all(observation.gradient_norm < 100 for observation in history.probes[0].weights)


def test_a_model_built_by_its_first_step(project, histories):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.head = keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)

        def call(self, x):
            return self.head(self.hidden(x))

        def train_step(self, batch):
            x, y = batch
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self(x, training=True)[:, 0] - tf.cast(y, "float32")))
            self.optimizer.apply_gradients(
                zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True)
            )
            return {"loss": loss}

    def build():
        keras.utils.set_random_seed(1)
        model = Net()
        model.compile("sgd")
        return model

    x, y = data()
    assert_same_training(project, build, x, y, batch_size=16, epochs=2)
    assert [record.step for record in histories[0].steps] == list(range(1, 13))


def test_a_generator_that_gives_inputs_and_none(project, histories):
    x, y = data()

    def batches():
        for start in range(0, len(x), 16):
            yield x[start : start + 16], y[start : start + 16], None

    def fit(callbacks):
        model = classifier()
        project.fit(model, batches(), verbose=0, callbacks=callbacks)
        return model.get_weights()

    plain, watched = fit([]), fit([ScramCallback()])
    assert all(np.array_equal(one, other) for one, other in zip(plain, watched, strict=True))
    assert histories[0].steps[0].arrays[0].shape == (16, 6)
    assert histories[0].panels[0].rows == 16


def test_data_whose_size_is_not_known(project):
    """Its end is found out in a step, which counts for the optimizer and for dropout although it has no batch."""
    batches = tf.data.Dataset.from_tensor_slices(data()).filter(lambda x, y: y < 2).batch(16)
    assert batches.cardinality() == tf.data.UNKNOWN_CARDINALITY
    model = assert_same_training(project, classifier, batches, epochs=3)
    assert model.optimizer.iterations.numpy() == 3 * (6 + 1)


class Drawing(keras.Model):
    """Draws a number whenever it is traced, and has it for ever; what it is depends on how often that was."""

    def __init__(self):
        super().__init__()
        self.hidden, self.head, self.calls = keras.layers.Dense(4), keras.layers.Dense(2, activation="softmax"), 0

    def call(self, inputs):
        self.calls += 1
        return self.head(self.hidden(inputs) * np.random.rand()) * (1 + random.random())


def test_numbers_drawn_when_a_model_is_traced_are_the_same(project, histories):
    def build():
        keras.utils.set_random_seed(42)
        model = Drawing()
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    calls = assert_same_training(project, build, *data(), epochs=2).calls
    plain = build()
    plain.fit(*data(), epochs=2, verbose=0)
    assert calls == plain.calls
    assert histories[0].probes


class OfItsOwn(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0


@pytest.mark.parametrize("layers", [[], [OfItsOwn]])
def test_data_that_draw_in_another_thread_get_their_own_numbers(project, monkeypatch, layers):
    """TensorFlow asks for the next batch while we look at one, and what we would put back had been drawn."""
    x, y = data()
    kept = model_pass.own_attributes_kept

    @contextlib.contextmanager
    def kept_for_long(model):
        with kept(model):
            time.sleep(0.05)
            yield

    monkeypatch.setattr(model_pass, "own_attributes_kept", kept_for_long)

    def batches():
        while True:
            start = np.random.randint(0, 80)
            time.sleep(0.03)
            noise = np.random.normal(size=(8, 6)) * random.random()
            time.sleep(0.03)
            yield x[start : start + 8] + noise.astype("float32"), y[start : start + 8]

    def build():
        keras.utils.set_random_seed(42)
        own = [kind() for kind in layers]
        head = [keras.layers.Dense(4, activation="relu"), *own, keras.layers.Dropout(0.2), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((6,)), *head])
        model.compile(optimizer="adam", loss="mse")
        return model

    weights = []
    for callbacks in ([], [ScramCallback(time_budget=1.0)]):
        model = build()
        project.fit(model, batches(), steps_per_epoch=12, epochs=2, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))


class Noisy(keras.layers.Layer):
    def call(self, inputs):
        seeded = tf.random.normal(tf.shape(inputs), seed=5)
        return inputs + 0.1 * tf.random.normal(tf.shape(inputs)) + 0.1 * seeded


def test_random_operations_that_run_eagerly(project, histories):
    def build():
        keras.utils.set_random_seed(42)
        model = keras.Sequential([keras.Input((6,)), Noisy(), keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
        return model

    assert_same_training(project, build, *data(48), batch_size=16, epochs=2)
    assert histories[0].probes


def test_validation_rows_of_a_dataset_come_from_the_validation_itself(project, histories):
    x, y = data()
    validation = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(96, seed=1).batch(24)
    model = assert_same_training(project, classifier, x, y, validation_data=validation, batch_size=32, epochs=2)
    first, second = histories[0].panels
    assert (first.rows, first.is_validation, second.epoch) == (96, True, 2)
    assert sum(map(sum, first.outputs[0].confusion)) == 96
    assert not isinstance(model.test_function, BatchTap)


def test_stopping_and_going_on(project, histories, tmp_path):
    x, y = data()
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=10.0)
    assert project.fit(classifier(), x, y, epochs=9, verbose=0, callbacks=[ScramCallback(), stop]).epoch == [0, 1]
    model = classifier()
    project.fit(model, x, y, epochs=4, initial_epoch=2, verbose=0, callbacks=[ScramCallback()])
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
    for epochs in (1, 3):
        project.fit(classifier(), x, y, epochs=epochs, verbose=0, callbacks=[ScramCallback(), backup])
    assert [[record.epoch for record in history.epochs] for history in histories] == [[1, 2], [3, 4], [1], [2, 3]]
    assert {status for status, _ in project.runs} == {"finished"}


def test_an_interrupt_is_the_users_own(project, histories):
    x, y = data()

    def interrupt(batch, logs):
        if batch == 1:
            raise KeyboardInterrupt

    model = classifier()
    stop = keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        project.fit(model, x, y, batch_size=16, verbose=0, callbacks=[ScramCallback(), stop])
    project.fit(model, x, y, batch_size=16, verbose=0, callbacks=[ScramCallback()])
    assert sorted(status for status, _ in project.runs) == ["failed", "finished"]
    assert not isinstance(model.train_function, BatchTap)


def test_warnings_of_keras_are_heard(project, histories):
    x, y = data(32)
    with pytest.warns(UserWarning, match="ran out of data"):
        project.fit(
            classifier(), (batch for batch in [(x, y)]), steps_per_epoch=2, verbose=0, callbacks=[ScramCallback()]
        )
    assert any("ran out of data" in warning.message for warning in histories[0].warnings)


def test_copies_of_a_watched_model_are_ordinary_models(project, tmp_path):
    x, y = data()
    model = classifier()
    attributes = set(vars(model))
    project.fit(model, x, y, validation_split=0.25, verbose=0)
    plain = set(vars(model))
    project.fit(model, x, y, validation_split=0.25, verbose=0, callbacks=[ScramCallback()])
    assert set(vars(model)) - attributes <= plain
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    expected = model.predict(x, verbose=0)
    assert np.array_equal(loaded.predict(x, verbose=0), expected)
    assert np.array_equal(copy.predict(x, verbose=0), expected)
    for each in (model, loaded):
        project.fit(each, x, y, verbose=0)


def test_keras_tuner(project, histories, tmp_path):
    tuner_package = pytest.importorskip("keras_tuner")
    pytest.importorskip("tensorboard")  # the tuner needs it
    x, y = data()

    def build(hyperparameters):
        return classifier(optimizer=keras.optimizers.Adam(hyperparameters.Choice("rate", [0.01, 0.001])))

    tuner = tuner_package.RandomSearch(build, "val_loss", max_trials=2, directory=tmp_path, project_name="search")
    text = "tuner.search(x, y, epochs=1, validation_split=0.25, verbose=0, callbacks=[ScramCallback()])\n"
    project.run(text, tuner=tuner, x=x, y=y, ScramCallback=ScramCallback)
    assert [status for status, _ in project.runs] == ["finished", "finished"]


def test_inside_a_scikit_learn_wrapper(project, histories):
    pytest.importorskip("sklearn")
    x, y = data()

    def build(X, y):  # noqa: N803  the wrapper's own name
        return classifier(loss="categorical_crossentropy")

    wrapper = keras.wrappers.SKLearnClassifier(
        build,
        fit_kwargs={"epochs": 2, "verbose": 0, "callbacks": [ScramCallback()]},
    )
    project.run("wrapper.fit(x, y)\n", wrapper=wrapper, x=x, y=y)
    assert [status for status, _ in project.runs] == ["finished"]
    assert histories[0].info.fit_line == 1


class TakesTwo(keras.Model):
    """Trains on two batches each time that Keras asks for a step, as a GAN may."""

    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(2, activation="softmax")

    def call(self, inputs):
        return self.head(inputs)

    def make_train_function(self, force=False):
        @tf.function
        def train_function(iterator):
            self.train_step(next(iterator))
            return self.train_step(next(iterator))

        self.train_function = train_function


def test_a_train_function_of_the_users_own_gets_its_data_untouched(project, capsys):
    def build():
        keras.utils.set_random_seed(42)
        model = TakesTwo()
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
        return model

    def train():
        x, y = data()
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
        trained.append(assert_same_training(project, build, batches.repeat(), steps_per_epoch=5))

    trained = []
    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    thread.join(120)  # what waits for ever for a second batch is a failure here, and no standstill
    (model,) = trained
    assert model.optimizer.iterations.numpy() == 10
    assert "a train function of your own the checks of the batches are off" in capsys.readouterr().err


class Counting(keras.layers.Layer):
    """What it does depends on how often it was called."""

    def __init__(self):
        super().__init__()
        self.count, self.seen, self.by_training = 0, [], {}

    def call(self, inputs, training=False):
        self.count += 1
        self.seen.append(training)
        self.by_training[training] = self.by_training.get(training, 0) + 1
        self.latest = inputs
        return inputs * (1.0 + 0.1 * self.count + 0.01 * len(self.seen) + 0.001 * self.by_training[training])


def test_a_layer_that_counts_its_calls_counts_those_of_training_only(project):
    def build():
        model = classifier(run_eagerly=True)
        layers = [keras.Input((6,)), Counting(), *model.layers]
        model = keras.Sequential(layers)
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", run_eagerly=True)
        return model

    model = assert_same_training(project, build, *data(48), batch_size=16, validation_data=data(16), epochs=2)
    layer = model.layers[0]
    assert layer.count == len(layer.seen) == 1 + 2 * (3 + 1)  # Keras calls it once to make the model


def test_steps_of_an_execution_may_change_in_the_middle(project):
    class More(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.steps_per_execution = 4

    weights = []
    for callbacks in ([], [ScramCallback(time_budget=1.0)]):
        model = classifier()
        batches = tf.data.Dataset.from_tensor_slices(data()).batch(8)
        project.fit(model, batches, epochs=2, verbose=0, callbacks=[*callbacks, More()])
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))


def test_a_callback_may_ask_the_train_function_for_more_than_to_be_called(project):
    asked = []

    class Asking(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            function = self.model.train_function
            asked.append((function.__name__, hasattr(function, "python_function")))
            copy.copy(function)

    for callbacks in ([], [ScramCallback(quiet=True)]):
        project.fit(classifier(), *data(16), verbose=0, callbacks=[*callbacks, Asking()])
    assert asked[0] == asked[1]


def test_one_callback_in_two_threads_watches_the_first(project, capsys):
    callback = ScramCallback()
    inner = []

    class Other(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            def train():
                model = classifier()
                model.fit(*data(), verbose=0, callbacks=[callback])
                inner.append(model)

            if not inner:
                thread = threading.Thread(target=train)
                thread.start()
                thread.join()

    project.fit(classifier(), *data(), epochs=2, verbose=0, callbacks=[callback, Other()])
    assert len(inner) == 1
    assert [status for status, _ in project.runs] == ["finished"]
    said = capsys.readouterr().err
    assert said.count("this fit is not watched: its ScramCallback watches one in another thread") == 1
    assert "watched 6 steps" in said
