"""SCR231 mostly-padding."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Option, Rule, RunReport
from scram_analyzers.rules.references import SAGEMAKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, Subject, SubjectKind
from scram_analyzers.run.wording import share


class MostlyPadding(Rule):
    """Sequences that consist of padding for the most part."""

    code = "SCR231"
    name = "mostly-padding"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "token sequences that are padding, or unknown words, for the most part"
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
        """Report an input of an Embedding with more zeros than tokens, or with hardly any word that it knows."""
        knows_words = any((layer.vocabulary or 0) >= FEWEST_WORDS for layer in history.info.layers)
        for name, zeros, ones in _tokens(history):
            if zeros > self.option("share"):
                yield RunReport(
                    subject=Subject(SubjectKind.INPUTS),
                    message=f"{share(zeros)} of the tokens in {name} are padding (0).",
                )
            elif knows_words and ones > self.option("share") * (1 - zeros):
                yield RunReport(
                    subject=Subject(SubjectKind.VOCABULARY),
                    message=(
                        f"{share(ones / (1 - zeros))} of the tokens in {name} are 1, which usually stands for words "
                        "that are not in the vocabulary: is it large enough, and learned from enough texts?"
                    ),
                    severity=Severity.WARNING,
                    why=_WHY_UNKNOWN,
                )


_WHY_UNKNOWN = (
    "All words that the vocabulary lacks are one and the same to the model, so most of each text is lost on it."
)

FEWEST_WORDS = 20
"""An Embedding for fewer ids may be one for sequences of few symbols, such as bits. Ours."""

BATCHES = 3
"""Of a stream are looked at before it is judged. Ours."""


def _tokens(history: RunHistory) -> Iterator[tuple[str, float, float]]:
    """Each input of training that an Embedding reads, with its shares of zeros and of ones."""
    for array in history.data.arrays if history.data is not None else ():
        if array.part == "training" and array.role == "input" and array.consumer == "Embedding" and array.rows:
            yield array.name, array.zero_share or 0.0, array.one_share or 0.0
    seen: dict[str, list[ArrayStatistics]] = {}
    for record in (
        history.looked_at if history.data is None or not any(each.rows for each in history.data.arrays) else ()
    ):
        for batch in record.arrays:
            if batch.consumer == "Embedding" and batch.zero_share is not None:
                seen.setdefault(batch.name, []).append(batch)
    for name, batches in seen.items():
        if len(batches) >= BATCHES:
            zeros, ones = ([getattr(each, field) or 0.0 for each in batches] for field in ("zero_share", "one_share"))
            yield name, sum(zeros) / len(zeros), sum(ones) / len(ones)
