"""How the fixes of the source rules do on real programs.

    python benchmarks/realcode_fixes.py FOLDER [FOLDER ...] [--list]

Tries the fix of every finding in every `.py` file of the folders, one at a time. A fix is good when the text
still parses, the finding is gone, nothing as severe is new, every comment is still there, and no import stands
twice. (Text outside the edits can't change: a fix is a list of edits.)
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scram_analyzers.engine import Analysis, analyze_source
from scram_analyzers.findings import Finding, TextEdit
from scram_analyzers.rules.registry import RuleSet
from scram_lsp.fixing import apply_edits


@dataclass
class Tried:
    """The fixes of one rule: how many were tried, and a line for each that is bad."""

    fixes: int = 0
    bad: list[str] = field(default_factory=list)


def main() -> int:
    """Print a table by rule; exit code 1 when a fix is bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--list", action="store_true", help="also say what is wrong with every bad fix")
    options = parser.parse_args()
    tried: dict[str, Tried] = {}
    for path in sorted({path for folder in options.folders for path in folder.rglob("*.py")}):
        for finding, faults in check_file(path):
            count = tried.setdefault(finding.name, Tried())
            count.fixes += 1
            if faults:
                count.bad.append(f"{path.name}:{finding.range.start.line} {finding.name}: {'; '.join(faults)}")
    bad = [line for count in tried.values() for line in count.bad]
    print(f"{'rule':40}  fixes  good  bad")
    for name, count in sorted(tried.items()):
        print(f"{name:40}  {count.fixes:5}  {count.fixes - len(count.bad):4}  {len(count.bad):3}")
    print(f"{'all':40}  {sum(count.fixes for count in tried.values()):5}  bad: {len(bad)}")
    if options.list:
        print("", *bad, sep="\n")
    return 1 if bad else 0


def check_file(path: Path) -> Iterator[tuple[Finding, list[str]]]:
    """Every finding of a file that has a fix, with what is wrong with the fix."""
    text = path.read_text(encoding="utf-8", errors="replace")
    analysis = analyze_source(text, str(path), RuleSet.default())
    for finding in analysis.findings:
        fix = analysis.fix(finding)
        if fix is not None:
            yield finding, list(faults_of(text, finding, fix.edits, analysis))


def faults_of(text: str, finding: Finding, edits: tuple[TextEdit, ...], before: Analysis) -> Iterator[str]:
    """What is wrong with the text after a fix, in words."""
    try:
        fixed = apply_edits(text, edits)
    except ValueError as error:
        yield f"can't be applied: {error}"
        return
    if fixed == text:
        yield "changes nothing"
    if parses(text) and not parses(fixed):
        yield "no longer parses"
        return
    if Counter(comments(text)) - Counter(comments(fixed)):
        yield "takes a comment away"
    if (twice := imports_twice(fixed)) - imports_twice(text):
        yield f"imports twice: {', '.join(sorted(twice))}"
    after = analyze_source(fixed, finding.filename, RuleSet.default()).findings
    yield from new_findings(finding, before.findings, after)


def new_findings(mended: Finding, before: tuple[Finding, ...], after: tuple[Finding, ...]) -> Iterator[str]:
    """Whether the finding stayed, and what came that is as severe."""
    counts = Counter(each.name for each in after) - Counter(each.name for each in before)
    if sum(each.name == mended.name for each in after) >= sum(each.name == mended.name for each in before):
        yield "the finding stays"
    for each in after:
        if counts[each.name] > 0 and each.severity.rank <= mended.severity.rank:
            counts[each.name] -= 1
            yield f"brings {each.name} in line {each.range.start.line}: {each.message}"


def parses(text: str) -> bool:
    """Whether Python reads the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def comments(text: str) -> list[str]:
    """Every comment of a text that Python reads."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def imports_twice(text: str) -> set[str]:
    """Import lines that stand more than once at the top level."""
    lines = (line.rstrip() for line in text.splitlines())
    counts = Counter(line for line in lines if line.startswith(("import ", "from ")))
    return {line for line, count in counts.items() if count > 1}


if __name__ == "__main__":
    sys.exit(main())
