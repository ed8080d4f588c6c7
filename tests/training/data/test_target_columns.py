import numpy as np

from scram_lsp.training.data.target_columns import columns_that_say_the_target

RNG = np.random.default_rng(4)


def test_a_column_that_is_the_target_scaled_and_rounded():
    table = RNG.normal(size=(400, 5)).astype("float32")
    target = 3.5 * table[:, 3].astype("float64") - 20
    assert columns_that_say_the_target([("x['sizes']", table)], target) == ("x['sizes'][:, 3]",)
    assert columns_that_say_the_target([("x", table)], (target[:, None]).astype("float32")) == ("x[:, 3]",)
    assert columns_that_say_the_target([("x", table)], target + RNG.normal(0, 0.01, 400)) == ()


def test_inputs_of_which_one_has_no_columns():
    table, kind = RNG.normal(size=(400, 3)), RNG.integers(0, 8, 400)
    inputs = [("x['numbers']", table), ("x['kind']", kind)]
    assert columns_that_say_the_target(inputs, table[:, 1] - 4) == ("x['numbers'][:, 1]",)
    assert columns_that_say_the_target(
        [("x['numbers']", table), ("x['size']", table[:, 0] ** 2)], table[:, 0] ** 2
    ) == ("x['size']",)


def test_a_target_within_its_own_window():
    series = RNG.normal(size=500).cumsum()
    windows = np.array([series[i : i + 12] for i in range(480)])[..., None]
    assert columns_that_say_the_target([("x", windows)], series[11:491]) == ("x[:, 11, 0]",)
    assert columns_that_say_the_target([("x", windows)], series[12:492]) == ()


def test_what_is_no_leak():
    wave = np.sin(2 * np.pi * np.arange(500) / 12)
    windows = np.array([wave[i : i + 12] for i in range(480)])[..., None]
    assert columns_that_say_the_target([("x", windows)], wave[12:492]) == ()  # the season comes again
    line = np.arange(500.0)
    steps = np.array([line[i : i + 3] for i in range(480)])
    assert columns_that_say_the_target([("x", steps)], line[3:483]) == ()
    x = RNG.normal(size=(300, 1))
    assert columns_that_say_the_target([("x", x)], 2 * x + 1) == ()
    table = RNG.integers(0, 2, (300, 4))
    assert columns_that_say_the_target([("x", table)], table[:, 1]) == ()  # an exercise, with a bit to be found


def test_classes_among_measured_columns():
    table, labels = RNG.normal(size=(300, 4)), RNG.integers(0, 3, 300)
    table[:, 2] = (labels - labels.mean()) / labels.std()
    assert columns_that_say_the_target([("x", table)], labels) == ("x[:, 2]",)
    assert columns_that_say_the_target([("x", table)], np.eye(3)[labels]) == ("x[:, 2]",)
    assert columns_that_say_the_target([("x", table[:, [0, 1, 3]])], labels) == ()
    assert columns_that_say_the_target([("x", table)], np.ones(300)) == ()
