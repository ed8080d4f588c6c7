"""Fixes applied to a text: those that don't overlap at once, then again until nothing is left to mend."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scram_analyzers.findings import Applicability, Fix, SourcePosition, SourceRange, TextEdit
from scram_analyzers.notes import UNREADABLE
from scram_analyzers.source.reading.text import LINE_END, lines_with_ends
from scram_lsp.reporters import Reported

MAX_ROUNDS = 10
"""Fixes that undo each other would go on for ever."""

Check = Callable[[str], Sequence[Reported]]
"""What is reported of a text."""


class FixError(Exception):
    """Fixes that would break the text; the text says which."""


@dataclass(frozen=True, slots=True)
class FixedText:
    """A text after its fixes: how many were applied, and what is still reported."""

    text: str
    applied: int
    remaining: tuple[Reported, ...]


def fix_text(text: str, check: Check, *, unsafe: bool) -> FixedText:
    """Apply safe fixes (with `unsafe` all) until there are none.

    Raises `FixError` when a fix turns code that can be read into code that can't.
    """
    reported = check(text)
    applied = 0
    for _ in range(MAX_ROUNDS):
        chosen = choose_fixes(reported, unsafe=unsafe)
        if not chosen:
            break
        fixed = apply_edits(text, [edit for fix in chosen for edit in fix.edits])
        after = check(fixed)
        if _unreadable(after) > _unreadable(reported):
            names = "; ".join(fix.message for fix in chosen)
            raise FixError(f"fixes would break the code, so nothing was changed; please report it ({names})")
        progress = _fixable(after, unsafe=unsafe) < _fixable(reported, unsafe=unsafe)
        text, reported, applied = fixed, after, applied + len(chosen)
        if not progress:  # a fix that leaves its finding standing would be applied for ever
            break
    return FixedText(text, applied, tuple(reported))


def choose_fixes(reported: Iterable[Reported], *, unsafe: bool) -> list[Fix]:
    """The fixes that can be applied together, in order: the first of those that overlap."""
    chosen: list[Fix] = []
    taken: list[SourceRange] = []
    for each in reported:
        fix = applicable_fix(each, unsafe=unsafe)
        if fix is None:
            continue
        ranges = [edit.range for edit in fix.edits]
        if not any(one.overlaps(other) for one in ranges for other in taken):
            chosen.append(fix)
            taken += ranges
    return chosen


def applicable_fix(reported: Reported, *, unsafe: bool) -> Fix | None:
    """The finding's fix when it may be applied."""
    fix = reported.fix
    if fix is None or not fix.edits or not (unsafe or fix.applicability is Applicability.SAFE):
        return None
    return fix


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """The text after edits that don't overlap. New lines end as the text's first line does.

    Raises `ValueError` for an edit outside the text.
    """
    bounds = [0, *(match.end() for match in LINE_END.finditer(text)), len(text)]
    first_end = LINE_END.search(text)
    newline = first_end.group() if first_end else "\n"

    def offset(position: SourcePosition) -> int:
        if position.line < len(bounds) and position.column <= bounds[position.line] - bounds[position.line - 1]:
            return bounds[position.line - 1] + position.column
        raise ValueError(f"an edit at line {position.line}, column {position.column} is outside the text")

    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda each: each.range):
        pieces += (text[at : offset(edit.range.start)], LINE_END.sub(newline, edit.content))
        at = offset(edit.range.end)
    return "".join([*pieces, text[at:]])


def unified_diff(before: str, after: str, name: str) -> str:
    """The change as `git diff` and `patch` know it; empty when there is none."""
    lines = difflib.unified_diff(list(lines_with_ends(before)), list(lines_with_ends(after)), name, name)
    return "".join(line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _fixable(reported: Iterable[Reported], *, unsafe: bool) -> int:
    return sum(applicable_fix(each, unsafe=unsafe) is not None for each in reported)


def _unreadable(reported: Iterable[Reported]) -> int:
    return sum(each.finding.code == UNREADABLE.code for each in reported)
