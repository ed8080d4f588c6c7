"""The explanation of a finding as Markdown."""

from __future__ import annotations

from dataclasses import replace

from scram_analyzers.findings import Confidence, Finding, Origin, RunMoment, Severity, SourceRange
from scram_analyzers.rules.base import Reference
from scram_lsp.live.listener import LiveRun
from scram_lsp.server.findings.diagnostics import evidence_of, run_label
from scram_lsp.server.programs.hover import explanation

FINDING = Finding(
    code="SCR101",
    name="learning-rate-too-high",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    message="The rate of `my_optimizer` is *1e10*; __init__ sets it [here].",
    why="Steps this large\njump over every <good> solution.",
    how="Lower it.",
    filename="/home/ada/train.py",
    range=SourceRange.of(1, 0, 1, 4),
    recipe="keras.optimizers.Adam(learning_rate=0.001)",
    url="https://example.org/rules/a_b.md",
)


def test_every_part_is_said_and_plain_text_stays_plain() -> None:
    text = explanation(
        FINDING, [Reference("Adam: A Method", "https://arxiv.org/abs/1412.6980"), Reference("A book")], None
    )
    assert text == (
        "**learning-rate-too-high** · SCR101 · error\n\n"
        "The rate of `my_optimizer` is \\*1e10\\*; \\_\\_init\\_\\_ sets it \\[here\\].\n\n"
        "**Why it matters:** Steps this large  \njump over every \\<good\\> solution.\n\n"
        "**How to mend it:** Lower it.\n\n"
        "```python\nkeras.optimizers.Adam(learning_rate=0.001)\n```\n\n"
        "**References:**\n\n- [Adam: A Method](<https://arxiv.org/abs/1412.6980>)\n- A book\n\n"
        "[Rule SCR101: learning-rate-too-high](<https://example.org/rules/a_b.md>)"
    )


def test_parts_that_are_not_there_leave_no_trace() -> None:
    bare = replace(FINDING, message="Wrong", why="", how="", recipe="", url="")
    assert explanation(bare, [], None) == "**learning-rate-too-high** · SCR101 · error\n\nWrong"
    assert explanation(bare, [], None, beside_diagnostics=True) == "**learning-rate-too-high** · SCR101 · error"


def test_a_recipe_can_not_end_its_own_block() -> None:
    text = explanation(replace(FINDING, recipe="'''\n```\n'''"), [], None)
    assert "~~~~python\n'''\n```\n'''\n~~~~" in text


def run_finding(moment: RunMoment | None) -> Finding:
    return replace(FINDING, origin=Origin.RUN, moment=moment)


def test_the_evidence_of_a_run_is_said_in_words() -> None:
    run = LiveRun("r1", "/home/ada/train.py", "2026-01-02T14:02:00")
    step, epoch = run_finding(RunMoment("r1", step=3, epoch=1)), run_finding(RunMoment("r1", epoch=2))
    assert evidence_of(FINDING, run, confirms=False) is None
    assert evidence_of(step, run, confirms=False) == "Seen in the run of 2026-01-02 14:02 at step 3."
    assert evidence_of(step, run, confirms=True) == "Confirmed in the run of 2026-01-02 14:02 at step 3."
    assert evidence_of(epoch, None, confirms=False) == "Seen in the run at epoch 2."
    assert evidence_of(run_finding(None), replace(run, started="?"), confirms=False) == "Seen in the run."


def test_the_label_of_a_run_is_short() -> None:
    run = LiveRun("r1", "/home/ada/train.py", "2026-01-02T14:02:00")
    assert run_label(FINDING, run) is None
    assert run_label(run_finding(RunMoment("r1", step=3)), run) == "run of 2026-01-02 14:02, step 3"
    assert run_label(run_finding(None), None) == "run"
