"""The comment that silences a finding: where it goes, and that it works there."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Confidence, Finding, Severity, SourcePosition, SourceRange
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.suppression import read_suppressions
from scram_lsp.server.actions.suppression_edit import suppression_edit


def finding_at(text: str, marked: str) -> Finding:
    before = text[: text.index(marked)]
    start = SourcePosition(before.count("\n") + 1, len(before.rpartition("\n")[2]))
    return Finding(
        code="SCR101",
        name="learning-rate-too-high",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="m",
        why="",
        how="",
        filename="train.py",
        range=SourceRange(start, SourcePosition(start.line, start.column + len(marked))),
    )


def silenced(text: str, marked: str = "1e10") -> str | None:
    """The text with the finding on `marked` silenced, or None when that is not offered."""
    text = "import keras\n" + text
    program = analyze_source(text, "train.py", RuleSet()).program
    assert program is not None
    finding = finding_at(text, marked)
    edit = suppression_edit(program, finding)
    if edit is None:
        return None
    assert edit.range.start == edit.range.end
    lines = text.split("\n")
    line, column = edit.range.start.line - 1, edit.range.start.column
    lines[line] = lines[line][:column] + edit.content + lines[line][column:]
    after = "\n".join(lines)
    compile(after, "train.py", "exec")
    assert read_suppressions(after).silence(finding_at(after, marked))
    return after.removeprefix("import keras\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1e10\n", "x = 1e10  # scram: ignore[SCR101]\n"),
        ("x = 1e10", "x = 1e10  # scram: ignore[SCR101]"),
        ("x = f(\n    1e10,\n)\ny = 1\n", "x = f(\n    1e10,\n)  # scram: ignore[SCR101]\ny = 1\n"),
        ("x = 1e10  # why\n", "x = 1e10  # why  # scram: ignore[SCR101]\n"),
        ("x = 1e10  # noqa: E501  \n", "x = 1e10  # noqa: E501  # scram: ignore[SCR101]  \n"),
        ("x = 1e10  # scram: ignore[SCR301]\n", "x = 1e10  # scram: ignore[SCR301, SCR101]\n"),
        ("s = '''\na''', 1e10\n", "s = '''\na''', 1e10  # scram: ignore[SCR101]\n"),
        ("x = 1e10 + \\\n    2\n", "x = 1e10 + \\\n    2  # scram: ignore[SCR101]\n"),
        ("if a:\n    x = 1e10\nelse:\n    x = 1\n", "if a:\n    x = 1e10  # scram: ignore[SCR101]\nelse:\n    x = 1\n"),
        ("def f(r=1e10):\n    pass\n", "# scram: ignore[SCR101]\ndef f(r=1e10):\n    pass\n"),
        (
            "if a:\n\twith b(1e10):\n\t\tpass\n",
            "if a:\n\t# scram: ignore[SCR101]\n\twith b(1e10):\n\t\tpass\n",
        ),
        ("if a: x = 1e10\n", "# scram: ignore[SCR101]\nif a: x = 1e10\n"),
        (
            "if a:\n    pass\nelif b(1e10):\n    pass\n",
            "if a:\n    pass\n# scram: ignore[SCR101]\nelif b(1e10):\n    pass\n",
        ),
    ],
)
def test_where_the_comment_goes(before: str, after: str) -> None:
    assert silenced(before) == after


def test_code_that_does_not_parse_is_left_alone() -> None:
    text = "import keras\nx = f(1e10\n"
    program = analyze_source(text, "train.py", RuleSet()).program
    assert program is not None
    assert suppression_edit(program, finding_at(text, "1e10")) is None
