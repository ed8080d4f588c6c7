"""SCR601 loss-not-finite."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Reference, Rule, RunReport
from scram_analyzers.run.divergence import Divergence, divergence
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.layers import exploded_at_start
from scram_analyzers.run.nonfinite_weights import NonfiniteWeights, nonfinite_weights
from scram_analyzers.run.origin_wording import OriginStory, origin_story
from scram_analyzers.run.rate_rise import rate_rise
from scram_analyzers.run.records import ArrayStatistics, LayerObservation, OriginPlace, Subject, SubjectKind
from scram_analyzers.run.wording import named, rounded

_NAMED_WEIGHTS = 2
"""So many weights are named in a message; the rest are counted."""


class LossNotFinite(Rule):
    """The loss or the weights of a run became NaN or infinite."""

    code = "SCR601"
    name = "loss-not-finite"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    holds_for_moving_targets = True
    summary = "a run whose loss, or whose weights, became NaN (not a number) or infinite"
    why = (
        "Once a weight is NaN, every later prediction of the layer is NaN or meaningless, and no further "
        "training brings it back. TensorFlow on a CPU can hide it: some layers turn NaN into ordinary "
        "numbers, so that the loss looks fine and stands still near that of a blind guess."
    )
    how = (
        "Stop the run and look at three things in this order: NaN or infinite values in the data; a "
        "learning rate that is too high (try a tenth of it, or clipnorm=1.0 in the optimizer); a log, "
        "division or square root in your own layer or loss that can get 0."
    )
    references = (
        Reference("TheDeepChecker: unstable loss and numerical errors", "https://arxiv.org/abs/2204.00694"),
        Reference("Keras: TerminateOnNaN", "https://keras.io/api/callbacks/terminate_on_nan/"),
    )
    symptom_of = ("SCR202", "SCR413", "SCR101", "SCR113")
    false_alarms = "None known: the values were read from the model in training."

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """One report: the earlier of the two sights, put on what most likely caused it."""
        loss = divergence(history)
        if loss is not None and loss.kind in ("diverging", "weights"):
            loss = None
        weights = nonfinite_weights(history)
        story = _telling(history, *(sight.step for sight in (loss, weights) if sight is not None))
        arrays: tuple[ArrayStatistics, ...] = ()
        if weights is not None and (loss is None or weights.step < loss.step):
            report, arrays = _of_weights(weights, story), weights.nonfinite_arrays
        elif loss is not None:
            report, arrays = _of_loss(loss, story), loss.nonfinite_arrays
        elif story is not None:
            report = _of_origin(story, history.last_epoch)
        else:
            return
        is_of_rate = report.subject.kind is SubjectKind.LEARNING_RATE
        exploded = exploded_at_start(history)
        if exploded is not None and (is_of_rate or (story is None and not arrays)):
            yield _of_start(report, exploded)
            return
        if history.info.is_overheard and story is None and not arrays:
            report = dataclasses.replace(report, subject=Subject(SubjectKind.TRAIN_STEP))
        yield _with_rate(report, history) if is_of_rate or (story is None and not arrays) else report


def _of_start(report: RunReport, exploded: LayerObservation) -> RunReport:
    """Numbers that were too large before any step: no learning rate makes up for that."""
    size = rounded(exploded.deviation or 0.0)
    seen = f"before the first step the outputs of {named(exploded.layer)} deviated by {size}"
    return dataclasses.replace(
        report,
        subject=Subject(SubjectKind.LAYER, exploded.layer),
        message=f"{report.message.removesuffix('.')}; {seen} already.",
        how=(
            "Keep to the default initializers, which know the number of inputs; in a recurrent layer keep tanh, or "
            "the orthogonal recurrent_initializer. Only then look at the learning rate."
        ),
    )


def _telling(history: RunHistory, *seen_at: int) -> OriginStory | None:
    """None for a story that begins after the NaN was seen: on a busy machine the recorder may first look then, and of a
    loop that tells nothing it always looks after some steps."""
    story = origin_story(history)
    if story is None or story.origin.place is not OriginPlace.WEIGHTS:
        return story
    is_late = history.info.is_overheard or any(step < story.origin.step for step in seen_at)
    return None if is_late else story


def _with_rate(report: RunReport, history: RunHistory) -> RunReport:
    """Where nothing else is to blame, what sets the learning rate is, if that has risen by much."""
    rise = rate_rise(history, report.step or history.last_step)
    if rise is None:
        return report
    message = f"{report.message.removesuffix('.')}; {rise.clause}."
    return dataclasses.replace(report, subject=Subject(SubjectKind.SCHEDULE), message=message)


def _of_origin(story: OriginStory, epoch: int) -> RunReport:
    """Seen by the recorder of steps before the weights were looked at."""
    step = story.origin.seen_at
    phrase = f"weights became NaN or infinite by step {step}"
    message = f"{_sentence(phrase)}; {story.clause(step)}."
    return RunReport(story.subject, message, step=step, epoch=epoch, how=story.how, clause=phrase)


def _of_loss(loss: Divergence, story: OriginStory | None) -> RunReport:
    before = f" (it was {rounded(loss.before, 4)} before)" if loss.before is not None else ""
    return RunReport(
        subject=_subject(loss.nonfinite_arrays, SubjectKind.FIT, story),
        message=f"{_sentence(loss.phrase)}{before}{_cause_clause(loss.nonfinite_arrays, story, loss.step)}.",
        step=loss.step,
        epoch=loss.epoch,
        how=_how(loss.nonfinite_arrays, story),
        clause=loss.phrase,
    )


def _of_weights(weights: NonfiniteWeights, story: OriginStory | None) -> RunReport:
    count = len(weights.weights)
    named = ", ".join(weights.weights[:_NAMED_WEIGHTS])
    more = f" and {count - _NAMED_WEIGHTS} more" if count > _NAMED_WEIGHTS else ""
    noun = "Weights" if count > 1 else "The weights"
    hidden = f", although the loss still reads {rounded(weights.loss, 4)}" if weights.loss is not None else ""
    subject = _subject(weights.nonfinite_arrays, SubjectKind.FIT, story)
    if subject.kind is SubjectKind.FIT and len(weights.layers) == 1:
        subject = Subject(SubjectKind.LAYER, weights.layers[0])
    return RunReport(
        subject=subject,
        message=(
            f"{noun} ({named}{more}) hold NaN or infinite values by step {weights.step}{hidden}"
            f"{_cause_clause(weights.nonfinite_arrays, story, weights.step)}."
        ),
        step=weights.step,
        epoch=weights.epoch,
        how=_how(weights.nonfinite_arrays, story),
        clause=f"weights became NaN or infinite by step {weights.step}",
    )


def _subject(arrays: tuple[ArrayStatistics, ...], otherwise: SubjectKind, story: OriginStory | None) -> Subject:
    """What the replay found, else what held NaN or infinity up to then: with that in the data, the data."""
    if story is not None:
        return story.subject
    roles = {array.role for array in arrays}
    if "input" in roles:
        return Subject(SubjectKind.INPUTS)
    if "target" in roles:
        return Subject(SubjectKind.TARGETS)
    return Subject(otherwise)


def _cause_clause(arrays: tuple[ArrayStatistics, ...], story: OriginStory | None, step: int) -> str:
    if story is not None:
        return f"; {story.clause(step)}"
    if not arrays:
        return ""
    counts = ", ".join(f"{array.nonfinite} of them in {array.name}" for array in arrays)
    return f"; the data fed to fit holds NaN or infinite values ({counts} in one batch)"


def _how(arrays: tuple[ArrayStatistics, ...], story: OriginStory | None) -> str | None:
    if story is not None:
        return story.how
    if not arrays:
        return None
    names = " and ".join(array.name for array in arrays)
    return (
        f"Find the rows of {names} that are not finite, for example with ~np.isfinite(...).all(axis=1), and "
        "drop them or fill them in before fit; check the step that made them (a division by 0, a log of 0, "
        "a missing value in the file)."
    )


def _sentence(phrase: str) -> str:
    return phrase[0].upper() + phrase[1:]
