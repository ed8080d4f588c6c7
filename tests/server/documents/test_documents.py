"""Open documents: texts follow the client's edits, and ranges follow the texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from scram_analyzers.findings import SourceRange
from scram_lsp.server.documents import edits
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.edits import Edit
from scram_lsp.server.documents.file_names import path_of
from scram_lsp.server.documents.text_lines import TextLines

CODECS = [
    PositionCodec(each)
    for each in (
        types.PositionEncodingKind.Utf8,
        types.PositionEncodingKind.Utf16,
        types.PositionEncodingKind.Utf32,
    )
]
texts = st.text(st.sampled_from(["a", "1", ".", " ", "\n", "\r", "é", "🙂", "\x0c", "\u2028"]), max_size=40)


def document(text: str, codec: PositionCodec | None = None) -> Document:
    item = types.TextDocumentItem("file:///home/ada/train.py", "python", 1, text)
    return Document(item, codec or PositionCodec())


@given(texts, texts, st.data())
def test_lines_start_where_they_do_in_the_text_by_itself(text: str, inserted: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    after = text[:start] + inserted + text[end:]
    lines = TextLines(after, TextLines(text).starts_after(start, end, inserted))
    anew = TextLines(after)
    assert lines.count == anew.count
    assert [lines.line(number + 1) for number in range(anew.count)] == [
        anew.line(number + 1) for number in range(anew.count)
    ]


def whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text)


@given(texts, texts, st.data(), st.sampled_from(CODECS))
def test_incremental_changes_give_the_text_the_client_has(
    text: str, inserted: str, data: st.DataObject, codec: PositionCodec
) -> None:
    opened = document(text, codec)
    ends = [data.draw(st.integers(0, len(text))) for _ in range(2)]
    start, end = min(ends), max(ends)
    places = [opened.positions.at_offset(each) for each in (start, end)]
    # Between \r and \n there is no position: the protocol has none there.
    start, end = (opened.positions.offset(each) for each in places)
    change = types.TextDocumentContentChangePartial(
        types.Range(*(opened.positions.to_client(each) for each in places)), inserted
    )
    opened.change(2, [change])
    assert opened.text == text[:start] + inserted + text[end:]
    assert opened.version == 2


@given(texts, texts, st.data())
def test_a_range_that_survives_an_edit_marks_the_same_text(text: str, after: str, data: st.DataObject) -> None:
    opened = document(text)
    marks = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    place = SourceRange(*(opened.positions.at_offset(each) for each in marks))
    start, end = (opened.positions.offset(each) for each in (place.start, place.end))
    moved: SourceRange | None = place
    for edit in opened.change(2, [whole(after)]):
        moved = edit.move(moved) if moved is not None else None
    if moved is not None and "\r" not in text + after:
        new_start, new_end = (opened.positions.offset(each) for each in (moved.start, moved.end))
        assert after[new_start:new_end] == text[start:end]


def moved(text: str, place: SourceRange, after: str) -> SourceRange | None:
    found: SourceRange | None = place
    for edit in document(text).change(2, [whole(after)]):
        found = edit.move(found) if found is not None else None
    return found


RATE = SourceRange.of(2, 9, 2, 13)
TEXT = "import keras\nx = Adam(1e10)\ny = 1\n"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("\n" + TEXT, SourceRange.of(3, 9, 3, 13)),
        (TEXT.replace("import keras\n", ""), SourceRange.of(1, 9, 1, 13)),
        (TEXT.replace("x = ", "optimizer = "), SourceRange.of(2, 17, 2, 21)),
        (TEXT.replace("x = ", "x = (\n  "), SourceRange.of(3, 7, 3, 11)),
        (TEXT + "z = 2\n", RATE),
        (TEXT.replace("1e10)", "1e10, 0.9)"), RATE),
        (TEXT.replace("1e10", "1e-3"), None),
        (TEXT.replace("1e10", "1e100"), None),
        (TEXT.replace("1e10", "11e10"), None),
        (TEXT.replace("(1e10", "(-1e10"), SourceRange.of(2, 10, 2, 14)),
        (TEXT.replace("1e10", ""), None),
        ("", None),
    ],
)
def test_where_a_finding_is_after_an_edit(after: str, expected: SourceRange | None) -> None:
    assert moved(TEXT, RATE, after) == expected


def test_a_change_of_the_whole_text_counts_only_where_it_differs() -> None:
    (edit,) = document(TEXT).change(2, [whole(TEXT.replace("y = 1", "y = 2"))])
    assert edit == Edit.of(SourceRange.of(3, 4, 3, 5), "2", SourceRange.of(3, 4, 3, 5).end)
    assert document(TEXT).change(2, [whole(TEXT)]) == []


@given(texts, st.lists(texts, max_size=8))
def test_edits_are_remembered_as_they_were_made(text: str, later: list[str]) -> None:
    opened = document(text)
    made = [edit for number, after in enumerate(later) for edit in opened.change(number + 2, [whole(after)])]
    assert list(opened.edits_since(0) or ()) == made


def test_edits_too_long_ago_can_not_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "EDITS_KEPT", 3)
    opened = document("")
    for number in range(5):
        opened.change(number + 2, [whole("x" * (number + 1))])
    assert opened.edit_count == 5
    assert opened.edits_since(1) is None
    assert [len(list(opened.edits_since(mark) or ())) for mark in (2, 3, 5)] == [3, 2, 0]


@given(
    texts,
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
)
def test_no_place_a_client_names_can_fail(text: str, line: int, column: int, end_line: int, end: int) -> None:
    opened = document(text)
    place = types.Range(types.Position(line, column), types.Position(end_line, end))
    opened.change(2, [types.TextDocumentContentChangePartial(place, "!")])
    assert opened.text.count("!") == 1


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///home/ada/a%20b/train.py", "/home/ada/a b/train.py"),
        ("untitled:Untitled-1", None),
        ("vscode-notebook-cell:/home/ada/a.ipynb#W0", None),
        ("file:///home/ada/%00.py", None),
        ("file:///home/ada/\ud83d.py", None),
    ],
)
def test_which_uris_name_files(uri: str, expected: str | None) -> None:
    path = path_of(uri)
    assert (path.as_posix() if path else None) == expected


def test_documents_are_found_by_uri_by_name_and_by_file() -> None:
    held = Documents()
    item = types.TextDocumentItem("file:///home/ada/train.py", "python", 1, TEXT)
    opened = held.open(item, PositionCodec())
    assert held.get(item.uri) is held.named(opened.filename) is opened
    assert held.close(item.uri) is opened
    assert held.close(item.uri) is None
    assert held.named(opened.filename) is None


def test_lines_move_with_those_that_come_and_go_above_them() -> None:
    two_for_one = Edit.of(SourceRange.of(3, 0, 3, 2), "a\nb", SourceRange.of(4, 0, 4, 1).end)
    assert [two_for_one.move_line(line) for line in (2, 3, 4, 9)] == [2, 3, 5, 10]
    gone = Edit.of(SourceRange.of(2, 0, 5, 0), "", SourceRange.of(2, 0, 2, 0).end)
    assert [gone.move_line(line) for line in (1, 2, 3, 5, 6)] == [1, 2, 2, 2, 3]
