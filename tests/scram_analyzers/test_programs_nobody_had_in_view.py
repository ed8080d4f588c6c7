"""Faults in ways of writing that no rule was made for, and healthy twins that differ in the one thing."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize(("rows", "wrong"), [("len(words)", True), ("len(words) + 1", False)])
def test_words_of_a_tokenizer_are_counted_wherever_their_dict_is_handed(rows: str, wrong: bool) -> None:
    text = f"""
        from keras.layers import LSTM, Dense, Embedding
        from keras.models import Sequential
        from keras.preprocessing.sequence import pad_sequences
        from keras.preprocessing.text import Tokenizer

        def load(texts):
            tokenizer = Tokenizer()
            tokenizer.fit_on_texts(texts)
            return tokenizer.word_index, pad_sequences(tokenizer.texts_to_sequences(texts))

        words, x = load(read())
        vocabulary = {rows}
        model = Sequential([Embedding(vocabulary, 32), LSTM(32), Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, epochs=10, validation_split=0.2)
    """
    assert ("embedding-vocabulary-too-small" in said(text)) is wrong


@pytest.mark.parametrize(("pixel", "wrong"), [("read(name)", True), ("read(name) / 255", False)])
def test_a_blank_array_by_its_class_is_filled_with_pictures(pixel: str, wrong: bool) -> None:
    text = f"""
        import os
        import cv2
        import numpy as np
        from keras.layers import Conv2D, Dense, Flatten
        from keras.models import Sequential

        def read(name):
            return cv2.resize(cv2.imread(name), (64, 64))

        def prepared(names):
            data = np.ndarray((len(names), 64, 64, 3), dtype=np.float32)
            for i, name in enumerate(names):
                data[i] = {pixel}
            return data

        names = os.listdir("train")
        labels = [1 if "dog" in name else 0 for name in names]
        model = Sequential([Conv2D(8, 3, activation="relu"), Flatten(), Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(prepared(names), np.array(labels), epochs=10)
    """
    assert ("input-not-normalized" in said(text)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("/ 255.0", True), ("/ 127.5 - 1", False)])
def test_pixels_around_zero_are_not_those_from_zero_to_one(scale: str, wrong: bool) -> None:
    text = f"""
        from tensorflow import keras

        (x, y), (tx, ty) = keras.datasets.cifar10.load_data()
        x = x.reshape(-1, 3072).astype("float32") / 127.5 - 1
        tx = tx.reshape(-1, 3072).astype("float32") {scale}
        model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=15, validation_data=(tx, ty))
    """
    assert ("scaling-mismatch" in said(text)) is wrong


PICTURES = """
import numpy as np
from tensorflow.keras import Sequential, layers
from tensorflow.keras.preprocessing import image
from tensorflow.keras.preprocessing.image import ImageDataGenerator

train = ImageDataGenerator(rescale=1 / 255).flow_from_directory("train", target_size=(64, 64), class_mode="binary")
test = ImageDataGenerator(rescale=1 / 255).flow_from_directory("test", target_size={side}, class_mode="binary")
model = Sequential()
model.add(layers.Conv2D(16, 3, activation="relu", input_shape=(64, 64, 3)))
model.add(layers.Flatten())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=10, validation_data=test)
picture = image.img_to_array(image.load_img("cat.jpg", target_size=(64, 64)))
print(model.predict({asked}))
"""


@pytest.mark.parametrize(
    ("side", "asked", "names"),
    [
        ("(64, 64)", "np.expand_dims(picture / 255, axis=0)", set()),
        ("(64, 64)", "np.array([picture]) / 255", set()),
        ("(64, 64)", "picture / 255", {"input-shape-mismatch"}),
        ("(128, 128)", "np.expand_dims(picture / 255, axis=0)", {"input-shape-mismatch"}),
        ("(64, 64)", "np.expand_dims(picture, axis=0)", {"scaling-mismatch"}),
    ],
)
def test_pictures_that_keras_reads_have_a_size_and_a_range(side: str, asked: str, names: set[str]) -> None:
    found = said(PICTURES.format(side=side, asked=asked))
    assert found & {"input-shape-mismatch", "scaling-mismatch"} == names


@pytest.mark.parametrize(("names", "wrong"), [("mae, mse", True), ("mse, mae", False), ("loss, mae", False)])
def test_the_metric_comes_after_the_loss(names: str, wrong: bool) -> None:
    text = f"""
        import keras
        from keras import layers
        from project import x, x_test, y, y_test

        model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(x, y, epochs=80, validation_split=0.2)
        {names} = model.evaluate(x_test, y_test)
    """
    assert ("evaluate-unpacking" in said(text)) is wrong


@pytest.mark.parametrize(("numbers", "wrong"), [("rand(1000, 50)", True), ("randint(0, 8000, (1000, 50))", False)])
def test_one_of_several_inputs_is_looked_up(numbers: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from tensorflow.keras import Input, Model, layers

        words, others = Input((50,)), Input((10,))
        x = layers.LSTM(32)(layers.Embedding(8000, 64)(words))
        model = Model([words, others], layers.Dense(1)(layers.concatenate([x, others])))
        model.compile("adam", "mse")
        tokens = np.random.{numbers}
        model.fit([tokens, np.random.rand(1000, 10)], np.random.rand(1000, 1), epochs=30, validation_split=0.2)
    """
    assert ("embedding-input-not-integer" in said(text)) is wrong


@pytest.mark.parametrize(
    ("before", "between", "wrong"),
    [
        ("", "x, x_test = scaler.fit_transform(x), scaler.transform(x_test)", False),
        ("table = scaler.fit_transform(table)", "", True),
    ],
)
def test_a_scaler_of_the_training_part_may_see_what_validates(before: str, between: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from keras import layers
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler

        table = pd.read_csv("cards.csv")
        scaler = StandardScaler()
        {before}
        x, x_test = train_test_split(table, test_size=0.2)
        {between}
        x_train, x_val = train_test_split(x, test_size=0.1)
        model = keras.Sequential([layers.Dense(14, activation="tanh"), layers.Dense(30)])
        model.compile("adam", "mse")
        model.fit(x_train, x_train, epochs=50, validation_data=(x_val, x_val))
        model.evaluate(x_test, x_test)
    """
    assert ("scaler-fitted-before-split" in said(text)) is wrong


def test_an_optimizer_of_tensorflow_1_is_gone() -> None:
    text = """
        import tensorflow as tf

        model = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="softmax")])
        model.compile(optimizer=tf.train.AdamOptimizer(), loss="sparse_categorical_crossentropy")
    """
    assert "removed-api" in said(text)
    assert "removed-api" not in said(text.replace("tf.train.AdamOptimizer", "tf.keras.optimizers.Adam"))


@pytest.mark.parametrize(
    ("splits", "wrong"),
    [
        ('["train[:80%]", "train[70%:]"]', True),
        ('["train", "train[:1000]"]', True),
        ('["train[:80%]", "train[80%:]"]', False),
        ('["train[:80%]", "test[:20%]"]', False),
    ],
)
def test_splits_asked_for_by_name_may_overlap(splits: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf
        import tensorflow_datasets as tfds

        train, test = tfds.load("cats_vs_dogs", split={splits}, as_supervised=True)
        ready = lambda image, label: (tf.image.resize(image, (96, 96)) / 255, label)
        train, test = train.map(ready).shuffle(5000).batch(64), test.map(ready).batch(64)
        model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(train, epochs=10, validation_data=test)
    """
    assert ("validation-on-training-data" in said(text)) is wrong


@pytest.mark.parametrize(
    ("order", "wrong"),
    [("seed=42", True), ("shuffle=False", True), ("seed=123", False), ("seed=SEED", False)],
)
def test_both_subsets_of_a_folder_are_drawn_with_one_seed(order: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf
        from project import SEED

        read = tf.keras.utils.image_dataset_from_directory
        train = read("flowers", validation_split=0.2, subset="training", seed=123)
        val = read("flowers", validation_split=0.2, subset="validation", {order})
        layers = tf.keras.layers
        model = tf.keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(5, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(train, epochs=10, validation_data=val)
    """
    assert ("validation-on-training-data" in said(text)) is wrong


@pytest.mark.parametrize(("rows", "wrong"), [("train_rows", True), ("test_rows", False)])
def test_one_generator_with_the_same_arguments_gives_the_same_examples(rows: str, wrong: bool) -> None:
    text = f"""
        import csv
        import cv2
        import numpy as np
        from keras.layers import Conv2D, Dense, Flatten, Lambda
        from keras.models import Sequential
        from sklearn.model_selection import train_test_split

        with open("log.csv") as log:
            train_rows, test_rows = train_test_split(list(csv.reader(log)), test_size=0.2)

        def batches(rows, batch_size=32):
            while True:
                for start in range(0, len(rows), batch_size):
                    part = rows[start : start + batch_size]
                    yield np.array([cv2.imread(row[0]) for row in part]), np.array([float(row[3]) for row in part])

        model = Sequential([Lambda(lambda x: x / 255 - 0.5), Conv2D(8, 5, activation="relu"), Flatten(), Dense(1)])
        model.compile("adam", "mse")
        train, test = batches(train_rows), batches({rows}, batch_size=64)
        model.fit(train, steps_per_epoch=100, epochs=5, validation_data=test, validation_steps=20)
    """
    assert ("validation-on-training-data" in said(text)) is wrong


LINES = """
import numpy as np
from keras.layers import Dense
from keras.models import Sequential

rows, quality = [], []
for line in open("wine.csv").readlines()[1:]:
    parts = line.strip().split(";")
    rows.append([{number} for p in parts[:-1]])
    quality.append(float(parts[-1]))
x, y = np.array(rows), np.array(quality)
n = int(0.7 * len(x))
model = Sequential([Dense(32, activation="relu"), Dense(1)])
model.compile("adam", "mse")
model.fit(x[:n], y[:n], epochs=40, validation_data=(x[{first}:], y[{first}:]))
"""


@pytest.mark.parametrize(
    ("number", "first", "names"),
    [
        ("float(p) / 100", "n", set()),
        ("float(p)", "n", {"input-not-normalized"}),
        ("float(p) / 100", "n - 200", {"validation-on-training-data"}),
        ("float(p) / 100", "n - 1", set()),
        ("places[p]", "n", set()),
    ],
)
def test_lines_of_a_text_file_are_rows_of_a_table(number: str, first: str, names: set[str]) -> None:
    found = said(LINES.format(number=number, first=first))
    assert found & {"input-not-normalized", "validation-on-training-data"} == names


@pytest.mark.parametrize("label", ["number", "KINDS.index(kind)"])
@pytest.mark.parametrize(("units", "wrong"), [(2, True), (3, False)])
def test_loops_over_the_classes_number_the_labels(label: str, units: int, wrong: bool) -> None:
    text = f"""
        import os
        import numpy as np
        from PIL import Image
        from tensorflow.keras import Sequential, layers

        KINDS = ["cat", "dog", "horse"]

        def load(folder):
            pictures, labels = [], []
            for number, kind in enumerate(KINDS):
                for name in os.listdir(os.path.join(folder, kind)):
                    pictures.append(np.array(Image.open(name).resize((64, 64))) / 255)
                    labels.append({label})
            return np.array(pictures), np.array(labels)

        x, y = load("animals")
        model = Sequential([layers.Flatten(), layers.Dense({units}, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, epochs=30)
    """
    assert ("output-units-mismatch" in said(text)) is wrong


FILES = """
import tensorflow as tf

def read(name):
    return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(name), channels=3), (96, 96)) / 255

def labelled(name):
    return read(name), tf.argmax(tf.strings.split(name, "/")[-2] == ["cat", "dog"])

{dataset}
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(2, activation="softmax")])
model.compile("adam", {loss!r}, metrics=["accuracy"])
model.fit(train.batch(32), epochs=10)
"""


@pytest.mark.parametrize(
    ("listed", "wrong"),
    [
        ('"data/*/*.jpg", shuffle=False', True),
        ('"data/*/*.jpg"', False),
        ('"data/*.jpg", shuffle=False', False),
    ],
)
def test_names_of_files_come_folder_by_folder(listed: str, wrong: bool) -> None:
    dataset = f"train = tf.data.Dataset.list_files({listed}).map(labelled)"
    assert ("dataset-not-shuffled" in said(FILES.format(dataset=dataset, loss="sparse_categorical_crossentropy"))) is (
        wrong
    )
    assert "labels-shuffled-apart" not in said(FILES.format(dataset=dataset, loss="sparse_categorical_crossentropy"))


@pytest.mark.parametrize(("how", "wrong"), [("", True), (", shuffle=False", False), (", seed=1", False)])
def test_two_lists_of_files_are_mixed_each_by_itself(how: str, wrong: bool) -> None:
    listed = [f'tf.data.Dataset.list_files("{each}/*.png"{how}).map(read)' for each in ("noisy", "clean")]
    dataset = f"train = tf.data.Dataset.zip(({listed[0]}, {listed[1]}))"
    assert ("labels-shuffled-apart" in said(FILES.format(dataset=dataset, loss="mse"))) is wrong


@pytest.mark.parametrize(("steps", "wrong"), [("False", True), ("True", False)])
def test_a_layer_for_each_step_needs_steps(steps: str, wrong: bool) -> None:
    text = f"""
        from keras.layers import LSTM, Dense, Embedding, Input, TimeDistributed
        from keras.models import Model

        words = Input((75,))
        x = LSTM(100, return_sequences={steps})(Embedding(5000, 50)(words))
        model = Model(words, TimeDistributed(Dense(9, activation="softmax"))(x))
        model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    assert ("shape-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("labels", "wrong"), [("y_test", True), ("keras.utils.to_categorical(y_test)", False)])
def test_labels_of_the_test_part_are_encoded_as_well(labels: str, wrong: bool) -> None:
    text = f"""
        import keras

        (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, keras.utils.to_categorical(y), epochs=10, validation_split=0.1)
        model.evaluate(x_test, {labels})
    """
    assert ("label-encoding-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("loss", "wrong"), [("categorical", True), ("sparse_categorical", False)])
def test_folders_are_counted(loss: str, wrong: bool) -> None:
    text = f"""
        import os
        import numpy as np
        from keras.layers import Dense, Flatten
        from keras.models import Sequential
        from keras.preprocessing.image import img_to_array, load_img

        kinds = os.listdir("data")
        x, y = [], []
        for number, kind in enumerate(kinds):
            for name in os.listdir("data/" + kind):
                x.append(img_to_array(load_img(name, target_size=(64, 64))) / 255)
                y.append(number)
        model = Sequential([Flatten(), Dense(len(kinds), activation="softmax")])
        model.compile("adam", "{loss}_crossentropy", metrics=["accuracy"])
        model.fit(np.array(x), np.array(y), epochs=10)
    """
    assert ("label-encoding-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("passed", "wrong"), [("", True), (", callbacks=[stop]", False)])
def test_a_callback_of_ones_own_is_passed_as_well(passed: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf

        class StopAtNinety(tf.keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if logs["accuracy"] > 0.9:
                    self.model.stop_training = True

        (x, y), _ = tf.keras.datasets.mnist.load_data()
        model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        stop = StopAtNinety()
        model.fit(x / 255, y, epochs=50{passed})
    """
    assert ("callback-not-passed" in said(text)) is wrong


@pytest.mark.parametrize(("label", "wrong"), [("price", True), ("sold", False)])
def test_a_column_is_called_what_its_name_is_bound_to(label: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        import tensorflow as tf

        table, label = pd.read_csv("houses.csv"), "{label}"
        x = (table - table.mean()) / table.std()
        model = tf.keras.Sequential([tf.keras.layers.Dense(32, activation="relu")])
        model.add(tf.keras.layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "mean_absolute_error", metrics=["accuracy"])
        model.fit(x, table[label], epochs=200, validation_split=0.1)
    """
    assert ("accuracy-metric-for-regression" in said(text)) is wrong


@pytest.mark.parametrize(
    ("number", "rows", "wrong"),
    [
        ("i + 1 for i, word in enumerate(words)", "len(words)", True),
        ("i for i, word in enumerate(words, 1)", "len(words)", True),
        ("i + 1 for i, word in enumerate(words)", "len(words) + 1", False),
        ("i for i, word in enumerate(words)", "len(words)", False),
    ],
)
def test_words_that_a_program_numbers_from_one(number: str, rows: str, wrong: bool) -> None:
    text = f"""
        import pickle
        from keras.layers import LSTM, Dense, Embedding, Input
        from keras.models import Model
        from keras.preprocessing.sequence import pad_sequences

        words, sentences = pickle.load(open("words.pkl", "rb")), pickle.load(open("sentences.pkl", "rb"))
        numbers = {{word: {number}}}
        x = pad_sequences([[numbers[word] for word in sentence] for sentence in sentences], maxlen=75)
        count = {rows}
        inputs = Input((75,))
        model = Model(inputs, Dense(1, activation="sigmoid")(LSTM(32)(Embedding(count, 50)(inputs))))
        model.compile("adam", "binary_crossentropy")
        model.fit(x, pickle.load(open("labels.pkl", "rb")), epochs=10)
    """
    assert ("embedding-vocabulary-too-small" in said(text)) is wrong


@pytest.mark.parametrize(("epochs", "wrong"), [("epochs=1", True), ("epochs=40", False), ("batch_size=10", False)])
def test_a_search_trains_each_model_for_its_epochs(epochs: str, wrong: bool) -> None:
    text = f"""
        from keras.layers import Dense
        from keras.models import Sequential
        from keras.wrappers.scikit_learn import KerasClassifier
        from sklearn.datasets import load_iris
        from sklearn.model_selection import GridSearchCV

        def make(units=8):
            model = Sequential([Dense(units, activation="relu"), Dense(3, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            return model

        x, y = load_iris(return_X_y=True)
        GridSearchCV(KerasClassifier(build_fn=make, {epochs}), {{"units": [8, 16]}}, cv=3).fit(x, y)
    """
    assert ("too-few-epochs" in said(text)) is wrong


@pytest.mark.parametrize(("fitted", "wrong"), [("closes", True), ("closes[:n]", False)])
def test_a_scaler_sees_the_share_that_is_held_out(fitted: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler
        from tensorflow.keras import Sequential, layers

        closes = pd.read_csv("prices.csv")[["Close"]].values
        n = int(len(closes) * 0.8)
        scaled = MinMaxScaler().fit({fitted}).transform(closes)
        train = scaled[:n]
        x = np.array([train[i - 60 : i] for i in range(60, len(train))])
        y = np.array([train[i, 0] for i in range(60, len(train))])
        model = Sequential([layers.LSTM(50), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=20, batch_size=32)
    """
    assert ("scaler-fitted-before-split" in said(text)) is wrong


@pytest.mark.parametrize(
    ("part", "side", "names"),
    [
        ("validation", 128, set()),
        ("training", 128, {"validation-on-training-data"}),
        ("validation", 224, {"input-shape-mismatch"}),
    ],
)
def test_options_of_a_script_by_their_names(part: str, side: int, names: set[str]) -> None:
    text = f"""
        import argparse
        import os
        from tensorflow.keras.applications import VGG19
        from tensorflow.keras.applications.vgg19 import preprocess_input
        from tensorflow.keras.layers import Dense, Flatten
        from tensorflow.keras.models import Sequential
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        parser = argparse.ArgumentParser()
        parser.add_argument("-d", "--dataset", default="plants")
        args = vars(parser.parse_args())
        read = ImageDataGenerator(preprocessing_function=preprocess_input)
        train, val = os.path.join(args["dataset"], "training"), os.path.join(args["dataset"], "{part}")
        train = read.flow_from_directory(train, target_size=(128, 128), class_mode="sparse")
        val = read.flow_from_directory(val, target_size=(128, 128), class_mode="sparse")
        base = VGG19(include_top=False, input_shape=({side}, {side}, 3))
        model = Sequential([base, Flatten(), Dense(38, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(train, validation_data=val, epochs=25)
    """
    assert said(text) & {"validation-on-training-data", "input-shape-mismatch"} == names


@pytest.mark.parametrize(("bounds", "wrong"), [("(-1, 1)", True), ("(0, 1)", False)])
def test_a_scaler_of_pixels_reaches_its_bounds(bounds: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from keras import Input, Model, layers
        from sklearn.preprocessing import MinMaxScaler

        x = MinMaxScaler(feature_range={bounds}).fit_transform(pd.read_csv("sensors.csv"))
        inputs = Input((x.shape[1],))
        model = Model(inputs, layers.Dense(x.shape[1], activation="sigmoid")(layers.Dense(16, "relu")(inputs)))
        model.compile("adam", "mse")
        model.fit(x, x, epochs=50, validation_split=0.2)
    """
    assert ("output-range-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("part", "wrong"), [("x_test", True), ("x_train", False)])
def test_a_scaler_is_fitted_to_the_training_part(part: str, wrong: bool) -> None:
    text = f"""
        import keras
        from sklearn.datasets import fetch_california_housing
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler

        x, y = fetch_california_housing(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=66)
        scaler = StandardScaler().fit({part})
        x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
        model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x_train, y_train, epochs=100, validation_data=(x_test, y_test))
    """
    assert ("scaler-refitted-on-test" in said(text)) is wrong


@pytest.mark.parametrize(("scale", "wrong"), [("", True), (" / 255.0", False)])
def test_matrices_of_a_file_by_their_names(scale: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        import scipy.io as sio
        from tensorflow.keras import Sequential, layers

        train, test = sio.loadmat("train_32x32.mat"), sio.loadmat("test_32x32.mat")
        x_train = np.transpose(train["X"], (3, 0, 1, 2)){scale}
        x_test = np.transpose(test["X"], (3, 0, 1, 2)) / 255.0
        model = Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, train["y"] - 1, epochs=20, validation_data=(x_test, test["y"] - 1))
    """
    assert ("scaling-mismatch" in said(text)) is wrong
