"""How the source rules do on real programs whose faults people have labelled.

    python benchmarks/realcode.py CORPUS [--labels FOLDER] [--list]

CORPUS holds `buggy/<program_id>.py` and `clean/<clean_id>.py`; the folder of labels (CORPUS itself unless
given) holds `buggy.csv`, `clean.csv` and `categories.csv`, as benchmarks/README.md describes them.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Finding, Severity
from scram_analyzers.notes import RULE_FAILED, UNREADABLE
from scram_analyzers.rules.registry import RuleSet

VISIBLE_FROM_SOURCE = {"static", "both"}
ALARMING = {Severity.ERROR, Severity.WARNING}


@dataclass(frozen=True)
class Checked:
    """One file after the analysis; `seconds` of CPU time, `crash` when the analysis itself failed."""

    name: str
    findings: tuple[Finding, ...]
    seconds: float
    crash: str | None


@dataclass
class Recall:
    """How many labels of one fault category there are, and how many of them were met."""

    labels: int = 0
    right_line: int = 0
    right_cause: int = 0


@dataclass
class Alarms:
    """Errors and warnings in healthy files at places without a listed fault."""

    files: int = 0
    files_hit: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    places: list[str] = field(default_factory=list)


def main() -> int:
    """Print the score; exit code 1 when the analysis crashed on a file, 2 when the corpus is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--labels", type=Path, help="folder of the label tables (default: the corpus)")
    parser.add_argument("--list", action="store_true", help="also list every missed label and false alarm")
    options = parser.parse_args()
    labels = options.labels or options.corpus
    missing = [path for path in _needed(options.corpus, labels) if not path.exists()]
    if missing:
        parser.error(f"not found: {', '.join(map(str, missing))}")
    buggy, clean = (check_folder(options.corpus / name) for name in ("buggy", "clean"))
    recall, missed = score_recall(read_table(labels / "buggy.csv"), accepted_rules(labels), buggy)
    alarms = score_alarms(read_table(labels / "clean.csv"), clean)
    _print_recall(recall)
    _print_alarms(alarms)
    if options.list:
        print("\nmissed:", *missed, "\nfalse alarms:", *alarms.places, sep="\n  ")
    return _print_health([*buggy.values(), *clean.values()])


def _needed(corpus: Path, labels: Path) -> list[Path]:
    tables = [labels / name for name in ("buggy.csv", "clean.csv", "categories.csv")]
    return [corpus / "buggy", corpus / "clean", *tables]


def check_folder(folder: Path) -> dict[str, Checked]:
    """Analyze every program of a folder, by file name without its ending."""
    return {path.stem: check_file(path) for path in sorted(folder.glob("*.py"))}


def check_file(path: Path) -> Checked:
    """Analyze one program with the default rules."""
    text = path.read_text(encoding="utf-8", errors="replace")
    begin = time.process_time()
    findings: tuple[Finding, ...] = ()
    crash = None
    try:
        findings = analyze_source(text, str(path), RuleSet.default()).findings
    except Exception as error:  # the benchmark counts crashes instead of ending at the first
        crash = f"{type(error).__name__}: {error}"
    failed = [each.message for each in findings if each.code == RULE_FAILED.code]
    return Checked(path.stem, findings, time.process_time() - begin, crash or "; ".join(failed) or None)


def score_recall(
    labels: Iterable[dict[str, str]], accepted: dict[str, list[str]], checked: dict[str, Checked]
) -> tuple[dict[str, Recall], list[str]]:
    """Recall by fault category, and a line for every label without a finding of the right cause."""
    recall: dict[str, Recall] = {}
    missed = []
    for label in labels:
        program = checked.get(label["program_id"])
        if program is None or label["detectable"] not in VISIBLE_FROM_SOURCE:
            continue
        category = label["fault_category"]
        near = {each.name for each in _shown(program) if lines_of(each) & parse_lines(label["lines"])}
        cause = any(fnmatch.filter(near, pattern) for pattern in accepted.get(category, [category]))
        count = recall.setdefault(category, Recall())
        count.labels += 1
        count.right_line += bool(near)
        count.right_cause += cause
        if not cause:
            said = f" (said there: {', '.join(sorted(near))})" if near else ""
            missed.append(f"{program.name}:{label['lines']} {category}: {label['description'][:90]}{said}")
    return recall, missed


def score_alarms(labels: Iterable[dict[str, str]], checked: dict[str, Checked]) -> Alarms:
    """Errors and warnings in healthy files that touch no line where a fault is listed."""
    alarms = Alarms()
    for label in labels:
        program = checked.get(label["clean_id"])
        if program is None:
            continue
        alarms.files += 1
        faults = {int(fault.split(":")[0]) for fault in label["true_findings"].split(" ;; ") if fault.strip()}
        false = [each for each in program.findings if each.severity in ALARMING and not lines_of(each) & faults]
        alarms.files_hit += bool(false)
        alarms.by_rule.update(each.name for each in false)
        alarms.places += (f"{program.name}:{each.range.start.line} {each.name}: {each.message}" for each in false)
    return alarms


def _shown(program: Checked) -> Iterator[Finding]:
    """Hints don't count: an editor shows them faintly, and a reader may never see them."""
    return (each for each in program.findings if each.severity is not Severity.HINT)


def lines_of(finding: Finding) -> set[int]:
    """The lines that a finding or a place related to it touches."""
    ranges = [finding.range, *(each.range for each in finding.related if each.filename == finding.filename)]
    return {line for each in ranges for line in range(each.start.line, each.end.line + 1)}


def parse_lines(text: str) -> set[int]:
    """`"3, 7-9"` as {3, 7, 8, 9}."""
    lines: set[int] = set()
    for part in filter(None, text.replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        lines.update(range(int(first), int(last or first) + 1))
    return lines


def accepted_rules(labels: Path) -> dict[str, list[str]]:
    """Patterns of rule names that count as the right cause, by fault category."""
    return {row["category"]: row["rules"].split() for row in read_table(labels / "categories.csv")}


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _print_recall(recall: dict[str, Recall]) -> None:
    width = max(map(len, [*recall, "fault category"]))
    print(f"{'fault category':{width}}  labels  right line  right cause")
    for category, count in sorted(recall.items(), key=lambda item: (-item[1].labels, item[0])):
        print(f"{category:{width}}  {count.labels:6}  {count.right_line:10}  {count.right_cause:11}")
    labels, lines, causes = (
        sum(getattr(count, name) for count in recall.values()) for name in ("labels", "right_line", "right_cause")
    )
    print(f"{'all':{width}}  {labels:6}  {lines:10}  {causes:11}")


def _print_alarms(alarms: Alarms) -> None:
    total = alarms.by_rule.total()
    print(f"\nhealthy files: {alarms.files}, false alarms: {total} in {alarms.files_hit} files")
    for name, count in alarms.by_rule.most_common():
        print(f"  {count:4}  {name}")


def _print_health(checked: list[Checked]) -> int:
    crashes = [each for each in checked if each.crash is not None]
    unread = sum(any(finding.code == UNREADABLE.code for finding in each.findings) for each in checked)
    print(f"\nfiles analyzed: {len(checked)}, in part unreadable: {unread}, crashes: {len(crashes)}")
    for each in crashes:
        print(f"  {each.name}: {each.crash}")
    if checked:
        slowest = max(checked, key=lambda each: each.seconds)
        total = sum(each.seconds for each in checked)
        print(f"CPU time: {total:.1f} s, slowest file: {slowest.name} ({slowest.seconds:.2f} s)")
    return 1 if crashes else 0


if __name__ == "__main__":
    sys.exit(main())
