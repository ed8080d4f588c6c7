"""Has modules that others import for later run when something is first taken from them.

libcst imports its analyses of whole modules along with its tree, and `dataclasses`, rules and others import modules of
the standard library for what they seldom do. In a process of our own such modules wait until then.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader


SELDOM_USED = frozenset({"difflib", "inspect", "ipaddress", "libcst.metadata", "statistics", "textwrap"})
"""Imported by what every start loads, and used by no usual one."""


@contextmanager
def deferred_modules() -> Iterator[None]:
    """Put it off for those that are imported meanwhile; not for the modules in the folder of one."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the finder of files has it, with a loader that waits."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in SELDOM_USED else None
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        spec.loader = cast("Loader", _Deferred(spec.loader))
        return spec


class _Deferred:
    """Fills a module when it is asked for a name that it does not have yet."""

    def __init__(self, loader: SourceFileLoader) -> None:
        self._loader = loader
        self._filling = threading.RLock()

    def create_module(self, spec: ModuleSpec) -> None:
        """A module as any other."""

    def exec_module(self, module: ModuleType) -> None:
        """Leave it empty until then. Nobody sees it half filled but who fills it: others wait, or find all of it."""
        names, found = vars(module), dict[str, Any]()

        def taken(name: str) -> object:
            with self._filling:
                if not found:
                    names["__loader__"] = names["__spec__"].loader = self._loader
                    found.update({key: value for key, value in names.items() if value is not taken})
                    code = self._loader.get_code(module.__name__)
                    assert code is not None, "a file of source has code"
                    exec(code, found)
                    names.update(found)
                    if names["__getattr__"] is taken:
                        del names["__getattr__"]
            try:
                return found[name]
            except KeyError:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}") from None

        names["__getattr__"] = taken
