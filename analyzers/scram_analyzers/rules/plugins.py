"""Rules that other packages bring, by entry points of the group `scram.rules`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from scram_analyzers.rules.base import Rule

ENTRY_POINT_GROUP = "scram.rules"

_INSTALLED = (".dist-info", ".egg-info", "EGG-INFO")
"""How the folder ends that an installed package is described in."""


def plugin_rules() -> Iterator[type[Rule]]:
    """The rules of other packages. Raises `TypeError` for an entry point that is no rule."""
    if not _is_any_installed():
        return
    from importlib.metadata import entry_points

    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        loaded = entry_point.load()
        if not (isinstance(loaded, type) and issubclass(loaded, Rule)):
            raise TypeError(f"entry point {entry_point.value!r} of {ENTRY_POINT_GROUP!r} is not a Rule class")
        yield loaded


def _is_any_installed() -> bool:
    """Whether a package may bring rules: looked up here, as to load `importlib.metadata` alone takes 25 ms."""
    if sum(hasattr(each, "find_distributions") for each in sys.meta_path) > 1:
        return True  # packages that are not found by their folders
    return any(_may_bring_rules(place) for place in sys.path)


def _may_bring_rules(place: str) -> bool:
    """Whether a package in a folder of the import path, or in an archive, may."""
    try:
        names = os.listdir(place or os.curdir)
    except NotADirectoryError:
        return True
    except OSError:  # not there, or not ours to look into
        return False
    described = (os.path.join(place, name, "entry_points.txt") for name in names if name.endswith(_INSTALLED))
    return any(ENTRY_POINT_GROUP.encode() in _content(file) for file in described)


def _content(file: str) -> bytes:
    """The content of a file; nothing where there is none."""
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return b""
