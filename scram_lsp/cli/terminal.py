"""What every command does alike: notes on stderr, output that fits the terminal, one line for any fault."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TextIO

CLEAN, FINDINGS, FAILED = 0, 1, 2
"""Exit codes: nothing found; findings; a usage, configuration or internal error."""

INTERRUPTED = 130

LOG_VARIABLE = "SCRAM_LOG"
"""The environment variable that turns the log of faults on, as in `SCRAM_LOG=debug`."""


def say(command: str, message: str) -> None:
    """One note on stderr."""
    print(f"{command}: {message}", file=sys.stderr)


def run_command(command: str, action: Callable[[], int]) -> int:
    """Run a command and return its exit code: interrupts, closed pipes and faults end without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        _print_what_can_be_printed(stream)
    try:
        status = action()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, say) has seen enough. Python flushes stdout once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    except Exception as error:  # a fault of ours is one line too
        import logging

        logging.getLogger(__name__).exception("%s failed", command)
        fault = f"{type(error).__name__}: {error}"
        say(command, f"failed by its own fault ({fault}); please report it ({LOG_VARIABLE}=debug shows more)")
        return FAILED
    return status


def keep_log_quiet() -> None:
    """Keep the log off the terminal, which shows one line for each fault, unless `SCRAM_LOG` names a level."""
    import logging  # not at the top: `--version` has no need of it

    level = os.environ.get(LOG_VARIABLE, "").upper()
    if level in ("DEBUG", "INFO", "WARNING", "ERROR"):
        logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def _print_what_can_be_printed(stream: TextIO) -> None:
    """Show characters that the terminal's encoding lacks as escapes, where Python would raise."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
