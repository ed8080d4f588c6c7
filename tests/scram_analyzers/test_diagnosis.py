"""How findings of the source and of a run are weighed against each other."""

from __future__ import annotations

from dataclasses import replace

from scram_analyzers.engine import analyze_run, analyze_source, ask_rules, refuted
from scram_analyzers.findings import Severity
from scram_analyzers.merging import merge
from scram_analyzers.rules.dynamics.layer_not_learning import LayerNotLearning
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.records import OptimizerInfo, OutputInfo, StreamRecord
from tests.run_histories import data, history, inputs, kernel, labels, layer, panel, probe, run_info

RULES = RuleSet.default()
RECORD = data(inputs(), labels([144] * 10))
TEMPLATE = """import keras
x, y = load()
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10{head})])
model.compile(keras.optimizers.{optimizer}, "sparse_categorical_crossentropy", metrics=["accuracy"])




model.fit(x, y, epochs=10)
"""
GOOD = {"record": RECORD, "accuracy": [0.5, 0.9, *[0.98] * 8]}


def script(optimizer: str = "Adam(0.001)", head: str = ', activation="softmax"', more: str = "") -> str:
    return TEMPLATE.format(optimizer=optimizer, head=head) + more


def test_a_run_that_trained_well_refutes_what_was_only_unusual() -> None:
    analysis = analyze_source(script("Adam(0.02)"), "/project/train.py", RULES)
    assert "SCR101" in {each.code for each in analysis.findings}
    seen = history(run_info(optimizer=OptimizerInfo("Adam", 0.02)), **GOOD)
    withdrawn = refuted(seen, analysis, [])
    found = {each.code: each.refutation for each in withdrawn}
    assert "SCR101" not in {each.code for each in merge(analysis.findings, withdrawn)}
    assert found["SCR101"] == "training accuracy came to 98%"


def test_a_run_under_way_and_a_sure_fault_refute_nothing() -> None:
    analysis = analyze_source(script("Adam(0.02)"), "/project/train.py", RULES)
    assert refuted(history(ended=False, **GOOD), analysis, []) == []
    analysis = analyze_source(script(head=""), "/project/train.py", RULES)
    assert "SCR401" in {each.code for each in analysis.findings}
    assert "SCR401" not in {each.code for each in refuted(history(**GOOD), analysis, [])}


def test_another_model_of_the_script_is_not_judged_by_this_run() -> None:
    other = """
other = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
other.compile(keras.optimizers.Adam(1e-9), "sparse_categorical_crossentropy")
other.fit(x, y, epochs=10)
"""
    analysis = analyze_source(script(more=other), "/project/train.py", RULES)
    (low,) = [each for each in analysis.findings if each.code == "SCR102"]
    stuck = history(losses=[2.3028, 2.3026, 2.3027], record=RECORD, ended=False, accuracy=[0.1] * 3)
    told = analyze_run(stuck, RULES, analysis.program, analysis.findings)
    assert low.range not in {each.range for each in told}
    assert low.range not in {each.range for each in refuted(history(**GOOD), analysis, [])}


def test_asking_needs_no_script() -> None:
    assert not ask_rules(history(**GOOD), RULES)
    assert ask_rules(history(losses=[2.3] * 4, record=RECORD, ended=False, accuracy=[0.1] * 4), RULES)


def test_a_confirmed_finding_is_no_mere_hint() -> None:
    analysis = analyze_source(script("Adam(1e-7)"), "/project/train.py", RULES)
    seen = history(losses=[2.3028, 2.3026, 2.3027], record=RECORD, ended=False, accuracy=[0.1] * 3)
    (finding,) = analyze_run(seen, RULES, analysis.program, analysis.findings)
    assert finding.code == "SCR102"
    assert finding.severity.rank <= Severity.WARNING.rank
    assert finding.message.count("Confirmed in this run") == 1


def test_a_loss_that_runs_away_confirms_the_schedule_that_begins_too_high() -> None:
    text = script("Adam(keras.optimizers.schedules.ExponentialDecay(5.0, 100, 0.9))")
    analysis = analyze_source(text, "/project/train.py", RULES)
    (source,) = [each for each in analysis.findings if each.code == "SCR101"]
    info = run_info(optimizer=OptimizerInfo("Adam", None, schedule="ExponentialDecay"))
    seen = history(info, [900.0], RECORD, step_losses=[2.3, *[900.0 + 40 * step for step in range(60)]], ended=False)
    told = [each for each in analyze_run(seen, RULES, analysis.program, analysis.findings) if each.code in DIVERGING]
    assert [(each.code, each.range) for each in told] == [("SCR101", source.range)]
    assert "Confirmed in this run: training diverges: " in told[0].message
    assert [each.code for each in analyze_run(seen, RULES, None) if each.code in DIVERGING] == ["SCR602"]


DIVERGING = ("SCR101", "SCR602")


def test_a_confirmed_finding_keeps_the_severity_that_the_user_chose() -> None:
    rules = RuleSet.build({rule.code for rule in RULES}, severities={"SCR102": Severity.INFO})
    analysis = analyze_source(script("Adam(1e-7)"), "/project/train.py", rules)
    seen = history(losses=[2.3028, 2.3026, 2.3027], record=RECORD, ended=False, accuracy=[0.1] * 3)
    (finding,) = analyze_run(seen, rules, analysis.program, analysis.findings)
    assert (finding.code, finding.severity) == ("SCR102", Severity.INFO)
    assert "Confirmed in this run" in finding.message


def test_sums_beside_one_confirm_the_sigmoid_that_gives_them() -> None:
    analysis = analyze_source(script(head=', activation="sigmoid"'), "/project/train.py", RULES)
    (source,) = [each for each in analysis.findings if each.code == "SCR406"]
    head = OutputInfo("head", "head", "sigmoid", 10, "sparse_categorical_crossentropy", from_logits=False)
    seen = history(run_info(outputs=(head,)), [2.2, 2.1], RECORD)
    seen.add_panel(panel(1, 1, row_sum_minimum=3.2, row_sum_maximum=5.9))
    told = [each for each in analyze_run(seen, RULES, analysis.program, analysis.findings) if each.code[:4] == "SCR4"]
    assert [(each.code, each.range) for each in told] == [("SCR406", source.range)]
    assert "Confirmed in this run: its outputs for a row add up to 3.2 to 5.9, not to 1." in told[0].message
    assert [each.code for each in analyze_run(seen, RULES, None) if each.code[:4] == "SCR4"] == ["SCR408"]


def test_layers_that_stand_still_confirm_gradients_of_one_layer_alone() -> None:
    text = LayerNotLearning.bad[0].program.replace("»", "").replace("«", "")
    analysis = analyze_source(text, "/project/train.py", RULES)
    (source,) = [each for each in analysis.findings if each.code == "SCR610"]
    seen = history(run_info(is_own_loop=True, is_overheard=True, fit_line=source.range.start.line), ended=False)
    for step in (13, 21, 55, 144):
        weights = (
            kernel("dense", step, update_ratio=0.0, gradient_norm=None),
            kernel("head", step, gradient_norm=None),
        )
        seen.add_probe(replace(probe(step), weights=weights, loss=None))
    told = [each for each in analyze_run(seen, RULES, analysis.program, analysis.findings) if each.code == "SCR610"]
    assert [(each.range, each.severity) for each in told] == [(source.range, Severity.WARNING)]
    assert 'Confirmed in this run: the weights of "dense" have not moved since step 21' in told[0].message


def test_layers_that_stand_still_are_told_once_in_a_run() -> None:
    seen = history(ended=False)
    told = []
    for step in (13, 21, 55, 144, 233):
        still = (kernel(name, step, update_ratio=0.0) for name in ("dense", "other"))
        seen.add_probe(replace(probe(step), weights=(*still, kernel("head", step))))
        told.append([each for each in analyze_run(seen, RULES, None) if each.code == "SCR610"])
    assert [len(each) for each in told] == [0, 0, 1, 1, 1]
    assert '"dense"' in told[-1][0].message
    assert '"other"' in told[-1][0].message


def test_dead_units_speak_for_a_loss_that_stands_still() -> None:
    seen = history(losses=[2.303] * 12, record=RECORD, ended=False, accuracy=[0.1] * 12)
    for step in (21, 55, 144, 500):
        dead = layer("dense", dead_share=1.0)
        seen.add_probe(replace(probe(step), layers=(dead, layer("head"))))
    seen.end()
    (finding,) = analyze_run(seen, RULES, None)
    assert (finding.code, finding.severity) == ("SCR606", Severity.WARNING)
    assert "Most likely because of this, the training loss has stood at 2.303" in finding.message


def test_validation_rows_of_another_scale_are_told_rather_than_overfitting() -> None:
    record = data(inputs(), labels([144] * 10), inputs("validation", 360, maximum=255.0, deviation=80.0, mean=33.0))
    accuracy = {"accuracy": [0.5, 0.7, 0.8, 0.9, 0.95], "val_accuracy": [0.3] * 5}
    val_losses = [1.9, 200.0, 400.0, 600.0, 900.0]
    seen = history(losses=[1.5, 0.9, 0.6, 0.4, 0.2], record=record, val_loss=val_losses, **accuracy)
    codes = {each.code for each in analyze_run(seen, RULES, None)}
    assert "SCR207" in codes
    assert not codes & {"SCR501", "SCR702"}


def test_one_batch_again_and_again_is_told_rather_than_overfitting() -> None:
    def codes(stream: StreamRecord) -> set[str]:
        accuracy = {"accuracy": [0.5, 0.7, 0.9, 0.99, 1.0], "val_accuracy": [0.3] * 5}
        seen = history(losses=[1.5, 0.9, 0.6, 0.4, 0.2], val_loss=[1.9, 2.1, 2.4, 2.7, 3.0], **accuracy)
        seen.stream = stream
        return {each.code for each in analyze_run(seen, RULES, None)}

    assert {"SCR501", "SCR702"} <= codes(StreamRecord(320))
    repeated = codes(StreamRecord(32, same_batch_steps=20))
    assert "SCR228" in repeated
    assert not repeated & {"SCR501", "SCR702"}


def test_what_a_handful_of_validation_rows_says_is_chance_rather_than_overfitting() -> None:
    def told(rows: int) -> dict[str, Severity]:
        record = data(inputs(), labels([144] * 10), inputs("validation", rows))
        accuracy = {"accuracy": [0.5, 0.7, 0.9, 0.99, 1.0], "val_accuracy": [0.6] * 5}
        val_losses = [1.9, 2.1, 2.4, 2.7, 3.0]
        seen = history(losses=[1.5, 0.9, 0.6, 0.4, 0.2], record=record, val_loss=val_losses, **accuracy)
        return {each.code: each.severity for each in analyze_run(seen, RULES, None)}

    many, few = told(360), told(27)
    assert many["SCR501"] is many["SCR702"] is Severity.WARNING
    assert few["SCR230"] is Severity.INFO
    assert not few.keys() & {"SCR501", "SCR702"}


def test_units_that_die_of_too_high_a_rate_confirm_it() -> None:
    analysis = analyze_source(script("Adam(0.5)"), "/project/train.py", RULES)
    (rate,) = [each for each in analysis.findings if each.code == "SCR101"]
    seen = history(run_info(optimizer=OptimizerInfo("Adam", 0.5)), [2.4], ended=False)
    for step in (1, 2, 3):
        seen.add_probe(probe(step, layers=(layer("dense", dead_share=1.0), layer("head"))))
    found = analyze_run(seen, RULES, analysis.program, analysis.findings)
    (told,) = [each for each in found if each.code in ("SCR101", "SCR606")]
    assert (told.code, told.range) == ("SCR101", rate.range)
    assert 'Confirmed in this run: 64 of 64 units of "dense" are zero on every row' in told.message


def test_units_that_die_of_large_steps_are_told_at_the_rate() -> None:
    seen = history(ended=False)
    for step in (21, 55, 144):
        weights = (kernel("dense", step, update_ratio=0.4), kernel("head", step, update_ratio=0.4))
        seen.add_probe(probe(step, layers=(layer("dense", dead_share=1.0), layer("head")), weights=weights))
    (told,) = [each for each in analyze_run(seen, RULES, None) if each.code in ("SCR101", "SCR606")]
    assert told.code == "SCR101"
    assert "have been zero on every row since step 21" in told.message


def test_labels_out_of_range_speak_for_a_loss_that_became_nan() -> None:
    signed = data(inputs(), labels([700, 740], minimum=-1.0, maximum=1.0, label_form=None, classes=()))
    info = run_info(
        losses=("binary_crossentropy",),
        outputs=(OutputInfo("head", "head", "linear", 1, "binary_crossentropy", True),),
    )
    seen = history(info, [-3.0, -70.0, float("nan")], signed, step_losses=[0.7, -1.0, float("nan")])
    assert [each.code for each in analyze_run(seen, RULES, None) if each.severity is Severity.ERROR] == ["SCR413"]


def test_a_momentum_that_swings_is_told_rather_than_overfitting() -> None:
    analysis = analyze_source(script("SGD(0.05, momentum=0.9999)"), "/project/train.py", RULES)
    accuracy = {"accuracy": [0.5, 0.7, 0.75, 0.8, 0.83], "val_accuracy": [0.6] * 5}
    losses, val_losses = [2.1, 1.6, 1.2, 0.9, 0.65], [2.0, 1.2, 9.0, 12.0, 24.6]
    seen = history(losses=losses, record=RECORD, ended=False, val_loss=val_losses, **accuracy)
    found = {each.name: each for each in analyze_run(seen, RULES, analysis.program, analysis.findings)}
    assert "overfitting" not in found
    finding = found["momentum-too-high"]
    assert "Confirmed in this run: the validation loss rose from 1.2 (epoch 2) to 24.6" in finding.message


def test_a_symptom_is_named_for_what_the_run_shows_of_its_cause() -> None:
    info = run_info(optimizer=OptimizerInfo("SGD", 0.01))
    still = history(info, [2.303] * 12, RECORD, ended=False, accuracy=[0.1] * 12)
    (finding,) = analyze_run(still, RULES, None)
    assert (finding.code, finding.name) == ("SCR107", "optimizer-unsuited")
    assert finding.message.startswith("The model does not learn: the training loss has stood at 2.303")
    without = RuleSet.build({rule.code for rule in RULES} - {"SCR107"})
    assert [each.code for each in analyze_run(still, without, None)] == ["SCR603"]


def test_a_run_at_chance_of_which_nothing_else_is_wrong_may_have_lost_its_pairs() -> None:
    still = history(losses=[2.303] * 12, record=RECORD, accuracy=[0.1] * 12)
    (finding,) = analyze_run(still, RULES, None)
    assert finding.code == "SCR218"
    assert "the targets may not belong to the inputs" in finding.message
