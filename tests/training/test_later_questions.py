"""What a trained model is asked, `evaluate` and `predict`, beside what it was trained on."""

import gc
import threading
import weakref

import pytest

from scram_lsp import watch
from scram_lsp.training.publication import Publication

pytestmark = pytest.mark.tensorflow
keras = pytest.importorskip("keras")

PROGRAM = """
import keras
import numpy as np
from keras import layers
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
raw = rng.uniform(0, 100, (300, 5)).astype("float32")
scaled = (raw - 50) / 29
y = scaled @ np.array([1, -1, 2, 0.5, 0], "float32")
model = keras.Sequential([keras.Input((5,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
model.compile("adam", "mse")
rows = {"scaled": scaled, "raw": raw}
model.fit(rows[trained], y, epochs=2, verbose=0)
for _ in range(3):
    answers = ASK
weights = model.get_weights()
"""

EVALUATE = "model.evaluate(rows[asked][:100], y[:100], verbose=0)"
PREDICT = "model.predict(rows[asked][:100], verbose=0)"
PREDICT_ONE = "model.predict(rows[asked][:1], verbose=0)"


def found(project, ask, trained, asked):
    """The message of each finding about scales that was stored, and the text of its place."""
    with watch(quiet=True, time_budget=1.0):
        project.run(PROGRAM.replace("ASK", ask), trained=trained, asked=asked)
    lines = project.script.read_text().splitlines()
    ((status, findings),) = project.runs
    assert status == "finished"
    return [
        (each.message, lines[each.range.start.line - 1][each.range.start.column : each.range.end.column])
        for each in findings
        if each.code == "SCR207"
    ]


@pytest.mark.parametrize(("ask", "place"), [(EVALUATE, "rows[asked][:100]"), (PREDICT_ONE, "rows[asked][:1]")])
def test_data_that_were_not_scaled_are_told_once_at_their_place(project, ask, place):
    ((message, where),) = found(project, ask, "scaled", "raw")
    assert where == place
    assert "trained on inputs that run from -1.72 to 1.72; these run from" in message


def test_scaled_data_for_a_model_of_raw_ones(project):
    assert len(found(project, PREDICT, "raw", "scaled")) == 1


def test_nothing_is_said_of_data_like_those_of_training(project):
    assert found(project, f"[{EVALUATE}, {PREDICT}, {PREDICT_ONE}]", "scaled", "scaled") == []


def test_blank_data_and_a_single_row_of_small_values_say_nothing(project):
    assert found(project, f"[model.predict(0 * rows[asked], verbose=0), {PREDICT_ONE}]", "raw", "scaled") == []


def test_targets_of_another_unit(project):
    ((message, where),) = found(project, "model.evaluate(scaled, 1000 * y, verbose=0)", "scaled", "scaled")
    assert message.startswith("The training targets run from")
    assert where == "scaled"


def test_a_single_nan_in_what_is_asked(project):
    holed = "model.evaluate(np.where(rows[asked] == rows[asked][7, 2], np.nan, rows[asked]), y, verbose=0)"
    with watch(quiet=True, time_budget=1.0):
        project.run(PROGRAM.replace("ASK", holed), trained="scaled", asked="scaled")
    told = [each.message for _, findings in project.runs for each in findings if each.code == "SCR202"]
    assert told
    assert all("1 NaN or infinite value in 1 row" in message for message in told)


def test_nothing_is_told_where_the_model_is_trained_further_on_such_data(project):
    both = "model.fit(raw, y, epochs=1, verbose=0) and model.predict(raw, verbose=0)"
    with watch(quiet=True, time_budget=1.0):
        project.run(PROGRAM.replace("ASK", both), trained="scaled", asked="raw")
    assert "SCR207" not in [each.code for _, findings in project.runs for each in findings]


def test_answers_and_weights_are_those_of_a_program_that_is_not_watched(project):
    names = {"trained": "scaled", "asked": "raw"}
    plain = project.run(PROGRAM.replace("ASK", PREDICT), **names)
    with watch(quiet=True, time_budget=1.0):
        watched = project.run(PROGRAM.replace("ASK", PREDICT), **names)
    assert (plain["answers"] == watched["answers"]).all()
    assert all((one == other).all() for one, other in zip(plain["weights"], watched["weights"], strict=True))


def test_a_model_is_let_go_of(project):
    with watch(quiet=True, time_budget=1.0):
        program = project.run(PROGRAM.replace("ASK", PREDICT), trained="scaled", asked="scaled")
        model = weakref.ref(program.pop("model"))
        del program
        keras.utils.clear_session()
        gc.collect()
        assert model() is None


def test_whoever_asks_does_not_wait_until_it_is_stored(project, monkeypatch):
    told = threading.Event()
    publish = Publication.publish

    def publish_later(publication, finding, fix):
        if finding.code == "SCR207":
            told.wait(60)
        publish(publication, finding, fix)

    monkeypatch.setattr(Publication, "publish", publish_later)
    with watch(quiet=True, time_budget=1.0):
        project.run(PROGRAM.replace("ASK", PREDICT), trained="scaled", asked="raw")
        told.set()
    assert "SCR207" in [each.code for _, findings in project.runs for each in findings]
