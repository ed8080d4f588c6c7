"""How far a learning rate may be above the usual ones: by what else holds the steps back, and by what they move."""

from __future__ import annotations

import math
import re

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.rules.hyperparameters.evidence import optimizers, trainings
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Optimizer, Program

SCHEDULE_ALLOWANCE = 10
"""A schedule may start this much higher: it comes down, and expert programs use it so."""

ONE_LAYER_ALLOWANCE = 10
"""A single Dense layer is a linear model: its loss has one valley, and it has no hidden units to drive too far."""

USUAL_BATCH = 256
"""Larger batches have less noise and take steps larger by the square root of their ratio (Malladi et al. 2022)."""


def allowance(program: Program, optimizer: Optimizer) -> float:
    """How far above the limit the rate may be: for a schedule, large batches, and a model without hidden layers."""
    if optimizer.learning_rate.schedule:
        return SCHEDULE_ALLOWANCE
    if optimizer.class_name not in optimizers.ADAPTIVE:
        return 1
    compiles = [each for each in program.compiles if each.optimizer is optimizer]
    if compiles and all(each.model is not None and _is_one_layer(each.model) for each in compiles):
        return ONE_LAYER_ALLOWANCE
    weighted = [layer for layer in program.layers if layer.class_name in WEIGHTED]
    written = {layer.place.key for layer in weighted}  # once, however often it is made
    if not compiles and len(written) == 1 and weighted[0].class_name == "Dense":
        return ONE_LAYER_ALLOWANCE
    fits = [fit for fit in program.fits if fit.compile is None or fit.compile in compiles]
    sizes = [trainings.batch_size(fit) or 0 for fit in fits]
    return math.sqrt(max(1, min(sizes, default=0) / USUAL_BATCH))


def reaches_limit(program: Program, optimizer: Optimizer) -> bool:
    """Whether SGD has the highest rate with nothing that holds its steps back, in a model with hidden layers."""
    if optimizer.class_name != "SGD" or optimizer.learning_rate.schedule or optimizer.learning_rate.assumed:
        return False
    if any(optimizer.arguments.get(each) is not None for each in ("clipnorm", "clipvalue", "global_clipnorm", "decay")):
        return False
    if next(iter(optimizers.rate_setters(program, optimizer)), None) is not None:
        return False
    models = [each.model for each in program.compiles if each.optimizer is optimizer]
    return bool(models) and not any(model is None or _is_one_layer(model) for model in models)


def _is_one_layer(model: Model) -> bool:
    """Whether the model is known to be a single layer with weights, which has no hidden units to drive too far."""
    weighted = [layer for layer in model.layers if layer.class_name in WEIGHTED]
    return model.complete and len(weighted) == 1 and weighted[0].class_name == "Dense"


_WEIGHTS_MOVED = re.compile(r"apply_gradients\(\s*zip\([^()]*\.(?:trainable_)?(?:variables|weights)\b")


def moves_weights(program: Program) -> bool:
    """Whether a model's weights are handed to an optimizer, or a tape is asked for their gradients."""
    asked = (each for tape in tapes.tapes(program) for each in tapes.asked_of(tape))
    return program.matches(_WEIGHTS_MOVED) or next(asked, None) is not None


def moves_own_variables(program: Program) -> bool:
    """Whether a program makes the variables that it trains itself, and no layer: a handful of numbers, most often."""
    return program.mentions("Variable(") and not any(layer.class_name in WEIGHTED for layer in program.layers)


def moves_no_weights(program: Program) -> bool:
    """Whether a program with a training loop of its own never speaks of a model's variables."""
    words = ("trainable_", ".weights", ".variables")
    return program.mentions(".apply_gradients(") and not any(map(program.mentions, words))
