from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from scram_analyzers.findings import SourceRange
from scram_lsp.reporters.excerpt import excerpt


def drawn(text: str, place: SourceRange, width: int = 80, **options: int) -> str:
    rows = excerpt(text, place, width, style="bold", **options)  # type: ignore[arg-type]
    return "\n".join(row.plain for row in rows)


def test_the_range_is_underlined_between_two_lines_on_each_side() -> None:
    text = "a\nb\nc\nmodel.fit(x, y)\nd\ne\nf\n"
    assert drawn(text, SourceRange.of(4, 10, 4, 11)) == (
        "  |\n2 | b\n3 | c\n4 | model.fit(x, y)\n  |           ^\n5 | d\n6 | e\n  |"
    )


def test_line_numbers_are_aligned() -> None:
    assert drawn("x\n" * 20, SourceRange.of(9, 0, 9, 1)).split("\n")[1:5] == [
        " 7 | x",
        " 8 | x",
        " 9 | x",
        "   | ^",
    ]


def test_no_line_is_invented_after_the_last() -> None:
    assert drawn("x\n", SourceRange.of(1, 0, 1, 1)) == "  |\n1 | x\n  | ^\n  |"
    assert drawn("x", SourceRange.of(1, 0, 1, 1)) == "  |\n1 | x\n  | ^\n  |"


def test_every_line_of_a_range_is_underlined_without_its_indentation() -> None:
    text = "model = Sequential([\n    Dense(1),\n\n])\n"
    assert drawn(text, SourceRange.of(1, 8, 4, 2)) == (
        "  |\n1 | model = Sequential([\n  |         ^^^^^^^^^^^^\n2 |     Dense(1),\n  |     ^^^^^^^^^\n"
        "3 |\n4 | ])\n  | ^^\n  |"
    )


def test_a_range_up_to_the_begin_of_a_line_does_not_mark_that_line() -> None:
    assert drawn("a\nb\n", SourceRange.of(1, 0, 2, 0)) == "  |\n1 | a\n  | ^\n2 | b\n  |"


def test_the_middle_of_a_long_range_is_left_out() -> None:
    rows = drawn("x\n" * 100, SourceRange.of(1, 0, 60, 1)).split("\n")
    assert [row.split(" |")[0] for row in rows if "^" not in row] == [
        *("  ", " 1", " 2", " 3", " 4", " 5", "..", "59", "60", "61", "62", "  ")
    ]


def test_an_empty_range_is_one_mark() -> None:
    assert drawn("ab\n", SourceRange.of(1, 2, 1, 2)).split("\n")[2] == "  |   ^"


def test_tabs_and_wide_characters_are_aligned() -> None:
    row, marks = drawn('\tx = "日本"; y\n', SourceRange.of(1, 11, 1, 12)).split("\n")[1:3]
    assert row == '1 |     x = "日本"; y'
    assert cell_len(marks.rstrip("^")) == cell_len(row[: row.index("y")])


def test_control_characters_are_shown_and_not_sent() -> None:
    assert "\x1b" not in drawn("x = '\x1b[31m'\n", SourceRange.of(1, 0, 1, 1))


def test_a_range_far_right_comes_into_view() -> None:
    text = "x" * 200 + "BAD" + "y" * 200
    row, marks = drawn(text, SourceRange.of(1, 200, 1, 203), width=60).split("\n")[1:3]
    assert cell_len(row) <= 60
    assert row[4] == row[-1] == "…"
    assert row[marks.index("^") : marks.index("^") + 3] == "BAD"


def test_a_line_that_the_text_does_not_have_is_not_shown() -> None:
    assert excerpt("a\n", SourceRange.of(7, 0, 7, 1), 80, style="") == []


@pytest.mark.parametrize("width", [1, 30, 80])
@given(
    text=st.text(alphabet="ab\t\n日é\x00\x1b"),
    numbers=st.tuples(*[st.integers(1, 9), st.integers(0, 40)] * 2),
)
def test_nothing_is_wider_than_the_terminal(width: int, text: str, numbers: tuple[int, int, int, int]) -> None:
    line, column, end_line, end_column = numbers
    place = SourceRange.of(line, column, max(line, end_line), max(column, end_column))
    for row in excerpt(text, place, width, style=""):
        assert cell_len(row.plain) <= max(width, 26)
        assert "\n" not in row.plain
