"""The entry of the language server process: it talks to its client over standard input and output."""

from __future__ import annotations

import gc
import logging
import sys

from scram_lsp.server.analysis.head_start import HeadStart
from scram_lsp.server.conversation import converse
from scram_lsp.server.features import register
from scram_lsp.server.language_server import ScramLanguageServer

SWITCH_SECONDS = 0.001
"""How long an analysis may keep the event loop waiting for the interpreter; by default 5 ms."""


class EachFaultOnce(logging.Filter):
    """Lets one record of a kind through: a rule that fails does so at every keystroke."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is news."""
        message = record.getMessage()
        known = message in self._seen
        self._seen.add(message)
        return not known


def run(head_start: HeadStart | None = None) -> int:
    """Serve one client until it leaves; gives the exit code that the protocol asks for.

    `head_start` is ended with it.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.getLogger("scram_analyzers.engine").addFilter(EachFaultOnce())
    client = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed by mistake must not mix with the protocol
    server = ScramLanguageServer(head_start=head_start)
    register(server)
    gc.freeze()  # what is loaded stays: the collector need not look at it again
    gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        converse(server, sys.stdin.buffer, client)
    finally:
        server.leave()
    return 0 if server.shutdown_requested else 1
