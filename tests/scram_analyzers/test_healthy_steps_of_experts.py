"""Steps of healthy programs, met in public code, that were once taken for faults; each beside a faulty twin."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet


def said(text: str) -> set[str]:
    findings = analyze_source(textwrap.dedent(text), "train.py", RuleSet.default()).findings
    return {each.name for each in findings}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ('{"user": batch[:, 0], "film": batch[:, 1]}, batch[:, 2]', False),
        ("batch[:, :2], batch[:, 2]", False),
        ("x[:, :2], y[:, 2]", True),
    ],
)
def test_a_generator_may_mix_rows_before_it_takes_their_columns(given: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        def batches(x, size):
            batch = np.zeros((size, 3))
            y = np.array(x)
            while True:
                batch[:, :] = x[:size]
                np.random.shuffle(batch)
                np.random.shuffle(y)
                yield {given}

        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(batches(np.load("pairs.npy"), 64), steps_per_epoch=100, epochs=5)
        """
    assert ("labels-shuffled-apart" in said(text)) is wrong


@pytest.mark.parametrize(("scaled", "wrong"), [("y", False), ("y_test", True)])
def test_one_scaler_may_be_fitted_to_inputs_and_then_to_targets(scaled: str, wrong: bool) -> None:
    text = f"""
        import keras
        import pandas as pd
        from sklearn.preprocessing import MinMaxScaler

        table = pd.read_csv("prices.csv")
        for day in range(7):
            table[f"price {{day}}"] = table["price"].shift(day + 1)
        x = table.dropna().drop("price", axis=1).to_numpy()
        y = table.dropna()[["price"]].to_numpy()
        scaler = MinMaxScaler()
        x = scaler.fit_transform(x)
        cut = int(len(x) * 0.8)
        y_train, y_test = y[:cut], y[cut:]
        {scaled} = scaler.fit_transform({scaled})
        model = keras.Sequential([keras.layers.Dense(128, activation="relu"), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mae")
        model.fit(x[:cut], {"y[:cut]" if scaled == "y" else "y_train"}, epochs=100)
        model.evaluate(x[cut:], {"y[cut:]" if scaled == "y" else "y_test"})
        """
    assert ("scaler-refitted-on-test" in said(text)) is wrong


@pytest.mark.parametrize(("made", "wrong"), [("one_step(net, gradients)", False), ("other", True)])
def test_a_model_made_while_a_tape_records_is_none_to_train(made: str, wrong: bool) -> None:
    text = f"""
        import keras
        import tensorflow as tf
        from project import loss, one_step

        def fit(net, other, optimizer, batches):
            for x, y, new_x, new_y in batches:
                with tf.GradientTape() as outer:
                    with tf.GradientTape() as inner:
                        first = loss(y, net(x, training=True))
                    gradients = inner.gradient(first, net.trainable_variables)
                    {"stepped = " + made if made != "other" else "stepped_loss = 0"}
                    second = loss(new_y, {"stepped" if made != "other" else "other"}(new_x, training=True))
                gradients = outer.gradient(second, net.trainable_variables)
                optimizer.apply_gradients(zip(gradients, net.trainable_variables))
        """
    assert ("gradients-of-other-weights" in said(text)) is wrong


@pytest.mark.parametrize(("made", "wrong"), [("losses.MeanSquaredError()(a, b)", False), ("layers.Dense(8)(a)", True)])
def test_a_loss_that_is_worked_out_anew_is_no_layer_left_out(made: str, wrong: bool) -> None:
    text = f"""
        from keras import layers, losses

        def distance(a, b):
            far = {made}
            far = {made.replace("()", "(reduction='none')").replace("(8)", "(4)")}
            return far
        """
    assert ("layer-result-overwritten" in said(text)) is wrong


@pytest.mark.parametrize(
    ("set_to", "asked", "wrong"),
    [
        ("", 'K.image_data_format() == "channels_first"', False),
        ("", 'K.image_dim_ordering() == "th"', False),
        ('K.set_image_data_format("channels_first")', 'K.image_data_format() == "channels_first"', True),
        ("K.set_image_data_format(layout)", 'K.image_data_format() == "channels_first"', False),
    ],
)
def test_channels_come_last_unless_the_program_says_otherwise(set_to: str, asked: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        from keras import backend as K
        from project import layout

        {set_to}
        x = np.random.rand(50, 32, 32, 3)
        if {asked}:
            shape = (50, 3, 32, 32)
        else:
            shape = (50, 32, 32, 3)
        x = x.reshape(shape)
        """
    assert ("axes-mixed-by-reshape" in said(text)) is wrong


@pytest.mark.parametrize(
    ("targets", "wrong"), [("2 * x + 1", False), ("np.arange(-90, 110, 4)", False), ("x**3", True)]
)
@pytest.mark.parametrize(
    "held", ["x[:40], y[:40], epochs=100, validation_data=(x[40:], y[40:])", "x, y, epochs=100, validation_split=0.2"]
)
def test_a_straight_line_goes_on_as_it_was(targets: str, held: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        x = np.arange(-100, 100, 4)
        y = {targets}
        model = keras.Sequential([keras.layers.Dense(50, activation="relu"), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mae")
        model.fit({held})
        """
    assert ("sorted-validation-split" in said(text)) is wrong


@pytest.mark.parametrize(
    ("end", "wrong"), [("pass", False), ("return inputs", True), ("model = keras.Model(inputs, inputs)", True)]
)
def test_a_function_that_is_still_being_written_leaves_nothing_out(end: str, wrong: bool) -> None:
    text = f"""
        import keras
        from keras import layers

        def block(inputs):
            x = layers.Conv2D(8, 3)(inputs)
            {end}
        """
    assert ("layer-result-overwritten" in said(text)) is wrong


@pytest.mark.parametrize(
    ("pairs", "wrong"),
    [
        ("gradients, net.trainable_variables", False),
        ("net.trainable_variables, gradients", True),
        ("ours, weights", False),
    ],
)
def test_gradients_that_were_worked_on_still_come_before_their_weights(pairs: str, wrong: bool) -> None:
    text = f"""
        import tensorflow as tf
        from project import gathered, loss, ours, weights
        from tensorflow import keras

        def step(net, optimizer, x, y):
            with tf.GradientTape() as tape:
                error = loss(y, net(x, training=True))
            gradients = gathered(tape.gradient(error, net.trainable_variables))
            gradients = [each / 2 for each in gradients]
            optimizer.apply_gradients(zip({pairs}))
        """
    assert ("gradients-of-other-weights" in said(text)) is wrong


@pytest.mark.parametrize(
    ("targets", "units", "flatten", "wrong"),
    [
        ('np.array(table.drop(["file", "kind"], axis=1))', 25, "", True),
        ('np.array(table.drop(["file", "kind"], axis=1))', 25, "layers.Flatten(),", False),
        ('table["masks"].to_numpy().reshape(-1, 98, 98, 1)', 1, "", False),
    ],
)
def test_columns_of_a_table_are_no_maps(targets: str, units: int, flatten: str, wrong: bool) -> None:
    text = f"""
        import numpy as np
        import pandas as pd
        from keras import Sequential, layers
        from sklearn.model_selection import train_test_split

        table = pd.read_csv("films.csv")
        x, y = np.load("posters.npy") / 255, {targets}
        x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3)
        model = Sequential(
            [
                layers.Conv2D(16, 5, activation="relu", input_shape=(200, 200, 3)),
                layers.MaxPooling2D(2),
                {flatten}
                layers.Dense(64, activation="relu"),
                layers.Dense({units}, activation="sigmoid"),
            ]
        )
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(x_train, y_train, epochs=10, validation_data=(x_test, y_test))
        """
    assert ("missing-flatten" in said(text)) is wrong


@pytest.mark.parametrize(
    ("rates", "rate", "wrong"),
    [("range(20)", "1e-6 * 2**turn", False), ("range(20)", "1e-6", True), ("range(20)", "1e-7 * 2**few", True)],
)
def test_rates_that_a_loop_works_out_are_tried(rates: str, rate: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        x, y, few = np.load("x.npy"), np.load("y.npy"), 2
        losses = []
        for turn in {rates}:
            model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate={rate}), loss="mse")
            losses.append(model.fit(x, y, epochs=1).history["loss"][0])
        """
    assert bool({"learning-rate-too-high", "learning-rate-too-low"} & said(text)) is wrong


@pytest.mark.parametrize(
    ("asked", "other", "wrong"),
    [
        ('layout == "channels_first"', "x", False),
        ('layout == "tall"', "x", True),
        ('layout == "channels_first"', "x.reshape(x.shape[0], 3, 32, 32)", True),
    ],
)
def test_channels_come_first_where_the_program_asks_for_them(asked: str, other: str, wrong: bool) -> None:
    text = f"""
        from keras.datasets import cifar10

        def load(layout):
            (x, y), _ = cifar10.load_data()
            if {asked}:
                x = x.reshape(x.shape[0], 3, 32, 32)
            else:
                x = {other}
            return x, y
        """
    assert ("axes-mixed-by-reshape" in said(text)) is wrong


@pytest.mark.parametrize(("last", "wrong"), [("np.expand_dims(series, -1)[-1]", False), ("windows[-1]", True)])
def test_a_single_number_is_a_batch_of_one(last: str, wrong: bool) -> None:
    text = f"""
        import keras
        import numpy as np

        series, windows = np.random.rand(500), np.random.rand(500, 20)
        model = keras.Sequential([keras.Input(({1 if "series" in last else 20},)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.predict({last})
        """
    assert ("input-shape-mismatch" in said(text)) is wrong
