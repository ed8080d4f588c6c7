"""Planting a fault: exact edits of a program's text, and the lines that the fault is then on."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent / "programs"


@dataclass(frozen=True)
class Edit:
    """`old`, which stands in the program exactly once, becomes `new`."""

    old: str
    new: str


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `rules` are the names of the rules that are its right cause.

    `peers` are the heuristics of earlier tools that name it, as "SCRAM/name" and "UMLAUT/name".
    """

    name: str
    title: str
    rules: tuple[str, ...]
    peers: tuple[str, ...] = ()

    def accepts(self, rule: str) -> bool:
        """Whether a finding of this rule names the fault."""
        return rule in self.rules


@dataclass(frozen=True)
class Plant:
    """A fault of one kind in one program.

    Its lines are those that the edits write, and those of the anchors `at` (each stands in the planted program
    exactly once): the places besides where a person would change it.
    """

    program: str
    kind: Kind
    edits: tuple[Edit, ...]
    at: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The plant's name in tables."""
        return f"{self.program}/{self.kind.name}"


@dataclass(frozen=True)
class Variant:
    """A healthy change of a healthy program."""

    program: str
    change: str
    edits: tuple[Edit, ...] = ()

    @property
    def name(self) -> str:
        """The variant's name in tables."""
        return f"{self.program} {self.change}"


@dataclass(frozen=True)
class Planted:
    """A program with its fault; `lines` count from 1."""

    text: str
    lines: frozenset[int]


def swap(old: str, new: str) -> Edit:
    """Put `new` in the place of `old`."""
    return Edit(old, new)


def after(anchor: str, text: str) -> Edit:
    """Add `text` as lines of its own after the line that `anchor` ends."""
    return Edit(anchor + "\n", anchor + "\n" + text + "\n")


def program_text(name: str) -> str:
    """The healthy program."""
    return (PROGRAMS / f"{name}.py").read_text("utf-8")


def edited(text: str, edits: tuple[Edit, ...]) -> str:
    """The text after the edits. Raises `ValueError` when an edit's `old` does not stand there exactly once."""
    for edit in edits:
        if text.count(edit.old) != 1:
            raise ValueError(f"{edit.old!r} stands {text.count(edit.old)} times in the program, not once")
        text = text.replace(edit.old, edit.new)
    return text


def plant(fault: Plant) -> Planted:
    """Plant a fault. Raises `ValueError` when an edit or anchor does not fit its program."""
    healthy = program_text(fault.program)
    text = edited(healthy, fault.edits)
    lines = {*_written(healthy, text)}
    for anchor in fault.at:
        if text.count(anchor) != 1:
            raise ValueError(f"{anchor!r} stands {text.count(anchor)} times in the planted program, not once")
        first = text[: text.index(anchor)].count("\n") + 1
        lines |= {*range(first, first + anchor.count("\n") + 1)}
    return Planted(text, frozenset(lines))


def _written(before: str, now: str) -> list[int]:
    matcher = difflib.SequenceMatcher(None, before.splitlines(), now.splitlines(), autojunk=False)
    return [
        line + 1
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for line in range(first, last)
    ]


def with_seed(text: str, seed: int) -> str:
    """The program under another seed. Raises `ValueError` when it sets none."""
    return edited(text, (Edit("set_random_seed(1)", f"set_random_seed({seed})"),))
