"""What scram says of itself: the 9xx codes, which no rule makes.

They are listed, explained, selected and ignored beside the rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from scram_analyzers.findings import Confidence, Finding, Severity, SourceRange


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that scram can say of its own work. `summary` finishes "This note reports ..."."""

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    how: str


UNREADABLE = Note(
    code="SCR900",
    name="unreadable-code",
    severity=Severity.ERROR,
    summary="code that could not be read, such as a syntax error",
    why="scram can't look for mistakes in code that it can't read; the rest of the file was checked.",
    how="Mend the syntax error that the message names.",
)

RULE_FAILED = Note(
    code="SCR901",
    name="rule-failed",
    severity=Severity.INFO,
    summary="a rule that failed on this file",
    why="This is a fault of scram, not of your program. All other rules were checked.",
    how="Please report it. Until it is mended, ignore the rule in [tool.scram].",
)

UNUSED_SUPPRESSION = Note(
    code="SCR902",
    name="unused-suppression",
    severity=Severity.INFO,
    summary="a comment that silences a rule where the rule has nothing to report",
    why="The mistake is gone but the comment stays, and would hide the same mistake when it comes back.",
    how="Remove the comment, or the code that it names in vain.",
)

INVALID_SUPPRESSION = Note(
    code="SCR903",
    name="invalid-suppression",
    severity=Severity.WARNING,
    summary="a comment that looks as if it silenced a rule but does not",
    why="The comment has no effect: its author may believe that a warning was looked at when it was not.",
    how="Write `# scram: ignore[CODE]` on the statement or on its own line above it, or "
    "`# scram: ignore-file[CODE]` on its own line at the left margin.",
)

NOTES = (UNREADABLE, RULE_FAILED, UNUSED_SUPPRESSION, INVALID_SUPPRESSION)


def note_finding(note: Note, message: str, filename: str, place: SourceRange, how: str | None = None) -> Finding:
    """The finding that says a note at a place; `how` where this case has a better way out than the note's own."""
    return Finding(
        code=note.code,
        name=note.name,
        severity=note.severity,
        confidence=Confidence.HIGH,
        message=message,
        why=note.why,
        how=how if how is not None else note.how,
        filename=filename,
        range=place,
    )
