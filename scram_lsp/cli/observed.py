"""What `scram runs show --observations` prints: what was stored of a run besides its findings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from scram_analyzers.run.records import EpochRecord, StepRecord
from scram_analyzers.run.wording import rounded
from scram_lsp.store.observations import LossSpan, record_from_json
from scram_lsp.store.run_store import Observation

_NOUNS = {
    "step": ("step", "steps"),
    "losses": ("stretch of steps summed up", "stretches of steps summed up"),
    "epoch": ("epoch", "epochs"),
    "probe": ("probe of the layers", "probes of the layers"),
    "panel": ("panel of predictions", "panels of predictions"),
    "warning": ("warning of Keras", "warnings of Keras"),
}


def observations_as_json(observations: Sequence[Observation]) -> str:
    """A list of all rows as they are stored, each with its kind and step."""
    return json.dumps([{"kind": each.kind, "step": each.step, **json.loads(each.row)} for each in observations])


def observations_as_text(observations: Sequence[Observation]) -> str:
    """A few lines: how much there is of each kind, the first and last loss, and what each epoch logged."""
    counts = Counter(each.kind for each in observations)
    seen = [f"{counts[kind]} {nouns[counts[kind] > 1]}" for kind, nouns in _NOUNS.items() if counts[kind]]
    losses = list(_losses(observations))
    course = f"; loss {rounded(losses[0], 4)} at first, {rounded(losses[-1], 4)} at last" if losses else ""
    lines = [f"Stored: {', '.join(seen) or 'nothing'}{course}."]
    epochs = [record_from_json(each.kind, each.row) for each in observations if each.kind == "epoch"]
    lines += _table([each for each in epochs if isinstance(each, EpochRecord)])
    return "\n".join(lines)


def _losses(observations: Sequence[Observation]) -> Iterator[float]:
    for each in observations:
        if each.kind in ("step", "losses"):
            record = record_from_json(each.kind, each.row)
            loss = record.loss if isinstance(record, StepRecord) else None
            loss = record.mean if isinstance(record, LossSpan) else loss
            if loss is not None:
                yield loss


def _table(epochs: Sequence[EpochRecord]) -> list[str]:
    if not epochs:
        return []
    names = list(dict.fromkeys(name for epoch in epochs for name, _ in epoch.logs))
    rows = [["EPOCH", "STEP", *names]]
    for epoch in epochs:
        values = (epoch.value(name) for name in names)
        rows.append([str(epoch.epoch), str(epoch.step), *("" if each is None else rounded(each, 4) for each in values)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
