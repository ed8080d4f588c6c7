"""Generators and the discriminators that judge what they make, as the training of a GAN shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.source.data import PREDICTION, Data, Interval
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.heads import Head, heads_of
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program


@dataclass(frozen=True, eq=False, slots=True)
class Real:
    """Data that a discriminator is shown beside what the generator makes."""

    data: Data
    range: Interval
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Adversaries:
    """A generator and its discriminator; `judged` is what the second says of what the first made."""

    generator: Model
    discriminator: Model
    judged: Tensor
    real: tuple[Real, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Combined:
    """A training of the generator through the discriminator, and the discriminator's own on what is made."""

    adversaries: Adversaries
    fit: Fit
    on_made: tuple[Fit, ...]
    on_real: tuple[Fit, ...]


@once
def combined(program: Program) -> tuple[Combined, ...]:
    """Each model that puts a discriminator behind a generator and is trained, where the first also learns by itself."""
    made = {
        each.place.key: each.model.identity
        for each in program.evaluations
        if each.method == "predict" and each.model is not None
    }
    return tuple(_combined(program, made)) if made else ()


def _combined(program: Program, made: dict[tuple[int, int], int]) -> Iterator[Combined]:
    for fit in program.fits:
        both = _generator_and_judge(fit.model.outputs[0]) if fit.model and len(fit.model.outputs) == 1 else None
        if both is None:
            continue
        generator, judge = both
        own = [each for each in program.fits if each.model is not None and each.model.identity == judge.identity]
        on_made = [each for each in own if _maker(each, made) == generator.identity]
        on_real = [each for each in own if each.inputs is not None and each.inputs.source != PREDICTION]
        if on_made and fit.model is not None:
            real = tuple(each for one in on_real if (each := _real(one.inputs, one)) is not None)
            adversaries = Adversaries(generator, judge, fit.model.outputs[0], real)
            yield Combined(adversaries, fit, tuple(on_made), tuple(on_real))


def _maker(fit: Fit, made: dict[tuple[int, int], int]) -> int | None:
    place = fit.inputs.place if fit.inputs is not None and fit.inputs.source == PREDICTION else None
    return made.get(place.key) if place is not None else None


def _real(data: Data | None, fit: Fit) -> Real | None:
    place = fit.x.place if fit.x is not None else None
    return Real(data, data.range, place) if data is not None and data.range is not None and place is not None else None


def adversaries(program: Program) -> Iterator[Adversaries]:
    """Every generator whose discriminator is shown real data as well, by calls of its own or in a loop."""
    for each in combined(program):
        yield each.adversaries
    for call in program.loss_calls:
        both = _generator_and_judge(call.output)
        if both is None:
            continue
        generator, judge = both
        shown = [
            other.x
            for other in program.loss_calls
            if other.model is not None and other.model.identity == judge.identity and other.x is not None
        ]
        real = [
            Real(each.value, each.value.range, each.place)
            for each in shown
            if isinstance(each.value, Data) and each.value.range is not None and each.place is not None
        ]
        yield Adversaries(generator, judge, call.output, tuple(real))


def _generator_and_judge(output: Tensor) -> tuple[Model, Model] | None:
    """The two models of `discriminator(generator(noise))`."""
    judge = output.producer
    if not isinstance(judge, Model) or len(output.inputs) != 1:
        return None
    generator = output.inputs[0].producer
    if not isinstance(generator, Model) or generator.identity == judge.identity:
        return None
    return generator, judge


_SPANS = {"tanh": Interval(-1, 1), "sigmoid": Interval(0, 1)}


def out_of_reach(each: Adversaries) -> tuple[Head, Real] | None:
    """The end of a generator, and the real data that lie where it can't come to."""
    heads = heads_of(each.generator)
    span = _SPANS.get(heads[0].activation or "") if len(heads) == 1 else None
    if span is None:
        return None
    for real in each.real:
        other_side = (span.low < 0) != (real.range.low < 0) and real.range.magnitude <= 1
        if other_side or real.range.magnitude >= 100:
            return heads[0], real
    return None
