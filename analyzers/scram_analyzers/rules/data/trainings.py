"""What a program trains its models on, by fit or in loops of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Feed, Program


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
    for fit in program.fits:
        if fit.model is not None:
            yield from (Training(feed.data, feed.place, fit.model, entry=feed.entry) for feed in _numbers(fit.feeds))
    trained = [(fit.x, fit.model) for fit in program.fits]
    by_fit = len(trained)
    seen = {model.identity for _, model in trained if model is not None}
    for call in program.loss_calls:  # the first call on a model: later ones judge it
        if call.model is not None and call.model.identity not in seen:
            seen.add(call.model.identity)
            trained.append((call.x, call.model))
    for position, (x, model) in enumerate(trained):
        data = x.value if x is not None else None
        if x is None or x.place is None or not isinstance(data, Data) or model is None or data.token_ids:
            continue
        yield Training(data, x.place, model, position < by_fit)


def _numbers(feeds: tuple[Feed, ...]) -> Iterator[Feed]:
    return (feed for feed in feeds if not feed.data.token_ids)
