"""Loads what a watch needs in the middle of the user's program, which is held up as little as can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from scram_lsp.quick_dataclasses import quick_dataclasses

PACKAGES = ("libcst", "scram_analyzers", "scram_lsp")
"""Packages of which the dataclasses are made quickly."""

_loading = threading.Lock()


@contextmanager
def quick_loading() -> Iterator[None]:
    """Of several runs that load at a time one does so; the others wait for single modules only, not for each other."""
    is_first = _loading.acquire(blocking=False)
    try:
        with quick_dataclasses(PACKAGES) if is_first else nullcontext():
            yield
    finally:
        if is_first:
            _loading.release()
