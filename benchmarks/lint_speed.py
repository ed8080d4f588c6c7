"""How fast the analysis is, as ratios taken in one run on the same files.

    python benchmarks/lint_speed.py FOLDER [--peers BIN]

FOLDER holds Python files; those that mention Keras are used. BIN is the `bin` folder of an environment with any of
ruff, pylint, fixit and torchfix; those found there are run as whole processes beside ours. All figures are CPU time.

The analysis runs in this process as in `scram-lint` and the language server: its dataclasses and the nodes of libcst
are quick ones, and garbage is looked for seldom. libcst by itself and `ast` run as they come, in a process of their own
that takes turns with this one.
"""

from __future__ import annotations

import argparse
import ast
import multiprocessing
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import libcst

from scram_lsp.garbage import collect_seldom
from scram_lsp.quick_dataclasses import quick_dataclasses
from scram_lsp.quick_nodes import make_nodes_quickly

with quick_dataclasses():  # after libcst, which is to be as it comes
    from scram_analyzers.engine import analyze_source
    from scram_analyzers.rules.registry import RuleSet, rule_classes
    from scram_analyzers.source.reading.chunks import ParseCache
    from scram_analyzers.source.reading.splitting import split_module
    from scram_analyzers.source.reading.text import mentions_keras

    rule_classes()

KEYSTROKES = 100
ROUNDS = 2
"""Each keystroke counts as the better of so many, as the parse beside it is the best of five."""

MANY_FILES = 10_000
MIN_LINES, MAX_LINES = 850, 1_300
GROWTH = (10, 100, 1_000, 10_000)
FINDINGS_EXIT_CODE = 1
"""How linters end that found something."""

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


PARSERS: Mapping[str, Callable[[str], object]] = {"ast.parse": ast.parse, "libcst.parse_module": libcst.parse_module}


def parse_cpu(parser: str, text: str, times: int = 1) -> float:
    """CPU seconds of a bare parse: the best of so many."""
    return min(cpu(lambda: PARSERS[parser](text)) for _ in range(times))


class Bare:
    """A process in which the parsers are as they come. Nothing runs here while they do."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def cpu(self, parser: str, text: str, times: int = 1) -> float:
        """See `parse_cpu`."""
        return self._pool.submit(parse_cpu, parser, text, times).result()

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def child_cpu(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """CPU seconds of a whole process with its children. Raises `RuntimeError` where it did not do its work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, FINDINGS_EXIT_CODE) or b"Traceback" in done.stderr:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def in_process(texts: Sequence[str], rules: RuleSet, bare: Bare) -> None:
    """Read for the first time, and read again as it is, against the two parsers."""
    cache = ParseCache()
    seconds = dict.fromkeys((*PARSERS, "scram cold", "scram again"), 0.0)
    for text in texts:  # in turn on each file, so that a slow moment of the machine strikes all alike
        for parser in PARSERS:
            seconds[parser] += bare.cpu(parser, text)
        seconds["scram cold"] += cpu(lambda text=text: analyze_source(text, "file.py", rules))  # type: ignore[misc]
        analyze_source(text, "file.py", rules, cache)
        seconds["scram again"] += cpu(lambda text=text: analyze_source(text, "file.py", rules, cache))  # type: ignore[misc]
    lines = sum(text.count("\n") for text in texts)
    base = seconds["libcst.parse_module"]
    print(f"\n{len(texts)} Keras files, {lines:,} lines\n")
    print(f"{'':22}{'ms per 1,000 lines':>20}{'against libcst':>16}")
    for name, spent in seconds.items():
        print(f"{name:22}{1e6 * spent / lines:20.1f}{spent / base:16.2f}")


def keystrokes(texts: Sequence[str], rules: RuleSet, bare: Bare) -> None:
    """One character typed anywhere in files of about 1,000 lines, and taken back; one in 25 is a line end."""
    sized = sorted((each for each in texts if MIN_LINES <= each.count("\n") <= MAX_LINES), key=len)
    if not sized:
        print(f"\nno file of {MIN_LINES:,} to {MAX_LINES:,} lines to type in")
        return
    print(
        f"\n{KEYSTROKES} keystrokes in each file of {MIN_LINES:,} to {MAX_LINES:,} lines, against libcst on the file\n"
    )
    print(f"{'lines':>8}{'parse ms':>12}{'50 %':>8}{'95 %':>8}{'99 %':>8}")
    ratios: list[float] = []
    for text in sized:
        parse = bare.cpu("libcst.parse_module", text, 5)
        rounds = [_typing(text, rules) for _ in range(ROUNDS)]
        spent = [min(each) / parse for each in zip(*rounds, strict=True)]
        ratios += spent
        print(f"{text.count(chr(10)):8,}{1e3 * parse:12.1f}{_percentiles(spent)}")
    print(f"{'all':>8}{'':12}{_percentiles(ratios)}")


def _typing(text: str, rules: RuleSet) -> list[float]:
    """CPU seconds of the analysis after each keystroke."""
    lines = text.split("\n")
    written = [number for number, each in enumerate(lines) if each.strip()]
    cache = ParseCache()
    analyze_source(text, "edit.py", rules, cache)
    chance = random.Random(0)
    spent = []
    for count in range(KEYSTROKES):
        line = chance.choice(written)
        column = chance.randint(0, len(lines[line]))
        typed = "\n" if count % 25 == 24 else "x"
        edited = [*lines[:line], f"{lines[line][:column]}{typed}{lines[line][column:]}", *lines[line + 1 :]]
        spent.append(cpu(lambda edited=edited: analyze_source("\n".join(edited), "edit.py", rules, cache)))  # type: ignore[misc]
        analyze_source(text, "edit.py", rules, cache)
    return spent


def _percentiles(values: Sequence[float]) -> str:
    cuts = statistics.quantiles(values, n=100)
    return "".join(f"{cuts[percent - 1]:8.2f}" for percent in (50, 95, 99))


def growth(texts: Sequence[str], rules: RuleSet, bare: Bare) -> None:
    """Cost by length: real files one after the other, as far as each length goes."""
    print(f"\n{'lines':>8}{'scram ms':>12}{'libcst ms':>12}{'ratio':>8}{'scram, ms per 1,000 lines':>28}")
    for length in GROWTH:
        text = _whole_statements(texts, length)
        ours, theirs = [], []
        for _ in range(max(min(10_000 // length, 9), 2)):  # in turn; the best of few, as the machine does other things
            ours.append(cpu(lambda text=text: analyze_source(text, "grow.py", rules)))  # type: ignore[misc]
            theirs.append(bare.cpu("libcst.parse_module", text))
        lines, best, parse = text.count("\n"), min(ours), min(theirs)
        print(f"{lines:8,}{1e3 * best:12.1f}{1e3 * parse:12.1f}{best / parse:8.2f}{1e6 * best / lines:28.1f}")


def _whole_statements(texts: Sequence[str], length: int) -> str:
    """Top-level statements of real files, as many as fit into so many lines: cut anywhere else, it would not parse."""
    parts, lines = ["import keras\n"], 1
    while True:
        before = lines
        for text in texts:
            for chunk in split_module(text if text.endswith("\n") else f"{text}\n").chunks:
                if lines + chunk.lines <= length:
                    parts.append(chunk.text)
                    lines += chunk.lines
        if lines in (before, length):
            return "".join(parts)


PROGRAM = """import keras
from keras import layers

(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Flatten(), layers.Dense({units}, activation="relu"), layers.Dense(10)])
model.compile(optimizer=keras.optimizers.SGD({units}), loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs={units})
"""


def memory() -> None:
    """What stays in memory after many files, no two alike, one after the other: through one cache and without."""
    rules, cache = RuleSet.default(), ParseCache()
    print(f"\n{'files':>8}{'peak MiB':>12}   one after the other in one process", flush=True)
    for count in range(1, MANY_FILES + 1):
        text = PROGRAM.format(units=count)
        analyze_source(text, f"file_{count}.py", rules, cache if count % 2 else None)
        if count in (MANY_FILES // 10, MANY_FILES // 2, MANY_FILES):
            print(f"{count:8,}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:12.0f}", flush=True)


def without_keras() -> None:
    """A file that has nothing for scram is dismissed on its text."""
    text = "import numpy as np\n\n\ndef f(x):\n    return np.sin(x) + 1  # a line of code\n" * 200
    rules = RuleSet.default()
    ours = cpu(lambda: [analyze_source(text, "other.py", rules) for _ in range(1_000)]) / 1_000
    print(f"\na file of 1,000 lines without Keras: {1e6 * ours:.1f} microseconds")


def processes(files: Sequence[Path], peers: Path | None) -> None:
    """Whole commands: what it costs to start, and the same files for all."""
    ours = [str(Path(sys.executable).with_name("scram-lint"))]
    check = [*ours, "--exit-zero", "--isolated", "--output-format", "json"]
    names = [str(file) for file in files]
    with tempfile.TemporaryDirectory() as compiled:  # as installed: modules are compiled once, not at every start
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        child_cpu([*check, names[0]], environment)
        print("\nwhole processes, CPU seconds\n")
        for words, command in (
            ("scram-lint --version", [*ours, "--version"]),
            ("python -c 'import libcst'", [sys.executable, "-c", "import libcst"]),
            ("scram-lint, one file", [*check, names[0]]),
        ):
            print(f"{words:28}{min(child_cpu(command, environment) for _ in range(3)):10.3f}")
        base = child_cpu([*check, *names], environment)
    print(f"\n{len(files)} files\n\n{'scram-lint':28}{base:10.2f}")
    for name, (program, *arguments) in PEERS.items():
        if peers is None or not (peers / program).exists():
            print(f"{name:28}{'not installed':>16}")
            continue
        spent = child_cpu([str(peers / program), *arguments, *names])
        print(f"{name:28}{spent:10.2f}{spent / base:10.2f} times ours")


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
    _as_in_scram_lint()
    texts, rules = list(keras.values()), RuleSet.default()
    with Bare() as bare:
        in_process(texts, rules, bare)
        keystrokes(texts, rules, bare)
        growth(texts, rules, bare)
    without_keras()
    processes(list(keras), options.peers)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_as_in_scram_lint) as pool:
        pool.submit(memory).result()
    return 0


def _as_in_scram_lint() -> None:
    make_nodes_quickly()
    collect_seldom()


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
