"""From what a run speaks of to where it is written."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import SourceRange
from scram_analyzers.run.records import LayerInfo, RunInfo, Subject, SubjectKind
from scram_analyzers.source import own_loops, own_steps
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading.search import found
from scram_analyzers.source.values import Argument


def locate(program: Program, subject: Subject, info: RunInfo) -> Place | None:
    """The place of `subject` in the program that this run executes; None when it can't be told."""
    if info.is_overheard and subject.kind is SubjectKind.TRAIN_STEP:
        return own_steps.only_risk_at(program)
    fit = _fit_of(program, info)
    compiled = fit.compile if fit is not None else None
    if compiled is None and program.compiles:
        compiled = program.compiles[-1]
    optimizer = compiled.optimizer if compiled is not None else None
    kind = subject.kind
    if info.is_own_loop and (told := _in_own_loop(program, kind)) is not None:
        return told
    if kind is SubjectKind.LEARNING_RATE and optimizer is not None:
        return optimizer.learning_rate.place or optimizer.place
    if kind is SubjectKind.SCHEDULE and optimizer is not None:
        rate = optimizer.learning_rate
        return rate.schedule_place or _scheduler_of(fit) or rate.place or optimizer.place
    if kind is SubjectKind.OPTIMIZER and optimizer is not None:
        return optimizer.place
    own = _in_own_methods(program, kind)
    if own is not None:
        return own
    if kind is SubjectKind.LOSS and compiled is not None and compiled.losses:
        return compiled.losses[0].place
    if kind is SubjectKind.VOCABULARY and (learned := _vocabulary_at(program)) is not None:
        return learned
    if kind in (SubjectKind.INPUTS, SubjectKind.VOCABULARY) and fit is not None and fit.x is not None:
        return fit.x.place or fit.place
    if kind is SubjectKind.TARGETS and fit is not None and fit.y is not None:
        return fit.y.place or fit.place
    argument = _argument_of(fit, kind) if fit is not None else None
    if argument is not None and argument.place is not None:
        return argument.place if kind is SubjectKind.VALIDATION else argument.written_at
    batched = _batched_at(fit) if fit is not None and kind is SubjectKind.BATCH_SIZE else None
    if batched is not None:
        return batched
    model = (fit.model if fit is not None else None) or (compiled.model if compiled is not None else None)
    if kind is SubjectKind.LAYER and model is not None and subject.layer is not None:
        layer = _layer_of(model, subject.layer, info.layers)
        made = layer.place if layer is not None else _made_from_own_class(program, info.layer(subject.layer))
        return made or model.place
    if kind in (SubjectKind.MODEL, SubjectKind.CALL) and model is not None:
        return model.place
    if fit is not None:
        return fit.place
    return compiled.place if compiled is not None else None


def _vocabulary_at(program: Program) -> Place | None:
    """The only call by which something learns the words of texts."""
    calls = [call for call in program.method_calls if call.name.endswith(_LEARNS_WORDS)]
    return calls[0].place if len(calls) == 1 else None


_LEARNS_WORDS = ("TextVectorization.adapt", "StringLookup.adapt", "Tokenizer.fit_on_texts")


def _scheduler_of(fit: Fit | None) -> Place | None:
    """What works out the learning rate of each epoch, else the callback that sets it."""
    callbacks = (fit.callbacks or ()) if fit is not None else ()
    scheduler = next((each for each in callbacks if each.kind is not None and each.kind.endswith(_SCHEDULER)), None)
    if scheduler is None:
        return None
    return (scheduler.rates.middle.place if scheduler.rates is not None else None) or scheduler.place


_SCHEDULER = ".LearningRateScheduler"


def _in_own_methods(program: Program, kind: SubjectKind) -> Place | None:
    """In a step or a call that the program writes itself."""
    if kind is SubjectKind.TRAIN_STEP:
        return own_steps.step_loss_at(program)
    if kind is SubjectKind.CLIPPING:
        return own_steps.clipping_at(program)
    if kind is SubjectKind.TEST_STEP:
        return own_steps.test_step_at(program)
    return own_steps.call_at(program) if kind is SubjectKind.CALL else None


def _in_own_loop(program: Program, kind: SubjectKind) -> Place | None:
    if kind is SubjectKind.EPOCHS:
        return own_loops.epochs_at(program)
    if kind in _TOLD:
        return own_loops.told_at(program, _TOLD[kind])
    return own_loops.batches_at(program) if kind is SubjectKind.BATCH_SIZE else None


_TOLD = {SubjectKind.INPUTS: "inputs", SubjectKind.TARGETS: "targets"}
"""By which argument of its `step` a watcher is told of them."""


def _batched_at(fit: Fit) -> Place | None:
    """Where a dataset that feeds `fit` is cut into batches."""
    steps = fit.inputs.steps if fit.inputs is not None else ()
    return next((step.place for step in reversed(steps) if step.name == "batch"), None)


def _argument_of(fit: Fit, kind: SubjectKind) -> Argument | None:
    """The argument of `fit` that a kind of subject is; None for other kinds, or one that is left out."""
    given = {
        SubjectKind.EPOCHS: fit.epochs,
        SubjectKind.BATCH_SIZE: fit.batch_size,
        SubjectKind.VALIDATION: fit.validation or fit.arguments.get("validation_split"),
        SubjectKind.TEST_STEP: fit.validation or fit.arguments.get("validation_split"),
    }
    return given.get(kind)


def concerns(program: Program, place: SourceRange, info: RunInfo) -> bool:
    """Whether what stands at `place` takes part in this run, and in no other training of the program."""
    if len(program.fits) <= 1:
        return True
    fit = _fit_of(program, info)
    if fit is None:
        return False
    return any(place.overlaps(program.range_of(each)) for each in _places_of(fit))


def _places_of(fit: Fit) -> Iterator[Place]:
    yield fit.place
    yield from (argument.place for argument in (fit.x, fit.y) if argument is not None and argument.place is not None)
    if fit.model is not None:
        yield from (layer.place for layer in fit.model.layers)
    if fit.compile is not None:
        yield fit.compile.place
        optimizer = fit.compile.optimizer
        if optimizer is not None:
            yield optimizer.place
            if optimizer.learning_rate.place is not None:
                yield optimizer.learning_rate.place


def _fit_of(program: Program, info: RunInfo) -> Fit | None:
    """The call that this run is in: the one on the line that called, else the one whose model fits best."""
    if info.fit_line is not None:
        for fit in program.fits:
            lines = program.range_of(fit.place)
            if lines.start.line <= info.fit_line <= lines.end.line:
                return fit
    ranked = sorted(program.fits, key=lambda fit: _likeness(fit.model, info.layers), reverse=True)
    return ranked[0] if ranked else None


def _likeness(model: Model | None, layers: tuple[LayerInfo, ...]) -> int:
    if model is None:
        return -1
    ours = [layer.class_name for layer in model.layers]
    theirs = [layer.class_name for layer in layers if layer.class_name != "InputLayer"]
    if ours == theirs:
        return len(ours) + 1
    return sum(1 for mine, other in zip(ours, theirs, strict=False) if mine == other)


def _made_from_own_class(program: Program, layer: LayerInfo | None) -> Place | None:
    """The only call of a class of the user's own, which the model's graph doesn't hold; None when there are several."""
    if layer is None:
        return None
    calls = [
        place for node, place in found(program, cst.Call, layer.class_name) if _name_of(node.func) == layer.class_name
    ]
    return calls[0] if len(calls) == 1 else None


def _name_of(function: cst.BaseExpression) -> str | None:
    return function.value if isinstance(function, cst.Name) else None


def _layer_of(model: Model, name: str, layers: tuple[LayerInfo, ...]) -> Layer | None:
    for layer in model.layers:
        if layer.name == name:
            return layer
    running = [each for each in layers if each.class_name != "InputLayer"]
    for info, layer in zip(running, model.layers, strict=False):
        if info.name == name and info.class_name == layer.class_name:
            return layer
    return None
