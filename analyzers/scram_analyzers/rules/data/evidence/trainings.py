"""What a program trains its models on, by fit or in loops of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.source.data import Data
from scram_analyzers.source.entries import entries_of
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Feed, Fit, LossCall, Program, every_fit
from scram_analyzers.source.values import Argument


@dataclass(frozen=True, eq=False, slots=True)
class Training:
    """Data fed to a model at `place`, by `fit` or not; `entry` is the input they go into, None for the only one."""

    data: Data
    place: Place
    model: Model
    by_fit: bool = True
    entry: Tensor | None = None


def trainings(program: Program) -> Iterator[Training]:
    """What each training, by fit or in a loop of the program's own, feeds to which model."""
    yield from program.each_of(every_fit, _by_fit)
    for call in own_loops(program):
        if call.model is not None:
            fed = _fed_by(program, call)
            yield from _training(fed or call.x, call.model, by_fit=fed is not None)


def own_loops(program: Program) -> Iterator[LossCall]:
    """The losses that the program trains its models by itself with: the first on each, as later ones judge it."""
    seen = {fit.model.identity for fit in program.fits if fit.model is not None}
    for call in program.loss_calls:
        if call.model is not None and call.model.identity not in seen:
            seen.add(call.model.identity)
            yield call


def _fed_by(program: Program, call: LossCall) -> Argument | None:
    """What `fit` is given, where the loss is worked out in the `train_step` of the subclass that it trains."""
    x = call.x.value if call.x is not None else None
    if not isinstance(x, Data) or not x.roots:
        return None
    for fit in program.fits:
        itself = fit.model is not None and fit.model.trains_itself and not entries_of(fit.model)
        if itself and fit.inputs is not None and (fit.inputs.roots, fit.inputs.range) == (x.roots, x.range):
            return fit.x
    return None


def _by_fit(_: Program, fit: Fit) -> Iterator[Training]:
    if fit.model is not None:
        yield from (Training(feed.data, feed.place, fit.model, entry=feed.entry) for feed in _numbers(fit.feeds))
        yield from _training(fit.x, fit.model, by_fit=True)


def _training(x: Argument | None, model: Model, *, by_fit: bool) -> Iterator[Training]:
    if x is not None and x.place is not None and isinstance(x.value, Data) and not x.value.token_ids:
        yield Training(x.value, x.place, model, by_fit)


def _numbers(feeds: tuple[Feed, ...]) -> Iterator[Feed]:
    return (feed for feed in feeds if not feed.data.token_ids)
