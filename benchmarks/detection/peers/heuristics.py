"""SCRAM's three heuristics and UMLAUT's eleven, written anew from their papers.

- SCRAM: Schoop, Huang, Hartmann, "SCRAM: Simple Checks for Realtime Analysis of Model Training for Non-Expert ML
  Programmers", CHI 2020 Extended Abstracts.
- UMLAUT: Schoop, Huang, Hartmann, "UMLAUT: Debugging Deep Learning Programs using Program Structure and Model
  Behavior", CHI 2021.

Where a paper leaves a condition open it is read in the tool's favour: a softmax counts wherever it is written (as an
activation or as a layer), and a missing metric or a missing validation raises nothing. Lines are found as these tools
find them, by searching the text of the script.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from peers.observation import LayerSeen, Observation

TYPICAL_INPUT = 1.0
HIGHEST_RATE, LOWEST_RATE = 1e-2, 1e-7
HIGHEST_DROPOUT = 0.5
SUSPICIOUS_ACCURACY = 0.95
SUSPICIOUS_LEAD = 0.05
NOISY_EPOCHS = 3
RISING_EPOCHS = 2

FIT = r"\.fit\("
MODEL = (r"model\.add", r"keras\.Model\(", r"Sequential\(")


@dataclass(frozen=True)
class PeerFinding:
    """What an earlier tool would have said, first at `step`; `line` counts from 1, None where it shows none."""

    name: str
    line: int | None
    step: int


def scram(seen: Observation, text: str) -> list[PeerFinding]:
    """Overfitting, learning rate, input normalization."""
    return _each_once([*_scram(seen, text)])


def umlaut(seen: Observation, text: str) -> list[PeerFinding]:
    """Four checks before training, seven at the end of each epoch."""
    return _each_once([*_before_training(seen, text), *_at_epochs(seen, text)])


def _scram(seen: Observation, text: str) -> Iterator[PeerFinding]:
    line = _line_of(text, FIT, first=True)
    if _is_out_of_range(seen):
        yield PeerFinding("input-not-normalized", line, 1)
    if seen.first_bad_step is not None:
        yield PeerFinding("learning-rate-too-high", line, seen.first_bad_step)
    losses = [logs["loss"] for logs in seen.epochs if "loss" in logs]
    for epoch in range(1, len(losses)):
        if losses[epoch] > 10 * losses[0] or not math.isfinite(losses[epoch]):
            yield PeerFinding("learning-rate-too-high", line, _step_at(seen, epoch))
            break
    values = [logs.get("val_loss", math.nan) for logs in seen.epochs]
    for epoch in range(RISING_EPOCHS, len(values)):
        window = values[epoch - RISING_EPOCHS : epoch + 1]
        is_rising = all(later > earlier for earlier, later in pairwise(window))
        if is_rising and losses[epoch] < losses[epoch - RISING_EPOCHS]:
            yield PeerFinding("overfitting", line, _step_at(seen, epoch))
            break


def _before_training(seen: Observation, text: str) -> Iterator[PeerFinding]:
    if not seen.layers:
        return
    model = _model_line(text)
    *hidden, last = seen.layers
    has_softmax = _is_softmax(last)
    if not has_softmax and not seen.from_logits:
        yield PeerFinding("missing-softmax", model, 0)
    before = hidden[-1] if has_softmax and last.activation is None and hidden else last
    if before.activation not in (None, "linear", "softmax"):
        yield PeerFinding("final-layer-has-activation", model, 0)
    inner = hidden[:-1] if has_softmax and last.activation is None else hidden
    if any(layer.activation == "linear" for layer in inner):
        yield PeerFinding("missing-activation", model, 0)
    if any(layer.class_name == "Dropout" and (layer.rate or 0) > HIGHEST_DROPOUT for layer in hidden):
        yield PeerFinding("high-dropout", None, 0)


def _at_epochs(seen: Observation, text: str) -> Iterator[PeerFinding]:
    line = _line_of(text, FIT, first=True)
    if not seen.epochs:
        return
    end = _step_at(seen, 0)
    shape = seen.input_shape
    if len(shape) == 4 and shape[1] != shape[2]:
        yield PeerFinding("input-wrong-shape", None, end)
    if _is_out_of_range(seen):
        yield PeerFinding("input-not-normalized", line, end)
    if seen.input_dtype and not seen.input_dtype.startswith(("float", "bfloat")):
        yield PeerFinding("input-not-floating", line, end)
    for epoch, (logs, rate) in enumerate(zip(seen.epochs, seen.rates, strict=True)):
        step = _step_at(seen, epoch)
        if math.isnan(logs.get("loss", 0.0)) and seen.input_has_nan:
            yield PeerFinding("nan-in-input", None, step)
        if rate > HIGHEST_RATE:
            yield PeerFinding("learning-rate-high", None, step)
        if rate < LOWEST_RATE:
            yield PeerFinding("learning-rate-low", None, step)
        yield from _generalization(seen, epoch, step)


def _generalization(seen: Observation, epoch: int, step: int) -> Iterator[PeerFinding]:
    logs = seen.epochs[epoch]
    if epoch and "val_loss" in logs:
        before = seen.epochs[epoch - 1]
        if logs["val_loss"] > before["val_loss"] and logs["loss"] <= before["loss"]:
            yield PeerFinding("overfitting", None, step)
    for name in ("accuracy", "acc"):
        if epoch >= NOISY_EPOCHS and f"val_{name}" in logs:
            validation = logs[f"val_{name}"]
            if validation > SUSPICIOUS_ACCURACY or validation - logs[name] > SUSPICIOUS_LEAD:
                yield PeerFinding("high-validation-accuracy", None, step)


def _is_out_of_range(seen: Observation) -> bool:
    low, high = seen.input_minimum, seen.input_maximum
    return low is not None and high is not None and (low < -TYPICAL_INPUT or high > TYPICAL_INPUT)


def _is_softmax(layer: LayerSeen) -> bool:
    return layer.class_name == "Softmax" or layer.activation == "softmax"


def _step_at(seen: Observation, epoch: int) -> int:
    """The last step of an epoch (from 0); all epochs are taken to be as long."""
    return round(seen.steps * (epoch + 1) / max(1, len(seen.epochs)))


def _model_line(text: str) -> int | None:
    for pattern in MODEL:
        line = _line_of(text, pattern, first=False)
        if line is not None:
            return line
    return None


def _line_of(text: str, pattern: str, *, first: bool) -> int | None:
    found = [number for number, line in enumerate(text.splitlines(), start=1) if re.search(pattern, line)]
    if not found:
        return None
    return found[0] if first else found[-1]


def _each_once(findings: list[PeerFinding]) -> list[PeerFinding]:
    first: dict[str, PeerFinding] = {}
    for finding in findings:
        first.setdefault(finding.name, finding)
    return list(first.values())


PEERS: dict[str, Callable[[Observation, str], list[PeerFinding]]] = {"SCRAM": scram, "UMLAUT": umlaut}
