"""Runs a script under watch by the extension's own scram-lsp: `python run.py SCRIPT [ARGUMENT...]`.

It is copied into the environment that the extension makes for a version of Python, and run by the user's interpreter
of that version. The packages of the environment come behind all that this interpreter has itself, so that the script
finds what it would find without them.
"""

import os
import sys


def main(here, program):
    """Take the place of this process, where the system can; the exit code elsewhere."""
    version = "{}.{}".format(*sys.version_info)
    folders = ["Lib"] if os.name == "nt" else ["lib", "python" + version]
    packages = os.path.join(here, *folders, "site-packages")
    os.environ["SCRAM_PACKAGES"] = os.pathsep.join([version, packages])
    sys.path.append(packages)
    from scram_lsp.cli.scram import main as scram

    return scram(["run", *program])


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    sys.exit(main(os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]))
