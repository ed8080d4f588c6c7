from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, SourceRange, TextEdit
from scram_lsp.fixing import FixError, apply_edits, choose_fixes, fix_text, unified_diff
from scram_lsp.reporters import Reported


def reported(place: SourceRange, *edits: TextEdit, safe: bool = True, code: str = "SCR101") -> Reported:
    finding = Finding(*(code, "a-rule", Severity.WARNING, Confidence.HIGH, "message", "", "", "train.py"), range=place)
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    return Reported(finding, Fix("Mend it", applicability, edits) if edits else None)


def replaces(pattern: str, content: str, *, safe: bool = True) -> Callable[[str], list[Reported]]:
    """A check that reports each match on its line and offers to replace it."""

    def check(text: str) -> list[Reported]:
        return [
            reported(place, TextEdit(place, content), safe=safe)
            for number, line in enumerate(text.split("\n"), start=1)
            for match in re.finditer(pattern, line)
            for place in [SourceRange.of(number, match.start(), number, match.end())]
        ]

    return check


def test_every_fix_that_may_be_applied_is_applied() -> None:
    result = fix_text("a bad\nbad bad\n", replaces("bad", "good"), unsafe=False)
    assert (result.text, result.applied, result.remaining) == ("a good\ngood good\n", 3, ())


def test_unsafe_fixes_wait_until_they_are_allowed() -> None:
    check = replaces("bad", "good", safe=False)
    kept = fix_text("bad\n", check, unsafe=False)
    assert (kept.text, kept.applied, len(kept.remaining)) == ("bad\n", 0, 1)
    assert fix_text("bad\n", check, unsafe=True).text == "good\n"


def test_fixes_that_show_up_after_others_are_applied_too() -> None:
    def check(text: str) -> list[Reported]:
        return [*replaces("aaa", "b")(text), *replaces("b+c", "d")(text)]

    assert fix_text("aaac aaa\n", check, unsafe=False).text == "d b\n"


def test_of_overlapping_fixes_the_first_is_applied_and_the_text_checked_again() -> None:
    whole, part = SourceRange.of(1, 0, 1, 5), SourceRange.of(1, 2, 1, 3)

    def check(text: str) -> list[Reported]:
        if text != "abcde":
            return []
        return [reported(whole, TextEdit(whole, "x")), reported(part, TextEdit(part, "y"))]

    assert len(choose_fixes(check("abcde"), unsafe=False)) == 1
    assert fix_text("abcde", check, unsafe=False).text == "x"


def test_a_fix_that_leaves_its_finding_standing_is_applied_once() -> None:
    result = fix_text("bad", replaces("bad", "bad bad"), unsafe=False)
    assert (result.text, result.applied) == ("bad bad", 1)


def test_fixes_that_would_break_the_code_are_refused() -> None:
    place = SourceRange.of(1, 0, 1, 1)

    def check(text: str) -> list[Reported]:
        return [reported(place, TextEdit(place, "("))] if text == "x" else [reported(place, code="SCR900")]

    with pytest.raises(FixError, match="would break the code"):
        fix_text("x", check, unsafe=False)


def test_edits_are_applied_at_code_points_and_end_lines_as_the_file_does() -> None:
    text = "é = '😀' + x\r\ny\r\n"
    edits = [
        TextEdit(SourceRange.of(2, 0, 2, 0), "import z\n"),
        TextEdit(SourceRange.of(1, 10, 1, 11), "w"),
        TextEdit(SourceRange.of(1, 0, 1, 1), "e"),
        TextEdit(SourceRange.of(3, 0, 3, 0), "end"),
    ]
    assert apply_edits(text, edits) == "e = '😀' + w\r\nimport z\r\ny\r\nend"


def test_two_insertions_at_one_place_keep_their_order() -> None:
    place = SourceRange.of(1, 1, 1, 1)
    assert apply_edits("ad", [TextEdit(place, "b"), TextEdit(place, "c")]) == "abcd"


@pytest.mark.parametrize("place", [SourceRange.of(1, 3, 1, 4), SourceRange.of(1, 0, 3, 0), SourceRange.of(9, 0, 9, 0)])
def test_an_edit_outside_the_text_is_an_error(place: SourceRange) -> None:
    with pytest.raises(ValueError, match="outside the text"):
        apply_edits("ab\n", [TextEdit(place, "")])


@given(st.text(alphabet="ab\n\r\x0c\u2028 "), st.data())
def test_deleting_a_range_leaves_what_stands_around_it(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))

    def position(offset: int) -> tuple[int, int]:
        ends = [match.end() for match in re.finditer(r"\r\n|\r|\n", text) if match.end() <= offset]
        return len(ends) + 1, offset - (ends[-1] if ends else 0)

    edit = TextEdit(SourceRange.of(*position(begin), *position(end)), "")
    assert apply_edits(text, [edit]) == text[:begin] + text[end:]


def test_a_diff_is_one_that_patch_reads() -> None:
    diff = unified_diff("a\nb\nc", "a\nx\nc", "train.py")
    assert diff == ("--- train.py\n+++ train.py\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n\\ No newline at end of file\n")
    assert unified_diff("a\n", "a\n", "train.py") == ""
