from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.chunks import Chunk, ParseCache, parse_module, split_module
from scram_analyzers.source.text import LINE_END

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


def texts_of(source: str) -> list[str]:
    return [chunk.text for chunk in split_module(source)]


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
    chunks = split_module(source)
    assert "".join(chunk.text for chunk in chunks).strip() in source
    lines = LINE_END.split(source)
    for chunk in chunks:
        assert LINE_END.split(chunk.text)[0] == lines[chunk.first_line - 1]


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_carries_its_problem(source: str) -> None:
    for placed in parse_module(source, ParseCache()):
        assert (placed.parsed.module is None) == (placed.parsed.problem is not None)


def test_a_broken_statement_leaves_the_others_standing() -> None:
    placed = parse_module("a = 1\n\nb = f(\n\ndef g():\n    pass\n\nc = 3\n", ParseCache())
    assert [each.first_line for each in placed if each.parsed.problem] == [3]
    assert sum(1 for each in placed if each.parsed.module is not None) >= 3


def test_ranges_are_those_of_the_module() -> None:
    placed = parse_module("import keras\n\n\nx = 12\n", ParseCache())
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
    (placed,) = parse_module(source, ParseCache())
    assert placed.parsed.problem is not None
    assert placed.parsed.problem.mend
