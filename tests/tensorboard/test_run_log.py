"""What TensorBoard's own reader finds in the files."""

import numpy as np
import pytest

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.run.records import EpochRecord, LayerObservation, ProbeRecord, StepRecord, WeightObservation
from scram_lsp.tensorboard.run_log import RunLog, as_markdown, histogram_of, histograms_of

FINDING = Finding(
    "SCR601", "loss-not-finite", Severity.ERROR, Confidence.HIGH, "The loss became NaN.", "It ruins.", "Stop.",
    "/project/train.py", SourceRange.of(12, 4, 12, 30), origin=Origin.RUN, moment=RunMoment("a", 3, 1),
    recipe="model.fit(x)\n",
)  # fmt: skip


def written(folder, say):
    log = RunLog(folder, "20261121-140233-3f2a", say)
    log.observe(StepRecord(1, 1, 0.5))
    log.observe(StepRecord(2, 1, float("nan")))
    probe = ProbeRecord(
        2, 1, 16, 0.4,
        (LayerObservation("dense", 0.1, 1.0, None, 0.25),),
        (WeightObservation("dense/kernel", "dense", 2.0, 0.125),),
    )  # fmt: skip
    log.observe(probe)
    log.observe(EpochRecord(1, 3, (("val_loss", 0.75),)))
    weights = [("dense/kernel", np.array([-1.0, 0.0, 3.0, np.nan])), ("empty", np.array([]))]
    log.add_histograms(histograms_of(weights), 3)
    log.add_finding(FINDING)
    log.close()


def test_tensorboard_reads_texts_curves_and_histograms(tmp_path):
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    said = []
    written(tmp_path / "logs" / "scram", said.append)
    assert said == []
    (folder,) = (tmp_path / "logs" / "scram").iterdir()
    events = accumulators.EventAccumulator(str(folder))
    events.Reload()
    tags = events.Tags()
    assert [(each.step, each.value) for each in events.Scalars("scram loss/batch")] == [(1, 0.5)]
    assert [each.value for each in events.Scalars("scram epochs/val_loss")] == [0.75]
    assert [each.value for each in events.Scalars("scram gradients/dense/kernel norm")] == [0.125]
    assert [each.value for each in events.Scalars("scram activations/dense share of zeros")] == [0.25]
    histogram = events.Histograms("scram weights/dense/kernel")[0].histogram_value
    assert (histogram.min, histogram.max, histogram.num, histogram.sum) == (-1.0, 3.0, 3.0, 2.0)
    (text,) = events.Tensors("scram findings/SCR601 loss-not-finite")
    assert text.step == 3
    assert text.tensor_proto.string_val[0].decode() == as_markdown(FINDING)
    assert "scram findings/SCR601 loss-not-finite" in tags["tensors"]


def test_markdown_names_the_place_and_what_to_do():
    text = as_markdown(FINDING)
    assert "**error: loss-not-finite** (SCR601) at `train.py:12:5`" in text
    assert "*What to do:* Stop." in text
    assert "```python\nmodel.fit(x)\n```" in text


def test_a_histogram_of_nothing_finite_is_none():
    assert histogram_of(np.array([np.nan, np.inf])) is None


def test_without_tensorboard_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboard.compat.proto", None)
    said = []
    written(tmp_path, said.append)
    (line,) = said
    assert "pip install tensorboard" in line


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path):
    pytest.importorskip("tensorboard")
    (tmp_path / "logs").write_text("in the way")
    said = []
    written(tmp_path / "logs", said.append)
    (line,) = said
    assert str(tmp_path / "logs") in line


def test_a_disk_that_is_full_is_one_line(tmp_path):
    pytest.importorskip("tensorboard")
    said = []
    log = RunLog(tmp_path, "a", said.append)

    def full(*_):
        raise OSError(28, "No space left on device")

    log._file._records.write = full
    log.observe(StepRecord(1, 1, 0.5))
    log.observe(StepRecord(2, 1, 0.5))
    log.close()
    (line,) = said
    assert "No space left" in line
