"""The JSON of a finding: what `scram-lint`, the run store and the local socket write and read.

The form is stable. Rows and columns count from 1, columns in Unicode code points; the end is exclusive. In a
notebook `cell` counts from 1 over all its cells and rows are the cell's own; elsewhere it is null. A run's
finding has `run`, `step` and `epoch` besides, and a `refutation` where it withdraws what the source gave rise to.
"""

from __future__ import annotations

import enum
import reprlib
from collections.abc import Mapping
from typing import Any, TypeVar

from scram_analyzers.findings import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Origin,
    RelatedPlace,
    RunMoment,
    Severity,
    SourcePosition,
    SourceRange,
    TextEdit,
)

MAX_COUNT = 2**31 - 1
"""The largest row, column or step: what an editor's protocol can carry."""

Choice = TypeVar("Choice", bound=enum.Enum)


def finding_to_json(finding: Finding, fix: Fix | None) -> dict[str, Any]:
    """The finding and its fix as a dictionary that `json.dumps` takes."""
    data: dict[str, Any] = {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "why": finding.why,
        "how": finding.how,
        "recipe": finding.recipe,
        "filename": finding.filename,
        "cell": finding.cell,
        **_range_to_json(finding.range),
        "related": [
            {
                "message": place.message,
                "filename": place.filename,
                "cell": place.cell,
                **_range_to_json(place.range),
            }
            for place in finding.related
        ],
        "fix": None if fix is None else _fix_to_json(fix),
        "url": finding.url,
        "origin": finding.origin.value,
    }
    if finding.moment is not None:
        moment = finding.moment
        data |= {"run": moment.run, "step": moment.step, "epoch": moment.epoch}
    if finding.refutation:
        data["refutation"] = finding.refutation
    return data


def finding_from_json(data: object) -> tuple[Finding, Fix | None]:
    """The finding and fix that `finding_to_json` wrote.

    Keys that are not known are passed over. Raises `ValueError` with one line that names what is wrong.
    """
    fields = _Fields(data, "a finding")
    fix = fields.optional_object("fix")
    finding = Finding(
        code=fields.text("code"),
        name=fields.text("name"),
        severity=fields.choice("severity", Severity),
        confidence=fields.choice("confidence", Confidence),
        message=fields.text("message"),
        why=fields.text("why"),
        how=fields.text("how"),
        recipe=fields.text("recipe", ""),
        filename=fields.text("filename"),
        range=fields.range(),
        related=tuple(_related_from_json(each) for each in fields.objects("related")),
        url=fields.text("url", ""),
        origin=fields.choice("origin", Origin),
        moment=_moment_from_json(fields),
        cell=fields.optional_count("cell", 1),
        refutation=fields.text("refutation", ""),
    )
    return finding, None if fix is None else _fix_from_json(fix)


def _range_to_json(place: SourceRange) -> dict[str, Any]:
    return {
        "location": {"row": place.start.line, "column": place.start.column + 1},
        "end_location": {"row": place.end.line, "column": place.end.column + 1},
    }


def _fix_to_json(fix: Fix) -> dict[str, Any]:
    return {
        "message": fix.message,
        "applicability": fix.applicability.value,
        "edits": [{"cell": edit.cell, **_range_to_json(edit.range), "content": edit.content} for edit in fix.edits],
    }


def _fix_from_json(fields: _Fields) -> Fix:
    return Fix(
        message=fields.text("message"),
        applicability=fields.choice("applicability", Applicability),
        edits=tuple(
            TextEdit(each.range(), each.text("content"), each.optional_count("cell", 1))
            for each in fields.objects("edits")
        ),
    )


def _related_from_json(fields: _Fields) -> RelatedPlace:
    return RelatedPlace(
        fields.text("message"), fields.text("filename"), fields.range(), fields.optional_count("cell", 1)
    )


def _moment_from_json(fields: _Fields) -> RunMoment | None:
    if not fields.has("run"):
        return None
    return RunMoment(fields.text("run"), fields.optional_count("step"), fields.optional_count("epoch"))


class _Fields:
    """A JSON object whose fields are checked as they are read; `where` names it in errors."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, Mapping):
            raise ValueError(f"{where} must be a JSON object, not {reprlib.repr(data)}")
        self._data = data
        self._where = where

    def has(self, key: str) -> bool:
        """Whether the object holds `key` with a value other than null."""
        return self._data.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required unless it has a default."""
        value = self._data.get(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "a text")
        return value

    def choice(self, key: str, values: type[Choice]) -> Choice:
        """One of an enumeration's values."""
        try:
            return values(self._data.get(key))
        except ValueError:
            raise self._wrong(key, "one of " + ", ".join(each.value for each in values)) from None

    def optional_count(self, key: str, minimum: int = 0) -> int | None:
        """A whole number from `minimum`, or None where it is missing or null."""
        return self._count(key, minimum) if self.has(key) else None

    def optional_object(self, key: str) -> _Fields | None:
        """The object at `key`, or None where it is missing or null."""
        return _Fields(self._data[key], f"'{key}' of {self._where}") if self.has(key) else None

    def objects(self, key: str) -> list[_Fields]:
        """A list of objects."""
        values = self._data.get(key)
        if not isinstance(values, list):
            raise self._wrong(key, "a list")
        return [
            _Fields(value, f"'{key}' number {number} of {self._where}") for number, value in enumerate(values, start=1)
        ]

    def range(self) -> SourceRange:
        """The stretch of text from `location` to `end_location`."""
        start, end = self._position("location"), self._position("end_location")
        if end < start:
            raise ValueError(f"{self._where} ends before it starts")
        return SourceRange(start, end)

    def _position(self, key: str) -> SourcePosition:
        place = self.optional_object(key)
        if place is None:
            raise self._wrong(key, "an object with row and column")
        return SourcePosition(place._count("row", 1), place._count("column", 1) - 1)

    def _count(self, key: str, minimum: int) -> int:
        value = self._data.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= MAX_COUNT:
            raise self._wrong(key, f"a whole number from {minimum} to {MAX_COUNT}")
        return value

    def _wrong(self, key: str, wanted: str) -> ValueError:
        if key not in self._data:
            return ValueError(f"{self._where} lacks '{key}' ({wanted})")
        return ValueError(f"'{key}' of {self._where} must be {wanted}, not {reprlib.repr(self._data[key])}")
