"""A second process that is ready for the first look at a text when the server is ready for its client.

Half of what comes before the first diagnostics is the loading of the protocol's types, the other half that of the
parser and the rules, and within one process Python can't do both at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scram_lsp.server.analysis.first_look import FirstLook, Question

log = logging.getLogger(__name__)

LONGEST_SECONDS = 10.0
"""A look that takes longer is left to the server itself."""

IDLE_SECONDS = 30.0
"""Without a text to look at it ends: it takes as much memory as the analysis does in the server."""

# The path comes first: nothing in the working folder may stand for a module of Python's.
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from scram_lsp.server.analysis.first_look import serve; serve()"


class HeadStart:
    """The process of the first look. It answers one question, and is gone then, or with ours."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):  # without it all is only slower
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *sys.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        self.is_ready = self._process is not None

    async def look(self, question: Question) -> FirstLook | None:
        """The answer to the one question; None where there is none to be had."""
        import asyncio  # not before the process has started: it takes as long as all the rest here

        process, self.is_ready = self._process, False
        if process is None:
            return None
        try:
            asked = asyncio.get_running_loop().run_in_executor(None, _ask, process, question)
            return await asyncio.wait_for(asked, LONGEST_SECONDS)
        except (OSError, EOFError, pickle.UnpicklingError, asyncio.TimeoutError) as error:
            log.info("no first look at %s: %r", question.filename, error)
            return None
        finally:
            self.end()

    def end(self) -> None:
        """End the process; it may be called more than once."""
        process, self._process, self.is_ready = self._process, None, False
        if process is not None:
            process.kill()
            process.wait()


def is_core_free() -> bool:
    """Whether a second process would run beside this one, and not take from its time."""
    cores = os.cpu_count() or 1
    try:
        return os.getloadavg()[0] < cores - 1
    except (AttributeError, OSError):  # this system does not tell
        return cores > 1


def _ask(process: subprocess.Popen[bytes], question: Question) -> FirstLook | None:
    assert process.stdin is not None
    assert process.stdout is not None
    pickle.dump(question, process.stdin)
    process.stdin.flush()
    answer: FirstLook | None = pickle.load(process.stdout)
    return answer
