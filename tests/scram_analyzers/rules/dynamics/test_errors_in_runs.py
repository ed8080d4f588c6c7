"""A run that an error ended: the mistake is told, and the error only together with it."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_run, analyze_source
from scram_analyzers.findings import Finding
from scram_analyzers.rules.output_and_loss.loss_without_gradient import LossWithoutGradient
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import LayerInfo, RunError, SubjectKind
from tests.run_histories import run_info

PROGRAM = """
import keras
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
model = keras.Sequential([
    keras.Input((8, 8, 1)),
    keras.layers.Conv2D(8, 5, activation="relu"),
    keras.layers.Conv2D(8, 7, activation="relu", name="second"),
    keras.layers.Flatten(),
    keras.layers.Dense(8, activation="softmax", name="head"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x.reshape(-1, 8, 8, 1) / 16, y, epochs=30, validation_split=0.2)
"""


def told(error: RunError | None, program: str = PROGRAM) -> list[Finding]:
    rules = RuleSet.default()
    analysis = analyze_source(program, "/project/train.py", rules)
    layers = (
        LayerInfo("conv2d", "Conv2D", 208),
        LayerInfo("second", "Conv2D", 3144),
        LayerInfo("flatten", "Flatten", 0),
        LayerInfo("head", "Dense", 72),
    )
    seen = RunHistory(run_info(layers=layers, outputs=(), fit_line=14))
    seen.begin()
    seen.fail(error)
    return analyze_run(seen, rules, analysis.program, analysis.findings)


def error(name: str = "ValueError", **changes: object) -> RunError:
    return RunError(name, "Computed output size would be zero", 1, **{"step": 1, **changes})  # type: ignore[arg-type]


def test_the_cause_that_stands_at_the_layer_in_question_is_told_first() -> None:
    for layer, code in (("second", "SCR309"), ("head", "SCR411")):
        (finding,) = told(error(layer=layer))
        assert finding.code == code
        assert finding.message.endswith(" Confirmed in this run: training ended in step 1 with ValueError.")
        assert [each.message.startswith("Also likely") for each in finding.related][-1]


@pytest.mark.parametrize(
    ("changes", "when"),
    [
        ({"step": 7}, "in step 7"),
        ({"step": None, "in_validation": True}, "in the validation of epoch 1"),
        ({"step": None}, "in epoch 1"),
    ],
)
def test_it_is_said_when_it_came(changes: dict[str, object], when: str) -> None:
    (finding,) = told(error(**changes))
    assert f"training ended {when} with ValueError" in finding.message


@pytest.mark.parametrize(
    "nothing", [None, error(is_own=True), error("ResourceExhaustedError"), error("FileNotFoundError")]
)
def test_errors_of_the_programs_own_and_of_the_machine_confirm_nothing(nothing: RunError | None) -> None:
    assert told(nothing) == []


def test_an_error_without_a_known_mistake_is_left_to_its_traceback() -> None:
    healthy = PROGRAM.replace("Conv2D(8, 7", "Conv2D(8, 3").replace("Dense(8", "Dense(10")
    assert told(error(), healthy) == []


def test_an_error_about_gradients_names_the_loss() -> None:
    seen = RunHistory(run_info(layers=(), outputs=(), fit_line=1))
    seen.begin()
    seen.fail(RunError("ValueError", "No gradients provided for any variable.", 1, step=1))
    (report,) = LossWithoutGradient().check_run(seen)
    assert report.subject.kind is SubjectKind.LOSS
    other = RunHistory(run_info(layers=(), outputs=(), fit_line=1))
    other.begin()
    other.fail(error())
    assert list(LossWithoutGradient().check_run(other)) == []
