"""The tables that the benchmark prints, in the form of Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from scoring import Health, Score


def fault_table(scores: Sequence[Score], peers: Sequence[str]) -> Iterator[str]:
    """A line for each kind of fault."""
    columns = ["Fault", "Trained", "Source", "Run", "Found", "Right cause", "Right line", "First step", *peers]
    yield "| " + " | ".join(columns) + " |"
    yield "|---|" + "---:|" * (7 + len(peers))
    kinds = dict.fromkeys(each.fault.kind for each in scores)
    for kind in sorted(kinds, key=lambda each: each.name):
        yield _fault_row(kind.title, [each for each in scores if each.fault.kind is kind], peers)
    yield _fault_row("**all**", scores, peers)


def _fault_row(title: str, scores: Sequence[Score], peers: Sequence[str]) -> str:
    steps = [each.step for each in scores if each.step is not None]
    counts = [
        len(scores),
        sum(each.in_source for each in scores),
        sum(each.in_run for each in scores),
        sum(each.is_found for each in scores),
        sum(each.has_cause for each in scores),
        sum(each.has_line for each in scores),
    ]
    cells = [title, *map(str, counts), f"{statistics.median(steps):.0f}" if steps else ""]
    cells += [str(sum(tool in each.peers for each in scores)) for tool in peers]
    return "| " + " | ".join(cells) + " |"


def share_lines(scores: Sequence[Score], healthy: Sequence[Health], peers: Sequence[str]) -> Iterator[str]:
    """The two numbers that count, for us and for the earlier tools."""
    yield "| | Faults found, right cause | and right line | Healthy trainings with an alarm |"
    yield "|---|---:|---:|---:|"
    yield _share_row(
        "scram",
        [each.has_cause for each in scores],
        [each.is_found for each in scores],
        [bool(each.alarms) for each in healthy],
    )
    for tool in peers:
        yield _share_row(
            tool,
            [tool in each.peers for each in scores],
            [tool in each.peers_on_line for each in scores],
            [bool(each.peers.get(tool)) for each in healthy],
        )


def _share_row(name: str, *columns: Sequence[bool]) -> str:
    return f"| {name} | " + " | ".join(_share(column) for column in columns) + " |"


def _share(values: Sequence[bool]) -> str:
    if not values:
        return "-"
    return f"{100 * sum(values) / len(values):.1f} % ({sum(values)} of {len(values)})"


def health_table(healthy: Sequence[Health], peers: Sequence[str]) -> Iterator[str]:
    """A line for each healthy program."""
    yield "| " + " | ".join(["Healthy program", "Trained", "With an alarm", *peers]) + " |"
    yield "|---|" + "---:|" * (2 + len(peers))
    for name in dict.fromkeys(each.variant.program for each in healthy):
        trained = [each for each in healthy if each.variant.program == name]
        cells = [name, str(len(trained)), str(sum(bool(each.alarms) for each in trained))]
        cells += [str(sum(bool(each.peers.get(tool)) for each in trained)) for tool in peers]
        yield "| " + " | ".join(cells) + " |"


def miss_lines(judged: Score) -> Iterator[str]:
    """A fault that was not found with its cause and line, and what was said instead."""
    if not judged.is_found:
        said = "".join(f"\n    {line}" for line in judged.said) or " nothing was said"
        ended = f" (ended: {judged.failure})" if judged.failure else ""
        yield f"missed {judged.fault.name} seed {judged.seed}{ended}:{said}"


def false_alarm_lines(judged: Health) -> Iterator[str]:
    """Every alarm on a healthy training, and its failure."""
    name = f"{judged.variant.name} seed {judged.seed}"
    if judged.failure:
        yield f"failed {name}: {judged.failure}"
    for line in judged.alarms:
        yield f"false alarm {name}: {line}"
