"""The language server, started by the extension: `python serve.py OLDEST`, with the oldest Python it may run under.

It first says on its standard error what this interpreter is, so that the extension need not start it twice to know.
Where scram-lsp is not installed, or this Python is older, that is all. Any Python must be able to read this file.
"""

import json
import sys


def main(oldest):
    """Say what this interpreter is, and be the server if it can; the exit code."""
    is_supported = sys.version_info[:2] >= tuple(int(part) for part in oldest.split("."))
    scram = installed() if is_supported else None
    about = {"path": sys.executable, "version": sys.version_info[:2], "scram": scram}
    sys.stderr.write("scram-interpreter " + json.dumps(about) + "\n")
    sys.stderr.flush()
    if scram is None:
        return 0
    from scram_lsp.cli.serve import main as serve

    return serve([])


def installed():
    """The version of scram-lsp in this environment, or None."""
    try:
        from scram_lsp import __version__
    except ImportError:
        return None
    return __version__


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
