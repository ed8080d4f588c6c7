"""The entry of the language server process: it talks to its client over standard input and output."""

from __future__ import annotations

import gc
import logging
import os
import sys

from scram_lsp.deferred_methods import deferred_methods
from scram_lsp.quick_dataclasses import quick_dataclasses
from scram_lsp.server.analysis.text_analysis import TextAnalysis
from scram_lsp.server.client_input import ClientInput
from scram_lsp.server.client_output import ClientOutput
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


def _is_no_unreadable_message(record: logging.LogRecord) -> bool:
    """pygls logs a traceback of pages for a message that is not as it should be; the conversation says so in a line."""
    return not str(record.msg).startswith("Unable to deserialize message")


def run() -> int:
    """Serve one client until it leaves; gives the exit code that the protocol asks for."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_unreadable_message)
    logging.getLogger("scram_analyzers.engine").addFilter(EachFaultOnce())
    sys.setswitchinterval(SWITCH_SECONDS)
    said = ClientOutput(sys.stdout.fileno(), lambda: os._exit(1))
    sys.stdout = sys.stderr  # whatever is printed by mistake must not mix with the protocol
    configuration = Configuration()
    analysis = TextAnalysis(configuration)
    opening = Opening(said.write, configuration, analysis, os._exit)
    told = ClientInput(sys.stdin.fileno(), opening.hear)
    told.start()
    opening.look()

    gc.disable()  # nothing is garbage while modules are loaded
    import attr  # noqa: F401 (its classes are deferred only once it is loaded)

    with deferred_methods(), quick_dataclasses():
        from scram_lsp.server.conversation import converse
        from scram_lsp.server.features import register
        from scram_lsp.server.language_server import ScramLanguageServer

    server = ScramLanguageServer(configuration, analysis, opening.shown)
    register(server)
    gc.freeze()  # what is loaded stays: the collector need not look at it again
    gc.enable()
    try:
        converse(server, told, said, opening)
    finally:
        server.leave()
    if analysis.is_busy():
        os._exit(server.exit_code)  # a clean exit would wait for that to end, seconds in a file of 10,000 lines
    return server.exit_code
