"""Every rule's own examples hold: bad ones are marked exactly, good ones silent, fixes mend."""

from __future__ import annotations

import ast

import pytest

from scram_analyzers.engine import Analysis, analyze_source
from scram_analyzers.findings import Finding, SourcePosition, TextEdit
from scram_analyzers.rules.base import MARK_BEGIN, MARK_END, Example, Rule
from scram_analyzers.rules.registry import RuleSet, rule_classes

FILENAME = "train.py"


def examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.name}: {example.title}")
        for rule in rule_classes()
        for example in getattr(rule, kind)
    ]


def analyze(text: str, rules: RuleSet) -> Analysis:
    return analyze_source(text, FILENAME, rules)


def only(rule: type[Rule]) -> RuleSet:
    return RuleSet({rule.code: rule()})


def apply(text: str, edits: tuple[TextEdit, ...]) -> str:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(position: SourcePosition) -> int:
        return starts[position.line - 1] + position.column

    for edit in sorted(edits, key=lambda each: each.range, reverse=True):
        text = text[: offset(edit.range.start)] + edit.content + text[offset(edit.range.end) :]
    return text


def excerpt(text: str, finding: Finding) -> str:
    edit_free = text.splitlines()
    start, end = finding.range.start, finding.range.end
    if start.line == end.line:
        return edit_free[start.line - 1][start.column : end.column]
    first = edit_free[start.line - 1][start.column :]
    return "\n".join([first, *edit_free[start.line : end.line - 1], edit_free[end.line - 1][: end.column]])


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_example_is_reported_on_the_marked_text(rule: type[Rule], example: Example) -> None:
    ast.parse(example.source)
    assert example.program.count(MARK_BEGIN) == example.program.count(MARK_END) > 0
    findings = analyze(example.source, only(rule)).findings
    assert [(each.code, each.range) for each in findings] == [(rule.code, marked) for marked in example.marked], [
        excerpt(example.source, each) for each in findings
    ]


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_good_example_is_left_alone(rule: type[Rule], example: Example) -> None:
    ast.parse(example.source)
    assert MARK_BEGIN not in example.program
    assert analyze(example.source, only(rule)).findings == ()


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_fix_gives_the_fixed_program(rule: type[Rule], example: Example) -> None:
    analysis = analyze(example.source, only(rule))
    fixes = [fix for fix in map(analysis.fix, analysis.findings) if fix is not None]
    if example.fixed is None:
        assert fixes == [], "a fix is offered: say in `fixed` what it should give"
        return
    edits = tuple(dict.fromkeys(edit for fix in fixes for edit in fix.edits))
    assert apply(example.source, edits) == example.fixed


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_fix_removes_the_finding_and_brings_none_as_bad(rule: type[Rule], example: Example) -> None:
    if example.fixed is None:
        return
    ast.parse(example.fixed)
    before = analyze(example.source, RuleSet.default()).findings
    after = analyze(example.fixed, RuleSet.default()).findings
    assert rule.code not in {each.code for each in after}
    new = {each.code: each for each in after if each.code not in {other.code for other in before}}
    assert [each.message for each in new.values() if each.severity.rank <= rule.severity.rank] == []


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_message_speaks_to_the_author(rule: type[Rule], example: Example) -> None:
    for finding in analyze(example.source, only(rule)).findings:
        for text in (finding.message, finding.why, finding.how):
            assert text.strip() == text != ""
            assert text[0].isupper() or not text[0].isalpha(), text
            assert "None" not in text
            assert "0x" not in text
