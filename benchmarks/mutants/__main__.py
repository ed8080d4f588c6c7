"""Faults planted in programs that others wrote: how many of them the source rules show, and where.

    python benchmarks/mutants FOLDER [FOLDER ...] [--each N] [--seed N] [--only PATTERN ...] [--list]

Looks through the `.py` files of the folders that train a Keras model, chooses for every kind of fault up to N of them
in which it can be planted (one place in a file), and compares the findings with and without it. `line`: a new finding
touches a line of the fault; `elsewhere`: there is a new one on other lines; `none`: there is no new one. Hints don't
count. The files should be healthy and not be those that the rules were made with.
"""

from __future__ import annotations

import argparse
import random
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from faults import data, heads, layers, tapes, training
from program import Kinds, Mutant, Program

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Finding, Severity
from scram_analyzers.rules.registry import RuleSet

KINDS: Kinds = {**heads.KINDS, **training.KINDS, **layers.KINDS, **data.KINDS, **tapes.KINDS}
OUTCOMES = ("line", "elsewhere", "none")


@dataclass(frozen=True)
class Trial:
    """One fault in one program, with what the rules say of it and did not say before."""

    kind: str
    path: Path
    lines: tuple[int, ...]
    new: tuple[Finding, ...]

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`."""
        ranges = [each.range for each in self.new]
        ranges += [place.range for each in self.new for place in each.related]
        touched = any(not {*range(at.start.line, at.end.line + 1)}.isdisjoint(self.lines) for at in ranges)
        return "line" if touched else "elsewhere" if self.new else "none"


def main() -> int:
    """Print a line for each kind of fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--each", type=int, default=20, metavar="N", help="programs for each kind of fault")
    parser.add_argument("--seed", type=int, default=0, help="other programs are chosen with another one")
    parser.add_argument("--only", nargs="*", default=["*"], metavar="PATTERN", help="kinds of faults")
    parser.add_argument("--list", action="store_true", help="name every fault whose lines no finding touches")
    options = parser.parse_args()
    programs = dict(_programs(options.folders))
    print(f"{len(programs)} programs", file=sys.stderr)
    print(f"{'':36} planted  line  elsewhere  none  new findings")
    totals: Counter[str] = Counter()
    missed: list[Trial] = []
    for kind in KINDS:
        if any(fnmatch(kind, pattern) for pattern in options.only):
            trials = _trials(kind, programs, options.each, random.Random(f"{options.seed} {kind}"))
            counts = Counter(each.outcome for each in trials)
            codes = Counter(code for each in trials for code in {finding.code for finding in each.new})
            said = ", ".join(f"{count} {code}" for code, count in codes.most_common(4))
            print(f"{_row(kind, counts)}  {said}", flush=True)
            totals += counts
            missed += [each for each in trials if each.outcome != "line"]
    print(_row("all", totals))
    if options.list:
        print("", *(f"{each.kind}, {each.outcome}: {each.path}:{each.lines}" for each in missed), sep="\n")
    return 0


def _row(name: str, counts: Counter[str]) -> str:
    line, elsewhere, none = (counts[each] for each in OUTCOMES)
    return f"{name:36} {counts.total():7} {line:5} {elsewhere:10} {none:5}"


def _programs(folders: list[Path]) -> Iterator[tuple[Path, Program]]:
    for path in sorted({path for folder in folders for path in folder.rglob("*.py")}):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "keras" in text and any(each in text for each in (".fit(", ".compile(", "GradientTape")):
            program = _read(text)
            if program is not None:
                yield path, program


def _read(text: str) -> Program | None:
    """The program; None for one that Python can't read, or whose lines it counts otherwise."""
    try:
        return None if "\f" in text or "\r" in text else Program(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _trials(kind: str, programs: Mapping[Path, Program], most: int, draw: random.Random) -> list[Trial]:
    """The same fault in several programs that are drawn."""
    trials: list[Trial] = []
    for path in draw.sample(sorted(programs), len(programs)):
        mutants = list(KINDS[kind](programs[path])) if len(trials) < most else []
        if mutants:
            mutant = draw.choice(mutants)
            text = programs[path].text_with(mutant.edits)
            if _read(text) is not None:
                trials.append(Trial(kind, path, tuple(sorted(mutant.lines)), _new(programs[path], path, mutant)))
    return trials


def _new(program: Program, path: Path, mutant: Mutant) -> tuple[Finding, ...]:
    """What is found with a fault and not without it."""
    before = Counter((each.code, each.message) for each in _findings(program.data.decode(), path))
    found = _findings(program.text_with(mutant.edits), path)
    before.subtract((each.code, each.message) for each in found)
    return tuple(each for each in found if before[each.code, each.message] < 0)


def _findings(text: str, path: Path) -> list[Finding]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = analyze_source(text, str(path), RuleSet.default()).findings
    return [finding for finding in found if finding.severity is not Severity.HINT]


if __name__ == "__main__":
    sys.exit(main())
