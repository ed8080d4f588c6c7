"""A TensorBoard event file: texts, scalars and histograms at a step. Needs the package `tensorboard` only.

(Its own `EventFileWriter` imports TensorFlow wherever that is installed, which a run on JAX or torch must not do.)
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FLUSH_SECONDS = 5.0
"""How often what was written is handed to the system, for a TensorBoard that looks on."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values by their place: `counts[i]` of them up to `limits[i]`, and above the limit before it."""

    limits: Sequence[float]
    counts: Sequence[int]
    minimum: float
    maximum: float
    total: float
    total_of_squares: float


class EventFile:
    """One file in `folder`, which is made when missing.

    Raises `ImportError` without the package tensorboard, `OSError` where the file can't be written.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
        from tensorboard.plugins.text.metadata import create_summary_metadata
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._tensor, self._text_type = tensor_pb2.TensorProto, types_pb2.DT_STRING
        self._text_metadata = create_summary_metadata
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(folder / _file_name(), "wb")  # noqa: SIM115  # closed by `close`
        self._records = RecordWriter(self._file)
        self._next_flush = 0.0
        self._write(self._event(wall_time=time.time(), file_version="brain.Event:2"))

    def add_text(self, tag: str, markdown: str, step: int) -> None:
        """A text, on the text page."""
        tensor = self._tensor(
            dtype=self._text_type, string_val=[markdown.encode()], tensor_shape={"dim": [{"size": 1}]}
        )
        self._add(step, tag=tag, tensor=tensor, metadata=self._text_metadata(display_name=tag, description=""))
        self._flush()

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """A number, as a point of a curve."""
        self._add(step, tag=tag, simple_value=value)

    def add_histogram(self, tag: str, histogram: Histogram, step: int) -> None:
        """A distribution."""
        fields = {
            "min": histogram.minimum,
            "max": histogram.maximum,
            "num": sum(histogram.counts),
            "sum": histogram.total,
            "sum_squares": histogram.total_of_squares,
            "bucket_limit": histogram.limits,
            "bucket": histogram.counts,
        }
        self._add(step, tag=tag, histo=fields)

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def _add(self, step: int, **value: Any) -> None:
        summary = self._summary(value=[self._summary.Value(**value)])
        self._write(self._event(wall_time=time.time(), step=step, summary=summary))

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())
        if time.monotonic() >= self._next_flush:
            self._flush()

    def _flush(self) -> None:
        self._file.flush()
        self._next_flush = time.monotonic() + FLUSH_SECONDS


def _file_name() -> str:
    """As TensorBoard wants it: with the time first, so that it reads files in order."""
    return f"events.out.tfevents.{time.time():017.6f}.{socket.gethostname()}.{os.getpid()}.scram"
