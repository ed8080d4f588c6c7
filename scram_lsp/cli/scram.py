"""`scram`: runs programs under watch, looks into the runs that were stored, and explains rules."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scram_lsp import __version__
from scram_lsp.cli.explain import add_arguments, explain
from scram_lsp.cli.run import run_program
from scram_lsp.cli.terminal import CLEAN, FAILED, keep_log_quiet, run_command, say
from scram_lsp.files import FileError, read_source, short_path
from scram_lsp.reporters import Reported, load_reporter
from scram_lsp.store.digest import is_of_cells, text_digest

if TYPE_CHECKING:
    from scram_lsp.store.run_store import RunStore, StoredRun

COMMAND = "scram"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["run"]:  # what follows belongs to the program
        return run_program(COMMAND, arguments[1:])
    options = _parser().parse_args(arguments)
    return run_command(COMMAND, lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        COMMAND, description="Look into training runs, and explain rules.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"{COMMAND} {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="run a program and watch every fit in it")
    runs = commands.add_parser("runs", help="the runs that are stored for this project")
    actions = runs.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="all runs, the newest first")
    show = actions.add_parser("show", help="what was found in a run")
    show.add_argument("run", nargs="?", metavar="RUN", help="a run or the begin of its name; default: the newest")
    show.add_argument("--observations", action="store_true", help="show what it stored of its steps and epochs")
    delete = actions.add_parser("delete", help="remove a run and its findings")
    delete.add_argument("run", metavar="RUN", help="a run or the begin of its name")
    for each in (listing, show, delete):
        each.add_argument("--project", metavar="PATH", default=".", help="a file or folder of the project")
    for each in (listing, show):
        each.add_argument("--output-format", choices=("full", "json"), default="full")
    add_arguments(commands.add_parser("explain", help="what a rule reports, why, and how to mend it"))
    return parser


def _run(options: argparse.Namespace) -> int:
    keep_log_quiet()
    if options.command == "explain":
        return explain(COMMAND, options)
    from scram_lsp.store.run_store import RunStore, RunStoreError

    action: Callable[[RunStore, argparse.Namespace], int] = _ACTIONS[options.action]
    project = Path(options.project)
    if not project.exists():
        say(COMMAND, f"no such file or folder: {project}")
        return FAILED
    try:
        store = RunStore.open_existing(project)
        if store is None:
            return _without_store(options)
        with store:
            return action(store, options)
    except RunStoreError as error:
        say(COMMAND, str(error))
        return FAILED


def _without_store(options: argparse.Namespace) -> int:
    say(COMMAND, "no runs are stored for this project yet; begin with: scram run SCRIPT")
    if options.action != "list":
        return FAILED
    if options.output_format == "json":
        print("[]")
    return CLEAN


def _list(store: RunStore, options: argparse.Namespace) -> int:
    runs = store.runs()
    if options.output_format == "json":
        table = [
            {
                "run": run.run,
                "script": run.script,
                "started": run.started,
                "status": run.status,
                "findings_count": run.findings_count,
            }
            for run in runs
        ]
        print(json.dumps(table, indent=2))
        return CLEAN
    rows = [("RUN", "STARTED", "STATUS", "FINDINGS", "SCRIPT")]
    rows += [(run.run, run.started, run.status, str(run.findings_count), short_path(Path(run.script))) for run in runs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    return CLEAN


def _show(store: RunStore, options: argparse.Namespace) -> int:
    run = _find_run(store, options.run)
    if run is None:
        return FAILED
    if options.observations:
        return _show_observations(store, run, options.output_format)
    reported = [Reported(each.finding, each.fix) for each in store.standing(run.run)]
    if options.output_format == "full":
        print(f"Run {run.run} of {short_path(Path(run.script))}, started {run.started}, {run.status}.\n")
    text = _text_as_it_ran(run)
    load_reporter(options.output_format)(
        reported, lambda filename, cell: text if filename == run.script else None, sys.stdout
    )
    if options.output_format == "full":
        count = len(reported)
        print("Nothing was found in this run." if not count else f"Found {count} problem{'s'[: count > 1]}.")
    return CLEAN


def _show_observations(store: RunStore, run: StoredRun, output_format: str) -> int:
    from scram_lsp.cli.observed import observations_as_json, observations_as_text

    as_written = observations_as_json if output_format == "json" else observations_as_text
    try:
        print(as_written(store.observations(run.run)))
    except ValueError as error:
        say(COMMAND, f"the run {run.run} holds what can't be read ({error})")
        return FAILED
    return CLEAN


def _delete(store: RunStore, options: argparse.Namespace) -> int:
    run = _find_run(store, options.run)
    if run is None:
        return FAILED
    if run.status == "running":
        say(COMMAND, f"the run {run.run} is still going on; delete it when it is over")
        return FAILED
    store.delete(run.run)
    print(f"Deleted run {run.run}.")
    return CLEAN


_ACTIONS = {"list": _list, "show": _show, "delete": _delete}


def _find_run(store: RunStore, name: str | None) -> StoredRun | None:
    """The run called `name` or the only one that begins so; the newest without a name. Says why there is none."""
    runs = store.runs()
    if not runs:
        say(COMMAND, "no runs are stored for this project yet; begin with: scram run SCRIPT")
        return None
    if name is None:
        return runs[0]
    exact = [run for run in runs if run.run == name]
    fitting = exact or [run for run in runs if run.run.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        say(COMMAND, f"{len(fitting)} runs begin with {name}; write more of the name")
    else:
        say(COMMAND, f"no run is called {name}; see: scram runs list")
    return None


def _text_as_it_ran(run: StoredRun) -> str | None:
    """The script's text, when it is still the one that ran: lines of another text would mislead."""
    if not run.script_digest or is_of_cells(run.script_digest):  # a notebook's cell, or a text that could not be read
        return None
    try:
        text = read_source(Path(run.script)).text
    except FileError as error:
        say(COMMAND, str(error))
        return None
    if text_digest(text) == run.script_digest:
        return text
    say(COMMAND, f"{short_path(Path(run.script))} has changed since this run, so its lines are not shown")
    return None
