"""Reading only around the comments that silence finds what reading the whole text finds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.suppression import read_suppressions
from scram_lsp.checking import code_starts

PIECES = (
    "import keras\n",
    "# scram: ignore[SCR101]\n",
    "x = 1  # scram: ignore[SCR101]\n",
    "x = f(\n    1,  # noqa: SCR101\n    2,\n)\n",
    "def f():\n    x = 1\n    # scram: ignore[SCR301]\n",
    "@d  # noqa\nclass A:\n    def g(self):  # scram: ignore[SCR301]\n        pass\n",
    "text = '''\n# scram: ignore[SCR101]\n'''\n",
    "# scram: ignore-file[SCR501]\n",
    "  # scram: ignore-file[SCR501]\n",
    "if x:\n    pass\n# noqa: SCR101\nelse:\n    pass\n",
    "# a comment\n",
    "\n",
    "y = 2; z = 3\n" * 45,
    "x = (\n",
)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_what_is_read_around_comments_is_what_is_read_as_a_whole(pieces: list[str]) -> None:
    text = "keras = 1\n" + "".join(pieces)
    program = analyze_source(text, "train.py", RuleSet()).program
    assert program is not None
    assert read_suppressions(text, code_starts(program)) == read_suppressions(text)


def test_a_text_without_code_is_read_too() -> None:
    text = "# keras\n# scram: ignore-file[SCR501]\n"
    program = analyze_source(text, str(Path("train.py")), RuleSet()).program
    assert program is not None
    assert len(read_suppressions(text, code_starts(program)).valid) == 1
