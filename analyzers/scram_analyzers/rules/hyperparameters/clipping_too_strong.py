"""SCR109 clipping-too-strong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Related, Report, Rule, RunReport
from scram_analyzers.rules.references import TUNING_PLAYBOOK
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.layers import MOTIONLESS, gradient_norm, is_kernel, median_update_ratio
from scram_analyzers.run.learning import crawl, standstill
from scram_analyzers.run.records import ProbeRecord, Subject, SubjectKind
from scram_analyzers.run.wording import rounded, share
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.values import Argument, number

USUAL_BOUND = "1.0"

PROBES = 8
FAR = 100.0
"""Times the clipping norm: then a run that does not learn is held back by it."""


class ClippingTooStrong(Rule):
    """Nearly every gradient is clipped."""

    code = "SCR109"
    name = "clipping-too-strong"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    only_with = ("clip",)
    summary = "a gradient clipping that cuts most steps"
    why = (
        "Clipping is there for the rare step that is far too large. When it cuts most of them, it is what sets "
        "the step size, and the learning rate means nothing any more."
    )
    how = "Set the threshold to about the 90th percentile of the gradient norms, or lower the learning rate instead."
    references = (TUNING_PLAYBOOK,)
    false_alarms = (
        "Recurrent and reinforcement learning recipes that clip at 1.0 by habit: for information only while the "
        "run learns."
    )
    options = (
        Option("share", 0.5, "share of the gradients", "Google tuning playbook"),
        Option("min", 1e-4, "lowest threshold that is told from the source alone", "scram"),
    )
    bad = (
        Example(
            "No gradient is this small",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(0.01, clipnorm=»1e-7«), loss="mse")
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.SGD(0.01, clipnorm=1.0), loss="mse")
            """,
        ),
        Example(
            "By hand, in a loop of one's own",
            """
            import tensorflow as tf
            from project import loss_of, weights

            optimizer = tf.keras.optimizers.SGD(0.01)
            with tf.GradientTape() as tape:
                loss = loss_of(weights)
            gradients = [tf.clip_by_norm(each, »1e-9«) for each in tape.gradient(loss, weights)]
            optimizer.apply_gradients(zip(gradients, weights))
            """,
            """
            import tensorflow as tf
            from project import loss_of, weights

            optimizer = tf.keras.optimizers.SGD(0.01)
            with tf.GradientTape() as tape:
                loss = loss_of(weights)
            gradients = [tf.clip_by_norm(each, 1.0) for each in tape.gradient(loss, weights)]
            optimizer.apply_gradients(zip(gradients, weights))
            """,
        ),
    )
    good = (
        Example(
            "For the rare large step",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(1e-3, clipnorm=0.01), loss="mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report thresholds below all gradients of a network that still learns."""
        for threshold in _thresholds(program):
            bound = number(threshold.argument.value)
            if bound is None or not 0 < bound < self.option("min"):
                continue
            place = threshold.argument.written_at or threshold.user
            by_value = "value" in threshold.name
            related = () if program.line_of(place) == program.line_of(threshold.user) else (_used(threshold.user),)
            yield Report(
                place=place,
                message=(
                    f"A {threshold.name} of {fixes.number_text(bound)} cuts every gradient: "
                    + ("only its sign is left." if by_value else "only its direction is left.")
                ),
                related=related,
                severity=Severity.WARNING,
                recipe=f"{threshold.name}={USUAL_BOUND}" if threshold.by_optimizer else USUAL_BOUND,
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a usual threshold."""
        for threshold in _thresholds(program):
            place = threshold.argument.written_at
            if place is not None and program.range_of(place) == finding.range:
                edit = fixes.replace(program, place, USUAL_BOUND)
                return Fix(f"Set {threshold.name} to {USUAL_BOUND}", Applicability.UNSAFE, (edit,))
        return None

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """From the gradient norms at the probes."""
        optimizer = history.info.optimizer
        norms = [norm for probe in history.probes if (norm := _norm(probe, history)) is not None]
        bound = (optimizer.global_clip_norm or optimizer.clip_norm) if optimizer is not None else None
        if bound is None:
            yield from _taken_away(history)
            return
        if (way := _way(history)) is not None and norms and min(norms) > FAR * bound and way < MOTIONLESS:
            yield _motionless(history, bound, norms, way)
            return
        if len(norms) < PROBES:
            return
        clipped = sum(1 for norm in norms if norm > bound) / len(norms)
        if clipped <= self.option("share"):
            return
        median = sorted(norms)[len(norms) // 2]
        stuck = standstill(history) or crawl(history)
        yield RunReport(
            subject=Subject(SubjectKind.OPTIMIZER),
            message=(
                f"{share(clipped)} of the gradients looked at are larger than the clipping norm of "
                f"{fixes.number_text(bound)} (median {rounded(median, 2)})"
                f"{f'; {stuck.clause}' if stuck is not None else ''}."
            ),
            step=history.last_step,
            epoch=history.last_epoch,
            severity=Severity.WARNING if stuck is not None and median > FAR * bound else None,
        )


def _way(history: RunHistory) -> float | None:
    """How far all steps of a run that ended have moved the weights, as a share of their size."""
    ratio = median_update_ratio(history)
    return ratio * history.last_step if ratio is not None and history.moment is Moment.END else None


def _motionless(history: RunHistory, bound: float, norms: Sequence[float], way: float) -> RunReport:
    """Gradients far above the threshold, and steps that hardly add up to anything: two probes show that."""
    return RunReport(
        subject=Subject(SubjectKind.OPTIMIZER),
        message=(
            f"All gradients looked at are far larger than the clipping norm of {fixes.number_text(bound)} (median "
            f"{rounded(sorted(norms)[len(norms) // 2], 2)}): the {history.last_step:,} steps of this run together "
            f"moved the weights by {rounded(way, 1)} of their size."
        ),
        step=history.last_step,
        epoch=history.last_epoch,
        severity=Severity.WARNING,
    )


def _taken_away(history: RunHistory) -> Iterator[RunReport]:
    """Steps by SGD that leave far less of every gradient than its rate would: the program's own step clips them."""
    optimizer, way = history.info.optimizer, _way(history)
    if optimizer is None or optimizer.name != "SGD" or not optimizer.learning_rate or optimizer.accumulation:
        return
    rate = min([each.learning_rate or 0.0 for each in history.epochs], default=0.0)
    left, losses = sorted(_shares_left(history, min(rate, optimizer.learning_rate))), history.metric("loss")
    if not losses or min(losses) < (1 - FELL) * losses[0]:
        return  # the weights moved between the probes: a rate that rises within an epoch began low
    if way is None or not 0 < way < MOTIONLESS or len(left) < SHARES or left[-1] * FAR > 1:
        return
    yield RunReport(
        subject=Subject(SubjectKind.CLIPPING),
        message=(
            f"The steps are {rounded(1 / max(left[len(left) // 2], TINY), 1)} times smaller than SGD's learning rate "
            f"of {fixes.number_text(optimizer.learning_rate)} would make them of these gradients, so something takes "
            f"the gradients away before they are applied: the {history.last_step:,} steps of this run together moved "
            f"the weights by {rounded(way, 1)} of their size."
        ),
        step=history.last_step,
        epoch=history.last_epoch,
        severity=Severity.WARNING,
    )


SHARES = 2
"""So many kernels, or probes of one, that all are held back. Ours."""

FELL = 0.1
"""Of its first value: a mean loss that fell by more shows weights that moved; dropout alone makes it waver. Ours."""

TINY = 1e-12


def _shares_left(history: RunHistory, rate: float) -> Iterator[float]:
    """For each kernel and probe, how far a step went of the way that the rate and the gradient make. Momentum adds."""
    for probe in history.probes:
        for weight in filter(is_kernel, probe.weights):
            if weight.update_ratio is not None and weight.gradient_norm and math.isfinite(weight.gradient_norm):
                yield weight.update_ratio * weight.norm / (rate * weight.gradient_norm) if rate else math.inf


@dataclass(frozen=True, slots=True)
class _Threshold:
    """What gradients are cut to, and by what: an optimizer's argument, or a function's, at `user`."""

    name: str
    argument: Argument
    user: Place
    by_optimizer: bool


def _thresholds(program: Program) -> Iterator[_Threshold]:
    for optimizer in program.optimizers:
        for name in ("clipnorm", "clipvalue", "global_clipnorm"):
            given = optimizer.arguments.get(name)
            if given is not None:
                yield _Threshold(name, given, optimizer.place, by_optimizer=True)
    for call in program.calls_where(_clips_by_norm):
        given = call.arguments.get("clip_norm", 1)
        if given is not None:
            yield _Threshold("clip_norm", given, call.place, by_optimizer=False)


def _clips_by_norm(call: Call) -> bool:
    return call.name.endswith((".clip_by_norm", ".clip_by_global_norm")) and call.name.startswith("tensorflow.")


def _used(place: Place) -> Related:
    return Related(place, "It is used here.")


def _norm(probe: ProbeRecord, history: RunHistory) -> float | None:
    """The norm that the optimizer compares: of all gradients together, or the largest of a single weight's."""
    optimizer = history.info.optimizer
    if optimizer is None or optimizer.global_clip_norm is not None:
        return gradient_norm(probe)
    norms = [weight.gradient_norm for weight in probe.weights if weight.gradient_norm is not None]
    return max(norms, default=None)
