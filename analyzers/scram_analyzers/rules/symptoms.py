"""Which rules know why a run does not learn, the likeliest first, and what runs themselves show of it."""

from __future__ import annotations

from scram_analyzers.rules.base import Cause
from scram_analyzers.run.data_parts import validation_rows, validation_rows_seen
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.observed_causes import observed_causes

NOT_FINITE = ("SCR202", "SCR601", "SCR602")
"""Runs that broke down: nothing else need be said of how they learn."""

NOT_LEARNING = (
    *NOT_FINITE,
    "SCR103", "SCR319", "SCR316", "SCR315", "SCR325", "SCR409", "SCR405", "SCR411", "SCR412", "SCR413", "SCR401",
    "SCR402", "SCR408", "SCR421", "SCR415", "SCR414", "SCR406", "SCR407", "SCR424", "SCR425", "SCR101",
    "SCR102", "SCR331", "SCR606", "SCR607", "SCR608", "SCR616", "SCR218", "SCR222", "SCR201", "SCR204", "SCR205",
    "SCR207", "SCR221", "SCR219", "SCR332", "SCR502", "SCR503", "SCR504", "SCR317", "SCR318", "SCR322",
    "SCR307", "SCR303", "SCR301", "SCR302", "SCR313", "SCR418", "SCR423", "SCR420", "SCR104", "SCR107",
    "SCR109", "SCR105", "SCR106", "SCR866", "SCR870", "SCR113", "SCR505",
    "SCR231", "SCR244",
)  # fmt: skip
"""Causes of a loss that does not fall or falls hardly at all."""


OVERFITTING_ALIKE = ("SCR113", "SCR207")
"""Causes of a validation that gets worse while training gets better, though nothing is learned by heart."""


def alike_overfitting(history: RunHistory) -> tuple[str, ...]:
    """Those, and the rules that speak of copied rows and of few to validate on, where these explain it all.

    That is a run that only ever saw one batch, and one whose validation loss is that of a handful of rows.
    """
    one_batch = history.stream is not None and history.stream.same_batch_steps > 0
    is_chance = ("SCR230",) if judged_by_a_handful(history) else ()
    return (*OVERFITTING_ALIKE, *(("SCR228",) if one_batch else ()), *is_chance)


def judged_by_a_handful(history: RunHistory) -> bool:
    """Whether one or two of the few validation rows may be all that made a loss rise."""
    rows = validation_rows(history) or validation_rows_seen(history)
    return rows is not None and rows < A_HANDFUL


A_HANDFUL = 30
"""Of so few validation rows one or two decide where their mean loss goes. Ours."""


def causes_of(history: RunHistory) -> tuple[Cause, ...]:
    """What the run shows, as causes that a report can carry."""
    return tuple(Cause(*observed) for observed in observed_causes(history))
