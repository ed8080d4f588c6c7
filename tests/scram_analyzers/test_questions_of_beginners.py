"""Faults as people ask about them who have just begun, in the paths that data and graphs take through a program."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize(("of_validation", "wrong"), [("rotation_range=10", True), ("rescale=1 / 255", False)])
def test_generators_of_which_one_alone_scales_pixels_of_a_table(of_validation: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from tensorflow.keras import Sequential, layers
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
        x_train = train.drop("label", axis=1).values.reshape(-1, 28, 28, 1)
        x_test = test.drop("label", axis=1).values.reshape(-1, 28, 28, 1)
        ours = ImageDataGenerator(rescale=1 / 255, rotation_range=10)
        theirs = ImageDataGenerator({of_validation})
        model = Sequential([layers.Flatten(), layers.Dense(25, activation="softmax")])
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(ours.flow(x_train, train["label"]), validation_data=theirs.flow(x_test, test["label"]))
    """
    assert ("scaling-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(
    ("row", "wrong"),
    [("[[600, 40, 60000]]", True), ("scaler.transform([[600, 40, 60000]])", False), ("[[1, 0, 2]]", False)],
)
def test_a_typed_row_for_a_model_of_scaled_rows(row: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        from tensorflow.keras import Sequential, layers

        table = pd.read_csv("churn.csv")
        x_train, x_test, y_train, y_test = train_test_split(table.iloc[:, 3:6], table.iloc[:, -1])
        scaler = StandardScaler()
        x_train, x_test = scaler.fit_transform(x_train), scaler.transform(x_test)
        model = Sequential([layers.Dense(6, activation="relu"), layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, validation_data=(x_test, y_test))
        print(model.predict(np.array({row})))
    """
    assert ("scaling-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("scaled", "wrong"), [("table", True), ('table.drop("target", axis=1)', False)])
def test_a_target_scaled_along_with_its_table(scaled: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from sklearn.preprocessing import StandardScaler
        from tensorflow.keras import Sequential, layers

        table = pd.read_csv("heart.csv")
        y = table["target"]
        scaled = pd.DataFrame(StandardScaler().fit_transform({scaled}), columns=["age", "sex", "target"])
        labels = scaled["target"] if {wrong} else y
        model = Sequential([layers.Dense(6, activation="relu"), layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
        model.fit(scaled[["age", "sex"]], labels, validation_split=0.2)
    """
    assert ("label-out-of-range" in said(text)) is wrong


@pytest.mark.parametrize(("seed", "wrong"), [("random_state=42", True), ("", True), ("random_state=10", False)])
def test_inputs_and_labels_split_by_seeds_of_their_own(seed: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from sklearn.model_selection import train_test_split
        from tensorflow import keras

        table = pd.read_csv("loans.csv")
        x_train, x_test = train_test_split(table[["age", "income"]].values / 100, test_size=0.2, random_state=10)
        y_train, y_test = train_test_split(table["default"].values, test_size=0.2, {seed})
        model = keras.Sequential([keras.layers.Dense(6, "relu"), keras.layers.Dense(1, activation="sigmoid")])
        model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, validation_data=(x_test, y_test))
    """
    assert ("labels-shuffled-apart" in said(text)) is wrong


@pytest.mark.parametrize(("divided", "wrong"), [("// 255", True), ("/ 255", False)])
def test_pixels_divided_to_whole_numbers(divided: str, wrong: bool) -> None:
    text = f"""
        import pickle
        from tensorflow import keras

        with open("batch", "rb") as file:
            batch = pickle.load(file, encoding="bytes")
        x = batch[b"data"] {divided}
        model = keras.Sequential([keras.layers.Dense(6, "relu"), keras.layers.Dense(10, activation="softmax")])
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, batch[b"labels"], validation_split=0.1)
    """
    assert ("scaled-values-truncated" in said(text)) is wrong


def test_raw_columns_beside_an_embedding() -> None:
    text = """
        import pandas as pd
        from tensorflow import keras

        table = pd.read_csv("loans.csv")
        numbers, kind = keras.Input((2,)), keras.Input((1,))
        embedded = keras.layers.Flatten()(keras.layers.Embedding(12, 4)(kind))
        hidden = keras.layers.Dense(8, activation="relu")(keras.layers.Concatenate()([numbers, embedded]))
        model = keras.Model([numbers, kind], keras.layers.Dense(1, activation="sigmoid")(hidden))
        model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
        x = [table[["age", "income"]].values, table["kind"].values]
        model.fit(x, table["default"].values, validation_split=0.1)
    """
    assert "input-not-normalized" in said(text)


@pytest.mark.parametrize(("axis", "wrong"), [("0", True), ("1", False)])
def test_classes_asked_for_by_name(axis: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from sklearn.preprocessing import LabelEncoder
        from tensorflow import keras

        names = np.load("names.npy")
        encoder = LabelEncoder()
        y = keras.utils.to_categorical(encoder.fit_transform(names))
        x = np.load("x.npy") / 255
        model = keras.Sequential([keras.layers.Dense(y.shape[1], activation="softmax")])
        model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, validation_split=0.1)
        answers = model.predict(x[:5])
        print(encoder.inverse_transform(np.argmax(answers, axis={axis})))
    """
    assert ("decision-misread" in said(text)) is wrong


@pytest.mark.parametrize(("divided", "wrong"), [("127.5", True), ("255.0", False), ("256.0", False)])
def test_test_pixels_divided_by_another_number(divided: str, wrong: bool) -> None:
    text = f"""
        import keras

        (x, y), (xt, yt) = keras.datasets.cifar10.load_data()
        x, xt = x / 255.0, xt / {divided}
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, validation_data=(xt, yt))
    """
    assert ("scaling-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("given", "wrong"), [("", True), ("preprocessing_function=preprocess_input", False)])
def test_a_network_s_own_preprocessing_for_training_alone(given: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf
        from tensorflow.keras.applications.densenet import preprocess_input
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        ours = ImageDataGenerator(preprocessing_function=preprocess_input, rotation_range=90)
        theirs = ImageDataGenerator({given})
        train = ours.flow_from_directory("skin/train", (224, 224), class_mode="sparse")
        test = theirs.flow_from_directory("skin/test", (224, 224), class_mode="sparse")
        base = tf.keras.applications.DenseNet121(include_top=False, input_shape=(224, 224, 3), pooling="avg")
        model = tf.keras.Sequential([base, tf.keras.layers.Dense(7, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(train, validation_data=test, epochs=20)
    """
    assert ("scaling-mismatch" in said(text)) is wrong


@pytest.mark.parametrize(("no", "wrong"), [("-1", True), ("0", False)])
def test_words_numbered_before_the_numbers_are_selected(no: str, wrong: bool) -> None:
    text = f"""
        import pandas as pd
        from tensorflow import keras

        table = pd.read_csv("attrition.csv")
        table["left"] = table["left"].map({{"Yes": 1, "No": {no}}})
        numbers = table.select_dtypes("number")
        x, y = numbers.drop("left", axis=1).values / 100, numbers["left"].values
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, validation_split=0.2)
    """
    assert ("label-out-of-range" in said(text)) is wrong


WORKED_OUT_OF_ITSELF = """
import keras
import tensorflow as tf

def own(y_true, y_pred):
    y_pred = keras.ops.mean(y_pred)
    return y_pred

generator, judge = keras.Sequential([keras.layers.Dense(4)]), keras.Sequential([keras.layers.Dense(1)])
judge.compile(optimizer="adam", loss=own)
first, second = keras.optimizers.Adam(), keras.optimizers.Adam()

def step(x, extra):
    with tf.GradientTape() as one, tf.GradientTape() as two:
        extra = extra + tf.reduce_mean(judge(generator(x)))
        other = own(tf.ones_like(extra), judge(x)) + extra
    first.apply_gradients(zip(one.gradient(extra, generator.trainable_variables), generator.trainable_variables))
    second.apply_gradients(zip(two.gradient(other, judge.trainable_variables), judge.trainable_variables))
"""


def test_a_name_that_is_given_what_is_worked_out_of_it_is_not_followed_for_ever() -> None:
    codes = {each.code for each in analyze_source(WORKED_OUT_OF_ITSELF, "train.py", RuleSet.default()).findings}
    assert not any(code.startswith("SCR9") for code in codes), codes


def test_a_loss_that_reads_each_of_its_steps_twice_takes_no_time_for_ever() -> None:
    doubled = "\n".join(["        out = out + out * 0.5"] * 40)
    text = f"""
import keras
import tensorflow as tf
model = keras.Sequential([keras.layers.Dense(4)])
optimizer, judge = keras.optimizers.Adam(), keras.losses.MeanSquaredError()
for x, y in tf.data.Dataset.from_tensor_slices((1, 2)):
    with tf.GradientTape() as tape:
        out = tf.stop_gradient(model(x, training=True))
{doubled}
        loss = judge(y, out)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
"""
    assert "weight-without-gradient" in said(text)
