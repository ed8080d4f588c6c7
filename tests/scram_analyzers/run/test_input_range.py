import dataclasses

import pytest

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.input_range import unscaled_inputs
from scram_analyzers.run.records import ArrayStatistics, EpochRecord, RunInfo, StepRecord

PIXELS = ArrayStatistics("input", "x", "uint8", (32, 28, 28), 0, 255, 72.9, 90.0, consumer="Dense")
TABLE = ArrayStatistics("input", "x", "float32", (32, 13), 0.1, 1480.0, 69.0, 215.0, consumer="Dense")


def history_of(*batches):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started=""))
    for step, array in enumerate(batches, start=1):
        history.add_step(StepRecord(step, 1, 2.3, (array,)))
    return history


def test_one_batch_of_raw_pixels_is_enough():
    assert unscaled_inputs(history_of(PIXELS)) == [PIXELS]


@pytest.mark.parametrize("consumer", ["Embedding", "Rescaling", "Normalization", "BatchNormalization", "Lambda", ""])
def test_an_input_that_its_reader_may_scale_is_left_alone(consumer):
    assert unscaled_inputs(history_of(dataclasses.replace(PIXELS, consumer=consumer))) == []


def test_a_narrow_table_is_judged_after_more_rows_or_an_epoch():
    history = history_of(TABLE)
    assert unscaled_inputs(history) == []
    history.add_epoch(EpochRecord(1, 1, (("loss", 2.0),)))
    assert unscaled_inputs(history) == [TABLE]
    assert unscaled_inputs(history_of(*[TABLE] * 16)) == [TABLE]


def test_scaled_pixels_are_silent():
    scaled = dataclasses.replace(PIXELS, dtype="float32", maximum=1.0, mean=0.28, deviation=0.35)
    assert unscaled_inputs(history_of(scaled)) == []


def test_standardized_data_may_have_outliers():
    standard = dataclasses.replace(TABLE, minimum=-3.0, maximum=41.0, mean=0.01, deviation=1.02)
    assert unscaled_inputs(history_of(*[standard] * 20)) == []


def test_features_of_very_different_scale():
    uneven = dataclasses.replace(TABLE, maximum=15.0, mean=2.0, deviation=4.0, feature_deviation_ratio=400.0)
    assert unscaled_inputs(history_of(*[uneven] * 20)) == [uneven]
    once = [uneven, *[dataclasses.replace(uneven, feature_deviation_ratio=20.0)] * 20]
    assert unscaled_inputs(history_of(*once)) == []


def test_targets_and_texts_are_not_inputs_to_scale():
    target = dataclasses.replace(PIXELS, role="target")
    text = dataclasses.replace(PIXELS, dtype="string", minimum=None, maximum=None, mean=None, deviation=None)
    assert unscaled_inputs(history_of(target, text)) == []
