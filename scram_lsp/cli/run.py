"""`scram run`: runs a program as Python would, and watches every `fit` in it.

The program is run by Python itself, in a process of its own that takes this one's place: arguments, `__main__`,
`sys.path`, signals, streams, tracebacks and the exit code are those of `python script.py`. All that is added is a
module that Python imports at its start (see `scram_lsp/startup/sitecustomize.py`).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scram_lsp.cli.terminal import FAILED, say
from scram_lsp.training.watch import options_for_environment

STARTUP_FOLDER = Path(__file__).resolve().parent.parent / "startup"

_USAGE = "scram run [OPTION...] SCRIPT [ARGUMENT...]\n       scram run [OPTION...] -m MODULE [ARGUMENT...]"


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run: Python's own arguments, and the environment to run it in."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def run_program(command: str, arguments: Sequence[str]) -> int:
    """Run a program under watch; returns its exit code, or does not return where the system can replace a process."""
    launch = read_command_line(arguments, os.environ)
    if not launch.arguments:
        say(command, f"nothing to run; usage: {_USAGE}")
        return FAILED
    if launch.arguments[0] not in ("-m", "-") and not os.path.exists(launch.arguments[0]):
        say(command, f"no such file: {launch.arguments[0]}")
        return FAILED
    interpreter = [sys.executable, *launch.arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execve(sys.executable, interpreter, dict(launch.environment))
    return _wait_for(interpreter, launch.environment)


def read_command_line(arguments: Sequence[str], environment: Mapping[str, str]) -> Launch:
    """Part our options from the program and its arguments, of which none is read."""
    ours = _count_of_ours(arguments)
    options = _parser().parse_args(arguments[:ours])
    program = tuple(arguments[ours:])
    added = options_for_environment({key: value for key, value in vars(options).items() if value})
    path = [str(STARTUP_FOLDER), *filter(None, [environment.get("PYTHONPATH")])]
    return Launch(program[program[:1] == ("--",) :], {**environment, **added, "PYTHONPATH": os.pathsep.join(path)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "scram run",
        usage=_USAGE,
        description="Run a program under watch: every fit in it is looked after, and nothing else is any different.",
        allow_abbrev=False,
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing on the terminal")
    parser.add_argument("--tensorboard", metavar="FOLDER", help="also write findings and probes for TensorBoard")
    parser.add_argument(
        "--on-error", choices=("continue", "stop"), help="what to do after a finding of level error; default: continue"
    )
    return parser


def _count_of_ours(arguments: Sequence[str]) -> int:
    """How many of the arguments come before the script, `-m` or `--`."""
    takes_value = {option for action in _parser()._actions if action.nargs is None for option in action.option_strings}
    place = 0
    while place < len(arguments):
        argument = arguments[place]
        if argument in ("-m", "-", "--") or not argument.startswith("-"):
            break
        place += 2 if argument in takes_value else 1
    return min(place, len(arguments))


def _wait_for(interpreter: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the interpreter as a child: where a process can't be replaced, Ctrl-C reaches both, and it decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(interpreter, env=environment)
