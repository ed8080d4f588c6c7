"""The line of the user's own code, within a layer's call, at which a value that is not finite first appears."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from scram_analyzers.run.records import CodeLine
from scram_lsp.training.batches.step_loss import has_own_train_step
from scram_lsp.training.model.layer_taps import watched_layers
from scram_lsp.training.model.model_pass import Batch, forward
from scram_lsp.training.model.model_values import ModelValues, on_host
from scram_lsp.training.model.own_attributes import own_attributes_kept
from scram_lsp.training.model.random_states import random_states_kept
from scram_lsp.training.model.tensor_statistics import count_nonfinite, float_tensors
from scram_lsp.training.places.call_points import CallPoint, is_library


def bad_line(model: Any, layer: str | None, values: ModelValues, batch: Batch) -> CodeLine | None:
    """Run the model once more, not compiled, and look at what each line of the layer's call leaves.

    `layer` is a Keras name, None stands for the model itself. None where no code of the user's own makes the value, or
    another tracer (a debugger, a coverage tool) is at work: there is room for one only.
    """
    part = model if layer is None else next((each for each in watched_layers(model) if each.name == layer), None)
    if part is None or sys.gettrace() is not None:
        return None
    lines = _Lines()
    given = values.trainable, values.others, values.metrics
    with random_states_kept(model), own_attributes_kept(model), _traced(part, lines):
        forward(model, (), _unseen, given, batch if not has_own_train_step(model) else (batch[0], None, None), True)
    return lines.found


def _unseen(layer: Any, arguments: Any, outputs: Any) -> tuple[Any, Any]:
    return outputs, None


@contextlib.contextmanager
def _traced(part: Any, lines: _Lines) -> Iterator[None]:
    """Within, `lines` sees what the calls of this layer run."""
    attributes = vars(part)
    before, call = attributes.get("call"), part.call
    attributes["call"] = _with_trace(call, lines)
    try:
        yield
    finally:
        if before is None:
            del attributes["call"]
        else:
            attributes["call"] = before


def _with_trace(call: Callable[..., Any], lines: _Lines) -> Callable[..., Any]:
    @functools.wraps(call)
    def traced(*args: Any, **kwargs: Any) -> Any:
        sys.settrace(lines.see)
        try:
            return call(*args, **kwargs)
        finally:
            sys.settrace(None)

    return traced


class _Lines:
    """A trace function of Python's: `found` is the line in the user's code after which something is not finite.

    What was not finite when a function began, as one that masks with it has it, is not that function's doing.
    """

    def __init__(self) -> None:
        self.found: CodeLine | None = None
        self._known: dict[FrameType, set[str]] = {}
        self._at: dict[FrameType, tuple[CodeType, int, int]] = {}

    def see(self, frame: FrameType, event: str, argument: Any) -> Any:
        """A function begins."""
        if self.found is not None or is_library(frame):
            return None
        self._known[frame] = _bad_names(frame)
        return self._step

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        """The next line of one begins, or it ends."""
        if self.found is not None:
            return None
        before = self._at.get(frame)
        if before is not None and not _bad_names(frame) <= self._known[frame]:
            self.found = _code_line(before)
        elif event == "return" and _is_bad(argument) and not self._known[frame]:
            self.found = _code_line((frame.f_code, frame.f_lasti, frame.f_lineno))
        self._at[frame] = frame.f_code, frame.f_lasti, frame.f_lineno
        return self._step


def _code_line(at: tuple[CodeType, int, int]) -> CodeLine:
    point = CallPoint(*at)
    return CodeLine(point.filename, point.line)


def _bad_names(frame: FrameType) -> set[str]:
    return {name for name, value in frame.f_locals.items() if _is_bad(value)}


def _is_bad(value: Any) -> bool:
    return any(bool(on_host(count_nonfinite(tensor))) for tensor in float_tensors(value))
