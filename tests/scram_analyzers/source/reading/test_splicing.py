"""An edit set into a tree gives the tree that parsing the whole text gives."""

from __future__ import annotations

import libcst as cst
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scram_analyzers.source.reading.chunks import ParseCache, ParsedChunk
from scram_analyzers.source.reading.parsed_module import parse_module
from scram_analyzers.source.reading.splicing import BrokenLineError, spliced
from scram_analyzers.source.reading.splitting import split_module

CLASS = '''class Net(keras.Model):
    """A small network."""

    @property
    def size(self): return 3

    # the layers
    def build(self, units, *, rate=0.5):  # a comment
        self.hidden = [
            Dense(units),  # wide
          Dense(1)]
        if units > 3: return
        elif rate:
            x = "two \\
lines"; y = 2
        else:
            with a as b, \\
                 c as d:
                pass
            # below
        return """text
    of lines""" + x

    async def call(self, x):
        match x:
            case [a]:
                await x
        try:
            yield x
        except* ValueError: raise
        finally:
            del x
'''
LINES = '''# the data
import numpy as np
# of two kinds
x = np.zeros(
    3)  # three
y = 2; z = """
 1"""
for each in x: y += 1
@register
def f(): pass
print(x, y)
'''
BASIS, AT_THE_TOP = (ParsedChunk(text, cst.parse_module(text), None) for text in (CLASS, LINES))


@given(
    basis=st.sampled_from([BASIS, AT_THE_TOP]),
    at=st.integers(0, len(CLASS)),
    gone=st.integers(0, 12),
    new=st.sampled_from(["", "x", " ", "=", "()", "#", ";", ":", "\n", "\\", '"', "]", "    ", "\t", "pass", "\f"])
    | st.text(max_size=4),
)
@example(basis=BASIS, at=CLASS.index("Dense(1)"), gone=5, new="Conv")
@example(basis=AT_THE_TOP, at=LINES.index("zeros"), gone=5, new="ones")
@example(basis=AT_THE_TOP, at=LINES.index("print"), gone=12, new="else: x")
@example(basis=AT_THE_TOP, at=LINES.index("y = 2"), gone=5, new="@f")
def test_a_spliced_tree_is_the_tree_of_the_text(basis: ParsedChunk, at: int, gone: int, new: str) -> None:
    text = basis.text[: at % len(basis.text)] + new + basis.text[at % len(basis.text) + gone :]
    try:
        module = spliced(basis, text)
    except BrokenLineError:
        with pytest.raises(cst.ParserSyntaxError):
            cst.parse_module(text)
        return
    if module is not None:
        assert module.code == text
        assert module.deep_equals(cst.parse_module(text))


@pytest.mark.parametrize(("old", "new"), [("Dense(units)", "Dense(8)"), ("del x", "del x, y"), ("pass", "return 1")])
def test_only_the_statement_of_an_edit_in_a_block_is_made_anew(old: str, new: str) -> None:
    module = spliced(BASIS, CLASS.replace(old, new))
    assert module is not None
    assert BASIS.module is not None
    parts = [each.body[0].body.body for each in (module, BASIS.module)]
    assert [ours is theirs for ours, theirs in zip(*parts, strict=True)].count(False) == 1


@pytest.mark.parametrize(("old", "new"), [("zeros", "ones"), ("as np", "as n"), ("x, y", "x")])
def test_only_the_statement_of_an_edit_at_the_top_is_made_anew(old: str, new: str) -> None:
    module = spliced(AT_THE_TOP, LINES.replace(old, new))
    assert module is not None
    assert AT_THE_TOP.module is not None
    same = [ours is theirs for ours, theirs in zip(module.body, AT_THE_TOP.module.body, strict=True)]
    assert same.count(False) == 1


@pytest.mark.parametrize("new", ["del x x", "del (x", "1 x", "del x)", "for x in"])
def test_an_edit_that_leaves_no_statement_is_told_from_its_line_alone(new: str) -> None:
    with pytest.raises(BrokenLineError):
        spliced(BASIS, CLASS.replace("del x", new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("del x", "if x: del x"),  # no simple statement any more
        ("del x", "# del x"),  # none at all
        ("    del x", "del x"),  # in another block
        ("Dense(units),", "Dense(units,"),  # the brackets reach farther
        ("return 3", "return 4"),  # part of a header's own line
        ("class Net", "class Nets"),
    ],
)
def test_what_changes_more_is_parsed_as_a_whole(old: str, new: str) -> None:
    assert spliced(BASIS, CLASS.replace(old, new)) is None


def test_a_copy_and_its_edited_copy_share_no_nodes() -> None:
    cache = ParseCache()
    first = parse_module(split_module(CLASS), cache)
    second = parse_module(split_module(CLASS.replace("del x", "del x, y")), cache, first)
    placed = parse_module(split_module(CLASS + second.split.text), cache, second).chunks
    methods = [each.parsed for each in placed if "del x" in each.parsed.text]
    copies = [
        {node for method in each.nodes[cst.FunctionDef] for kind in each.within(method).values() for node in kind}
        for each in methods
    ]
    assert len(copies) == 2
    assert not copies[0] & copies[1]


def test_a_text_that_was_broken_for_a_while_is_set_into_the_tree_of_before() -> None:
    cache = ParseCache()
    splits = [split_module(CLASS.replace("del x", each)) for each in ("del x", "del x,,", "del x, y")]
    first = parse_module(splits[0], cache)
    second = parse_module(splits[1], cache, first)
    third = parse_module(splits[2], cache, second)
    before, after = (next(each for each in placed.chunks if "del x" in each.parsed.text) for placed in (first, third))
    assert after.parsed.lineage is before.parsed.lineage
