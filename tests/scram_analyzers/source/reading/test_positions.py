"""Positions worked out a statement at a time are those that libcst itself gives."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from scram_analyzers import fixes
from scram_analyzers.rules import registry
from scram_analyzers.rules.api import invalid_argument, removed_api
from scram_analyzers.source.interpreting import expressions, statements
from scram_analyzers.source.reading import chunks, positions
from scram_analyzers.source.reading.chunks import ParseCache
from scram_analyzers.source.reading.splitting import Chunk
from scram_analyzers.source.reading.walk import children

EVERYTHING = '''# a comment
"""A docstring
of two lines."""

import a; import b  # two in a line
from c import (
    d,
    e,
)

x = (1 +
     2) ; y = [
    (3), ((4)), "s" "t", f"{x!r:>{y}} and {x}",
]
z = 1 + \\
    2


# above a decorator
@first
# between decorators
@second(
    1
)

# below them
async def f(a, /, b: int = 1, *args, c, **rest) -> None:
    # a comment inside
    async for i in a: print(i)
    else:
        pass
    async with a as b, c: return await b


class A(B, metaclass=C):

    attribute: int = 3

    def g(self):
        try:
            x = 1
        except (V, W) as error:
            raise
        except X: pass

        # above else
        else:
            x = lambda k=1: (yield)
        finally:
            del x
        # the end of g


if x: pass
elif y:
    if z:
        a = b if c else d
    # deeper
    elif (w := z):

        a[1:2, ...] = {**b, "k": v} if 0 else {k: v for k, v in b if k}
    else: a = 1; b = 2;
else:
    while True:
        break

match x:
    # a case
    case [1, *others] if others: y = 1
    case {"k": A(b=c), **d} | None:
        pass
    case _:
        pass
with (
    a as b,
    c,
):
    pass
'''

SOURCES = [Path(str(module.__file__)) for module in (chunks, expressions, positions, statements, fixes, registry)]
SOURCES += [Path(str(module.__file__)) for module in (invalid_argument, removed_api)]


def assert_as_in_libcst(text: str) -> None:
    parsed = ParseCache().parse(Chunk(text, 1))
    assert parsed.module is not None
    expected = MetadataWrapper(parsed.module, unsafe_skip_copy=True).resolve(PositionProvider)
    waiting: list[cst.CSTNode] = [*parsed.module.body]
    while waiting:
        node = waiting.pop()
        waiting += children(node)
        span = expected[node]
        assert parsed.position(node) == (span.start.line, span.start.column, span.end.line, span.end.column), node


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_statement_stands_where_libcst_says(ending: str) -> None:
    assert_as_in_libcst(EVERYTHING.replace("\n", ending))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_our_own_modules_stand_where_libcst_says(path: Path) -> None:
    assert_as_in_libcst(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "text", ["x", "x = 1 # no end", "\n\n\nx\n\n\n", "if x:\n  y\n  # end", "\\\nx = 1\n", "\fx = 1\n"]
)
def test_odd_edges_stand_where_libcst_says(text: str) -> None:
    assert_as_in_libcst(text)
