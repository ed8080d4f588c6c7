"""What a program raises through a wrap of ours shows no frame of ours."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

_FOLDER = os.path.dirname(os.path.abspath(__file__))

Function = TypeVar("Function", bound=Callable[..., Any])


def leaving_no_trace(function: Function) -> Function:
    """Take our frames off the begin of the traceback of what `function` raises (from Python 3.11 on, its own too)."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            error.__traceback__ = _beyond_ours(error.__traceback__)
            raise

    return call  # type: ignore[return-value]


def _beyond_ours(trace: TracebackType | None) -> TracebackType | None:
    """The part that begins with the first frame of someone else; all of it where the error is ours."""
    beyond = trace
    while beyond is not None and beyond.tb_frame.f_code.co_filename.startswith(_FOLDER):
        beyond = beyond.tb_next
    return beyond or trace
