"""How fast the analysis is, as ratios taken in one run on the same files.

    python benchmarks/lint_speed.py FOLDER [--peers BIN]

FOLDER holds Python files; those that mention Keras are used. BIN is the `bin` folder of an environment with any of
ruff, pylint, fixit and torchfix; those found there are run as whole processes beside ours. All figures are CPU time.
"""

from __future__ import annotations

import argparse
import ast
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import libcst

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.source.chunks import ParseCache
from scram_analyzers.source.text import mentions_keras

KEYSTROKES = 200
GROWTH = (10, 100, 1_000, 10_000)
PEERS = {
    "ruff": ["ruff", "check", "--no-cache", "--exit-zero", "--quiet"],
    "pylint": ["pylint", "--exit-zero", "--jobs=1", "--score=n"],
    "fixit": ["fixit", "--quiet", "lint"],
    "torchfix": ["torchfix", "--select=ALL"],
}


def cpu(action: Callable[[], object]) -> float:
    """CPU seconds of one call in this process."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def child_cpu(command: Sequence[str]) -> float:
    """CPU seconds of a whole process with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def in_process(texts: Sequence[str], rules: RuleSet) -> None:
    """Cold and warm, against the two parsers."""
    warm = ParseCache(1 << 30)
    for text in texts:
        analyze_source(text, "warm.py", rules, warm)
    actions: dict[str, Callable[[str], object]] = {
        "ast.parse": ast.parse,
        "libcst.parse_module": libcst.parse_module,
        "scram cold": lambda text: analyze_source(text, "cold.py", rules, ParseCache()),
        "scram warm": lambda text: analyze_source(text, "warm.py", rules, warm),
    }
    seconds = dict.fromkeys(actions, 0.0)
    for text in texts:  # in turn on each file, so that a slow moment of the machine strikes all alike
        for name, action in actions.items():
            seconds[name] += cpu(lambda action=action, text=text: action(text))  # type: ignore[misc]
    lines = sum(text.count("\n") for text in texts)
    base = seconds["libcst.parse_module"]
    print(f"\n{len(texts)} Keras files, {lines:,} lines, in one process\n")
    print(f"{'':22}{'ms per 1,000 lines':>20}{'against libcst':>16}")
    for name, spent in seconds.items():
        print(f"{name:22}{1e6 * spent / lines:20.1f}{spent / base:16.2f}")


def keystrokes(texts: Sequence[str], rules: RuleSet) -> None:
    """One character typed somewhere in a file of about 1,000 lines, then analyzed again."""
    text = max((each for each in texts if each.count("\n") <= 1_300), key=lambda each: each.count("\n"))
    lines = text.split("\n")
    cache = ParseCache()
    analyze_source(text, "edit.py", rules, cache)
    parse = statistics.median(cpu(lambda: libcst.parse_module(text)) for _ in range(5))
    places = random.Random(0)
    spent = []
    for _ in range(KEYSTROKES):
        line = places.choice([number for number, each in enumerate(lines) if each.strip()])
        column = places.randint(0, len(lines[line]))
        edited = [*lines[:line], f"{lines[line][:column]}x{lines[line][column:]}", *lines[line + 1 :]]
        spent.append(cpu(lambda edited=edited: analyze_source("\n".join(edited), "edit.py", rules, cache)))  # type: ignore[misc]
    cuts = statistics.quantiles(spent, n=100)
    print(f"\n{KEYSTROKES} keystrokes in a file of {len(lines):,} lines (libcst parses it in {1e3 * parse:.1f} ms)\n")
    for percent in (50, 95, 99):
        print(f"{percent} %{1e3 * cuts[percent - 1]:12.1f} ms{cuts[percent - 1] / parse:10.2f} of a parse")


def growth(texts: Sequence[str], rules: RuleSet) -> None:
    """Cost by length: real files one after the other, cut at each length."""
    lines = "\n".join(texts).split("\n")
    while len(lines) < GROWTH[-1]:
        lines += lines
    print(f"\n{'lines':>8}{'scram ms':>12}{'libcst ms':>12}{'ratio':>8}")
    for length in GROWTH:
        text = "import keras\n" + "\n".join(lines[:length]) + "\n"
        ours = cpu(lambda text=text: analyze_source(text, "grow.py", rules, ParseCache()))  # type: ignore[misc]
        theirs = cpu(lambda text=text: _parse_if_possible(text))  # type: ignore[misc]
        print(f"{length:8,}{1e3 * ours:12.1f}{1e3 * theirs:12.1f}{ours / theirs:8.2f}")


def _parse_if_possible(text: str) -> None:
    try:
        libcst.parse_module(text)
    except libcst.ParserSyntaxError:  # cut in the middle of a statement
        return


def processes(files: Sequence[Path], peers: Path | None) -> None:
    """Whole commands on the same files, ours first."""
    ours = [str(Path(sys.executable).with_name("scram-lint")), "--exit-zero", "--isolated", "--output-format", "json"]
    names = [str(file) for file in files]
    base = child_cpu([*ours, *names])
    print(f"\nwhole processes on {len(files)} files, CPU seconds\n")
    print(f"{'scram-lint':14}{base:10.2f}")
    for name, (program, *arguments) in PEERS.items():
        if peers is None or not (peers / program).exists():
            print(f"{name:14}{'not installed':>16}")
            continue
        spent = child_cpu([str(peers / program), *arguments, *names])
        print(f"{name:14}{spent:10.2f}{spent / base:10.2f} times ours")


def main() -> int:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", type=Path)
    options = parser.parse_args()
    texts_by_file = {file: file.read_text("utf-8", "replace") for file in sorted(options.folder.rglob("*.py"))}
    keras = {file: text for file, text in texts_by_file.items() if mentions_keras(text) and _parses(text)}
    if not keras:
        print(f"{options.folder} holds no Python file that mentions Keras", file=sys.stderr)
        return 2
    rules = RuleSet.default()
    in_process(list(keras.values()), rules)
    keystrokes(list(keras.values()), rules)
    growth(list(keras.values()), rules)
    processes(list(keras), options.peers)
    return 0


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
