"""What the rules say of unit tests: of models that nobody will use, only what stops the test."""

from __future__ import annotations

import textwrap

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

HEADER = "import keras\nimport numpy as np\nimport pytest\nimport unittest\n\n"
BUILD = """
def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(0.0), loss="mse")
    return model
"""


def names(program: str, filename: str = "model.py") -> set[str]:
    """The rules that report something in a program."""
    text = HEADER + textwrap.dedent(program)
    return {finding.name for finding in analyze_source(text, filename, RuleSet.default()).findings}


@pytest.mark.parametrize(
    "test",
    [
        "def test_shape():\n    assert build().predict(np.zeros((2, 4))).shape == (2, 1)",
        "class ModelTest(unittest.TestCase):\n    def testShape(self):\n        self.assertTrue(build().built)",
        "class TestModel:\n    def test_shape(self):\n        np.testing.assert_allclose(build().predict(x), 1)",
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_shape(n):\n    build().predict(np.zeros((n, 4)))",
        "def test_it():\n    with pytest.raises(ValueError):\n        build().predict(np.zeros((2, 9)))",
        "class ModelTest(tf.test.TestCase):\n    def test_it(self):\n        build()\n\n"
        "if __name__ == '__main__':\n    tf.test.main()",
    ],
)
def test_what_a_test_suite_trains_need_not_learn(test: str) -> None:
    assert names(f"{BUILD}\n{test}\n") == set()


@pytest.mark.parametrize(
    "program",
    [
        "",
        "def test(model):\n    print(model.evaluate(x, y))",
        "def test_model(model, x, y):\n    print(model.evaluate(x, y))",
        "def test_shape():\n    assert build().built\n\nbuild().fit(x, y)",
        "def test_shape():\n    assert build().built\n\ndef main():\n    build().fit(x, y)\n\n"
        "if __name__ == '__main__':\n    main()",
        "class Test(Dataset):\n    def test(self):\n        return build()",
    ],
)
def test_a_program_that_trains_is_not_a_test(program: str) -> None:
    assert {"softmax-single-unit", "learning-rate-not-positive"} <= names(f"{BUILD}\n{program}\n")


def test_a_test_beside_a_program_is_left_alone_and_the_program_is_not() -> None:
    program = """
    def test_rate():
        model.compile(optimizer=keras.optimizers.Adam(0.0), loss="mse")
        assert model.optimizer

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y)
    """
    found = names(program)
    assert "softmax-single-unit" in found
    assert "learning-rate-not-positive" not in found


def test_in_a_file_of_tests_a_name_is_enough() -> None:
    program = f"{BUILD}\ndef test_runs():\n    build().fit(x, y)\n"
    assert "softmax-single-unit" in names(program, "train.py")
    assert names(program, "tests/test_train.py") == set()
    assert names(program, "train_test.py") == set()
    assert names(BUILD, "tests/conftest.py") == set()
    assert "softmax-single-unit" in names(BUILD, "tests/test_001.py")


def test_what_stops_a_test_is_said() -> None:
    program = """
    def test_rate():
        layer = keras.layers.Dense(3, activations="relu")
        assert layer.units == 3
    """
    assert names(program) == {"invalid-argument"}


@pytest.mark.parametrize("expectation", ["pytest.raises(TypeError)", "self.assertRaisesRegex(TypeError, 'no')"])
def test_what_is_expected_to_fail_is_no_mistake(expectation: str) -> None:
    program = f"""
    def test_rate(self):
        with {expectation}:
            keras.layers.Dense(3, activations="relu")
    """
    assert names(program) == set()
