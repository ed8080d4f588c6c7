"""`python -m scram_lsp` is `scram`, for an editor that is told an interpreter and nothing of its scripts."""

import sys

from scram_lsp.cli.scram import main

if __name__ == "__main__":
    sys.exit(main())
