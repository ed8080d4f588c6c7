"""The commands: `scram-lint` (lint), `scram` (scram) and `scram-lsp` (serve)."""
