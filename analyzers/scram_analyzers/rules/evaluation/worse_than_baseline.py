"""SCR709 worse-than-baseline."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Cause, Option, Rule, RunReport
from scram_analyzers.rules.references import DEEP_CHECKS, RECIPE
from scram_analyzers.rules.symptoms import NOT_LEARNING, causes_of
from scram_analyzers.run.data_parts import validation_rows
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import NO_BETTER, accuracy_name
from scram_analyzers.run.outputs_at_chance import outputs_at_chance
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.task import Baseline, baseline, class_shares, targets
from scram_analyzers.run.validation_at_chance import validation_at_chance
from scram_analyzers.run.wording import rounded, share

EPOCHS = 3
MANY_EPOCHS = 5
STEPS = 100


class WorseThanBaseline(Rule):
    """The finished model is no better than a guess that ignores its inputs."""

    code = "SCR709"
    name = "worse-than-baseline"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a finished run that validates no better than a constant guess"
    why = (
        "Always giving the most frequent class, or the mean of the targets, does as well as this model: it has "
        "learned nothing that carries over to new rows."
    )
    how = (
        "Find out first whether it learns its training data; if so, it overfits or the split is broken, if not, "
        "see the named causes."
    )
    references = (
        DEEP_CHECKS,
        RECIPE,
    )
    false_alarms = "Tasks that are mostly chance."
    options = (Option("gain", 0.1, "share of the way from a constant guess to perfection", "deepchecks"),)
    symptom_of = (
        *NOT_LEARNING,
        *("SCR211", "SCR220", "SCR207", "SCR229", "SCR320", "SCR702", "SCR501", "SCR603", "SCR604", "SCR605", "SCR706"),
    )
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """At the end, by validation accuracy, or validation loss of a regression."""
        known, last = baseline(history), history.epochs[-1] if history.epochs else None
        if history.moment is not Moment.END or last is None or len(history.epochs) < EPOCHS:
            return
        if known is None:
            yield from self._of_outputs(history)
            yield from self._of_labels(history)
            return
        name = accuracy_name(last)
        accuracy = last.value(f"val_{name}") if name is not None else None
        loss = last.value("val_loss")
        if known.accuracy is not None:
            gain = GAIN_OF_OTHERS if _validates_otherwise(history, known) else self.option("gain")
            bound = known.accuracy + gain * (1 - known.accuracy)
            if accuracy is None or accuracy >= bound or history.last_step < STEPS:
                return
            clause = (
                f"its validation accuracy is {share(accuracy)}, and always guessing one class gives "
                f"{share(known.accuracy)}"
            )
        elif (
            known.loss
            and loss is not None
            and loss >= (1 - self.option("gain")) * known.loss
            and history.last_step >= STEPS
        ):
            clause = (
                f"its validation loss is {rounded(loss)}, and always guessing the mean gives about "
                f"{rounded(known.loss)}"
            )
        else:
            return
        learned = _learned_its_rows(history, known)
        seen = () if learned else causes_of(history)
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model is no better than a constant guess: {clause}.",
            step=history.last_step,
            epoch=history.last_epoch,
            clause=clause,
            causes=seen or tuple(_unrelated(history, known)),
            symptom_of=_OF_VALIDATION if learned else None,
        )

    def _of_outputs(self, history: RunHistory) -> Iterator[RunReport]:
        """Of several outputs the first that learned nothing, while others may have learned."""
        found = next(outputs_at_chance(history, self.option("gain")), None)
        if found is None or history.last_step < STEPS:
            return
        bound = found.guess + self.option("gain") * (1 - found.guess)
        never = len(found.accuracies) >= MANY_EPOCHS and max(found.accuracies) < bound
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"One output is no better than a constant guess: {found.clause}.",
            step=history.last_step,
            epoch=history.last_epoch,
            clause=found.clause,
            causes=causes_of(history) or (tuple(_never_better(len(found.accuracies))) if never else ()),
        )

    def _of_labels(self, history: RunHistory) -> Iterator[RunReport]:
        """Of a model whose loss tells nothing, by its accuracy on labels that are known."""
        found = validation_at_chance(history)
        if found is None or found.epochs < MANY_EPOCHS or history.last_step < STEPS:
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=f"The model is no better than a constant guess: {found.clause}.",
            step=history.last_step,
            epoch=history.last_epoch,
            clause=found.clause,
            causes=causes_of(history) or tuple(_never_better(found.epochs)),
            symptom_of=tuple(code for code in self.symptom_of if code not in _OF_MEMORY),
        )


_OF_MEMORY = ("SCR702", "SCR501")
"""Rows learned by heart: a model that only does that is better than a guess on others too, if they are alike."""

_OF_VALIDATION = ("SCR211", "SCR220", "SCR207", "SCR229", "SCR218", "SCR222", "SCR320", "SCR702", "SCR501")
"""What keeps a model that learned its training rows from any other row."""

HALF = 0.5
"""Of the way from a constant guess to perfection: a training that came so far is held back by nothing. Ours."""


def _learned_its_rows(history: RunHistory, known: Baseline) -> bool:
    """Whether the model is good on what it was trained on, by its accuracy."""
    name = accuracy_name(history.epochs[-1])
    accuracy = history.epochs[-1].value(name) if name is not None else None
    return (
        accuracy is not None and known.accuracy is not None and accuracy >= known.accuracy + HALF * (1 - known.accuracy)
    )


def _learned_fast(history: RunHistory, guess: float) -> bool:
    """Whether training was soon far better than a guess, as it can't be with targets of other rows."""
    begin = [loss for loss in history.metric("loss")[:FAST_EPOCHS] if loss < FAST_SHARE * guess]
    return bool(begin)


FAST_EPOCHS = 2
FAST_SHARE = 0.5
"""Of the loss of a guess. To learn other rows' targets by heart takes longer. Ours."""


def _validates_otherwise(history: RunHistory, known: Baseline) -> bool:
    """Whether training was soon far better than a guess, and the validation loss never any better."""
    losses = history.metric("val_loss")
    if not known.loss or not losses:
        return False
    return min(losses) >= NO_BETTER * known.loss and _learned_fast(history, known.loss)


GAIN_OF_OTHERS = 0.25
"""Of the way from a guess to perfection: rows prepared otherwise may keep a little of what they say. Ours."""


def _unrelated(history: RunHistory, known: Baseline) -> Iterator[Cause]:
    """What is left when no epoch ever validated better than a guess, and nothing else is wrong."""
    losses = history.metric("val_loss")
    if not losses:
        return
    was_given_up = len(losses) < (history.info.epochs or 0)
    enough = was_given_up or len(losses) >= MANY_EPOCHS
    if enough and _validates_otherwise(history, known):
        text = (
            "the training loss fell at once and the validation loss never did, so the validation rows may be of other "
            "classes, scaled otherwise, or without their own targets"
        )
        yield Cause(text, Subject(SubjectKind.VALIDATION))
    elif known.loss and enough and (min(losses) >= NO_BETTER * known.loss or _is_never_surely_better(history, known)):
        yield from _never_better(len(losses))


def _is_never_surely_better(history: RunHistory, known: Baseline) -> bool:
    """Whether both the best validation loss and the best validation accuracy of all epochs may be those of a guess.

    A guess's loss on so few rows lies so far from what it is on average: two standard errors. Not told of a handful.
    """
    rows, shares = validation_rows(history) or 0, class_shares(targets(history))
    name = accuracy_name(history.epochs[-1])
    losses, accuracies = history.metric("val_loss"), history.metric(f"val_{name}")
    if known.loss is None or known.accuracy is None or not accuracies or rows < ROWS or not shares:
        return False
    surprises = [(part, -math.log(part)) for part in shares if part > 0]
    mean = sum(part * surprise for part, surprise in surprises)
    deviation = math.sqrt(sum(part * (surprise - mean) ** 2 for part, surprise in surprises))
    margin = 2 * math.sqrt(known.accuracy * (1 - known.accuracy) / rows)
    return min(losses) >= known.loss - 2 * deviation / math.sqrt(rows) and max(accuracies) <= known.accuracy + margin


ROWS = 100
"""Of fewer validation rows even a good model may by chance look like a guess. Ours."""


def _never_better(epochs: int) -> Iterator[Cause]:
    text = f"in none of {epochs} epochs was it better, so the targets may not belong to their inputs"
    yield Cause(f"{text} (see that both are shuffled and split together)", Subject(SubjectKind.TARGETS), "SCR218")
