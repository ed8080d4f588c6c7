"""Models that learn to imitate data: what a generator makes goes into a model that is trained on the real data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.source.data import PREDICTION, Data
from scram_analyzers.source.heads import Head, head_of
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program


@dataclass(frozen=True, eq=False, slots=True)
class Imitation:
    """The end of a generator, and the real data that the model after it is trained on at `place`."""

    head: Head
    real: Data
    place: Place


def imitations(program: Program) -> Iterator[Imitation]:
    """Each generator whose discriminator is trained on data of known range."""
    seen: set[tuple[int, int]] = set()
    for compiled in program.compiles:
        for tensor in compiled.model.tensors() if compiled.model is not None else ():
            judge = tensor.producer
            if not isinstance(judge, Model) or len(tensor.inputs) != 1:
                continue
            head, real = head_of(tensor.inputs[0]), _real_data(program, judge)
            if real is None or head.place is None or head.place.key in seen:
                continue
            seen.add(head.place.key)
            yield Imitation(head, *real)


def _real_data(program: Program, judge: Model) -> tuple[Data, Place] | None:
    for fit in program.fits:
        if fit.model is None or fit.model.identity != judge.identity or fit.x is None or fit.x.place is None:
            continue
        if fit.inputs is not None and fit.inputs.range is not None and fit.inputs.source != PREDICTION:
            return fit.inputs, fit.x.place
    return None
