from __future__ import annotations

import pytest

from scram_analyzers.source.data import Data, Interval, Rows, StepKind, shares_rows
from scram_analyzers.source.program import Fit
from tests.scram_analyzers.source.programs import program_of


def fit_of(lines: str, call: str = "model.fit(x, y)") -> Fit:
    text = f"import keras\nimport numpy as np\nimport pandas as pd\n{lines}\n"
    model = '\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile("adam", "mse")\n'
    (fit,) = program_of(f"{text}{model}{call}\n").fits
    return fit


def inputs_of(lines: str) -> Data:
    data = fit_of(f"y = None\n{lines}").inputs
    assert data is not None
    return data


@pytest.mark.parametrize(
    ("lines", "low", "high"),
    [
        ("x = np.multiply(10000, np.random.rand(5, 2))", 0, 10_000),
        ("x = np.arange(-100, 100) ** 4", 0, 1e8),
        ("x = np.random.normal(10, 2, size=(4, 3))", 2, 18),
        ("x = np.linspace(0, 7, 5) + np.linspace(0, 3, 5)", 0, 10),
        ("x = np.where(np.random.rand(9) > 0.5, 1, 0)", 0, 1),
        ("x = np.array([[1, 2], [3, 400]]) % 7", 0, 7),
        ("x = pd.DataFrame({'a': [1, 2], 'b': [30, 40]})", 1, 40),
        ("x = np.loadtxt('data/pima-indians-diabetes.csv', delimiter=',')", 0, 846),
        ("import cv2\nx = np.array([cv2.imread(name) for name in names])", 0, 255),
        ("import cv2\nx = []\nfor name in names:\n    x.append(cv2.imread(name))\nx = np.array(x) / 255", 0, 1),
    ],
)
def test_the_range_of_the_inputs_is_followed(lines: str, low: float, high: float) -> None:
    assert inputs_of(lines).range == Interval(low, high)


@pytest.mark.parametrize(
    "lines",
    [
        "x = pd.read_csv('bikes.csv')",
        "import matplotlib.pyplot as plt\nx = np.array([plt.imread(name) for name in names])",
        "x = np.linspace(0, 9, 5) * factor",
    ],
)
def test_a_range_that_the_source_does_not_tell_is_unknown(lines: str) -> None:
    assert inputs_of(lines).range is None


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        ("x[:1000]", Rows(0, 1000)),
        ("x[50000:]", Rows(50_000, None)),
        ("x[100:][:50]", Rows(100, 150)),
        ("x[:-10000]", Rows(0, 50_000)),
        ("x[:n]", None),
        ("x[order]", None),
        ("x / 255", Rows()),
        ("x.reshape(-1, 784)", Rows()),
    ],
)
def test_the_rows_of_a_selection(selection: str, rows: Rows | None) -> None:
    assert inputs_of(f"(x, y), _ = keras.datasets.mnist.load_data()\nx = {selection}").rows == rows


@pytest.mark.parametrize(
    ("parts", "shared"),
    [
        ("a, b = x, x[:100]", True),
        ("a, b = x[:100], x[50:200]", True),
        ("a, b = x[:100], x[100:]", False),
        ("a, b = x[:100], x[n:]", False),
        ("a, b = train_test_split(x)", False),
        ("_, b = train_test_split(x)\na = x", True),
        ("a, b = x, z", False),
        ("a, b = np.concatenate([x, z]), z", True),
    ],
)
def test_two_arrays_share_rows_only_when_that_is_certain(parts: str, shared: bool) -> None:
    lines = (
        "from sklearn.model_selection import train_test_split\n"
        "(x, y), (z, _) = keras.datasets.mnist.load_data()\n"
        f"{parts}"
    )
    fit = fit_of(lines, "model.fit(a, y, validation_data=(b, y))")
    assert fit.inputs is not None
    assert fit.validation is not None
    assert isinstance(fit.validation.value, Data)
    assert shares_rows(fit.inputs, fit.validation.value) is shared


@pytest.mark.parametrize(("given", "largest"), [("", 0.2), (", scaled=True", 0.2), (", scaled=False", 301)])
def test_a_table_as_it_was_measured(given: str, largest: float) -> None:
    text = f"from sklearn.datasets import load_diabetes\nx, y = load_diabetes(return_X_y=True{given})\n"
    known = inputs_of(text).range
    assert known is not None
    assert known.magnitude == largest


def test_a_scaled_array_knows_what_its_scaler_was_fitted_to() -> None:
    data = inputs_of("""
from sklearn.preprocessing import StandardScaler
(a, y), (x, _) = keras.datasets.boston_housing.load_data()
scaler = StandardScaler().fit(a)
x = scaler.transform(x)
""")
    (step,) = data.learned_steps()
    assert step.kind is StepKind.SCALED
    assert step.learned is not None
    assert step.learned.data.part is not None
    assert step.learned.data.part.value == "training"


def test_a_shuffle_in_place_is_a_step_of_what_the_name_stands_for() -> None:
    fit = fit_of("x = np.random.rand(9, 2)\ny = [1, 2, 3]\nimport random\nrandom.shuffle(y)\ny = np.array(y)")
    assert fit.targets is not None
    assert [step.kind for step in fit.targets.steps] == [StepKind.SHUFFLED]
    assert fit.inputs is not None
    assert fit.inputs.steps == ()


def test_validation_data_are_placed_where_they_are_passed() -> None:
    fit = fit_of("(x, y), (a, b) = keras.datasets.mnist.load_data()", "model.fit(x, y, validation_data=(a, b))")
    assert fit.validation is not None
    assert fit.validation.place is not None
    assert fit.validation.place.text == "a"


def test_methods_of_scalers_are_recorded_with_what_they_return() -> None:
    program = program_of("""
        import keras
        from sklearn.preprocessing import MinMaxScaler
        (x, _), _ = keras.datasets.boston_housing.load_data()
        scaled = MinMaxScaler().fit_transform(x)
    """)
    (call,) = program.method_calls
    assert call.name == "sklearn.preprocessing.MinMaxScaler.fit_transform"
    assert isinstance(call.result, Data)
    assert call.result.range == Interval(0, 1)


def test_missing_values_in_a_list_leave_its_range_unknown() -> None:
    program = program_of("import keras\nmodel.fit([1.0, float('nan'), 3.0], y, epochs=1)\n")
    inputs = program.fits[0].inputs
    assert inputs is not None
    assert inputs.range is None
    assert inputs.shape == (3,)


@pytest.mark.parametrize(
    ("key", "classes"),
    [
        ("np.random.permutation(len(y))", 10),
        ("np.argsort(y)", 10),
        ("y < 5", None),
        ("~(y > 4)", None),
        ("np.where(y < 5)[0]", None),
        ("np.isin(y, [1, 2])", None),
        ("[row for row in range(len(y)) if y[row] < 5]", None),
    ],
)
def test_rows_picked_by_what_they_hold_may_lack_classes(key: str, classes: int | None) -> None:
    load = "from sklearn.datasets import load_digits\nx, y = load_digits(return_X_y=True)"
    fit = fit_of(f"{load}\nkept = {key}\nx, y = x[kept], y[kept]")
    assert fit.targets is not None
    assert fit.targets.classes == classes


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        ("make_friedman1(n_samples=90)", (90,)),
        ("make_friedman1(n_samples=rows)", (None,)),
        ("make_regression(90, n_targets=2)", None),
        ("make_multilabel_classification(90)", None),
    ],
)
def test_what_scikit_learn_makes_to_learn_has_no_columns(made: str, shape: tuple[int | None] | None) -> None:
    targets = fit_of(f"from sklearn import datasets\nx, y = datasets.{made}").targets
    assert targets is not None
    assert targets.shape == shape
