"""The entry of the language server process: it talks to its client over standard input and output."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable
from typing import BinaryIO

from scram_lsp.deferred_methods import deferred_methods
from scram_lsp.server.analysis.text_analysis import TextAnalysis
from scram_lsp.server.client_input import ClientInput
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.opening.opening import Opening

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


def run() -> int:
    """Serve one client until it leaves; gives the exit code that the protocol asks for."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.getLogger("scram_analyzers.engine").addFilter(EachFaultOnce())
    sys.setswitchinterval(SWITCH_SECONDS)
    client = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed by mistake must not mix with the protocol
    configuration = Configuration()
    analysis = TextAnalysis(configuration)
    opening = Opening(_writer_to(client), configuration, analysis)
    told = ClientInput(sys.stdin.fileno(), opening.hear)
    told.start()
    opening.look()

    gc.disable()  # nothing is garbage while modules are loaded
    import attr  # noqa: F401 (its classes are deferred only once it is loaded)

    with deferred_methods():
        from scram_lsp.server.conversation import converse
        from scram_lsp.server.features import register
        from scram_lsp.server.language_server import ScramLanguageServer

    server = ScramLanguageServer(configuration, analysis, opening.shown)
    register(server)
    gc.freeze()  # what is loaded stays: the collector need not look at it again
    gc.enable()
    try:
        converse(server, told, client, opening)
    finally:
        server.leave()
    code = 0 if server.shutdown_requested else 1
    if analysis.is_busy():
        os._exit(code)  # a clean exit would wait for that to end, seconds in a file of 10,000 lines
    return code


def _writer_to(client: BinaryIO) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        client.write(data)
        client.flush()

    return write
