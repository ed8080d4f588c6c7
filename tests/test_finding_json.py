from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from scram_lsp.finding_json import finding_from_json, finding_to_json

FINDING = Finding(
    code="SCR101",
    name="learning-rate-too-high",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    message="Adam's learning rate is 1e10; typical values are 1e-5 to 1e-2.",
    why="Every step overshoots.",
    how="Use 0.001.",
    filename="/project/train.py",
    range=SourceRange.of(12, 4, 12, 8),
    related=(RelatedPlace("the loss is set here", "/project/train.py", SourceRange.of(14, 0, 15, 2)),),
    recipe="Adam(learning_rate=0.001)",
    url="https://example.org/SCR101",
)
FIX = Fix("Set learning_rate to 0.001", Applicability.UNSAFE, (TextEdit(SourceRange.of(12, 4, 12, 8), "0.001"),))


def test_a_source_finding_has_the_keys_that_were_promised() -> None:
    data = finding_to_json(FINDING, FIX)
    assert set(data) == {
        *("code", "name", "severity", "confidence", "message", "why", "how", "recipe", "filename"),
        *("cell", "location", "end_location", "related", "fix", "url", "origin"),
    }
    assert data["cell"] is None
    assert data["location"] == {"row": 12, "column": 5}
    assert data["end_location"] == {"row": 12, "column": 9}
    assert data["severity"] == "error"
    assert data["fix"] == {
        "message": "Set learning_rate to 0.001",
        "applicability": "unsafe",
        "edits": [
            {
                "cell": None,
                "location": {"row": 12, "column": 5},
                "end_location": {"row": 12, "column": 9},
                "content": "0.001",
            }
        ],
    }


def test_a_finding_without_fix_says_null() -> None:
    assert finding_to_json(FINDING, None)["fix"] is None


def test_a_run_finding_says_when() -> None:
    finding = Finding(
        **{name: getattr(FINDING, name) for name in ("code", "name", "severity", "confidence", "message")},
        why="",
        how="",
        filename="a.py",
        range=FINDING.range,
        origin=Origin.RUN,
        moment=RunMoment("run-1", step=3),
    )
    data = finding_to_json(finding, None)
    assert (data["run"], data["step"], data["epoch"]) == ("run-1", 3, None)
    assert finding_from_json(data) == (finding, None)


cells = st.none() | st.integers(1, 10**6)
positions = st.builds(SourcePosition, st.integers(1, 10**6), st.integers(0, 10**6))
ranges = st.tuples(positions, positions).map(lambda ends: SourceRange(min(ends), max(ends)))
fixes = st.builds(
    Fix,
    st.text(),
    st.sampled_from(Applicability),
    st.lists(st.builds(TextEdit, ranges, st.text(), cells)).map(tuple),
)
moments = st.builds(
    RunMoment, st.text(min_size=1), st.none() | st.integers(0, 10**9), st.none() | st.integers(0, 10**9)
)
findings = st.builds(
    Finding,
    *(st.text(), st.text(), st.sampled_from(Severity), st.sampled_from(Confidence)),
    *(st.text(), st.text(), st.text(), st.text(), ranges),
    related=st.lists(st.builds(RelatedPlace, st.text(), st.text(), ranges, cells)).map(tuple),
    recipe=st.text(),
    url=st.text(),
    origin=st.sampled_from(Origin),
    moment=st.none() | moments,
    cell=cells,
)


@given(findings, st.none() | fixes)
def test_what_is_written_is_read_back_the_same(finding: Finding, fix: Fix | None) -> None:
    assert finding_from_json(json.loads(json.dumps(finding_to_json(finding, fix)))) == (finding, fix)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": 101}, "'code' of a finding must be a text, not 101"),
        (
            {"severity": "fatal"},
            "'severity' of a finding must be one of error, warning, info, hint, not 'fatal'",
        ),
        (
            {"location": {"row": 0, "column": 1}},
            "'row' of 'location' of a finding must be a whole number from 1",
        ),
        ({"location": {"row": 13, "column": 1}}, "a finding ends before it starts"),
        ({"location": None}, "'location' of a finding must be an object with row and column, not None"),
        ({"cell": 0}, "'cell' of a finding must be a whole number from 1"),
        ({"related": "none"}, "'related' of a finding must be a list, not 'none'"),
        ({"related": [3]}, "'related' number 1 of a finding must be a JSON object, not 3"),
        ({"fix": {"message": "m", "applicability": "safe"}}, "'fix' of a finding lacks 'edits' (a list)"),
        (
            {"run": "r", "step": True},
            "'step' of a finding must be a whole number from 0 to 2147483647, not True",
        ),
    ],
)
def test_bad_data_is_refused_with_one_line_that_names_it(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        finding_from_json({**finding_to_json(FINDING, None), **change})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda each: st.lists(each)))
def test_what_is_no_finding_is_a_value_error(data: object) -> None:
    with pytest.raises(ValueError, match="a finding"):
        finding_from_json(data)


def test_a_refutation_travels_with_the_finding_it_takes_back():
    finding = Finding(
        "SCR101", "learning-rate-too-high", Severity.WARNING, Confidence.HIGH, "m", "w", "h", "/p/train.py",
        SourceRange.of(3, 0, 3, 4), origin=Origin.RUN, moment=RunMoment("r1", 9, 2), refutation="accuracy came to 97%",
    )  # fmt: skip
    assert finding_from_json(finding_to_json(finding, None)) == (finding, None)
