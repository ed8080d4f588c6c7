"""Where the logical lines of a text begin and end, found by following brackets and quotes: no valid file is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.source.reading.text import LINE_END

_TOKEN = re.compile(
    r"""[^()\[\]{}\r\n#"'\\]*                                # what matters to nobody here, with the token behind it
    (?: (?P<newline>\r\n|\r|\n)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<comment>\#[^\r\n]*)
      | (?P<string>
            \"\"\"[^"\\]*(?:(?:\\.|\"(?!\"\"))[^"\\]*)*(?:\"\"\"|\\?\Z)
          | \'\'\'[^'\\]*(?:(?:\\.|\'(?!\'\'))[^'\\]*)*(?:\'\'\'|\\?\Z)
          | "[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"?
          | '[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'?
        )
      | (?P<joined>\\(?:\r\n|\r|\n))
      | \\ | \Z                                              # or else all would be tried again from each letter on
    )
    """,
    re.VERBOSE | re.DOTALL,
)


_BLANK = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)?")


def logical_lines(text: str, start: int = 0) -> Iterator[tuple[int, int, int, int, bool]]:
    """Start and end offsets of each logical line from offset `start` on, the line number after it (1 is the
    line at `start`), its bracket depth, and whether the text ends within a bracket or a string of it.
    """
    line, depth, deepest = 1, 0, 0
    kind: str | None = None
    for match in _TOKEN.finditer(text, start):
        if match.lastgroup is None:
            continue
        kind = match.lastgroup
        if kind == "newline":
            line += 1
            if depth == 0:
                yield start, match.end(), line, deepest, False
                start, deepest = match.end(), 0
        elif kind == "open":
            depth += 1
            deepest = max(deepest, depth)
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "joined":
            line += 1
        elif kind == "string":
            line += len(LINE_END.findall(match.group()))
    if start < len(text):
        yield start, len(text), line + 1, deepest, depth > 0 or kind == "string"


def is_blank(text: str, start: int, end: int) -> bool:
    """Whether a logical line holds nothing but white space and a comment."""
    return _BLANK.fullmatch(text, start, end) is not None


def without_comment(line: str) -> str:
    """A logical line of code without its end, and without the comment behind the code."""
    code = line.rstrip()
    depth = 0
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "comment" and depth == 0 and match.end() == len(code):
            return code[: match.start("comment")].rstrip()
    return code


def code_lines(text: str) -> list[int]:
    """The line numbers, from 1, of the logical lines that hold more than white space and comments."""
    found, line = [], 1
    for start, end, next_line, _, _ in logical_lines(text):
        if not is_blank(text, start, end):
            found.append(line)
        line = next_line
    return found
