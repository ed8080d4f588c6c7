"""Trees whose nodes were not checked when they were made are the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scram_analyzers import engine

COMPARED = """
import sys
from pathlib import Path
import libcst
from scram_lsp.unchecked_nodes import leave_nodes_unchecked

texts = [Path(each).read_text() for each in sys.argv[1:]]
checked = [libcst.parse_module(each) for each in texts]
leave_nodes_unchecked()
for text, before in zip(texts, checked):
    after = libcst.parse_module(text)
    assert after.code == text
    assert after.deep_equals(before)
assert libcst.Name("1 2").value == "1 2", "it is not checked"
"""


def test_the_parser_makes_the_same_tree() -> None:
    files = sorted(Path(engine.__file__).parent.glob("*.py"))[:5]
    subprocess.run([sys.executable, "-c", COMPARED, *map(str, files)], check=True)
