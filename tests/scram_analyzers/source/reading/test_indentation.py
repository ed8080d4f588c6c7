from __future__ import annotations

import pytest

from scram_analyzers.source.reading.chunks import ParseCache
from scram_analyzers.source.reading.indentation import with_blanks
from scram_analyzers.source.reading.parsed_module import parse_module
from scram_analyzers.source.reading.splitting import split_module

MIXED = [
    "def f(x):\n \ty = x\n \tfor i in y:\n         g(i)\n \treturn y\n",
    "def f(x):\n\tfor i in x:\n    \t\tg(i)\n\treturn x\n",
]


@pytest.mark.parametrize("source", MIXED)
def test_code_that_mixes_tabs_and_blanks_as_python_allows_is_read(source: str) -> None:
    parsed = parse_module(split_module(source), ParseCache()).chunks[0].parsed
    assert parsed.problem is None
    assert parsed.text == source


@pytest.mark.parametrize("source", MIXED)
def test_nothing_moves(source: str) -> None:
    blanks = with_blanks(source)
    assert blanks is not None
    assert [len(line) for line in blanks.split("\n")] == [len(line) for line in source.split("\n")]


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return 1\n",
        'def f():\n    return """\n\tx\n"""\n',
        "if x:\n\ty\n  z\n",
        "if x:\n    if y:\n\tz\n",
    ],
)
def test_another_program_or_none_is_not_made(source: str) -> None:
    assert with_blanks(source) is None
