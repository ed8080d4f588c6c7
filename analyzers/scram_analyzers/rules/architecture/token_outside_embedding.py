"""SCR324 token-outside-embedding."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import inputs_seen
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import named


class TokenOutsideEmbedding(Rule):
    """Token ids that the Embedding has no row for."""

    code = "SCR324"
    name = "token-outside-embedding"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "token ids below 0 or not below the input_dim of their Embedding"
    why = (
        "An Embedding is a table with input_dim rows. An id beyond it stops the run on a CPU, and on a GPU reads "
        "zeros without a word."
    )
    how = (
        "Set input_dim to the largest id plus one (vocabulary size plus padding and unknown tokens), or limit "
        "the vocabulary where the ids are made."
    )
    references = (THE_DEEP_CHECKER,)
    false_alarms = "None known: ids and table were read."

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report ids outside the only Embedding of the model."""
        tables = [layer for layer in history.info.layers if layer.class_name == "Embedding" and layer.vocabulary]
        if len(tables) != 1:
            return
        size = tables[0].vocabulary or 0
        for array in inputs_seen(history):
            if array.consumer != "Embedding" or array.minimum is None or array.maximum is None:
                continue
            if array.minimum >= 0 and array.maximum < size:
                continue
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, tables[0].name),
                message=(
                    f"{array.name} holds ids from {array.minimum:g} to {array.maximum:g}, and "
                    f"{named(tables[0].name)} has "
                    f"rows for 0 to {size - 1}."
                ),
                recipe=f"input_dim={array.maximum + 1:g}" if array.minimum >= 0 else "",
            )
            return
