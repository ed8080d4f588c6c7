from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.reading.chunks import ParseCache, PlacedChunk
from scram_analyzers.source.reading.parsed_module import parse_module
from scram_analyzers.source.reading.splitting import Chunk, split_module, statements
from scram_analyzers.source.reading.text import LINE_END

PIECES = st.sampled_from(
    [
        "x = 1",
        "def f():",
        "    return (",
        '"""',
        "'",
        "# note",
        "",
        ")",
        "@d",
        "class A: pass",
        "else:",
        "\t",
        "\\",
        "é🎉",
    ]
)
TEXTS = st.lists(PIECES, max_size=30).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)


def parsed_module(source: str, cache: ParseCache | None = None) -> tuple[PlacedChunk, ...]:
    return parse_module(split_module(source), cache or ParseCache()).chunks


def broken_lines(placed: Sequence[PlacedChunk]) -> list[int]:
    return [each.first_line + each.parsed.problem.line - 1 for each in placed if each.parsed.problem]


def texts_of(source: str) -> list[str]:
    return [chunk.text for chunk in split_module(source).chunks]


def test_a_compound_statement_is_a_chunk_with_its_comments_and_decorators() -> None:
    source = "import keras\n\n# about f\n@cached\ndef f():\n    return 1\n\n\nx = f()\n"
    assert texts_of(source) == ["import keras\n", "\n# about f\n@cached\ndef f():\n    return 1\n", "\n\nx = f()\n"]


def test_clauses_belong_to_their_statement() -> None:
    source = "if a:\n    pass\nelif b:\n    pass\nelse:\n    pass\ntry:\n    pass\nfinally:\n    pass\n"
    assert [text.splitlines()[0] for text in texts_of(source)] == ["if a:", "try:"]


def test_brackets_and_strings_hide_line_starts() -> None:
    source = 'x = [\n1,\n2,\n]\ny = """\ndef not_code():\n"""\n'
    assert "".join(texts_of(source)) == source
    assert len(texts_of(source)) == 1


def test_neighbouring_lines_are_parsed_together_up_to_a_blank_line() -> None:
    assert texts_of("a = 1\nb = 2\n\nc = 3\n") == ["a = 1\nb = 2\n", "\nc = 3\n"]


@given(TEXTS)
def test_no_text_is_lost_and_lines_are_counted(source: str) -> None:
    chunks = split_module(source).chunks
    assert "".join(chunk.text for chunk in chunks).strip() in source
    lines = LINE_END.split(source)
    for chunk in chunks:
        assert LINE_END.split(chunk.text)[0] == lines[chunk.first_line - 1]


@given(TEXTS)
def test_a_chunk_counts_its_statements_and_tells_whether_its_end_is_open(source: str) -> None:
    *closed, last = split_module(source).chunks or (Chunk("", 1),)
    assert not any(chunk.is_open for chunk in closed)
    for chunk in (*closed, last):
        assert chunk.statements == max(len(list(statements(chunk.text))), 1)
    if last.text.rstrip().endswith("("):
        assert last.is_open


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_carries_its_problem(source: str) -> None:
    for placed in parsed_module(source):
        assert (placed.parsed.module is None) == (placed.parsed.problem is not None)


def test_a_broken_statement_leaves_the_others_standing() -> None:
    placed = parsed_module("a = 1\n\nb = f(\n\ndef g():\n    pass\n\nc = 3\n")
    assert broken_lines(placed) == [3]
    healthy = [each.parsed.text for each in placed if each.parsed.module is not None]
    assert healthy == ["a = 1\n", "\ndef g():\n    pass\n", "\nc = 3\n"]


def test_ranges_are_those_of_the_module() -> None:
    placed = parsed_module("import keras\n\n\nx = 12\n")
    last = placed[-1]
    assert last.parsed.module is not None
    assert last.range_of(last.parsed.module.body[-1]) == SourceRange.of(4, 0, 4, 6)


def test_the_same_text_is_parsed_once_and_the_cache_is_bounded() -> None:
    cache = ParseCache(capacity=20)
    first = cache.parse(Chunk("x = 1\n", 1))
    assert cache.parse(Chunk("x = 1\n", 9)) is first
    for number in range(10):
        cache.parse(Chunk(f"y = {number}\n", 1))
    assert cache.parse(Chunk("x = 1\n", 1)) is not first


@pytest.mark.parametrize(
    "source",
    ["(" * 3000, "x = " + "[" * 3000 + "]" * 3000, "x = " + "1 + " * 5000 + "1", "x = " + "f(" * 200 + ")" * 200],
    ids=["unclosed", "lists", "sum", "calls"],
)
def test_what_would_end_the_process_is_not_parsed(source: str) -> None:
    (placed,) = parsed_module(source)
    assert placed.parsed.problem is not None
    assert placed.parsed.problem.mend


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a = 1\nx = = 2\nb = 3\n", 2),
        ("a = 1\nb = f(\nc = 2\n", 2),
        ("a = 1\nb = $\nc = 2\n", 2),
        ("\n# a note\nx = 5y\nb = 2\n", 3),
        ("def f():\n    x = 1 +\n    return x\n", 2),
        ("a = 1\nif a:\nb = 2\n", 2),
    ],
)
def test_the_problem_stands_on_its_own_line(source: str, line: int) -> None:
    assert broken_lines(parsed_module(source)) == [line]


def test_a_call_with_arguments_in_the_first_column_is_no_part_of_the_broken_line_beside_it() -> None:
    placed = parsed_module("a = 1\nb = = 2\nc = f(\nx,\ny,\n)\nd = 4\n")
    assert broken_lines(placed) == [2]
    assert "c = f(\nx,\ny,\n)\nd = 4\n" in [each.parsed.text for each in placed if each.parsed.problem is None]


def test_what_an_open_bracket_swallowed_is_read_by_its_own_statements() -> None:
    placed = parsed_module("b = f(\nc = g(\nx,\n)\nclass A:\n    pass\n")
    assert broken_lines(placed) == [1]
    assert [each.parsed.text for each in placed][1:] == ["c = g(\nx,\n)\n", "class A:\n    pass\n"]


def test_what_an_open_bracket_swallowed_is_not_parsed_again() -> None:
    cache = ParseCache()
    before = parsed_module("a = 1\n\nb = f(1)\n\nc = 2\nd = 3\n\n\ndef g():\n    pass\n", cache)
    after = parsed_module("a = 1\n\nb = f(1\n\nc = 2\nd = 3\n\n\ndef g():\n    pass\n", cache)
    assert [each.parsed for each in after[-2:]] == [each.parsed for each in before[-2:]]


def test_one_statement_that_can_be_read_is_enough_to_cut_behind_an_open_bracket() -> None:
    assert broken_lines(parsed_module("a = f(\nb = 1\nc = = 2\nd = 3\n")) == [1, 3]


def test_an_open_docstring_leaves_what_follows_it() -> None:
    placed = parsed_module('def f():\n    """Says nothing\n    return 1\n\n\nx = 1\n\n\ndef g():\n    return 2\n')
    assert broken_lines(placed) == [2]
    healthy = "".join(each.parsed.text for each in placed if each.parsed.module is not None)
    assert "x = 1\n" in healthy
    assert "def g():\n    return 2\n" in healthy


def test_broken_neighbours_are_one_problem() -> None:
    assert broken_lines(parsed_module("this was prose\nand so was this\nx = 1\nmore of that here\n")) == [1, 4]


@given(TEXTS, TEXTS, st.data())
def test_a_text_cut_again_after_an_edit_is_cut_as_if_it_were_new(
    source: str, inserted: str, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(begin, len(source)))
    edited = source[:begin] + inserted + source[end:]
    assert split_module(edited, split_module(source)) == split_module(edited)
    assert split_module(source, split_module(edited)) == split_module(source)


@pytest.mark.parametrize("text", ["x = (1\n", "x = 1\n"])
def test_what_a_cache_drops_is_gone_at_once(text: str) -> None:
    """While someone types, thousands of texts would wait for the garbage collector, which counts no characters."""
    gc.disable()
    try:
        cache = ParseCache(capacity=1)
        (placed,) = parsed_module(text, cache)
        dropped = weakref.ref(placed.parsed)
        del placed
        parsed_module("y = 2\n", cache)
        assert dropped() is None
    finally:
        gc.enable()
