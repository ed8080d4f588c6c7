"""The entry of the language server process: it talks to its client over standard input and output."""

from __future__ import annotations

import logging
import sys

from scram_lsp.server.features import register
from scram_lsp.server.language_server import ScramLanguageServer


def run() -> int:
    """Serve one client until it leaves; gives the exit code that the protocol asks for."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)
    client = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed by mistake must not mix with the protocol
    server = ScramLanguageServer()
    register(server)
    try:
        server.start_io(sys.stdin.buffer, client)
    finally:
        server.leave()
    return 0 if server.shutdown_requested else 1
