"""Keras models inside scikit-learn's searches, ensembles and pipelines are trained like any other."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

MODEL = """\
from keras.layers import Dense
from keras.models import Sequential
from scikeras.wrappers import KerasClassifier
from sklearn.datasets import load_wine
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def build():
    model = Sequential([Dense(8, activation="relu"), Dense(3, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


x, y = load_wine(return_X_y=True)
estimator = KerasClassifier(model=build, epochs=10)
"""


@pytest.mark.parametrize(
    "training",
    [
        "GridSearchCV(estimator, {'epochs': [10, 20]}).fit(x, y)",
        "VotingClassifier([('one', estimator), ('two', estimator)]).fit(x, y)",
        "cross_val_score(estimator, x, y, cv=5)",
        "cross_val_score(estimator=estimator, X=x, y=y, cv=5)",
        "make_pipeline(estimator).fit(x, y)",
    ],
)
def test_unscaled_data_are_seen(training: str) -> None:
    findings = analyze_source(MODEL + training + "\n", "train.py", RuleSet.default()).findings
    assert "input-not-normalized" in [each.name for each in findings]


@pytest.mark.parametrize(
    "training",
    [
        "make_pipeline(StandardScaler(), estimator).fit(x, y)",
        "GridSearchCV(Pipeline([('scale', StandardScaler()), ('net', estimator)]), {}).fit(x, y)",
        "cross_val_score(make_pipeline(StandardScaler(), estimator), x, y)",
    ],
)
def test_a_scaler_in_the_pipeline_is_seen(training: str) -> None:
    findings = analyze_source(MODEL + training + "\n", "train.py", RuleSet.default()).findings
    assert "input-not-normalized" not in [each.name for each in findings]


ROUTED = """\
from keras.layers import Dense
from keras.models import Sequential
from scikeras.wrappers import KerasClassifier
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score


def build():
    return Sequential([Dense(8, activation="relu"), Dense(3, activation="softmax")])


x, y = load_wine(return_X_y=True)
estimator = KerasClassifier(
    build, loss="sparse_categorical_crossentropy", optimizer="adam", optimizer__learning_rate=RATE, epochs=30
)
cross_val_score(estimator, x / x.max(axis=0), y)
"""


@pytest.mark.parametrize(("rate", "wrong"), [("0.5", True), ("0.001", False)])
def test_arguments_of_the_optimizer_are_handed_on_by_the_wrapper(rate: str, wrong: bool) -> None:
    found = analyze_source(ROUTED.replace("RATE", rate), "train.py", RuleSet.default()).findings
    names = [each.name for each in found]
    assert ("learning-rate-too-high" in names) is wrong
    assert "invalid-argument" not in names


def test_the_function_gets_its_arguments_by_the_name_of_the_model_too() -> None:
    text = MODEL.replace("def build():", "def build(kind='relu'):").replace('"relu"', "kind")
    wrapped = "cross_val_score(KerasClassifier(model=build, model__kind=None, epochs=30), x, y)\n"
    names = [each.name for each in analyze_source(text + wrapped, "train.py", RuleSet.default()).findings]
    assert "missing-hidden-activation" in names


def test_a_classifier_that_measures_distances_still_has_classes() -> None:
    for loss, wrong in (("mse", True), ("categorical_crossentropy", False)):
        text = MODEL.replace("categorical_crossentropy", loss) + "cross_val_score(estimator, x, y)\n"
        names = [each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings]
        assert ("regression-loss-for-classification" in names) is wrong


def test_the_score_of_an_estimator_judges_the_model() -> None:
    for line, wrong in (("", True), ("print(estimator.score(x_test, y_test))\n", False)):
        text = MODEL + "estimator.fit(x_train, y_train)\n" + line
        names = [each.name for each in analyze_source(text, "train.py", RuleSet.default()).findings]
        assert ("no-validation-data" in names) is wrong
