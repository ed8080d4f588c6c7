"""Forms that programs on the web take: pasted parts, tuners, loops of their own, old names."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


def test_code_without_any_import_is_read() -> None:
    assert "softmax-single-unit" in said(
        """
        model = Sequential()
        model.add(LSTM(32, input_shape=(X_train.shape[1], X_train.shape[2])))
        model.add(Dense(1, activation="softmax"))
        model.compile(loss="binary_crossentropy", optimizer="adam")
        model.fit(X_train, y_train, epochs=10)
        """
    )


def test_a_module_of_another_library_is_not() -> None:
    assert not said("class Dense:\n    pass\n\nmodel = Sequential(Dense(1)).compile()\nmodel.fit(x)\n")


TUNED = """
import keras
import keras_tuner as kt

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
{scaling}

def build(hp):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

tuner = kt.RandomSearch(build, objective="val_accuracy")
tuner.search(x, y, epochs=5, validation_split=0.1)
model = {model}
model.evaluate(x_test, y_test)
"""

MODELS = ("tuner.get_best_models(1)[0]", "tuner.hypermodel.build(tuner.get_best_hyperparameters()[0])")


@pytest.mark.parametrize("model", MODELS)
def test_a_tuner_trains_what_its_function_makes(model: str) -> None:
    assert "input-not-normalized" in said(TUNED.format(scaling="", model=model))
    assert "scaling-mismatch" in said(TUNED.format(scaling="x = x / 255", model=model))
    assert said(TUNED.format(scaling="x, x_test = x / 255, x_test / 255", model=model)) <= {"no-seed"}


LOOP = """
import tensorflow as tf

(x, y), _ = tf.keras.datasets.cifar10.load_data()
data = tf.data.Dataset.from_tensor_slices(({x}, {y})).shuffle(1000).batch(64)
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10, activation="softmax")])
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy()
optimizer = tf.keras.optimizers.Adam()

@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        loss = loss_fn(labels, model(images, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

for epoch in range(10):
    for images, labels in data:
        train_step(images, labels)
"""


def test_a_loop_of_the_programs_own_shows_its_data() -> None:
    assert "input-not-normalized" in said(LOOP.format(x="x.astype('float32')", y="y"))
    assert "label-encoding-mismatch" in said(LOOP.format(x="x / 255", y="tf.keras.utils.to_categorical(y)"))
    assert said(LOOP.format(x="x / 255", y="y")) <= {"no-seed"}


def test_tensorflows_own_root_shows_keras_losses() -> None:
    wrong = LOOP.replace("tf.keras.losses.Sparse", "tf.losses.Sparse").replace('"softmax"', '"relu"')
    assert "invalid-output-activation" in said(wrong.format(x="x / 255", y="y"))


def test_units_that_are_worked_out_are_several() -> None:
    assert "label-encoding-mismatch" in said(
        """
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(count(y), activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x / 255, y, epochs=5)
        """
    )


def test_a_regressors_targets_are_numbers() -> None:
    assert "classification-loss-for-regression" in said(
        """
        from keras.layers import Dense
        from keras.models import Sequential
        from scikeras.wrappers import KerasRegressor

        def build():
            model = Sequential([Dense(8, activation="relu"), Dense(1)])
            model.compile("adam", "binary_crossentropy")
            return model

        KerasRegressor(model=build, epochs=10).fit(x, y)
        """
    )


@pytest.mark.parametrize("target", ["values[0][action] = reward", "values[0, action] = reward"])
def test_q_learning_wants_numbers(target: str) -> None:
    names = said(
        f"""
        import keras
        class Agent:
            def __init__(self, actions):
                self.model = keras.Sequential([keras.layers.Dense(actions, activation="softmax")])
                self.model.compile("adam", "mse")
            def learn(self, state, action, reward):
                values = self.model.predict(state)
                {target}
                self.model.fit(state, values, epochs=1)
        """
    )
    assert "output-range-mismatch" in names
    assert "regression-loss-for-classification" not in names


REFIT = """
import keras
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MinMaxScaler
from keras.preprocessing.text import Tokenizer

train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
{lines}
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, train["label"], epochs=5)
model.predict(x_test)
"""


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("t = TfidfVectorizer()\nx = t.fit_transform(train['a'])\nx_test = t.fit_transform(test['a'])", "encoder"),
        (
            "s = MinMaxScaler()\nx = s.fit_transform(train[['a']])\n"
            "whole = pd.concat([train['a'], test['a']])\n"
            "x_test = s.fit_transform(whole[len(whole) - len(test) - 60:].values.reshape(-1, 1))",
            "scaler",
        ),
        (
            "t = Tokenizer()\nt.fit_on_texts(train['a'])\nx = t.texts_to_matrix(train['a'])\n"
            "u = Tokenizer()\nu.fit_on_texts(test['a'])\nx_test = u.texts_to_matrix(test['a'])",
            "encoder",
        ),
    ],
)
def test_what_is_fitted_again_for_the_test_is_seen(lines: str, name: str) -> None:
    assert f"{name}-refitted-on-test" in said(REFIT.format(lines=lines))


def test_a_vectorizer_that_only_transforms_the_test_is_right() -> None:
    lines = "t = TfidfVectorizer()\nx = t.fit_transform(train['a'])\nx_test = t.transform(test['a'])"
    assert "encoder-refitted-on-test" not in said(REFIT.format(lines=lines))


def test_small_optimizers_are_gone_but_understood() -> None:
    names = said(
        """
        from keras import layers, models, optimizers
        model = models.Sequential([layers.Dense(1)])
        model.compile(optimizer=optimizers.adam(lr=5.0), loss="mse")
        """
    )
    assert {"removed-api", "learning-rate-too-high"} <= names


PAIRS = """
import cv2, os
import numpy as np
from keras.layers import Dense, Flatten
from keras.models import Sequential

KINDS = ["cat", "dog"]
pairs = []

def load():
    for kind in KINDS:
        for name in os.listdir(kind):
            image = cv2.imread(os.path.join(kind, name))
            pairs.append([cv2.resize(image, (50, 50)), KINDS.index(kind)])

load()
x, y = [], []
for image, label in pairs:
    x.append(image)
    y.append(label)
x = np.array(x){scaling}
model = Sequential([Flatten(), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(x, np.array(y), epochs=5, validation_split=0.1)
"""


def test_pairs_in_a_list_are_followed() -> None:
    assert "input-not-normalized" in said(PAIRS.format(scaling=""))
    assert "input-not-normalized" not in said(PAIRS.format(scaling=" / 255"))


FILLED = """
import cv2
import keras
import numpy as np

class Images(keras.utils.Sequence):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        x = np.{blank}((32, 64, 64, 3))
        for row, name in enumerate(names[index]):
            x[row] = cv2.imread(name){scaling}
        return x, labels[index]

model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(Images(), epochs=5)
"""


@pytest.mark.parametrize("blank", ["empty", "zeros"])
def test_an_array_filled_row_by_row_holds_what_was_written(blank: str) -> None:
    assert "input-not-normalized" in said(FILLED.format(blank=blank, scaling=""))
    assert "input-not-normalized" not in said(FILLED.format(blank=blank, scaling=" / 255"))


FOLDS = """
import keras
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

table = pd.read_csv("table.csv").values
x, y = table[:, :-1], table[:, -1]
{before}
for fold, (train, test) in enumerate(StratifiedKFold(5, shuffle=True).split(x, y)):
    x_train, x_test = x[train], x[test]
    {within}
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y[train], epochs=5)
    model.evaluate(x_test, y[test])
"""


def test_a_scaler_that_saw_every_fold_has_leaked() -> None:
    leaking = FOLDS.format(before="x = StandardScaler().fit_transform(x)", within="pass")
    within = "scaler = StandardScaler(); x_train = scaler.fit_transform(x_train); x_test = scaler.transform(x_test)"
    assert "scaler-fitted-before-split" in said(leaking)
    assert not said(FOLDS.format(before="", within=within)) & {"scaler-fitted-before-split", "scaler-refitted-on-test"}


MAPPED = """
import keras
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

table = pd.read_csv("table.csv")
y = {labels}
x = StandardScaler().fit_transform(table.drop(columns="kind"))
model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "{loss}_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, validation_split=0.1)
"""


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ("table['kind'].map({'a': 0, 'b': 1, 'c': 2})", "label-encoding-mismatch"),
        (
            "np.array([0 if each == 'a' else 1 if each == 'b' else 2 for each in table['kind']])",
            "label-encoding-mismatch",
        ),
    ],
)
def test_numbers_for_words_are_classes(labels: str, name: str) -> None:
    assert name in said(MAPPED.format(labels=labels, loss="categorical"))
    assert name not in said(MAPPED.format(labels=labels, loss="sparse_categorical"))


def test_classes_counted_from_one_have_no_last_unit() -> None:
    counted = "table['kind'].map({'a': 1, 'b': 2, 'c': 3})"
    assert "label-out-of-range" in said(MAPPED.format(labels=counted, loss="sparse_categorical"))


def test_steps_of_a_series_answered_one_by_one() -> None:
    text = """
        import keras
        import pandas as pd
        table = pd.read_csv("load.csv")
        model = keras.Sequential()
        model.add(keras.layers.LSTM(32, return_sequences={steps}))
        model.add(keras.layers.Dense(1))
        model.compile("adam", "mse")
        model.fit(windows(table), table["load"], epochs=5)
        """
    assert "missing-flatten" in said(text.format(steps="True"))
    assert "missing-flatten" not in said(text.format(steps="False"))


def test_evaluation_of_examples_in_another_shape() -> None:
    assert "input-shape-mismatch" in said(
        """
        import keras
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
        x, x_test = x / 255, x_test / 255
        model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x.reshape(-1, 784), y, epochs=5)
        model.evaluate(x_test, y_test)
        """
    )


def test_pictures_that_add_up_to_one_are_no_pictures() -> None:
    assert "output-range-mismatch" in said(
        """
        import keras
        (x, _), _ = keras.datasets.cifar10.load_data()
        x = x / 255
        model = keras.Sequential([keras.layers.Conv2D(3, 3, padding="same", activation="softmax")])
        model.compile("adam", "mse")
        model.fit(x, x, epochs=5)
        """
    )


CLASSIFIER = """
import os
from functools import partial
import numpy as np
import keras
from keras import layers

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x{scaling}, x_test{scaling}
{lines}
model.compile({optimizer}, "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, validation_split=0.1)
"""

LOOPED = """
model = keras.Sequential([layers.Flatten()])
for _ in range(trial.suggest_int("layers", 1, 3)):
    model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
"""

PARTIAL = """
Plain = partial(layers.Dense, activation="relu")
model = keras.Sequential([layers.Flatten(), Plain(64), Plain(10, activation="softmax")])
"""

WRITTEN_OUT = """
model = keras.Sequential([layers.Flatten(), layers.Dense(64), layers.Activation("linear")])
model.add(layers.Dense(10, activation="softmax"))
"""


@pytest.mark.parametrize("lines", [LOOPED, PARTIAL])
def test_models_of_looped_and_partial_layers_are_entered(lines: str) -> None:
    assert "input-not-normalized" in said(CLASSIFIER.format(lines=lines, scaling="", optimizer='"adam"'))
    assert said(CLASSIFIER.format(lines=lines, scaling=" / 255", optimizer='"adam"')) <= {"no-seed"}


def test_a_linear_activation_that_is_written_out_is_none() -> None:
    text = CLASSIFIER.format(lines=WRITTEN_OUT, scaling=" / 255", optimizer='"adam"')
    assert "missing-hidden-activation" in said(text)
    assert "missing-hidden-activation" not in said(text.replace('Activation("linear")', 'Activation("relu")'))


@pytest.mark.parametrize("given", ['float(os.environ.get("LR", "7.0"))', 'float(os.getenv("LR", 7.0))'])
def test_the_environments_defaults_are_read(given: str) -> None:
    optimizer = f"keras.optimizers.Adam({given})"
    assert "learning-rate-too-high" in said(CLASSIFIER.format(lines=PARTIAL, scaling=" / 255", optimizer=optimizer))


FOLDERS = """
from tensorflow.keras import layers, models
from tensorflow.keras.preprocessing.image import ImageDataGenerator

pictures = ImageDataGenerator(rescale=1 / 255, validation_split=0.2)
train = pictures.flow_from_directory("data/train", target_size=(64, 64){first})
valid = pictures.flow_from_directory("data/train", target_size=(64, 64){second})
model = models.Sequential([layers.Flatten(), layers.Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=valid, epochs=5)
"""


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("", "", True),
        (", subset='training'", ", subset='validation'", False),
        (", subset=one", ", subset=other", False),
    ],
)
def test_one_folder_read_twice_holds_the_same_pictures(first: str, second: str, same: bool) -> None:
    assert ("validation-on-training-data" in said(FOLDERS.format(first=first, second=second))) is same


SERIES = """
import pandas as pd
import numpy as np
import keras
from sklearn.preprocessing import MinMaxScaler

series = pd.read_csv("passengers.csv", usecols=[1]).values
size = int(len(series) * 0.7)
{lines}

def windows(values):
    x = np.array([values[i : i + 3, 0] for i in range(len(values) - 3)])
    return x, np.array([values[i + 3, 0] for i in range(len(values) - 3)])

x, y = windows(train)
x_test, y_test = windows(test)
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=5, validation_data=(x_test, y_test))
"""


def test_a_series_scaled_before_it_is_cut_has_leaked() -> None:
    leaking = "series = MinMaxScaler().fit_transform(series)\ntrain, test = series[0:size, :], series[size:, :]"
    right = (
        "train, test = series[0:size, :], series[size:, :]\nscaler = MinMaxScaler().fit(train)\n"
        "train, test = scaler.transform(train), scaler.transform(test)"
    )
    assert "scaler-fitted-before-split" in said(SERIES.format(lines=leaking))
    assert "scaler-fitted-before-split" not in said(SERIES.format(lines=right))


BY_HAND = """
import keras
import pandas as pd

table = pd.read_csv("cars.csv")
train = table.sample(frac=0.8, random_state=0)
test = table.drop(train.index)
mean, spread = train.mean(), train.std()
y, y_test = train.pop("mpg"), test.pop("mpg")
test = (test - mean) / spread
{line}
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(train, y, epochs=5)
model.evaluate(test, y_test)
"""


def test_scaling_by_hand_of_the_test_alone_is_seen() -> None:
    assert "scaling-mismatch" in said(BY_HAND.format(line=""))
    assert "scaling-mismatch" not in said(BY_HAND.format(line="train = (train - mean) / spread"))


def test_zeros_made_minus_ones_are_no_probabilities() -> None:
    assert "label-out-of-range" in said(
        """
        import keras
        from sklearn.datasets import make_circles
        x, y = make_circles(1000)
        y[y == 0] = -1
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=5, validation_split=0.1)
        """
    )


def test_amounts_are_no_classes() -> None:
    text = """
        import keras
        import pandas as pd
        table = pd.read_csv("ratings.csv")
        model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "mse", metrics=["accuracy"])
        model.fit(table[["user", "book"]], table["{column}"], epochs=5)
        """
    assert "accuracy-metric-for-regression" in said(text.format(column="rating"))
    assert "regression-loss-for-classification" in said(text.format(column="liked"))


def test_row_sums_compared_are_classes() -> None:
    assert "label-encoding-mismatch" in said(
        """
        import keras
        import numpy as np
        x = np.random.rand(1000, 10)
        y = (x.sum(axis=1) > 5).astype(int)
        model = keras.Sequential([keras.layers.Dense(2, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=5)
        """
    )


@pytest.mark.parametrize(("x", "same"), [("x_train", True), ("x_test", False)])
def test_names_of_unknown_data_are_compared(x: str, same: bool) -> None:
    names = said(
        f"""
        from keras import layers, models
        model = models.Sequential([layers.Dense(5, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=5, validation_data=({x}, y_test))
        """
    )
    assert ("validation-on-training-data" in names) is same


@pytest.mark.parametrize(("units", "wrong"), [(2, True), (1, False)])
def test_one_column_of_a_table_needs_one_unit(units: int, wrong: bool) -> None:
    names = said(
        f"""
        import keras
        import pandas as pd
        from sklearn.model_selection import train_test_split
        table = pd.read_csv("cards.csv")
        x, x_test, y, y_test = train_test_split(table.drop("fraud", axis=1), table["fraud"])
        model = keras.Sequential([keras.layers.Dense({units}, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=5)
        """
    )
    assert ("output-units-mismatch" in names) is wrong


@pytest.mark.parametrize("first", ["Rescaling(1 / 255)", "Identity()"])
def test_pixels_divided_before_their_preprocessing(first: str) -> None:
    names = said(
        f"""
        import keras
        from keras.applications.vgg16 import VGG16, preprocess_input
        from keras import layers
        images = keras.utils.image_dataset_from_directory("cars", image_size=(224, 224))
        first = layers.{first}
        images = images.map(lambda x, y: (preprocess_input(first(x)), y))
        network = VGG16(include_top=False, pooling="avg")
        network.trainable = False
        model = keras.Sequential([network, layers.Dense(8, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, epochs=5)
        """
    )
    assert ("input-scaled-twice" in names) is first.startswith("Rescaling")


def test_an_optimizer_of_pixels_may_take_large_steps() -> None:
    loop = """
        import tensorflow as tf
        optimizer = tf.optimizers.Adam(learning_rate=0.02)
        network = tf.keras.applications.VGG19(include_top=False)
        with tf.GradientTape() as tape:
            loss = distance(network(picture))
        optimizer.apply_gradients([(tape.gradient(loss, {moved}), {moved})])
        """
    assert "learning-rate-too-high" not in said(loop.format(moved="picture"))
    assert "learning-rate-too-high" in said(loop.format(moved="network.trainable_variables"))


DEFAULTS = """
import keras
from dataclasses import dataclass

@dataclass
class Settings:
    rate: float = 4.0

def train(settings=None):
    {lines}
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(settings.rate), "mse")

train()
"""


@pytest.mark.parametrize(
    "lines", ["settings = settings or Settings()", "if settings is None:\n        settings = Settings()"]
)
def test_what_stands_in_for_none_is_taken(lines: str) -> None:
    assert "learning-rate-too-high" in said(DEFAULTS.format(lines=lines))


@pytest.mark.parametrize(("loss", "wrong"), [("sparse_categorical", True), ("categorical", False)])
def test_ones_written_into_zeros_are_one_hot_rows(loss: str, wrong: bool) -> None:
    names = said(
        f"""
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.mnist.load_data()
        rows = np.zeros((y.size, y.max() + 1))
        rows[np.arange(y.size), y] = 1
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "{loss}_crossentropy", metrics=["accuracy"])
        model.fit(x / 255, rows, epochs=5, validation_split=0.1)
        """
    )
    assert ("label-encoding-mismatch" in names) is wrong


def test_frames_of_a_film_are_pixels() -> None:
    assert "input-not-normalized" in said(
        """
        import cv2
        import keras
        import numpy as np
        films = []
        for name in names:
            film, frames = cv2.VideoCapture(name), []
            for _ in range(20):
                found, frame = film.read()
                frames.append(cv2.resize(frame, (64, 64)))
            films.append(frames)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(np.array(films), kinds, epochs=5)
        """
    )


@pytest.mark.parametrize("given", ["(x, y)", "x, y"])
def test_datasets_are_zipped_into_pairs(given: str) -> None:
    names = said(
        f"""
        import tensorflow as tf
        (x, y), _ = tf.keras.datasets.mnist.load_data()
        x = tf.data.Dataset.from_tensor_slices(x)
        y = tf.data.Dataset.from_tensor_slices(tf.keras.utils.to_categorical(y))
        pairs = tf.data.Dataset.zip({given}).shuffle(1000).batch(32)
        model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(pairs, epochs=5)
        """
    )
    assert {"input-not-normalized", "label-encoding-mismatch"} <= names
