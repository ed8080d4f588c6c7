"""Edits that leave the code as it is are known by the text alone."""

from __future__ import annotations

import libcst as cst
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scram_analyzers.source.reading.logical_lines import without_comment
from scram_analyzers.source.reading.prose import docstring_twins, same_code
from scram_analyzers.source.reading.walk import children

CODE = '''@first
# between
def f(a, b=(1,
            2)):  # a comment
    """What it does."""

    # the text
    x = """
    # no comment
    """ + '#'  # one
    if a:
        return [
            b,  # two
        ]

    # at the end
'''


def same_nodes(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    if (
        type(one) is not type(other)
        or getattr(one, "value", None).__class__ is not getattr(other, "value", None).__class__
    ):
        return False
    if isinstance(getattr(one, "value", None), str) and one.value != other.value:  # type: ignore[attr-defined]  # of one class
        return False
    pairs = zip(children(one), children(other), strict=True)
    return len(children(one)) == len(children(other)) and all(same_nodes(*pair) for pair in pairs)


@given(
    at=st.integers(0, len(CODE)),
    gone=st.integers(0, 12),
    new=st.sampled_from(["", "x", " ", "#", "# x\n", "\n", "\n\n", '"', "]", "    ", "\t", "pass", "\\"])
    | st.text(max_size=3),
)
@example(at=CODE.index("# two"), gone=5, new="")
@example(at=CODE.index("# between"), gone=10, new="")
@example(at=CODE.index("# one"), gone=5, new="")
def test_the_same_code_makes_the_same_tree(at: int, gone: int, new: str) -> None:
    text = CODE[:at] + new + CODE[at + gone :]
    if same_code(CODE, text):
        assert same_nodes(cst.parse_module(CODE), cst.parse_module(text))


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("  # a comment", "", True),
        ("    # the text\n", "", True),
        ("    if a", "    # if so\n\n    if a", True),
        ("# one", "# one more", True),
        ("# between\n", "", False),
        ("# no comment", "# a comment", False),
        ("b,  # two", "b,", False),
        ("What it", "What f", False),
        ("'#'  # one", "'#  # one", False),
    ],
)
def test_only_what_stands_between_and_behind_statements_is_no_code(before: str, after: str, same: bool) -> None:
    assert before in CODE
    assert same_code(CODE, CODE.replace(before, after)) is same


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("x = 1  # one\n", "x = 1"),
        ("x = '# none'\n", "x = '# none'"),
        ("x = [  # inside\n    1]  # behind\n", "x = [  # inside\n    1]"),
        ("def f(): pass #\n", "def f(): pass"),
    ],
)
def test_a_comment_behind_code_is_left_out(line: str, code: str) -> None:
    assert without_comment(line) == code


def test_only_strings_alone_in_their_statement_have_twins() -> None:
    for code, known in (('"a"', True), ('f("a")', False), ('x = "a"', False), ('"a"; y', False)):
        (before,) = cst.parse_module(f"if x:\n    {code}\n    y\n").body
        assert isinstance(before, cst.If)
        old = before.body.body[0]
        new = cst.parse_module(f"if x:\n    {code.replace('a', 'b')}\n").body[0].body.body[0]  # type: ignore[union-attr, index]  # an if
        module = cst.Module([before])
        block = before.body.with_changes(body=(new, *before.body.body[1:]))
        after = cst.Module([before.with_changes(body=block)])
        twins = docstring_twins(module, after)
        assert (twins is not None) is known
        if twins is not None:
            assert twins[before.body] is block
            assert twins[old] is new
