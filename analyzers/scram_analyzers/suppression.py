"""Comments that silence: `# scram: ignore[SCR101]`, `# scram: ignore-file[SCR301]`, `# noqa: SCR101`.

A comment works from any line of its statement, or from its own line above it; of a compound statement
(`with`, `for`, `def` with its decorators) only the header counts. A bare `# noqa` silences everything on its
statement. Texts without such a comment cost one search; of the others what is around a comment is cut into tokens.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import re
import tokenize
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scram_analyzers.findings import Applicability, Finding, Fix, SourceRange, TextEdit
from scram_analyzers.notes import INVALID_SUPPRESSION, UNUSED_SUPPRESSION, note_finding
from scram_analyzers.source.reading.text import lines_of

MAX_RESTARTS = 20
"""Restarts after code that can't be cut into tokens: each time may cost the rest of the file."""

_SCRAM = re.compile(r"#\s*scram:\s*(?P<verb>[\w-]+)[^\S\n]*(?:\[(?P<selectors>[^\]]*)\])?", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa\b(?P<colon>\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?)?", re.IGNORECASE)
_STATEMENT_START = re.compile(r"[^\W\d]|[@#]")
_LAYOUT = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
_VERBS = ("ignore", "ignore-file")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that silences `selectors` (codes and names; none: everything) on the lines it speaks of.

    `first_line` to `last_line` (inclusive) is the statement, or the whole file. `range` is the comment's own.
    """

    range: SourceRange
    selectors: tuple[str, ...]
    first_line: int
    last_line: int

    def silences(self, finding: Finding) -> bool:
        """Whether the finding is one of those the comment speaks of."""
        at_place = self.first_line <= finding.range.start.line <= self.last_line
        return at_place and (not self.selectors or any(_names(each, finding) for each in self.selectors))


@dataclass(frozen=True, slots=True)
class Misuse:
    """A comment that looks like a suppression and is none; `message` says why."""

    range: SourceRange
    message: str


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Every suppression of one text, and the comments that fail to be one."""

    valid: tuple[Suppression, ...] = ()
    misused: tuple[Misuse, ...] = ()

    def silence(self, finding: Finding) -> bool:
        """Whether a comment silences the finding."""
        return any(each.silences(finding) for each in self.valid)


def read_suppressions(text: str, starts: Sequence[int] = ()) -> Suppressions:
    """The suppressions of a text. Never raises: around code that can't be cut into tokens there are none.

    `starts` are lines, in order, where top-level code begins, for a text that can be read as a whole: then only
    the stretches around comments that may silence are looked at.
    """
    return _read_suppressions(text, tuple(starts)) if may_silence(text) else Suppressions()


@functools.lru_cache(maxsize=4)
def _read_suppressions(text: str, starts: tuple[int, ...]) -> Suppressions:
    """The same; remembered, as a run may find something many times between two keystrokes."""
    hits = _rows_of_hits(text)
    valid: list[Suppression] = []
    misused: list[Misuse] = []
    lines = lines_of(text)
    for begin, end in _stretches(hits, len(lines), starts):
        for comment in _comments_of("\n".join(lines[begin:end])):
            for directive in _directives(comment.moved(begin)):
                if isinstance(directive, Misuse):
                    misused.append(directive)
                else:
                    valid.append(directive)
    return Suppressions(tuple(valid), tuple(misused))


def may_silence(text: str) -> bool:
    """Whether a text may hold a comment that silences; cheap, as an editor asks at every keystroke."""
    lowered = _lowered(text)
    return any(word in lowered for word in _WORDS)


def _lowered(text: str) -> bytes:
    return text.encode(errors="surrogatepass").lower()  # characters beyond ASCII take five times as long


def _rows_of_hits(text: str) -> list[int]:
    """The rows (from 0) that may hold a comment that silences."""
    lowered = _lowered(text)
    if b"\r" in lowered:
        lowered = lowered.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    rows: dict[int, None] = {}
    row = begin = 0
    for hit in sorted(itertools.chain.from_iterable(_places(word, lowered) for word in _WORDS)):
        row, begin = row + lowered.count(b"\n", begin, hit), hit
        rows[row] = None
    return list(rows)


_WORDS = (b"noqa", b"scram:")


def _places(word: bytes, text: bytes) -> Iterator[int]:
    found = text.find(word)
    while found >= 0:
        yield found
        found = text.find(word, found + 1)


def _stretches(hits: Sequence[int], rows: int, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The rows to look at: for each hit the code it stands in or behind, and the code after it."""
    if not starts:
        yield 0, rows
        return
    bounds = [0, *(start - 1 for start in starts[1:]), rows]
    wanted = sorted({bisect_right(bounds, row) - 1 for row in hits})
    begin, end = 0, 0
    for piece in wanted:
        if bounds[piece] > end:
            if end:
                yield begin, end
            begin = bounds[piece]
        end = bounds[min(piece + 2, len(bounds) - 1)]
    if end:
        yield begin, end


def apply_suppressions(
    text: str,
    filename: str,
    findings: Iterable[Finding],
    undecided: Collection[str] = (),
    starts: Sequence[int] = (),
    known: Collection[str] = (),
) -> tuple[list[Finding], list[Finding]]:
    """The findings that no comment silences, and findings about comments that are unused or invalid.

    `undecided` holds the codes and names of rules whose findings can't all be among `findings`, because they
    are switched off or speak only of runs: comments that name them are not called unused. `starts` is as in
    `read_suppressions`; `known` are the codes and names that there are, where that is to be checked.
    """
    findings = list(findings)
    suppressions = read_suppressions(text, starts)
    kept = [each for each in findings if not suppressions.silence(each)]
    notes = [note_finding(INVALID_SUPPRESSION, each.message, filename, each.range) for each in suppressions.misused]
    for suppression in suppressions.valid:
        foreign = [each for each in suppression.selectors if known and each not in known]
        notes += (
            note_finding(INVALID_SUPPRESSION, _no_rule(selector, known), filename, suppression.range)
            for selector in foreign
        )
        unused = [
            selector
            for selector in suppression.selectors
            if selector not in undecided
            and selector not in foreign
            and not any(_names(selector, each) and suppression.silences(each) for each in findings)
        ]
        if unused:
            message = f"This comment silences {_listed(unused)}, but nothing here is reported under that name."
            note = note_finding(UNUSED_SUPPRESSION, message, filename, suppression.range)
            notes.append(replace(note, recipe=_without(_text_at(lines_of(text), suppression.range), unused)))
    return kept, notes


def unused_removed(text: str, note: Finding) -> Fix | None:
    """The fix of an unused suppression: what of the comment is still of use (the note's recipe) stays."""
    lines, place = lines_of(text), note.range
    if place.start.line > len(lines) or note.recipe == _text_at(lines, place):
        return None
    if note.recipe:
        title, edit = "Remove the unused names", TextEdit(place, note.recipe)
    else:
        title, edit = "Remove the unused comment", _removal(lines, place)
    return Fix(title, Applicability.SAFE, (edit,))


def _removal(lines: list[str], place: SourceRange) -> TextEdit:
    """Remove a directive, with the blanks before it; its line too, when nothing else is on it."""
    line, column = place.start.line, place.start.column
    before, after = lines[line - 1][:column], lines[line - 1][place.end.column :]
    if after.strip() and not after.lstrip().startswith("#"):  # words of the author's follow
        return TextEdit(place, "#")
    if not before.strip() and not after.strip() and line < len(lines):
        return TextEdit(SourceRange.of(line, 0, line + 1, 0), "")
    kept = len(before.rstrip()) if not after.strip() else column
    gap = len(after) - len(after.lstrip())
    return TextEdit(SourceRange.of(line, kept, line, place.end.column + gap), "")


def _text_at(lines: list[str], place: SourceRange) -> str:
    return lines[place.start.line - 1][place.start.column : place.end.column]


def _without(comment: str, unused: Collection[str]) -> str:
    """A directive without the names that are unused; empty when none is left."""
    head, mark, rest = comment.partition("[") if "[" in comment else comment.partition(":")
    named = [each for each in re.split(r"[\s,\]]+", rest) if each]
    left = [each for each in named if _normal(each) not in unused]
    return f"{head}{mark}{'' if mark == '[' else ' '}{', '.join(left)}{']' if mark == '[' else ''}" if left else ""


def _no_rule(selector: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(selector, sorted(known), n=1, cutoff=0.7)
    return (
        f"There is no rule `{selector}`{f'; did you mean `{nearest[0]}`' if nearest else ''}{'?' if nearest else '.'}"
    )


def _names(selector: str, finding: Finding) -> bool:
    return selector in (finding.code, finding.name)


def _listed(selectors: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(selectors[:-1]), selectors[-1]]))


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment and the lines of the statement it stands in or, where it stands alone, above."""

    text: str
    line: int
    column: int
    alone: bool
    first_line: int
    last_line: int

    def moved(self, lines: int) -> _Comment:
        """The comment so many lines further down."""
        return replace(
            self, line=self.line + lines, first_line=self.first_line + lines, last_line=self.last_line + lines
        )

    def part(self, match: re.Match[str]) -> SourceRange:
        """The range of a match in the comment, without the blanks at its end."""
        end = match.start() + len(match.group().rstrip())
        return SourceRange.of(self.line, self.column + match.start(), self.line, self.column + end)


def _directives(comment: _Comment) -> Iterator[Suppression | Misuse]:
    for match in _SCRAM.finditer(comment.text):
        directive = _scram_directive(comment, match)
        if directive is not None:
            yield directive
    for match in _NOQA.finditer(comment.text):
        codes = re.findall(r"SCR\d+", (match["codes"] or "").upper())
        # A bare one on its own line is meant for that line (a long address, say), not for the code below it.
        bare = match["colon"] is None and not comment.alone
        if codes or bare:
            yield Suppression(comment.part(match), tuple(codes), comment.first_line, comment.last_line)


def _scram_directive(comment: _Comment, match: re.Match[str]) -> Suppression | Misuse | None:
    place, verb = comment.part(match), match["verb"].lower()
    if verb not in _VERBS:
        nearest = difflib.get_close_matches(verb, _VERBS, n=1, cutoff=0.7)
        if not nearest:  # a sentence about scram
            return None
        return Misuse(place, f"`{match['verb']}` is not known here; did you mean `{nearest[0]}`?")
    selectors = tuple(_normal(each) for each in re.split(r"[\s,]+", match["selectors"] or "") if each)
    if not selectors:
        return Misuse(place, f"This comment must name what it silences, as in `# scram: {verb}[SCR101]`.")
    if verb == "ignore":
        return Suppression(place, selectors, comment.first_line, comment.last_line)
    if not comment.alone or comment.column:
        return Misuse(place, "A comment that silences a whole file must stand on its own line, at the left margin.")
    return Suppression(place, selectors, 0, 2**31)


def _normal(selector: str) -> str:
    """A code in capitals, a name in small letters, however they were written."""
    return selector.upper() if re.fullmatch(r"[A-Za-z]+\d+", selector) else selector.lower()


@functools.lru_cache(maxsize=16)
def _comments_of(text: str) -> tuple[_Comment, ...]:
    """The comments of a stretch of a module, in order; remembered, as an edit leaves most stretches as they are."""
    return tuple(_comments(lines_of(text)))


def _comments(lines: list[str]) -> Iterator[_Comment]:
    """The comments of some lines, in order; where their tokens end early, those of the next statements."""
    begin = 0
    for _ in range(MAX_RESTARTS):
        reader = _StatementReader(begin)
        ended_early = False
        try:
            for token in tokenize.generate_tokens(_readline(lines, begin)):
                reader.take(token)
        except (tokenize.TokenError, SyntaxError, ValueError):  # ValueError: lone surrogates, from 3.12 on
            ended_early = True
        yield from reader.finish(ended_early)
        if not ended_early:
            return
        following = range(reader.line_to_pass, len(lines))
        begin = next((row for row in following if _STATEMENT_START.match(lines[row])), len(lines))


def _readline(lines: list[str], begin: int) -> Callable[[], str]:
    rest = (f"{line}\n" for line in lines[begin:])
    return lambda: next(rest, "")


class _StatementReader:
    """Collects comments with the lines of their statements from the tokens of a text.

    `skipped` is the number of lines before the first token's.
    """

    def __init__(self, skipped: int) -> None:
        self._skipped = skipped
        self._waiting: list[tuple[tokenize.TokenInfo, bool]] = []
        self._comments: list[_Comment] = []
        self._first_line: int | None = None
        self._decorator = False
        self._at_line_start = True
        self._last_row = 0

    @property
    def line_to_pass(self) -> int:
        """The line (from 1) that reading must go on after when the tokens ended early."""
        row = self._first_line if self._first_line is not None else self._last_row
        return max(row, 1) + self._skipped

    def take(self, token: tokenize.TokenInfo) -> None:
        """Read one token."""
        self._last_row = token.end[0]
        if token.type == tokenize.COMMENT:
            self._waiting.append((token, self._first_line is None))
        elif token.type == tokenize.NEWLINE:
            self._at_line_start = True
            if not self._decorator:
                self._close(token.start[0])
        elif token.type not in _LAYOUT:
            if self._first_line is None:
                self._first_line = token.start[0]
            if self._at_line_start:
                self._decorator = token.string == "@"
            self._at_line_start = False

    def finish(self, ended_early: bool) -> list[_Comment]:
        """Every comment read. Those of a statement that never ended are left out."""
        if not ended_early:
            self._close(self._last_row)
        return self._comments

    def _close(self, last_row: int) -> None:
        for token, alone in self._waiting:
            line = token.start[0]
            first = line if alone else self._first_line or line
            self._comments.append(
                _Comment(
                    text=token.string,
                    line=line + self._skipped,
                    column=token.start[1],
                    alone=alone,
                    first_line=first + self._skipped,
                    last_line=last_row + self._skipped,
                )
            )
        self._waiting = []
        self._first_line = None
