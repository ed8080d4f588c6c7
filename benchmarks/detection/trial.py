"""One training of one program, in a process of its own, and what was found in it."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import runpy
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path

from peers.observation import Observation, Observer

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import Finding
from scram_analyzers.rules.registry import RuleSet
from scram_lsp.store.run_store import RunStore

PRELOADED = ["tensorflow", "keras", "sklearn.datasets", "sklearn.model_selection", "sklearn.preprocessing"]
"""Imported once; every training is forked from there, so that none waits for an import or inherits a state."""

OBSERVATIONS = "observations.json"
OUTPUT = "output.txt"
FAILURE = "failure.txt"


@dataclass(frozen=True)
class Outcome:
    """What came of one training.

    `failure` is the last line of the program's traceback, or None; `notes` are scram's lines about itself: what it
    could not look at, and what it took.
    """

    source: tuple[Finding, ...]
    run: tuple[Finding, ...]
    observations: tuple[Observation, ...]
    failure: str | None
    seconds: float
    notes: tuple[str, ...] = ()


def process_context() -> BaseContext:
    """A way to start processes that has the heavy imports behind it, where the system can fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def run_trial(text: str, name: str, folder: Path, context: BaseContext, limit: float, through: str) -> Outcome:
    """Train the program `text` as `name`.py in the new `folder`, for at most `limit` seconds."""
    folder.mkdir(parents=True)
    script = folder / f"{name}.py"
    script.write_text(text, "utf-8")
    (folder / "scram.toml").touch()  # a project of its own, whatever lies in the folders above
    begin = time.monotonic()
    process = context.Process(target=_train, args=(str(script), through))  # type: ignore[attr-defined]
    process.start()
    process.join(limit)
    failure = None
    if process.is_alive():
        process.kill()
        process.join()
        failure = f"stopped after {limit:.0f} s"
    elif process.exitcode:
        failure = _last_line(folder / FAILURE) or f"exit code {process.exitcode}"
    outcome = Outcome(
        source=analyze_source(text, str(script), RuleSet.default()).findings,
        run=_run_findings(script),
        observations=_observations(folder / OBSERVATIONS),
        failure=failure,
        seconds=time.monotonic() - begin,
        notes=_notes(folder / OUTPUT),
    )
    shutil.rmtree(folder)
    return outcome


def read_only(text: str, name: str) -> Outcome:
    """What is found without a training."""
    return Outcome(analyze_source(text, f"{name}.py", RuleSet.default()).findings, (), (), None, 0.0)


def _train(script: str, through: str) -> None:
    """Run the script as a user would, in this process, with its output in a file beside it."""
    folder = Path(script).parent
    os.chdir(folder)
    with (folder / OUTPUT).open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    observer = Observer.install()
    sys.argv = [script]
    sys.path.insert(0, str(folder))
    try:
        _execute(script, through)
    except BaseException:
        (folder / FAILURE).write_text(traceback.format_exc(), "utf-8")
        raise
    finally:
        (folder / OBSERVATIONS).write_text(json.dumps([each.to_json() for each in observer.observations]), "utf-8")


def _execute(script: str, through: str) -> None:
    if through == "callback":
        runpy.run_path(script, run_name="__main__")
        return
    from scram_lsp.cli.scram import main

    code = main(["run", script])
    if code:
        raise RuntimeError(f"scram run ended with {code}")


def _run_findings(script: Path) -> tuple[Finding, ...]:
    store = RunStore.open_existing(script)
    if store is None:
        return ()
    with store:
        runs = [run for run in reversed(store.runs()) if run.script == str(script)]
        return tuple(each.finding for run in runs for each in store.findings(run.run))


def _observations(file: Path) -> tuple[Observation, ...]:
    if not file.exists():
        return ()
    return tuple(Observation.from_json(each) for each in json.loads(file.read_text("utf-8")))


def _notes(file: Path) -> tuple[str, ...]:
    with contextlib.suppress(FileNotFoundError):
        return tuple(line for line in file.read_text("utf-8", "replace").splitlines() if line.startswith("scram: "))
    return ()


def _last_line(file: Path) -> str | None:
    with contextlib.suppress(FileNotFoundError):
        lines: Sequence[str] = file.read_text("utf-8").strip().splitlines()
        return lines[-1][:300] if lines else None
    return None
