"""The line of the user's program that called `fit`, and what `fit` was given."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from scram_lsp.files import absolute_path
from scram_lsp.training.places.call_points import CallPoint, call_chain

_FEEDERS = frozenset({"epoch_iterator", "data_handler"})
"""What Keras 3 and Keras 2 call the object that feeds the epochs, in their `fit`."""


@dataclass(frozen=True)
class CallSite:
    """Where `fit` was called. `script` is an absolute path, or a notebook cell's own name.

    `chain` holds the calls of the user's code that led there, the innermost first. `arguments` are the local
    variables of Keras's `fit` at this moment; read them and let them go.
    """

    script: Path
    line: int | None
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    chain: tuple[CallPoint, ...] = ()


def find_call_site() -> CallSite:
    """The innermost frame of the user's own code below `fit`; the main script when there is none."""
    frame: FrameType | None = sys._getframe(1)
    chain = call_chain(frame)
    arguments = _arguments_of_fit(frame)
    if chain:
        return CallSite(Path(chain[0].filename), chain[0].line, arguments, chain)
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return CallSite(Path(absolute_path(main)) if main else Path("<unknown>"), None, arguments)


def _arguments_of_fit(frame: FrameType | None) -> Mapping[str, Any]:
    while frame is not None:
        if frame.f_code.co_name == "fit" and not _FEEDERS.isdisjoint(frame.f_code.co_varnames):
            return frame.f_locals
        frame = frame.f_back
    return {}
