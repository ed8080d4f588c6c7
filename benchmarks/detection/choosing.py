"""Which trainings there are, and which of them are made."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import ModuleType

import faults
from planting import Plant, Planted, Variant, edited, plant, program_text, with_seed


@dataclass(frozen=True)
class Job:
    """One training to be made: of a fault or of a healthy variant."""

    subject: Plant | Variant
    planted: Planted
    seed: int

    @property
    def program(self) -> str:
        """The program's name, which is also its file's."""
        return self.subject.program


def every_plant() -> list[Plant]:
    """Every fault, by program."""
    return [fault for module in _fault_modules() for fault in module.PLANTS]


def every_variant() -> list[Variant]:
    """Every healthy program."""
    return [variant for module in _fault_modules() for variant in module.VARIANTS]


def _fault_modules() -> list[ModuleType]:
    return [importlib.import_module(f"faults.{each.name}") for each in pkgutil.iter_modules(faults.__path__)]


PARTS = ("faults", "healthy")


def chosen_jobs(patterns: Sequence[str], seeds: int, *, is_quick: bool, parts: Sequence[str] = PARTS) -> list[Job]:
    """All of the parts whose name is like one of the patterns, seed by seed.

    Raises `ValueError` when a plant does not fit its program.
    """
    plants = [each for each in every_plant() if _is_like(each.name, patterns)] if "faults" in parts else []
    variants = [each for each in every_variant() if _is_like(each.name, patterns)] if "healthy" in parts else []
    if is_quick:
        plants = list({each.kind.name: each for each in plants}.values())
        variants = [each for each in variants if not each.edits]
    jobs = []
    for seed in range(1, seeds + 1):
        for fault in plants:
            planted = plant(fault)
            jobs.append(Job(fault, Planted(with_seed(planted.text, seed), planted.lines), seed))
        for variant in variants:
            text = edited(program_text(variant.program), variant.edits)
            jobs.append(Job(variant, Planted(with_seed(text, seed), frozenset()), seed))
    return jobs


def _is_like(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
