"""SCR231 mostly-padding."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import share


class MostlyPadding(Rule):
    """Sequences that consist of padding for the most part."""

    code = "SCR231"
    name = "mostly-padding"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "token sequences that are padding for the most part"
    why = (
        "The model spends most of its time on positions that hold nothing, and a recurrent layer forgets the "
        "text while it reads the zeros after it."
    )
    how = (
        "Choose a shorter maximal length (the 95th percentile of the lengths), group sequences of like length, "
        "and let the Embedding mask zeros with mask_zero=True."
    )
    references = (SAGEMAKER,)
    false_alarms = "Tokens that are numbered from 0 and often are 0."
    options = (Option("share", 0.5, "share of zeros", "SageMaker Debugger"),)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report an input of an Embedding with more zeros than tokens."""
        for array in history.data.arrays if history.data is not None else ():
            if array.role != "input" or array.consumer != "Embedding" or array.zero_share is None:
                continue
            if array.zero_share > self.option("share") and array.part == "training":
                yield RunReport(
                    subject=Subject(SubjectKind.INPUTS),
                    message=f"{share(array.zero_share)} of the tokens in {array.name} are padding (0).",
                )
