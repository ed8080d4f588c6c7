import math

import numpy as np
import pytest

from scram_analyzers.run.records import (
    DataArray,
    DataRecord,
    EpochRecord,
    LabelForm,
    LayerObservation,
    ProbeRecord,
    RunInfo,
    StepRecord,
    WeightObservation,
)
from scram_lsp.store.observations import kind_of, record_from_json, record_to_json
from scram_lsp.store.thinning import Thinning

RECORDS = [
    RunInfo(run="a", script="/train.py", started="2026-11-21T14:02:33+00:00", losses=("mse",)),
    StepRecord(4, 1, 0.5, nonfinite_weights=("dense/kernel",)),
    EpochRecord(1, 3, (("loss", math.inf), ("accuracy", 1.0))),
    ProbeRecord(
        3, 1, 16, 0.25,
        (LayerObservation("dense", 1.0, 2.0, None, None),),
        (WeightObservation("dense/kernel", "dense", 1.0, None),),
    ),
    DataRecord(
        (DataArray("training", "input", "x", "float32", (None, 3), 3, 3, label_form=LabelForm.BINARY,
                   classes=((0.0, 2), (1.0, 2))),)
    ),
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=kind_of)
def test_a_record_comes_back_as_it_was(record):
    assert record_from_json(kind_of(record), record_to_json(record)) == record


def test_numpy_numbers_and_nan_are_numbers_like_any_other():
    row = record_to_json(StepRecord(np.int64(3), 1, np.float32("nan")))
    assert row == '{"step":3,"epoch":1,"loss":"nan"}'
    assert math.isnan(record_from_json("step", row).loss)


@pytest.mark.parametrize(("kind", "row"), [("epoch", "{}"), ("epoch", "nonsense"), ("weather", "{}")])
def test_a_row_that_holds_no_such_record_is_named(kind, row):
    with pytest.raises(ValueError, match=kind):
        record_from_json(kind, row)


def test_a_long_stream_is_kept_to_a_bounded_part_with_its_begin():
    thinning = Thinning(100)
    kept = [number for number in range(1, 100_001) if thinning.keeps_next()]
    assert kept[:100] == list(range(1, 101))
    assert len(kept) < 700
    assert kept[-1] > 99_000
