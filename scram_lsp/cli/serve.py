"""`scram-lsp`: starts the language server for an editor, over standard input and output."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

from scram_lsp import __version__
from scram_lsp.deferred_modules import deferred_modules


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the editor leaves; returns the exit code."""
    parser = argparse.ArgumentParser(
        "scram-lsp",
        description="The language server of scram, for editors. It speaks over standard input and output.",
        allow_abbrev=False,
    )
    parser.add_argument("--stdio", action="store_true", help="what it does anyway: many editors say so")
    parser.add_argument("--version", action="version", version=f"scram-lsp {__version__}")
    parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    gc.disable()  # little is garbage before the first diagnostics are shown; `run` switches it on again
    with deferred_modules():
        from scram_lsp.quick_dataclasses import quick_dataclasses

        with quick_dataclasses():
            from scram_lsp.server.main import run

    return run()


if __name__ == "__main__":  # editors that are told an interpreter start `python -m scram_lsp.cli.serve`
    sys.exit(main())
