"""Selectors: the codes, names, prefixes and "ALL" by which users speak of rules and notes."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from scram_analyzers.notes import NOTES

if TYPE_CHECKING:
    from scram_analyzers.rules.base import Rule

_FAMILY = re.compile(r"SCR[1-9]?")
_EXACT = 1000
"""How narrow a code or name is; a prefix is as narrow as it is long, which is less."""


class UnknownNameError(ValueError):
    """A name that means nothing here; the text says which and what comes nearest."""


def unknown_name(what: str, name: str, known: Iterable[str], where: str = "") -> UnknownNameError:
    """The error for a `name` that is not among `known`; it offers the nearest one that is."""
    nearest = difflib.get_close_matches(name, list(known), n=5, cutoff=0.0)
    hint = f"; did you mean '{max(nearest, key=lambda each: _nearness(name, each))}'?" if nearest else ""
    return UnknownNameError(f"unknown {what} '{name}'{where}{hint}")


def _nearness(one: str, other: str) -> tuple[float, int]:
    """How near two names are; of equally near ones those that begin alike, as codes of a family do."""
    matcher = difflib.SequenceMatcher(None, one.lower(), other.lower())
    pairs = zip(one.lower(), other.lower(), strict=False)
    return matcher.ratio(), sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


@dataclass(frozen=True)
class Catalogue:
    """Every rule and note that can be selected: names by code, and the rules among them."""

    names: Mapping[str, str]
    rules: Mapping[str, type[Rule]]

    @classmethod
    def build(cls) -> Catalogue:
        """All that is installed."""
        from scram_analyzers.rules.registry import rule_classes

        rules = {rule.code: rule for rule in rule_classes()}
        names = {code: rule.name for code, rule in rules.items()} | {note.code: note.name for note in NOTES}
        return cls(dict(sorted(names.items())), rules)

    @property
    def on_by_default(self) -> frozenset[str]:
        """The codes in force when nothing is selected."""
        off = {code for code, rule in self.rules.items() if not rule.enabled_by_default}
        return frozenset(self.names.keys() - off)

    def code_of(self, selector: str) -> str:
        """The one code that a code or name stands for. Raises `UnknownNameError`."""
        code = self._exact(selector)
        if code is None:
            raise unknown_name("rule", selector, [*self.names, *self.names.values()])
        return code

    def codes_of(self, selector: str) -> frozenset[str]:
        """The codes that a selector stands for; none for a family without rules.

        Raises `UnknownNameError`.
        """
        exact = self._exact(selector)
        if exact is not None:
            return frozenset({exact})
        prefix = selector.upper()
        if prefix == "ALL":
            return frozenset(self.names)
        codes = frozenset(code for code in self.names if prefix and code.startswith(prefix))
        if not codes and not _FAMILY.fullmatch(prefix):
            self.code_of(selector)
        return codes

    def all_of(self, selectors: Iterable[str]) -> frozenset[str]:
        """The codes that any of the selectors stands for."""
        return frozenset[str]().union(*map(self.codes_of, selectors))

    def choose(self, current: Iterable[str], select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
        """`current` with what is selected and without what is ignored.

        Of a selected and an ignored selector the narrower one wins, as in ruff: `ignore = ["SCR1"]` with
        `select = ["SCR101"]` leaves SCR101.
        """
        wanted, unwanted = self._narrowness(select), self._narrowness(ignore)
        chosen = set(current)
        for code in self.names:
            if wanted.get(code, -1) > unwanted.get(code, -1):
                chosen.add(code)
            elif code in unwanted:
                chosen.discard(code)
        return frozenset(chosen)

    def _narrowness(self, selectors: Iterable[str]) -> dict[str, int]:
        """How narrowly the narrowest selector names each code that is named at all."""
        narrowness: dict[str, int] = {}
        for width, codes in sorted(((self._width(each), self.codes_of(each)) for each in selectors), key=itemgetter(0)):
            narrowness.update(dict.fromkeys(codes, width))
        return narrowness

    def _exact(self, selector: str) -> str | None:
        if selector.upper() in self.names:
            return selector.upper()
        name = selector.lower()
        return next((code for code, known in self.names.items() if known == name), None)

    def _width(self, selector: str) -> int:
        if selector.upper() == "ALL":
            return 0
        return _EXACT if self._exact(selector) is not None else len(selector)
