"""What probes show of layers and weights: dead, saturated, vanishing, exploding, still, diverging."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scram_analyzers.findings import Severity
from scram_analyzers.rules.architecture.constant_initializer import ConstantInitializer
from scram_analyzers.rules.architecture.train_inference_gap import TrainInferenceGap
from scram_analyzers.rules.architecture.weight_without_gradient import WeightWithoutGradient
from scram_analyzers.rules.dynamics.activation_too_large import ActivationTooLarge
from scram_analyzers.rules.dynamics.dead_units import DeadUnits
from scram_analyzers.rules.dynamics.exploding_gradient import ExplodingGradient
from scram_analyzers.rules.dynamics.initial_loss import InitialLoss
from scram_analyzers.rules.dynamics.layer_not_learning import LayerNotLearning
from scram_analyzers.rules.dynamics.saturated_units import SaturatedUnits
from scram_analyzers.rules.dynamics.signal_lost_at_start import SignalLostAtStart
from scram_analyzers.rules.dynamics.vanishing_gradient import VanishingGradient
from scram_analyzers.rules.dynamics.weights_diverging import WeightsDiverging
from scram_analyzers.rules.regularization.dropout_too_high import DropoutTooHigh
from scram_analyzers.rules.regularization.regularization_too_strong import RegularizationTooStrong
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import FrameworkWarning, LayerInfo, SubjectKind
from tests.run_histories import data, history, inputs, kernel, labels, layer, probe, reports, run_info

STEPS = (1, 13, 21, 55, 144)
LOSSES = [2.3028, 2.3026, 2.3027, 2.3025]


def stuck():
    record = data(inputs(), labels([144] * 10))
    return history(losses=LOSSES, record=record, ended=False, accuracy=[0.1] * 4)


def with_layer(seen, **changes):
    for step in STEPS:
        layers = (layer("dense"), layer("dense_1", **changes), layer("head"))
        seen.add_probe(replace(probe(step), layers=layers))
    return seen


def test_dead_units_are_counted_with_their_first_step() -> None:
    (report,) = reports(DeadUnits, with_layer(stuck(), dead_share=0.6))
    assert report.message == (
        '38 of 64 units of "dense_1" have been zero on every row since step 13 (64 rows looked at).'
    )
    assert report.subject.layer == "dense_1"
    assert report.severity is None


def test_a_sparse_layer_of_a_run_that_learns_is_only_worth_knowing() -> None:
    (report,) = reports(DeadUnits, with_layer(history(ended=False), dead_share=0.6))
    assert report.severity is Severity.INFO


def test_a_dead_layer_is_lost_whatever_the_loss_does() -> None:
    (report,) = reports(DeadUnits, with_layer(history(ended=False), dead_share=1.0))
    assert report.severity is None


def test_a_layer_without_a_living_unit_is_told_from_the_first_probes() -> None:
    seen = history(ended=False)
    for step in (1, 2, 3):
        seen.add_probe(probe(step, layers=(layer("dense_1", dead_share=1.0), layer("head"))))
    (report,) = reports(DeadUnits, seen)
    assert "have been zero on every row since step 1" in report.message
    for step in (5, 8):
        seen.add_probe(probe(step, layers=(layer("dense_1", dead_share=0.9), layer("head"))))
    assert reports(DeadUnits, seen) == []


def test_a_stuck_run_needs_but_one_look_at_a_layer_without_a_living_unit() -> None:
    seen = stuck()
    seen.add_probe(probe(1, layers=(layer("dense_1", dead_share=1.0), layer("head"))))
    (report,) = reports(DeadUnits, seen)
    assert "have been zero on every row since step 1" in report.message
    for other in (history(ended=False), stuck()):
        other.add_probe(probe(1, layers=(layer("dense_1", dead_share=0.9), layer("head"))))
        assert reports(DeadUnits, other) == []


def test_units_that_come_back_are_not_dead() -> None:
    seen = with_layer(stuck(), dead_share=0.9)
    seen.add_probe(probe(233))
    assert reports(DeadUnits, seen) == []


def test_saturated_units() -> None:
    (report,) = reports(SaturatedUnits, with_layer(stuck(), saturated_share=0.8))
    assert report.message == (
        '80% of the 64 units of "dense_1" have been at the flat end of their activation since step 13.'
    )


def test_a_vanishing_gradient_needs_a_loss_that_stands_still() -> None:
    for seen, count in ((stuck(), 1), (history(ended=False), 0)):
        for step in STEPS:
            norms = (("dense", 1e-7), ("dense_1", 1e-4), ("head", 0.1))
            weights = tuple(kernel(name, step, gradient_norm=norm) for name, norm in norms)
            seen.add_probe(replace(probe(step), weights=weights))
        assert len(reports(VanishingGradient, seen)) == count


def test_exploding_gradients() -> None:
    seen = history(ended=False)
    for place, norm in enumerate((0.3, 0.4, 0.3, 0.5, 0.4, 0.9, 80, 300, 9000)):
        weights = (kernel("dense", gradient_norm=norm),)
        seen.add_probe(replace(probe(place + 2), weights=weights, loss=2.3 + place))
    (report,) = reports(ExplodingGradient, seen)
    assert "grown from 0.4 to 9,000" in report.message


def test_a_layer_that_stands_still_while_others_move() -> None:
    seen = history(ended=False)
    for step in STEPS[1:]:
        weights = (kernel("dense", step, update_ratio=0.0), kernel("head", step))
        seen.add_probe(replace(probe(step), weights=weights))
    (report,) = reports(LayerNotLearning, seen)
    assert (
        report.message == ('The weights of "dense" have not moved since step 21 while those of other layers have.')
        or '"dense" has not moved' in report.message
    )


def test_a_layer_that_a_loop_of_ones_own_leaves_out() -> None:
    seen = history(ended=False)
    for step in STEPS[1:]:
        still = kernel("dense", step, update_ratio=0.0, gradient_norm=None)
        weights = (still, kernel("head", step, gradient_norm=None))
        seen.add_probe(replace(probe(step), weights=weights, loss=None))
    (report,) = reports(LayerNotLearning, seen)
    assert report.severity is Severity.INFO
    assert reports(WeightWithoutGradient, seen) == []


def motionless(losses: list[float], ratio: float = 0.0, ended: bool = True, own: bool = True) -> RunHistory:
    seen = history(losses=losses, ended=False)
    for step in (1, 2, 3):
        weights = (kernel("dense", step, update_ratio=ratio if step > 1 else None, gradient_norm=None),)
        seen.add_probe(replace(probe(step), weights=weights, loss=None if own else 0.8))
    if ended:
        seen.end()
    return seen


def test_no_weight_moves_at_all() -> None:
    (report,) = reports(LayerNotLearning, motionless([0.83, 0.84, 0.82]))
    assert report.message.startswith("No weight was seen to move in 135 steps")
    assert report.subject.kind is SubjectKind.TRAIN_STEP
    (report,) = reports(LayerNotLearning, motionless([0.83, 0.84, 0.82], own=False))
    assert report.subject.kind is SubjectKind.LOSS
    for healthy in (motionless([0.83, 0.7]), motionless([0.83], 1e-9), motionless([0.83], ended=False)):
        assert reports(LayerNotLearning, healthy) == []


def test_weights_without_a_gradient() -> None:
    seen = history(ended=False)
    for step in STEPS:
        weights = (kernel("dense", step, gradient_norm=None), kernel("head", step))
        seen.add_probe(replace(probe(step), weights=weights))
    (report,) = reports(WeightWithoutGradient, seen)
    assert report.subject.layer == "dense"


def test_keras_says_it_and_gets_a_line() -> None:
    seen = history(ended=False)
    text = "Gradients do not exist for variables ['sequential/dense_7/kernel'] when minimizing the loss."
    seen.warnings.append(FrameworkWarning(text, "UserWarning", 1))
    (report,) = reports(WeightWithoutGradient, seen)
    assert report.subject.layer == "dense_7"


def test_diverging_weights() -> None:
    seen = stuck()
    for step, norm in ((1, 5.0), (21, 80.0), (55, 900.0)):
        seen.add_probe(replace(probe(step), weights=(kernel("dense", step, norm=norm, deviation=norm / 50),)))
    (report,) = reports(WeightsDiverging, seen)
    assert "grown from 5 to 900 by step 55" in report.message


def test_large_activations() -> None:
    (report,) = reports(ActivationTooLarge, with_layer(stuck(), mean=300.0, deviation=400.0))
    assert "about 500 in size" in report.message


@pytest.mark.parametrize(("deviation", "phrase"), [(1e-6, "deviate by 1e-6 only"), (5e4, "already deviate by 50,000")])
def test_a_signal_lost_at_the_start(deviation: float, phrase: str) -> None:
    (report,) = reports(SignalLostAtStart, with_layer(stuck(), deviation=deviation))
    assert phrase in report.message
    assert report.severity is None


def test_a_first_loss_far_from_a_guess_with_its_cause() -> None:
    seen = history(losses=[30.0, 10.0], ended=False, record=data(inputs(), labels([144] * 10)))
    seen.add_probe(replace(probe(1), loss=50.0, layers=(layer("dense", deviation=200.0), layer("head"))))
    (report,) = reports(InitialLoss, seen)
    assert "the first loss was 50, where a blind guess gives 2.3" in report.message
    assert report.causes[0].subject.layer == "dense"


def test_a_constant_kernel() -> None:
    seen = history(ended=False)
    weights = (kernel("dense", 1, deviation=0.0), kernel("head", 1))
    seen.add_probe(replace(probe(1), weights=weights))
    (report,) = reports(ConstantInitializer, seen)
    assert report.subject.kind is SubjectKind.LAYER
    assert 'All weights of "dense" start with the same value' in report.message


def test_a_model_that_does_worse_in_inference() -> None:
    seen = history(ended=False)
    for step in (600, 650, 700):
        seen.add_probe(replace(probe(step), loss=0.3, inference_loss=3.0))
    (report,) = reports(TrainInferenceGap, seen)
    assert "0.3 in training mode and 3 in inference mode" in report.message
    assert report.severity is None


def test_dropout_makes_training_the_harder_one() -> None:
    seen = history(ended=False)
    for step in (600, 650, 700):
        seen.add_probe(replace(probe(step), loss=1.0, inference_loss=0.2))
    assert reports(TrainInferenceGap, seen) == []


def test_a_penalty_that_rules_the_loss() -> None:
    seen = stuck()
    for step in STEPS:
        seen.add_probe(replace(probe(step), loss=9.0, penalty=6.7))
    (report,) = reports(RegularizationTooStrong, seen)
    assert "74% of the loss" in report.message


def test_a_penalty_late_in_a_good_run_is_fine() -> None:
    seen = history(ended=False, record=data(inputs(), labels([144] * 10)), accuracy=[0.98] * 10)
    for step in STEPS:
        seen.add_probe(replace(probe(step), loss=0.5, penalty=0.45))
    assert reports(RegularizationTooStrong, seen) == []


def by_their_settings(
    rate: float, penalty: float, accuracy: float, **changes: Any
) -> list[tuple[str, Severity | None]]:
    """What is said of a dropout and a penalty in a run that ended, by their numbers alone."""
    layers = (
        LayerInfo("dense", "Dense", 4160, units=64, activation="relu", regularized=True, penalty=penalty),
        LayerInfo("lstm", "LSTM", 4160, units=64, rate=rate),
        LayerInfo("head", "Dense", 650, units=10, activation="softmax"),
    )
    known = data(inputs(), labels([144] * 10))
    seen = history(run_info(layers=layers), record=known, accuracy=[accuracy] * 10, **changes)
    return [
        (report.subject.layer or "", report.severity)
        for rule in (DropoutTooHigh, RegularizationTooStrong)
        for report in reports(rule, seen)
    ]


def test_settings_that_only_the_run_knows() -> None:
    loud, soft = Severity.WARNING, Severity.INFO
    assert by_their_settings(0.95, 3.0, 0.4) == [("lstm", loud), ("dense", loud)]
    assert by_their_settings(0.95, 3.0, 0.97) == [("lstm", soft), ("dense", soft)]
    assert by_their_settings(0.5, 0.01, 0.4) == []
    assert by_their_settings(0.95, 3.0, 0.4, ended=False) == []


def test_weights_that_begin_too_wide_behind_a_bounded_output() -> None:
    seen = history(ended=False)
    first = probe(1)
    gates = replace(kernel("recent", 1, deviation=204.5), weight="recent/gru_cell/kernel")
    seen.add_probe(replace(first, weights=(gates, *first.weights)))
    (report,) = reports(SignalLostAtStart, seen)
    assert report.message.startswith('Before training, the weights of "recent" deviate by 204')
    for weight in (replace(gates, deviation=1.5), replace(gates, weight="recent/kernel")):
        fine = history(ended=False)
        fine.add_probe(replace(first, weights=(weight, *first.weights)))
        assert reports(SignalLostAtStart, fine) == []
