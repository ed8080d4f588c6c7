from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.findings import Confidence, Finding, Severity, SourceRange
from scram_analyzers.suppression import apply_suppressions, read_suppressions, unused_removed
from scram_lsp.fixing import apply_edits


def finding(line: int, code: str = "SCR101", name: str = "learning-rate-too-high") -> Finding:
    return Finding(
        *(code, name, Severity.ERROR, Confidence.HIGH, "message", "why", "how", "train.py"),
        range=SourceRange.of(line, 2, line, 5),
    )


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def is_silenced(text: str, part: str, code: str = "SCR101") -> bool:
    """Whether a finding on the line that holds `part` is silenced in the program `text`."""
    text = textwrap.dedent(text).lstrip("\n")
    return read_suppressions(text).silence(finding(line_of(text, part), code))


@pytest.mark.parametrize(
    "comment",
    [
        "# scram: ignore[SCR101]",
        "# scram: ignore[learning-rate-too-high]",
        "# scram: ignore[Learning-Rate-Too-High, scr999]",
        "#scram:ignore [ SCR999 SCR101 ]",
        "# scram: ignore[SCR101]  # a reason",
        "# noqa",
        "# noqa: SCR101",
        "# NOQA:E501,SCR101",
        "# noqa: E501 scr101 as agreed",
        "# type: ignore  # noqa: SCR101",
        "# noqa: SCR999  # scram: ignore[SCR101]",
    ],
)
def test_forms_that_silence(comment: str) -> None:
    assert is_silenced(f"x = Adam(1e10)  {comment}\n", "1e10")


@pytest.mark.parametrize(
    "comment",
    [
        "# scram: ignore[SCR102]",
        "# scram: ignore[SCR1]",
        "# scram: ignore",
        "# scram: ignore[]",
        "# noqa: E501",
        "# noqa: SCR10",
        "# noqa: because",
        "# noqable",
        "# scram: ignore-file[SCR101]",
        "# an explanation",
    ],
)
def test_forms_that_do_not_silence(comment: str) -> None:
    assert not is_silenced(f"x = Adam(1e10)  {comment}\n", "1e10")


def test_a_comment_in_a_string_is_none() -> None:
    assert not is_silenced('x = Adam(1e10, name="# noqa")\n', "1e10")


CALL = """
    before = 1e9
    model.compile({0}
        optimizer=Adam(
            1e10,{1}
        ),
        {2}
        loss="mse",
    ){3}
    after = 1e11
    """


@pytest.mark.parametrize("place", range(4))
def test_any_line_of_the_statement_will_do(place: int) -> None:
    comments = ["", "", "", ""]
    comments[place] = "  # scram: ignore[SCR101]"
    text = CALL.format(*comments)
    assert is_silenced(text, "1e10")
    assert not is_silenced(text, "1e9")
    assert not is_silenced(text, "1e11")


@pytest.mark.parametrize("comment", ["# scram: ignore[SCR101]", "# noqa: SCR101"])
def test_a_comment_above_silences_the_next_statement_only(comment: str) -> None:
    text = f"""
    before = 1e9
    {comment}
    # the reason, on a line of its own

    x = Adam(
        1e10
    )
    after = 1e11
    """
    assert is_silenced(text, "1e10")
    assert not is_silenced(text, "1e9")
    assert not is_silenced(text, "1e11")


def test_a_bare_noqa_on_its_own_line_says_nothing_of_the_code_below() -> None:
    assert not is_silenced("# https://example.org/  # noqa\nx = 1e10\n", "1e10")


def test_of_a_compound_statement_only_the_header_is_silenced() -> None:
    text = """
    # scram: ignore[SCR101]
    @decorated(1e6)
    @twice
    def build(
        rate=1e10,
    ):
        return Adam(1e11)
    """
    assert is_silenced(text, "1e6")
    assert is_silenced(text, "1e10")
    assert not is_silenced(text, "1e11")


def test_a_comment_in_a_body_silences_its_own_statement() -> None:
    text = """
    with strategy.scope():
        # scram: ignore[SCR101]
        model.compile(1e10)
        model.fit(1e11)
    """
    assert is_silenced(text, "1e10")
    assert not is_silenced(text, "1e11")


def test_joined_lines_are_one_statement() -> None:
    assert is_silenced("x = 1e10 + \\\n    2  # noqa\n", "1e10")


def test_a_file_comment_silences_one_code_everywhere() -> None:
    text = "x = 1e10\n# scram: ignore-file[SCR101]\ny = 1e11\n"
    assert is_silenced(text, "1e10")
    assert is_silenced(text, "1e11")
    assert not is_silenced(text, "1e11", code="SCR301")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_kind_are_counted_as_python_counts_them(ending: str) -> None:
    text = ending.join(['s = "\x0c\u2028"', "", "x = Adam(", "    1e10)  # noqa", ""])
    assert read_suppressions(text).silence(finding(3))
    assert not read_suppressions(text).silence(finding(1))


@pytest.mark.parametrize(
    "broken",
    [
        "model.fit(x, y",
        "text = '''never closed",
        "if True:\n        a\n    b",
        "!pip install keras",
        "x = $ ? \x00",
        "f'{'",
    ],
)
def test_broken_code_leaves_the_comments_after_it_standing(broken: str) -> None:
    text = f"{broken}\n# scram: ignore[SCR101]\nx = Adam(\n    1e10,\n)\ny = Adam(1e11)  # noqa: SCR101\n"
    assert is_silenced(text, "1e10")
    assert is_silenced(text, "1e11")


@given(st.lists(st.sampled_from(["#", "noqa", " scram: ignore[SCR101]", "(", ")", "'", '"""', "\n", "\\", "x", " "])))
def test_no_text_raises(parts: list[str]) -> None:
    read_suppressions("# noqa" + "".join(parts))


@given(st.text())
def test_no_unusual_text_raises(text: str) -> None:
    read_suppressions("# noqa" + text)


def test_half_a_character_does_not_raise() -> None:
    read_suppressions("x = '\ud800'  # noqa\n\udc80\n")


def test_a_file_full_of_broken_code_takes_bounded_time() -> None:
    began = time.process_time()
    read_suppressions("x = (  # noqa\n" * 3000)
    assert time.process_time() - began < 5


def test_unused_comments_are_reported_on_their_range() -> None:
    text = "x = 1  # scram: ignore[SCR101, dropout-too-high]\n"
    kept, notes = apply_suppressions(text, "train.py", [])
    assert kept == []
    assert [(note.code, note.range) for note in notes] == [("SCR902", SourceRange.of(1, 7, 1, 48))]
    assert "SCR101 and dropout-too-high" in notes[0].message


def test_only_the_codes_that_silence_nothing_are_called_unused() -> None:
    text = "x = 1e10  # noqa: SCR101, SCR301\n"
    kept, notes = apply_suppressions(text, "train.py", [finding(1)])
    assert kept == []
    assert [note.message.split(",")[0] for note in notes] == ["This comment silences SCR301"]


def test_bare_and_foreign_comments_are_never_called_unused() -> None:
    assert apply_suppressions("x = 1  # noqa\ny = 2  # noqa: E501\n", "train.py", []) == ([], [])


def test_comments_for_rules_that_were_not_asked_are_not_called_unused() -> None:
    text = "x = 1  # scram: ignore[SCR601]\n"
    assert apply_suppressions(text, "train.py", [], undecided={"SCR601"}) == ([], [])


def test_findings_that_no_comment_names_are_kept_in_order() -> None:
    findings = [finding(1), finding(2), finding(3)]
    kept, notes = apply_suppressions("a\nb  # noqa\nc\n", "train.py", findings)
    assert kept == [findings[0], findings[2]]
    assert notes == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1  # scram: ignore\n", "must name what it silences, as in `# scram: ignore[SCR101]`"),
        ("x = 1  # scram: ingore[SCR101]\n", "did you mean `ignore`?"),
        ("x = 1  # scram: ignore-file[SCR101]\n", "on its own line, at the left margin"),
        ("if x:\n    # scram: ignore-file[SCR101]\n    y\n", "on its own line, at the left margin"),
    ],
)
def test_comments_that_fail_to_silence_are_reported(text: str, words: str) -> None:
    _, notes = apply_suppressions(text, "train.py", [])
    assert [note.code for note in notes] == ["SCR903"]
    assert words in notes[0].message


def test_a_sentence_about_scram_is_left_alone() -> None:
    assert apply_suppressions("x = 1  # scram: thinks this is high\n", "train.py", []) == ([], [])


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("x = 1  # scram: ignore[SCR999]\n", "x = 1\n"),
        ("# scram: ignore[SCR999]\nx = 1\n", "x = 1\n"),
        ("x = 1  # noqa: SCR999, E501\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: SCR999  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # type: ignore  # noqa: SCR999\n", "x = 1  # type: ignore\n"),
        ("x = 1  # scram: ignore[SCR999] as told\n", "x = 1  # as told\n"),
        ("x = 1  # scram: ignore[SCR999, scr101]\n", "x = 1  # scram: ignore[scr101]\n"),
    ],
)
def test_what_is_unused_can_be_removed(line: str, left: str) -> None:
    _, notes = apply_suppressions(line, "train.py", [], undecided={"SCR101"})
    (fix,) = [unused_removed(line, note) for note in notes]
    assert fix is not None
    assert apply_edits(line, fix.edits) == left


def test_a_name_that_no_rule_has_is_said_with_the_nearest() -> None:
    text = "x = 1  # scram: ignore[rate-too-hihg]\n"
    _, notes = apply_suppressions(text, "train.py", [], known={"SCR101", "rate-too-high"})
    assert [(note.code, note.message) for note in notes] == [
        ("SCR903", "There is no rule `rate-too-hihg`; did you mean `rate-too-high`?")
    ]
