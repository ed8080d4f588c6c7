"""A NaN's origin in words: where it began, which part of the program that is, and what mends it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import NonfiniteOrigin, OriginPlace, Subject, SubjectKind
from scram_analyzers.run.wording import listed, named, rounded

RUNAWAY_LOSS = 1e10
"""A loss beyond this was running away before anything overflowed: no layer is to blame. Ours; a NaN in a layer
that is to blame comes out of losses of ordinary size."""

_MOST_ROWS = 5


@dataclass(frozen=True, slots=True)
class OriginStory:
    """An origin, and `before`: the last finite loss before its step, None where none was read."""

    origin: NonfiniteOrigin
    before: float | None

    @property
    def subject(self) -> Subject:
        """The part of the program to look at."""
        return _subject(self.origin, self.before)

    def clause(self, told_step: int) -> str:
        """To follow "The loss became NaN at step 41; ", which tells `told_step`: "it began at step 40 in ..."."""
        return _clause(self.origin, told_step, self.before)

    @property
    def how(self) -> str:
        """What mends it."""
        return _how(self.origin, self.before)


def origin_story(history: RunHistory) -> OriginStory | None:
    """The story of a run's origin, None while there is none."""
    if history.origin is None:
        return None
    earlier = (loss for step, loss in history.losses() if step < history.origin.step and math.isfinite(loss))
    return OriginStory(history.origin, next(reversed(list(earlier)), None))


def _ran_away(origin: NonfiniteOrigin, before: float | None) -> bool:
    """Whether the numbers had grown until they overflowed; `before` is the last loss before the origin's step."""
    if origin.place is OriginPlace.UPDATE:
        return True
    if origin.place not in (OriginPlace.GRADIENTS, OriginPlace.FORWARD, OriginPlace.STEP, OriginPlace.LOSS):
        return False
    return any(loss is not None and abs(loss) > RUNAWAY_LOSS for loss in (origin.loss, before))


def _subject(origin: NonfiniteOrigin, before: float | None) -> Subject:
    if _ran_away(origin, before):
        return Subject(SubjectKind.LEARNING_RATE)
    if origin.place is OriginPlace.INPUTS:
        return Subject(SubjectKind.INPUTS)
    if origin.place is OriginPlace.TARGETS:
        return Subject(SubjectKind.TARGETS)
    if origin.layer is not None:
        return Subject(SubjectKind.LAYER, origin.layer, origin.line)
    if origin.place is OriginPlace.STEP:
        return Subject(SubjectKind.TRAIN_STEP)
    is_call = origin.place is OriginPlace.FORWARD
    return Subject(SubjectKind.CALL if is_call else SubjectKind.LOSS, line=origin.line)


def _clause(origin: NonfiniteOrigin, told_step: int, before: float | None) -> str:
    when = "in that step" if origin.step == told_step else f"at step {origin.step}"
    if origin.place is OriginPlace.WEIGHTS:
        layer = f" of {named(origin.layer)}" if origin.layer else ""
        when = "before the first step" if origin.step == 1 else f"when first looked at, before step {origin.step}"
        return f"the weight {origin.weight}{layer} was not finite {when} already"
    if origin.place is OriginPlace.OUTSIDE:
        return (
            f"the weight {origin.weight} of {named(origin.layer or '')} was not finite before step {origin.step}, and "
            "none of the steps before had made it so: something else sets it, such as a callback"
        )
    return f"it began {when} {_where(origin, before)}"


def _where(origin: NonfiniteOrigin, before: float | None) -> str:
    layer = named(origin.layer) if origin.layer else ""
    if _ran_away(origin, before) and origin.place is not OriginPlace.UPDATE:
        grown = max(abs(loss) for loss in (origin.loss, before) if loss is not None)
        first = _first_in(origin)
        return (
            f"when numbers became too large for their type, first in {first}; the loss had grown to "
            f"{rounded(grown)} by then"
        )
    match origin.place:
        case OriginPlace.INPUTS | OriginPlace.TARGETS:
            return f"with NaN or infinite values in the {_role(origin)} {origin.array}{_rows(origin)}"
        case OriginPlace.FORWARD if layer:
            return f"in the layer {layer} (forward pass): the layers before it were finite, it was not"
        case OriginPlace.FORWARD:
            return "in the model's own call (forward pass): no layer made it of finite inputs"
        case OriginPlace.STEP:
            return "in what train_step works out, or in the slopes of that: the model's outputs were finite"
        case OriginPlace.LOSS:
            return "in the loss function: the predictions were finite, the loss of them was not"
        case OriginPlace.UPDATE:
            return f"in the optimizer's update of {origin.weight}, whose gradient was finite"
    loss = f" while the loss was still {rounded(origin.loss)}" if origin.loss is not None else ""
    if layer:
        return f"in the derivative of the layer {layer} (backward pass){loss}"
    return f"in the derivative of the loss function (backward pass){loss}"


def _first_in(origin: NonfiniteOrigin) -> str:
    if origin.place is OriginPlace.LOSS:
        return "the loss function"
    part = "the gradients" if origin.place is OriginPlace.GRADIENTS else "the forward pass"
    return f"{part} of {named(origin.layer)}" if origin.layer else part


def _role(origin: NonfiniteOrigin) -> str:
    if origin.place is OriginPlace.INPUTS:
        return "input"
    return "weights" if origin.array == "sample_weight" else "target"


def _rows(origin: NonfiniteOrigin) -> str:
    if not origin.rows:
        return ""
    noun = "row" if len(origin.rows) == 1 else "rows"
    return f" ({noun} {listed((str(row) for row in origin.rows), _MOST_ROWS)} of that batch, counted from 0)"


def _how(origin: NonfiniteOrigin, before: float | None) -> str:
    layer = named(origin.layer) if origin.layer else "the model's call"
    if _ran_away(origin, before):
        return (
            "Lower the learning rate (try a tenth of it), or bound the gradients with clipnorm=1.0 in the optimizer; "
            "if the first loss is large already, scale the inputs and targets to about 1."
        )
    match origin.place:
        case OriginPlace.INPUTS | OriginPlace.TARGETS:
            return (
                f"Find the rows of {origin.array} that are not finite, for example with "
                "~np.isfinite(...).all(axis=1), and drop them or fill them in before fit; check the step that made "
                "them (a division by 0, a log of 0, a missing value in the file)."
            )
        case OriginPlace.WEIGHTS:
            return (
                "The weights were loaded or set like this, or come from an earlier fit that failed: build the model "
                "anew, or load weights from before."
            )
        case OriginPlace.OUTSIDE:
            return f"Look for what sets weights of {layer} while it trains: a callback, or set_weights and assign."
        case OriginPlace.FORWARD:
            return (
                f"Look at what {layer} computes. A log, a division and a root need numbers above 0 "
                "(ops.log(ops.maximum(x, 1e-7))), an exponential none above about 88. If it computes none of these, "
                "its numbers became too large: normalize what goes in, or lower the learning rate."
            )
        case OriginPlace.LOSS | OriginPlace.STEP:
            return (
                "Keep what the loss divides by, or takes a log or a root of, above 0: clip the predictions "
                "(ops.clip(p, 1e-7, 1 - 1e-7)), add a small constant to a divisor, or let one of Keras's losses do "
                "it (from_logits=True)."
            )
    return (
        "The value is finite there, its slope is not: a root, a norm, a standard deviation and a power below 1 are "
        "infinitely steep at 0. Add a small constant inside (ops.sqrt(x + 1e-12)); a division by 0 that "
        "ops.where hides afterwards still spoils the gradient, so replace the divisor before dividing."
    )
