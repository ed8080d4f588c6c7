"""What the interpreter knows of tables, of lists that grow, and of models that take several inputs."""

from __future__ import annotations

import pytest

from scram_analyzers.source.data import Data, Interval, LabelForm, StepKind
from scram_analyzers.source.program import Fit
from tests.scram_analyzers.source.programs import program_of

START = "import csv\nimport keras\nimport numpy as np\nimport pandas as pd\nimport tensorflow as tf\n"
MODEL = '\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile("adam", "mse")\nmodel.fit(x, y)\n'


def fit_of(lines: str) -> Fit:
    (fit,) = program_of(f"{START}x = y = None\n{lines}{MODEL}").fits
    return fit


def inputs_of(lines: str) -> Data:
    data = fit_of(lines).inputs
    assert data is not None
    return data


def targets_of(lines: str) -> Data:
    data = fit_of(lines).targets
    assert data is not None
    return data


@pytest.mark.parametrize(
    "lines",
    [
        "x = pd.get_dummies(pd.read_csv('cars.csv'), columns=['brand']).drop('price', axis=1)",
        "table = pd.read_csv('cars.csv').dropna()\nx = pd.get_dummies(table, drop_first=True)",
    ],
)
def test_a_table_keeps_its_numbers_beside_marks_of_words(lines: str) -> None:
    assert not any(step.kind is StepKind.ENCODED for step in inputs_of(lines).steps)


def test_marks_of_one_column_are_rows_of_classes() -> None:
    assert targets_of("y = pd.get_dummies(pd.read_csv('cars.csv')['brand'])").labels is LabelForm.ONE_HOT


def test_a_list_that_a_loop_of_unknown_length_adds_to_has_no_length() -> None:
    lines = "y = []\nfor digit in range(3):\n    for i in range(n):\n        y += [1, 0]\ny = np.array(y)"
    known = fit_of(lines).targets
    assert known is None or known.shape is None or known.shape[0] is None


def test_a_list_with_known_items_added_has_their_number() -> None:
    assert targets_of("y = [1]\ny += [0, 1]\ny += (0,)").shape == (4,)


def test_a_question_asked_of_a_column_is_answered_by_0_or_1() -> None:
    answered = targets_of("y = pd.read_csv('tweets.csv')['target'].isin([4]).astype(int) * 4")
    assert answered.range == Interval(0, 4)


@pytest.mark.parametrize("method", ["groupby('day')['price'].mean()", "resample('D').mean()", "rolling(7).sum()"])
def test_a_mean_of_each_group_is_data(method: str) -> None:
    assert inputs_of(f"x = pd.read_csv('prices.csv').{method}").source == "pandas.read_csv"


def test_a_column_of_standardized_rows_lies_around_0() -> None:
    lines = "from sklearn.preprocessing import StandardScaler\n"
    lines += "table = StandardScaler().fit_transform(pd.read_csv('rain.csv'))\ny = table[:, 3]"
    assert targets_of(lines).range == Interval(-5, 5)


def test_a_column_of_raw_rows_lies_anywhere() -> None:
    assert targets_of("y = np.loadtxt('pima-indians-diabetes.csv')[:, 3]").range is None


def test_rows_of_a_reader_are_those_of_a_table() -> None:
    lines = "rows = []\nfor row in csv.reader(open('spots.csv')):\n    rows.append(float(row[2]))\nx = np.array(rows)"
    assert inputs_of(lines).source == "csv.reader"


def test_more_rows_of_rare_classes_keep_what_was_done_before() -> None:
    lines = "from imblearn.over_sampling import SMOTE\nfrom sklearn.preprocessing import StandardScaler\n"
    lines += "x = StandardScaler().fit_transform(pd.read_csv('rare.csv'))\nx, y = SMOTE().fit_resample(x, y)"
    assert inputs_of(lines).scaled


def test_files_listed_are_what_their_reader_makes_of_them() -> None:
    lines = "def load(path):\n    label = tf.argmax(tf.strings.split(path)[-2] == ['cat', 'dog', 'owl'])\n"
    lines += "    return tf.image.decode_jpeg(tf.io.read_file(path)), label\n"
    data = inputs_of(f"{lines}x = tf.data.Dataset.list_files('birds/*').map(load).batch(8)")
    assert data.images
    assert data.range == Interval(0, 255)
    assert data.targets is not None
    assert data.targets.classes == 3


def test_a_function_called_in_an_assertion_is_called() -> None:
    program = program_of(
        f"{START}def train():\n    x = y = None\n{MODEL.replace(chr(10), chr(10) + '    ')}\nassert train()"
    )
    assert len(program.fits) == 1


TWO_INPUTS = """
words = keras.Input((20,), name="words")
size = keras.Input((2,), name="size")
both = keras.layers.concatenate([keras.layers.Embedding(9, 2)(words), size])
model = keras.Model([words, size], keras.layers.Dense(1)(both))
model.compile("adam", "mse")
sizes = pd.read_csv("sizes.csv")
"""


@pytest.mark.parametrize("given", ["[np.zeros((9, 20)), sizes]", "{'size': sizes, 'words': np.zeros((9, 20))}"])
def test_each_of_several_inputs_is_known_by_its_own(given: str) -> None:
    (fit,) = program_of(f"{START}{TWO_INPUTS}model.fit({given}, y)").fits
    feeds = {feed.place.text: feed.entry for feed in fit.feeds}
    assert list(fit.feeds[0].entry.inputs) == []
    assert feeds["sizes"].shape == (2,)
    assert feeds["np.zeros((9, 20))"].shape == (20,)


@pytest.mark.parametrize("made", ["rows", "lambda: rows()"])
def test_a_dataset_of_a_function_is_what_the_function_yields(made: str) -> None:
    lines = (
        "(images, labels), _ = keras.datasets.cifar10.load_data()\n"
        "def rows():\n    for image, label in zip(images, labels):\n        yield image, label\n"
        f"x = tf.data.Dataset.from_generator({made}, output_types=(tf.float32, tf.int32)).batch(64)\n"
    )
    data = inputs_of(lines)
    assert data.range == Interval(0, 255)
    assert data.batched
    assert data.shape is None


def test_pixels_that_are_floats_already_are_no_fractions_for_it() -> None:
    read = "picture = tf.io.decode_png(tf.io.read_file('a.png'), channels=3)\n"
    early = inputs_of(f"{read}x = tf.image.resize(tf.image.convert_image_dtype(picture, tf.float32), (64, 64))\n")
    late = inputs_of(f"{read}x = tf.image.convert_image_dtype(tf.image.resize(picture, (64, 64)), tf.float32)\n")
    assert early.range == Interval(0, 1)
    assert late.range == Interval(0, 255)


@pytest.mark.parametrize(("dtype", "highest"), [("np.bool_", 1), ("bool", 1), ('"uint8"', 255)])
def test_an_array_of_answers_holds_no_pixels(dtype: str, highest: float) -> None:
    lines = (
        f"import cv2\nx = None\ny = np.zeros((90, 64, 64, 3), dtype={dtype})\n"
        "for i in range(90):\n    y[i] = cv2.imread(f'{i}.png')\n"
    )
    assert targets_of(lines).range == Interval(0, highest)
