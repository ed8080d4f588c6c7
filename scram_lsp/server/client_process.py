"""The client's process, with which the server ends: its end of our input may be held open by another."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

from scram_lsp.live.processes import is_alive

CHECK_SECONDS = 1.0
"""How often a process is looked for where the system does not tell of its end."""


def when_ended(process: int, call: Callable[[], None]) -> None:
    """Call this, on a daemon's thread, when the process of that id has ended or there is none."""

    def watch() -> None:
        wait_for_end(process)
        call()

    threading.Thread(target=watch, name="scram-client", daemon=True).start()


def wait_for_end(process: int) -> None:
    """Return when the process of that id has ended or there is none. It need not be a child of this one."""
    if hasattr(os, "pidfd_open"):  # Linux: the system wakes this thread
        try:
            descriptor = os.pidfd_open(process)
        except (OSError, OverflowError):  # there is none, or the system does not let us
            pass
        else:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll()
            os.close(descriptor)
            return
    while is_alive(process):
        time.sleep(CHECK_SECONDS)
