"""Begins the watch in a Python that `scram run` has started, before the user's program.

Python imports a module of this name at its start. `scram run` puts this folder first on PYTHONPATH, so processes
that the program starts are watched too. A `sitecustomize` of the user's own is imported in its turn. This file
must be readable by any Python, and must do no harm where scram-lsp is not installed.
"""

import os
import sys


def _begin():
    _add_packages(os.environ.get("SCRAM_PACKAGES", ""))
    try:
        from scram_lsp.training.watch import watch_as_told
    except ImportError:  # another Python than the one that has scram-lsp
        return
    watch_as_told(os.environ)


def _add_packages(told):
    """An editor that brings scram-lsp says where, and for which Python. The program's own packages stay before them."""
    version, _, folder = told.partition(os.pathsep)
    if version == "{}.{}".format(*sys.version_info) and folder not in sys.path:
        sys.path.append(folder)


def _hand_over(folder):
    """Import the sitecustomize that Python would have found without this folder; it then stands for this one."""
    sys.path[:] = [each for each in sys.path if each != folder]
    ours = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if getattr(error, "name", "sitecustomize") != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", ours)


_begin()
_hand_over(os.path.dirname(os.path.abspath(__file__)))
