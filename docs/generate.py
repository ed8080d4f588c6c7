"""Write the rules' pages, their index and the README's table from the rule classes.

python docs/generate.py            writes
python docs/generate.py --check    exits 1 and names what differs, if anything does
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from scram_analyzers.engine import analyze_source
from scram_analyzers.fixes import number_text
from scram_analyzers.rules.base import Example, Rule
from scram_analyzers.rules.registry import RuleSet, rule_classes

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "rules"
README = ROOT / "README.md"
TABLE_BEGIN = "<!-- rules: begin (written by docs/generate.py) -->"
TABLE_END = "<!-- rules: end -->"
EXAMPLE_FILE = "train.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 when a page is not up to date")
    options = parser.parse_args(arguments)
    differences = differing(wanted())
    if not options.check:
        _write(differences)
    for path in differences:
        print(f"{'not up to date' if options.check else 'written'}: {path.relative_to(ROOT)}")
    if options.check and differences:
        print("run `make docs` and commit what it writes")
        return 1
    return 0


def wanted() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    rules = [rule for rule in rule_classes() if _family(rule) is not None]
    pages = {PAGES / f"{rule.name}.md": rule_page(rule) for rule in rules}
    return pages | {PAGES / "README.md": index_page(rules), README: _readme_with_table(rules)}


def differing(files: dict[Path, str]) -> dict[Path, str | None]:
    """Files whose text is not the wanted one, with that text; None for a page whose rule is gone."""
    changed: dict[Path, str | None] = {
        path: text for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    return changed | {path: None for path in sorted(PAGES.glob("*.md")) if path not in files}


def _write(differences: dict[Path, str | None]) -> None:
    PAGES.mkdir(exist_ok=True)
    for path, text in differences.items():
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8", newline="\n")


def rule_page(rule: type[Rule]) -> str:
    """The documentation page of one rule."""
    return "\n".join(_rule_lines(rule)).rstrip() + "\n"


def index_page(rules: Sequence[type[Rule]]) -> str:
    """The list of all rules, by family."""
    lines = ["# Rules", "", "Written by `docs/generate.py` from the rule classes.", ""]
    for family, members in groupby(rules, key=_family):
        lines += [f"## {family}", "", *_table(list(members), link=""), ""]
    return "\n".join(lines).rstrip() + "\n"


def _readme_with_table(rules: Sequence[type[Rule]]) -> str:
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(TABLE_BEGIN)
    _, end, after = rest.partition(TABLE_END)
    if not begin or not end:
        raise ValueError(f"{README.name} lacks the marks {TABLE_BEGIN!r} and {TABLE_END!r}")
    table = "\n".join(_table(rules, link="docs/rules/"))
    return f"{before}{TABLE_BEGIN}\n\n{table}\n\n{TABLE_END}{after}"


def _table(rules: Sequence[type[Rule]], link: str) -> list[str]:
    rows = [
        f"| {rule.code} | [{rule.name}]({link}{rule.name}.md) | {rule.severity.value} "
        f"| {_tick(reads_source(rule))} | {_tick(reads_run(rule))} | {_tick(has_fix(rule))} |"
        for rule in rules
    ]
    return ["| Code | Rule | Severity | Source | Run | Fix |", "|---|---|---|---|---|---|", *rows]


def _rule_lines(rule: type[Rule]) -> Iterator[str]:
    yield f"# {rule.name} ({rule.code})"
    yield from ("", f"Reports {rule.summary}.", "")
    yield from _facts(rule)
    yield from ("", "## Why it matters", "", rule.why, "", "## What to do", "", rule.how, "")
    for example in rule.bad:
        yield from _bad_example(rule, example)
    for example in rule.good:
        yield from (f"## Left alone: {example.title}", "", *_code(example.source), "")
    if rule.false_alarms:
        yield from ("## When it may be wrong", "", rule.false_alarms, "")
    if rule.options:
        yield from _option_lines(rule)
    if rule.references:
        yield from ("## References", "")
        for reference in rule.references:
            yield f"- [{reference.title}]({reference.url})" if reference.url else f"- {reference.title}"


def _facts(rule: type[Rule]) -> Iterator[str]:
    reads = [name for name, does in (("the source", reads_source(rule)), ("the run", reads_run(rule))) if does]
    yield "| Severity | Confidence | Reads | Quick fix | On by default |"
    yield "|---|---|---|---|---|"
    yield (
        f"| {rule.severity.value} | {rule.confidence.value} | {' and '.join(reads)} "
        f"| {'yes' if has_fix(rule) else 'no'} | {'yes' if rule.enabled_by_default else 'no'} |"
    )


def _bad_example(rule: type[Rule], example: Example) -> Iterator[str]:
    yield from (f"## Reported: {example.title}", "", *_code(example.source), "")
    analysis = analyze_source(example.source, EXAMPLE_FILE, RuleSet({rule.code: rule()}))
    says = [
        f"{each.range.start.line}:{each.range.start.column + 1} {each.severity.value}: {each.message}"
        for each in analysis.findings
    ]
    yield from ("```text", *says, "```", "")
    if example.fixed is not None:
        yield from ("After the quick fix:", "", *_code(example.fixed), "")


def _option_lines(rule: type[Rule]) -> Iterator[str]:
    yield from ("## Options", "", f"Set under `[tool.scram.rules.{rule.code}]` in `pyproject.toml`.", "")
    yield "| Option | Default | Meaning | Where the default comes from |"
    yield "|---|---|---|---|"
    for option in rule.options:
        yield f"| `{option.name}` | {number_text(option.default)} | {option.meaning} | {option.source} |"
    yield ""


def _code(program: str) -> list[str]:
    return ["```python", *program.strip("\n").split("\n"), "```"]


def _family(rule: type[Rule]) -> str | None:
    """The family's title, from its package; None for a rule that another distribution brings."""
    package = rule.__module__.rpartition(".")[0]
    if not package.startswith("scram_analyzers.rules."):
        return None
    return (importlib.import_module(package).__doc__ or package).strip().rstrip(".")


def reads_source(rule: type[Rule]) -> bool:
    """Whether the rule checks programs."""
    return rule.check_program is not Rule.check_program


def reads_run(rule: type[Rule]) -> bool:
    """Whether the rule checks runs."""
    return rule.check_run is not Rule.check_run


def has_fix(rule: type[Rule]) -> bool:
    """Whether the rule mends what it finds, at least in some cases."""
    return rule.fix is not Rule.fix


def _tick(value: bool) -> str:
    return "✓" if value else ""


if __name__ == "__main__":
    sys.exit(main())
