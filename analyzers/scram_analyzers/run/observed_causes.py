"""What a run shows of why it does not learn, short of a finding of its own: the likeliest first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from scram_analyzers.run.history import RunHistory, asked_once
from scram_analyzers.run.layers import median_update_ratio, weights_wither
from scram_analyzers.run.records import OptimizerInfo, Subject, SubjectKind
from scram_analyzers.run.task import Task, targets, task
from scram_analyzers.run.wording import counted, rounded, share

SMALL_UPDATE = 1e-5
"""A step that moves the weights by less than this share of themselves hardly changes them (catalogue F12)."""

LARGE_UPDATE = 0.1
"""A step that moves the weights by more than this share of themselves destroys what they hold (catalogue F12)."""

USUAL_RATE = 1e-5
USUAL_RATE_OF_SGD = 1e-3
"""The smallest learning rates that are usual."""

SMALL_CLIP = 1e-2
"""Usual bounds on the norm of gradients are 0.1 to 10. Ours."""

MUCH_DROPOUT = 0.5
HEAVY_PENALTY = 0.5
WIDE_TARGET = 100.0
SMALL_BATCH = 2

STILL_PROBES = 2
"""So many probes in a row without any change of a weight are no rounding. Ours."""

ADDED_UP = 50
"""Usual counts of batches whose gradients are added up are 2 to 32. Ours."""

Observed = tuple[str, Subject, str | None]


@asked_once
def observed_causes(history: RunHistory) -> tuple[Observed, ...]:
    """Texts ("each step moves the weights by 1e-7 of themselves"), each with the part of the program to change and the
    code of the rule whose mistake that is, if it has one.
    """
    return tuple(_observed(history))


def _observed(history: RunHistory) -> Iterator[Observed]:
    optimizer = history.info.optimizer
    known = optimizer.learning_rate if optimizer is not None else None
    rate = f"the learning rate of {known:g}" if known else "the learning rate"
    yield from _clipping(optimizer)
    if history.info.is_overheard:  # nothing else is known of it that would keep a loss where it is
        if known is not None and not _is_usual(optimizer):
            yield f"{rate} is too low", Subject(SubjectKind.LEARNING_RATE), "SCR102"
        return
    ratio = median_update_ratio(history)
    subject = Subject(SubjectKind.LEARNING_RATE)
    if _stands_still(history):
        yield (
            "no step has changed a weight: see that the gradients reach the optimizer",
            Subject(SubjectKind.OPTIMIZER),
            None,
        )
    elif ratio is not None and ratio < SMALL_UPDATE and not _is_usual(optimizer):
        yield (
            f"each step moves the weights by {rounded(ratio, 1)} of their size only: {rate} is too low",
            subject,
            "SCR102",
        )
    if ratio is not None and ratio > LARGE_UPDATE and not weights_wither(history):
        yield f"each step moves the weights by {share(ratio)} of their size: {rate} is too high", subject, "SCR101"
    yield from _penalty(history)
    yield from _dropout(history)
    yield from _data(history)
    yield from _plain_optimizer(history)


def _stands_still(history: RunHistory) -> bool:
    """Whether all weights are to the last bit what they were at the probe before, though there are gradients."""
    newest = [
        [weight for weight in probe.weights if weight.update_ratio is not None]
        for probe in list(history.probes)[-STILL_PROBES:]
    ]
    return (
        len(newest) == STILL_PROBES
        and all(newest)
        and all(weight.update_ratio == 0 for weights in newest for weight in weights)
        and any(weight.gradient_norm for weight in newest[-1])
    )


@asked_once
def never_moved(history: RunHistory) -> bool:
    """Whether at every probe all weights were to the last bit what they were at the one before, beside gradients.

    Not before so many steps: an optimizer may add up the gradients of several batches for one.
    """
    if not history.epochs or not history.probes or history.probes[-1].step < ADDED_UP:
        return False
    ratios = [
        [each.update_ratio for each in probe.weights if each.update_ratio is not None] for probe in history.probes
    ]
    compared = [each for each in ratios if each]
    still = len(compared) >= STILL_PROBES and not any(itertools.chain.from_iterable(compared))
    return still and _stands_still(history)


def _clipping(optimizer: OptimizerInfo | None) -> Iterator[Observed]:
    bound = (optimizer.global_clip_norm or optimizer.clip_norm) if optimizer is not None else None
    if bound is not None and bound <= SMALL_CLIP:
        yield f"gradients are cut down to a norm of {bound:g}", Subject(SubjectKind.OPTIMIZER), "SCR109"


def _is_usual(optimizer: OptimizerInfo | None) -> bool:
    """Whether the rate is a usual one: small steps then come from small gradients, and those from something else."""
    if optimizer is None or optimizer.learning_rate is None:
        return False
    return optimizer.learning_rate >= (USUAL_RATE_OF_SGD if optimizer.name == "SGD" else USUAL_RATE)


def _penalty(history: RunHistory) -> Iterator[Observed]:
    for probe in list(history.probes)[-1:]:
        if probe.penalty and probe.loss and probe.penalty > HEAVY_PENALTY * probe.loss > 0:
            regularized = [layer for layer in history.info.layers if layer.regularized]
            subject = Subject(SubjectKind.LAYER, regularized[0].name) if regularized else Subject(SubjectKind.MODEL)
            yield f"regularization makes up {share(probe.penalty / probe.loss)} of the loss", subject, "SCR503"


def _dropout(history: RunHistory) -> Iterator[Observed]:
    for layer in history.info.layers:
        if layer.rate is not None and layer.rate > MUCH_DROPOUT and "Dropout" in layer.class_name:
            yield (
                f'"{layer.name}" drops {share(layer.rate)} of its inputs',
                Subject(SubjectKind.LAYER, layer.name),
                "SCR502",
            )
            return


def _data(history: RunHistory) -> Iterator[Observed]:
    array = targets(history)
    if (
        task(history) is Task.REGRESSION
        and array is not None
        and array.deviation is not None
        and array.deviation > WIDE_TARGET
    ):
        yield (
            f"the targets are not scaled (deviation {rounded(array.deviation)})",
            Subject(SubjectKind.TARGETS),
            "SCR219",
        )
    size = history.info.batch_size
    if size is not None and size <= SMALL_BATCH:
        yield f"a batch of {counted(size, 'row')} gives very noisy gradients", Subject(SubjectKind.FIT), "SCR105"
    samples = history.info.training_samples
    if size is not None and samples is not None and samples > 1 and size >= samples / 2:
        yield (
            f"a batch of {size:,} of {samples:,} rows leaves few steps in an epoch",
            Subject(SubjectKind.FIT),
            "SCR106",
        )


def _plain_optimizer(history: RunHistory) -> Iterator[Observed]:
    optimizer = history.info.optimizer
    if optimizer is not None and optimizer.name == "SGD" and not optimizer.momentum:
        yield "plain SGD without momentum learns slowly", Subject(SubjectKind.OPTIMIZER), "SCR107"
