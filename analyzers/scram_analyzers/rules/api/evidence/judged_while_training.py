"""Models that are called in training mode where they are judged: beside a tape, and in a `test_step` of their own."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.api.evidence.named_for_judging import is_in_judging_step, is_judging, names_given
from scram_analyzers.rules.api.evidence.training_argument import RANDOM_LAYERS, says
from scram_analyzers.rules.base import Related, Report
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.dotted import dotted_name


def by_tapes(program: Program) -> Iterator[Report]:
    """A model that a tape trains, called in training mode for what is a validation result by its name."""
    trained: set[str] = set()
    for tape in tapes.tapes(program):
        trained.update(each.model for each in tapes.asked_of(tape))
    models = [each.model for each in program.loss_calls if each.model is not None]
    random = next((layer for model in models for layer in model.layers if layer.class_name in RANDOM_LAYERS), None)
    if not trained or random is None:
        return
    for call, place in search.found(program, cst.Call, "training"):
        if dotted_name(call.func) in trained and says(call, True) and _is_judged(place):
            yield Report(
                place,
                f"The model is judged in training mode, so {random.class_name} still drops values at random.",
                (Related(random.place, "This layer works as in training."),),
                recipe="training=False",
            )


def by_own_steps(program: Program) -> Iterator[Report]:
    """A model of the program's own that its `test_step`, which validation goes by, calls in training mode."""
    if not program.mentions("test_step"):
        return
    for call, place in search.found(program, cst.Call, "training"):
        function = parents.function_around(place)
        is_own = dotted_name(call.func) == "self" and says(call, True)
        if not is_own or function is None or function.name.value != "test_step":
            continue
        random = _random_layer_of(program, place)
        if random is not None:
            yield Report(
                place,
                f"Validation calls the model in training mode, so {random.class_name} still drops values at random.",
                (Related(random.place, "This layer works as in training."),),
                recipe="self(x, training=False)",
            )


def _random_layer_of(program: Program, place: Place) -> Layer | None:
    """A layer that drops values, made in the class around a place, of a model that is trained."""
    owner = search.class_around(program, place)
    models = (fit.model for fit in program.fits if fit.model is not None)
    layers = (layer for model in models for layer in model.layers if layer.class_name in RANDOM_LAYERS)
    own = (layer for layer in layers if owner is not None and search.class_around(program, layer.place) == owner)
    return next(own, None)


def _is_judged(place: Place) -> bool:
    """Whether it goes into a validation result, by that one's name or its function's, and stands outside any tape."""
    above = parents.ancestors(place)
    if any(isinstance(node, cst.With) and any(tapes.tape_names(node)) for node in above):
        return False
    return is_in_judging_step(place) or any(map(is_judging, names_given(place)))
