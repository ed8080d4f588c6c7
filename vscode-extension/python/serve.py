"""The language server, started by the extension: `python serve.py OLDEST`, with the oldest Python it may run under.

It first says on its standard error what this interpreter is, so that the extension need not start it twice to know.
Where scram-lsp is not installed, or this Python is older, that is all. Any Python must be able to read this file.
"""

import json
import os
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
    keep_compiled()
    from scram_lsp.cli.serve import main as serve

    return serve([])


def installed():
    """The version of scram-lsp in this environment, or None."""
    try:
        from scram_lsp import __version__
    except ImportError:
        return None
    return __version__


def keep_compiled():
    """Where Python may leave no compiled modules beside the sources, and there are none, leave them in this folder.

    Containers often forbid it, and some installers compile nothing: each start would do it anew, which takes a second.
    The folder that the server is started in is the extension's own.
    """
    beside = sys.modules["scram_lsp"].__spec__.cached
    if sys.dont_write_bytecode and beside is not None and not os.path.exists(beside):
        sys.pycache_prefix = os.path.abspath("compiled")
        sys.dont_write_bytecode = False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
