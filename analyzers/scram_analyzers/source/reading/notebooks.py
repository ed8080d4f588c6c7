"""A Jupyter notebook as one Python text, and back after edits of that text.

In the Python text each code cell begins with a marker line, and lines that only IPython understands are Python
stand-ins; both end in a comment that begins with a mark no cell holds, so that they are found again after any
edit between them. On the way back only the `source` of changed cells is written anew, and of that only the
changed lines: all else of the file stays as it is, byte for byte. (nbformat would write the whole file anew.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scram_analyzers.source.reading.json_spans import element_spans, member_spans
from scram_analyzers.source.reading.magics import StandIn, pieces_of
from scram_analyzers.source.reading.text import lines_with_ends

_MEND = "open it in Jupyter and save it again, or restore an earlier version"
_STARTS_INDENTED = re.compile(r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]+[^\s#]")
_TAG = re.compile(r"(?P<kind>cell|line) (?P<number>\d+)(?P<end>\r\n|\r|\n|\Z)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED_CHARACTER = re.compile(r"\\u(?!00[01])[0-9a-fA-F]{4}")


class NotebookError(ValueError):
    """A notebook that can't be read or written; the text is one line with the mend, for after its name."""


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A cell that holds Python. `number` counts from 1 over all cells of the notebook, text cells too."""

    number: int
    source: str


@dataclass(frozen=True)
class Notebook:
    """The Python cells of a notebook. `content` is its JSON, `python` its cells as one text.

    `mark` begins the comments that part the cells and that stand behind what is no Python in them.
    """

    content: str
    cells: tuple[CodeCell, ...]
    python: str
    mark: str
    stand_ins: tuple[StandIn, ...]

    def sources(self, python: str) -> tuple[str, ...]:
        """The source of each cell in an edited text. Raises `NotebookError` where an edit took a mark away."""
        sources: list[list[str]] = []
        numbers: dict[str, list[int]] = {"cell": [], "line": []}
        for line in lines_with_ends(python):
            code, mark, rest = line.partition(self.mark)
            tag = _TAG.fullmatch(rest) if mark else None
            if (mark and not tag) or not (tag or sources):
                raise NotebookError("an edit stands between its cells")
            if tag is None:
                sources[-1].append(line)
                continue
            number = int(tag["number"])
            numbers[tag["kind"]].append(number)
            if tag["kind"] == "cell":
                sources.append([])
            else:
                sources[-1].append(self._original(number, code.removesuffix("  ")) + tag["end"])
        if numbers != {"cell": [each.number for each in self.cells], "line": list(range(len(self.stand_ins)))}:
            raise NotebookError("an edit goes beyond its cell")
        return tuple("".join(lines).removesuffix("\n") for lines in sources)

    def with_python(self, python: str) -> str:
        """The notebook's JSON after edits of its Python text. Raises `NotebookError` as `sources` does."""
        changed = {
            cell.number: source
            for cell, source in zip(self.cells, self.sources(python), strict=True)
            if source != cell.source
        }
        if not changed:
            return self.content
        pieces: list[str] = []
        at = 0
        escape = self.content.isascii() and _ESCAPED_CHARACTER.search(self.content) is not None
        for number, (start, end) in enumerate(_source_spans(self.content), start=1):
            if number in changed:
                pieces += (self.content[at:start], _json_source(self.content[start:end], changed[number], escape))
                at = end
        return "".join([*pieces, self.content[at:]])

    def _original(self, number: int, code: str) -> str:
        stand_in = self.stand_ins[number]
        if not code.startswith(stand_in.written):
            raise NotebookError("an edit changes what is no Python in its cell")
        return stand_in.original + code.removeprefix(stand_in.written)


def read_notebook(content: str) -> Notebook:
    """The Python cells of a notebook's JSON, of nbformat 4 or before. Raises `NotebookError`."""
    document = _document(content)
    numbered = enumerate(_cells(document), start=1)
    return _notebook(content, tuple(_code_cells(numbered)) if _is_python(_language(document)) else ())


def notebook_of_cells(cells: Iterable[CodeCell]) -> Notebook:
    """A notebook that an editor holds open, by its Python cells in order; it has no JSON to write back to."""
    return _notebook("", tuple(cells))


def _notebook(content: str, cells: tuple[CodeCell, ...]) -> Notebook:
    mark = _mark(cells)
    parts: list[str] = []
    stand_ins: list[StandIn] = []
    for cell in cells:
        lines: list[str] = []
        for piece in pieces_of(cell.source):
            lines.append(piece.python)
            if piece.stand_in is not None:
                lines.append(f"{'  ' if piece.python else ''}{mark}line {len(stand_ins)}{piece.end}")
                stand_ins.append(piece.stand_in)
        body = "".join(lines)
        # IPython takes a cell's common indentation away; under an `if` it may stay, and columns with it.
        opening = "if True:" if _STARTS_INDENTED.match(body) else "pass"
        parts.append(f"{opening}  {mark}cell {cell.number}\n{body}\n")
    return Notebook(content, cells, "".join(parts), mark, tuple(stand_ins))


def _document(content: str) -> Mapping[str, Any]:
    if not content.strip():
        raise NotebookError("this notebook is empty; save it from Jupyter, or delete it")
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NotebookError(f"this notebook's JSON is broken at {place} ({error.msg}); {_MEND}") from error
    except (ValueError, RecursionError) as error:  # a number or a nesting that no notebook holds
        raise NotebookError(f"this notebook's JSON can't be read ({type(error).__name__}); {_MEND}") from error
    if not isinstance(document, dict):
        raise NotebookError(f"this is no notebook: its JSON is not an object; {_MEND}")
    return document


def _cells(document: Mapping[str, Any]) -> list[Any]:
    """Every cell; up to nbformat 3 they lie in worksheets."""
    if isinstance(document.get("cells"), list):
        return list(document["cells"])
    worksheets = document.get("worksheets")
    if isinstance(worksheets, list) and all(isinstance(each, dict) for each in worksheets):
        lists = [each.get("cells", []) for each in worksheets]
        if all(isinstance(each, list) for each in lists):
            return [cell for each in lists for cell in each]
    raise NotebookError(f"this is no notebook: it has no list of cells; {_MEND}")


def _code_cells(numbered: Iterator[tuple[int, Any]]) -> Iterator[CodeCell]:
    for number, cell in numbered:
        if not isinstance(cell, dict):
            raise NotebookError(f"cell {number} of this notebook is not an object; {_MEND}")
        if cell.get("cell_type") != "code" or not _is_python(_cell_language(cell)):
            continue
        source = cell.get(_source_key(cell))
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise NotebookError(f"cell {number} of this notebook has no text in its '{_source_key(cell)}'; {_MEND}")
        yield CodeCell(number, source)


def _source_key(cell: Mapping[str, Any]) -> str:
    """Up to nbformat 3 the source of a code cell was called its input."""
    return "input" if "input" in cell and "source" not in cell else "source"


def _language(document: Mapping[str, Any]) -> object:
    """The language that the notebook's kernel speaks, as far as the notebook says."""
    metadata = _mapping(document.get("metadata"))
    information, kernel = _mapping(metadata.get("language_info")), _mapping(metadata.get("kernelspec"))
    return information.get("name", kernel.get("language"))


def _cell_language(cell: Mapping[str, Any]) -> object:
    """The language of one cell where it has its own: in VS Code, or up to nbformat 3."""
    editor = _mapping(_mapping(cell.get("metadata")).get("vscode"))
    return editor.get("languageId", cell.get("language"))


def _is_python(language: object) -> bool:
    return not isinstance(language, str) or language.lower().startswith(("python", "ipython"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mark(cells: Sequence[CodeCell]) -> str:
    mark = "#~"
    while any(mark in cell.source for cell in cells):
        mark += "~"
    return mark


def _source_spans(content: str) -> Iterator[tuple[int, int]]:
    """Where the source of every cell stands in the JSON, in order; an empty span where a cell has none."""
    document = member_spans(content, 0)
    if "cells" in document and content[document["cells"][0]] == "[":
        lists = [document["cells"]]
    else:
        sheets = (member_spans(content, start) for start, _ in element_spans(content, document["worksheets"][0]))
        lists = [sheet["cells"] for sheet in sheets if "cells" in sheet]
    for begin, _ in lists:
        for start, _ in element_spans(content, begin):
            cell = member_spans(content, start)
            yield cell.get(_source_key(cell), (start, start))


def _json_source(old: str, source: str, escape: bool) -> str:
    """A changed source in the form that its JSON had: a text or a list, and in that its unchanged lines."""
    if old.startswith('"'):
        return _json_text(source, escape)
    spans = element_spans(old, 0)
    written = {json.loads(old[start:end]): old[start:end] for start, end in spans}
    lines = source.splitlines(keepends=True)  # as nbformat splits a source
    if "" in written:  # some generators end every list with an empty line
        lines.append("")
    items = [written.get(line) or _json_text(line, escape) for line in lines]
    if not spans:
        return f"[{', '.join(items)}]"
    lead, close = old[1 : spans[0][0]], old[spans[-1][1] : -1]
    gap = old[spans[0][1] : spans[1][0]] if len(spans) > 1 else f",{lead or ' '}"
    return f"[{lead}{gap.join(items)}{close}]" if items else "[]"


def _json_text(text: str, escape: bool) -> str:
    """A text as JSON. Halves of characters, which no file can hold, are escaped always."""
    dumped = json.dumps(text, ensure_ascii=escape)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", dumped)
