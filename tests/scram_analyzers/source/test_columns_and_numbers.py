"""What the interpreter knows of a table's columns, of numbered words, and of numbers that functions work out."""

from __future__ import annotations

import pytest

from scram_analyzers.source.data import STANDARDIZED, WHOLE, Data, Interval, LabelForm, StepKind
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import DIFFERENT_VALUES, Statistic, number
from tests.scram_analyzers.source.programs import program_of

MODEL = """
model = keras.Sequential([keras.layers.Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
"""


def inputs_and_targets(lines: str, call: str = "model.fit(x, y)") -> tuple[Data | None, Data | None]:
    start = "import keras\nimport numpy as np\nimport pandas as pd\nfrom sklearn.preprocessing import LabelEncoder\n"
    (fit,) = program_of(f"{start}{lines}\n{MODEL}{call}\n").fits
    return fit.inputs, fit.targets


@pytest.mark.parametrize(
    "taken", ["table['kind'].values", "table.kind", "table.pop('kind')", "table.drop(columns='size')['kind']"]
)
def test_a_column_holds_what_was_put_there(taken: str) -> None:
    lines = "table = pd.read_csv('beans.csv')\ntable['kind'] = LabelEncoder().fit_transform(table['kind'])\nx = None"
    _, targets = inputs_and_targets(f"{lines}\ny = {taken}")
    assert targets is not None
    assert targets.labels is LabelForm.INTEGER


def test_a_column_may_be_put_by_its_attribute() -> None:
    lines = "table = pd.read_csv('beans.csv')\ntable.kind = LabelEncoder().fit_transform(table.kind)\nx = None"
    _, targets = inputs_and_targets(f"{lines}\ntable.columns = ['size', 'kind']\ny = table['kind']")
    assert targets is not None
    assert targets.labels is LabelForm.INTEGER


@pytest.mark.parametrize(
    "counted",
    [
        "table.kind.nunique()",
        "len(table['kind'].unique())",
        "table.kind.unique().shape[0]",
        "len(np.unique(table['kind']))",
    ],
)
def test_a_count_of_different_values_knows_what_it_counted(counted: str) -> None:
    lines = f"import keras\nimport numpy as np\nimport pandas as pd\ntable = pd.read_csv('beans.csv')\nn = {counted}\n"
    (layer,) = program_of(f"{lines}layer = keras.layers.Embedding(n, 8)\n").layers
    size = layer.value("input_dim")
    assert isinstance(size, Statistic)
    assert size.name == DIFFERENT_VALUES
    assert size.data is not None
    assert [step.column for step in size.data.steps] == ["kind"]


def test_a_column_of_a_scaled_table_is_not_what_was_put_there() -> None:
    lines = "table = pd.read_csv('beans.csv')\ntable['kind'] = table['kind'].map({'a': 0, 'b': 1})\nx = None"
    _, targets = inputs_and_targets(f"{lines}\ntable = (table - table.mean()) / table.std()\ny = table['kind']")
    assert targets is not None
    assert (targets.range, targets.labels) == (STANDARDIZED, None)
    _, targets = inputs_and_targets(f"{lines}\ny = table['kind']")
    assert targets is not None
    assert targets.range == Interval(0, 1)


@pytest.mark.parametrize(
    "numbers",
    [
        "{c: i for i, c in enumerate(letters)}",
        "{c: i + 1 for i, c in enumerate(letters, 1)}",
        "dict((c, i) for i, c in enumerate(letters))",
    ],
)
@pytest.mark.parametrize("looked_up", ["numbers[c]", "numbers.get(c, 0)"])
def test_numbers_of_words_are_known_as_such(numbers: str, looked_up: str) -> None:
    lines = f"numbers = {numbers}\nx = np.array([[{looked_up} for c in line] for line in open('a.txt')])\ny = None"
    inputs, _ = inputs_and_targets(lines)
    assert inputs is not None
    assert inputs.token_ids


def test_numbers_of_words_made_one_hot_are_numbers_of_words_no_more() -> None:
    lines = "numbers = {c: i for i, c in enumerate(letters)}\ny = None\nx = [numbers[c] for c in text]"
    inputs, _ = inputs_and_targets(f"{lines}\nx = keras.utils.to_categorical(x)")
    assert inputs is not None
    assert not inputs.token_ids


def test_augmenting_layers_in_a_model_of_their_own_augment() -> None:
    lines = """
images = keras.utils.image_dataset_from_directory("a")
turn = keras.Sequential([keras.layers.RandomFlip(), keras.layers.Rescaling(1 / 255)])
x = images.map(lambda image, label: (turn(image), label))
"""
    inputs, _ = inputs_and_targets(lines, "model.fit(x)")
    assert inputs is not None
    assert inputs.range == Interval(0, 1)
    assert any(step.kind is StepKind.AUGMENTED for step in inputs.steps)
    inputs, _ = inputs_and_targets(lines.replace("turn(image)", "turn(image, training=False)"), "model.fit(x)")
    assert inputs is not None
    assert not any(step.kind is StepKind.AUGMENTED for step in inputs.steps)


def test_an_encoder_of_some_columns_leaves_the_others_as_they_are() -> None:
    lines = """
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
encode = ColumnTransformer([("place", OneHotEncoder(), [1])], remainder="passthrough")
y = None
x = encode.fit_transform(pd.read_csv("customers.csv"))
"""
    inputs, _ = inputs_and_targets(lines)
    assert inputs is not None
    assert not inputs.scaled
    inputs, _ = inputs_and_targets(lines.replace("[1])]", "[1]), ('rest', StandardScaler(), [2])]"))
    assert inputs is not None
    assert inputs.scaled


def test_random_generators_make_what_numpys_functions_make() -> None:
    inputs, targets = inputs_and_targets(
        "rng = np.random.default_rng(0)\nx = rng.integers(0, 256, size=(9, 4))\ny = rng.uniform(2, 3, size=9)"
    )
    assert inputs is not None
    assert inputs.range == Interval(0, 255)
    assert targets is not None
    assert targets.range == Interval(2, 3)


@pytest.mark.parametrize(
    "made",
    [
        "keras.preprocessing.sequence.TimeseriesGenerator(series, series, length=12)",
        "keras.utils.timeseries_dataset_from_array(data=series, targets=series, sequence_length=12)",
    ],
)
def test_windows_over_a_series_hold_its_values(made: str) -> None:
    inputs, targets = inputs_and_targets(f"series = np.random.uniform(100, 600, size=144)\nx = {made}", "model.fit(x)")
    assert inputs is not None
    assert inputs.range == Interval(100, 600)
    assert targets is not None
    assert targets.range == Interval(100, 600)


def test_words_made_columns_have_another_shape_than_the_texts() -> None:
    lines = "from sklearn.feature_extraction.text import TfidfVectorizer\ny = None\n"
    inputs, _ = inputs_and_targets(f"{lines}x = TfidfVectorizer().fit_transform(pd.read_csv('a.csv').text).toarray()")
    assert inputs is not None
    assert inputs.shape is None


@pytest.mark.parametrize("key", ["..., None", ":, :, None", ":, np.newaxis", "..., np.newaxis"])
def test_another_axis_leaves_the_data_as_they_are(key: str) -> None:
    lines = "(a, b), (x, y) = keras.datasets.mnist.load_data()\n"
    inputs, _ = inputs_and_targets(f"{lines}x = x[{key}] / 255.0")
    assert inputs is not None
    assert inputs.range == Interval(0, 1)
    assert inputs.rows == WHOLE


@pytest.mark.parametrize("made", ["np.vstack(column)", "np.stack(column.values)", "np.array(column.tolist())"])
def test_rows_that_may_hold_arrays_have_no_known_shape(made: str) -> None:
    inputs, _ = inputs_and_targets(f"column = pd.read_csv('faces.csv')['image']\ny = None\nx = {made}")
    assert inputs is not None
    assert inputs.shape is None


def test_rows_taken_in_the_order_of_shuffled_numbers_are_shuffled() -> None:
    lines = "order = np.arange(9)\nnp.random.shuffle(order)\ny = None\nx = np.load('x.npy')[order]"
    inputs, _ = inputs_and_targets(lines)
    assert inputs is not None
    assert [step.kind for step in inputs.steps] == [StepKind.SHUFFLED]


@pytest.mark.parametrize("order", ["np.arange(9)\nnp.random.shuffle(order)", "np.random.permutation(9)"])
def test_parts_of_a_random_order_are_no_whole(order: str) -> None:
    inputs, _ = inputs_and_targets(f"order = {order}\ny = None\nx = np.load('x.npy')[order[:n]]")
    assert inputs is not None
    assert inputs.rows is None


@pytest.mark.parametrize(("told", "scaled"), [("", True), (", preserve_range=True", False)])
def test_scikit_images_resize_scales_unless_told_not_to(told: str, scaled: bool) -> None:
    lines = "from skimage.io import imread\nfrom skimage.transform import resize\ny = None\n"
    inputs, _ = inputs_and_targets(f"{lines}x = np.array([resize(imread(name), (64, 64){told}) for name in names])")
    assert inputs is not None
    assert inputs.scaled is scaled


def scheduled(function: str) -> float | None:
    program: Program = program_of(
        f"import math\nimport keras\nimport numpy as np\n{function}\n{MODEL}"
        "model.fit(x, y, callbacks=[keras.callbacks.LearningRateScheduler(rate)])"
    )
    (callback,) = program.fits[0].callbacks or ()
    return number(callback.rates.first) if callback.rates is not None else None


@pytest.mark.parametrize(
    ("function", "first"),
    [
        ("def rate(epoch):\n    return 0.8 * math.pow(0.5, math.floor((1 + epoch) / 10.0))", 0.8),
        ("def rate(epoch, lr):\n    if epoch < 10:\n        return lr\n    return lr * np.exp(-0.1)", 0.001),
        ("rate = lambda epoch: 1e-3 * (1 + math.cos(math.pi * epoch / 20)) / 2", 0.001),
        ("def rate(epoch):\n    return table[epoch]", None),
        ("from project import rate", None),
    ],
)
def test_the_first_rate_of_a_scheduler_is_worked_out(function: str, first: float | None) -> None:
    assert scheduled(function) == (pytest.approx(first) if first is not None else None)


def test_loops_in_loops_are_not_followed_item_by_item_without_end() -> None:
    lines = "total = 0\n" + "".join(f"{'    ' * depth}for i{depth} in range(20):\n" for depth in range(4))
    program = program_of(f"import keras\n{lines}{'    ' * 4}total = total + i0 * i1 * i2 * i3\n{MODEL}")
    assert not program.unread
    assert len(program.compiles) == 1


@pytest.mark.parametrize(
    "marked",
    [
        "y[np.arange(len(kinds)), kinds] = 1",
        "for i in range(len(kinds)):\n    y[i, kinds[i]] = 1",
        "for i, kind in enumerate(kinds):\n    y[i][kind] = 1",
    ],
)
def test_rows_marked_by_labels_come_in_the_order_of_the_labels(marked: str) -> None:
    rows = 'rows = pd.read_csv("t.csv").values\nnp.random.shuffle(rows)\n'
    taken = "x, kinds = rows[:, 1:], rows[:, 0].astype(int)\n"
    x, y = inputs_and_targets(f"{rows}{taken}y = np.zeros((len(kinds), 4))\n{marked}")
    assert x is not None
    assert y is not None
    assert [step.place for step in y.steps if step.kind is StepKind.SHUFFLED] == [
        step.place for step in x.steps if step.kind is StepKind.SHUFFLED
    ]
    assert y.range == Interval(0, 1)


def test_what_a_function_from_elsewhere_makes_of_a_dataset_has_no_known_type() -> None:
    lines = "import tensorflow as tf\nfrom project import prepared\n"
    lines += "(rows, kinds), _ = keras.datasets.cifar10.load_data()\n"
    lines += "pairs = tf.data.Dataset.from_tensor_slices((rows, kinds))\n"
    (fit,) = program_of(
        f"import keras\n{lines}{MODEL}model.fit(pairs.map(lambda x, y: (prepared(x), tf.one_hot(y, 10))).batch(8))\n"
    ).fits
    assert fit.inputs is not None
    assert (fit.inputs.dtype, fit.inputs.shape, fit.inputs.range) == (None, None, None)
    assert fit.targets is not None
    assert fit.targets.labels is LabelForm.ONE_HOT


@pytest.mark.parametrize(
    ("made", "last"),
    [
        ('table["k"].apply(lambda v: 1 if v > 5 else 0)', 1),
        ('table["k"].map(lambda v: "x" in v).astype(int)', 1),
        ('table["k"].apply(lambda v: int(v > 5))', 1),
        ('table["k"].apply(grade)', 2),
        ('table.apply(lambda row: row["a"] > row["b"] and not row["c"], axis=1)', 1),
        ('table["k"].str.startswith("x")', 1),
        ('table["k"].apply(lambda v: v / 5)', None),
        ('table[["k", "m"]].apply(lambda column: column > 5)', 1),
        ('table["k"].apply(len)', None),
    ],
)
def test_functions_that_answer_by_few_numbers_make_labels(made: str, last: int | None) -> None:
    function = "def grade(v):\n    if v > 5:\n        return 2\n    return 1 if v > 2 else 0\n"
    _, y = inputs_and_targets(f'{function}table = pd.read_csv("t.csv")\ny = {made}')
    assert y is not None
    assert y.range == (Interval(0, last) if last is not None else None)


def test_numbers_read_off_names_are_whole_and_no_more_is_known() -> None:
    lines = "import os\nx = None\nnumbers = []\nfor name in os.listdir('faces'):\n    numbers.append(int(name[:2]))\n"
    _, targets = inputs_and_targets(f"{lines}y = np.array(numbers)")
    assert targets is not None
    assert (targets.labels, targets.dtype, targets.shape) == (None, "int64", (None,))


COUNTED = """
import os
x, numbers, label = None, [], {start}
for folder in os.listdir("pictures"):
    for name in os.listdir(folder):
        numbers.append(label)
        {within}
    label += {step}
y = np.array(numbers)
"""


@pytest.mark.parametrize(
    ("start", "step", "within", "labels"),
    [(0, 1, "pass", LabelForm.INTEGER), (1, 1, "pass", None), (0, 2, "pass", None), (0, 1, "label += 1", None)],
)
def test_a_number_that_a_loop_counts_groups_by_is_their_label(
    start: int, step: int, within: str, labels: LabelForm | None
) -> None:
    _, targets = inputs_and_targets(COUNTED.format(start=start, step=step, within=within))
    assert targets is not None
    assert targets.labels is labels


def test_a_picture_made_of_an_array_has_its_pixels() -> None:
    lines = "import cv2\nfrom PIL import Image\npicture = Image.fromarray(cv2.imread('a.png')).resize((8, 8))\n"
    inputs, _ = inputs_and_targets(f"{lines}x, y = np.array([np.array(picture)]), None")
    assert inputs is not None
    assert (inputs.range, inputs.images) == (Interval(0, 255), True)


@pytest.mark.parametrize(
    "names",
    [
        "table.columns[:-1]",
        'table.columns.drop("k")',
        'table.select_dtypes("number").columns.tolist()',
        '[name for name in table.columns if name != "k"]',
        '[name for name in table if name != "k"]',
        'sorted(table.columns.difference(["k"]))',
        '[f"pixel{i}" for i in range(784)]',
    ],
)
def test_columns_by_names_that_nobody_knows_have_all_rows(names: str) -> None:
    x, _ = inputs_and_targets(f'table = pd.read_csv("t.csv")\nx = table[{names}]\ny = table["k"]')
    assert x is not None
    assert x.rows == WHOLE
    assert x.shape == (None, None)


def test_rows_that_a_list_of_answers_picks_are_not_all() -> None:
    x, _ = inputs_and_targets('table = pd.read_csv("t.csv")\nx = table[[len(t) > 3 for t in texts]]\ny = table["k"]')
    assert x is not None
    assert x.rows is None
