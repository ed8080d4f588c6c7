"""The forms in which findings are printed; each format is one module, loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TextIO

from scram_analyzers.findings import Finding, Fix

FORMATS = ("full", "concise", "json", "github", "sarif")
"""Each is a module here with a function `report` of the type `Reporter`."""

FOR_PEOPLE = ("full", "concise")
"""The others are read by programs, which take nothing but the findings."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding as it is reported, with its fix when there is one."""

    finding: Finding
    fix: Fix | None


TextOf = Callable[[str, "int | None"], "str | None"]
"""The text of a file (or of one cell of a notebook) as it was when it was checked; None when it can't be had."""

Reporter = Callable[[Iterable[Reported], TextOf, TextIO], None]
"""Prints findings to a stream, each as it comes: `TextOf` need only know the file of the latest."""


def load_reporter(name: str) -> Reporter:
    """The reporter of one of `FORMATS`."""
    reporter: Reporter = importlib.import_module(f"{__name__}.{name}").report
    return reporter
