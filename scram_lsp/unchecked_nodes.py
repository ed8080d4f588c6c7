"""Has libcst make nodes without checking each of them, in a process of our own.

Those of its parser are right but for one thing that Python refuses (bytes joined to text), and to check them takes a
quarter of the time that it takes to parse.
"""

from __future__ import annotations


def leave_nodes_unchecked() -> None:
    """From now on no node of libcst is checked when it is made."""
    from libcst import CSTNode

    CSTNode.__post_init__ = _unchecked  # type: ignore[assignment, method-assign]


def _unchecked(node: object) -> None:
    """It is as it should be."""
