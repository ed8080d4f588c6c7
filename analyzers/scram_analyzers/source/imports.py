"""What a module imports, and how its author would write a Keras name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scram_analyzers.source.keras_api.names import canonical_name, is_exported

OPERATIONS = "keras.ops"
"""Functions, many by the names of Python's own (`sum`, `max`, `abs`): imported alone, they would hide those."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How to write a name in this module; `needs_import` is the line to add first, if any."""

    text: str
    needs_import: str | None = None


@dataclass(frozen=True, slots=True)
class Imports:
    """The module-level names that imports bound, to the dotted names they stand for.

    `stars` are the modules imported with `*`.
    """

    names: Mapping[str, str]
    stars: tuple[str, ...] = ()

    def spell(self, name: str) -> Spelling:
        """How the author reaches a canonical Keras name ("keras.layers.Dropout"), with the shortest way in use."""
        module, _, last = name.rpartition(".")
        for bound, dotted in self.names.items():
            if canonical_name(dotted) == name:
                return Spelling(bound)
        if any(canonical_name(star) == module and is_exported(star, last) for star in self.stars):
            return Spelling(last)
        through_module = self._through_module(name)
        if through_module is not None:
            return Spelling(through_module)
        if module == OPERATIONS and "ops" not in self.names:
            return Spelling(f"ops.{last}", f"from {self._package('keras')} import ops")
        return Spelling(last, f"from {self._package(module)} import {last}")

    def _through_module(self, name: str) -> str | None:
        ways = []
        for bound, dotted in self.names.items():
            reached = canonical_name(dotted)
            if name.startswith("keras.") and (dotted == "tensorflow" or dotted.startswith("tensorflow.compat")):
                ways.append(f"{bound}.{name}")
            elif name.startswith(f"{reached}."):
                ways.append(f"{bound}.{name[len(reached) + 1 :]}")
        return min(ways, key=len, default=None)

    def _package(self, module: str) -> str:
        """`keras.layers` as this module's other imports spell the package."""
        for dotted in [*self.names.values(), *self.stars]:
            if dotted.startswith("tensorflow.keras"):
                return f"tensorflow.{module}"
        return module
