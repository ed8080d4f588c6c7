"""What a program trains its models on, by fit or in loops of its own."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.source.data import Data
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program


def trainings(program: Program) -> Iterator[tuple[Data, Place, Model, bool]]:
    """What each training, by fit or in a loop of the program's own, feeds to which model, where, and whether by fit."""
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
        yield data, x.place, model, position < by_fit
