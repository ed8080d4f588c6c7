"""`model.compile(...)`: the optimizer, the losses and the metrics it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import containers, keras_models, optimizers, wrapped_losses
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.keras_api.losses import loss_name
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Loss, Metric
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Function,
    Ref,
    Symbol,
    Value,
    boolean,
    is_none,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

COMPILE_POSITIONS = ("optimizer", "loss", "metrics")
"""Keras 3 puts `loss_weights` third, Keras 1 and 2 put `metrics` there; nobody passes weights by position."""


def compile_model(interpreter: Interpreter, owner: Value, arguments: Arguments, place: Place) -> None:
    """Record a `compile` call."""
    named = arguments.named(COMPILE_POSITIONS, {})
    known = keras_models.is_model(interpreter, owner)
    compiled = Compile(
        place=place,
        model=keras_models.snapshot(interpreter, owner) if known else None,
        arguments=named,
        optimizer=optimizers.optimizer_of(interpreter, named.get("optimizer")),
        losses=tuple(losses_of(interpreter, named.get("loss"))),
        metrics=_metrics_of(interpreter, named),
    )
    interpreter.recording.compiles.append(compiled)
    if isinstance(owner, Ref):
        interpreter.note("compile", owner.identity, compiled)


def losses_of(interpreter: Interpreter, argument: Argument | None) -> Iterator[Loss]:
    """The losses an argument brings: one, a list with one for each output, or a dict by output name."""
    if argument is None or is_none(argument.value):
        return
    value = argument.value
    place = argument.place or value.place
    if place is None:
        return
    items = interpreter.items_of(value)
    if items is not None:
        single = len(items) == 1
        for position, item in enumerate(items):
            yield loss_of(interpreter, item, item.place or place, None if single else position)
        return
    entries = interpreter.entries_of(value)
    if entries is not None:
        for name, item in entries.items():
            yield loss_of(interpreter, item, item.place or place, str(name))
        return
    yield loss_of(interpreter, value, place, None)


def loss_of(interpreter: Interpreter, value: Value, place: Place, output: str | int | None = None) -> Loss:
    """The loss that a value names or holds, for one output or all (None)."""
    string = text(value)
    if string is not None:
        return Loss(loss_name(string), value.place or place, False, Arguments(), output)
    if isinstance(value, Symbol) and value.name.startswith(("keras.losses.", "keras.metrics.", "tensorflow.losses.")):
        return Loss(loss_name(value.name.rpartition(".")[2]), place, False, Arguments(), output)
    thing = interpreter.object_of(value)
    if isinstance(thing, Created) and thing.kind.startswith("keras.losses."):
        given = thing.arguments.get("from_logits")
        from_logits = boolean(given.value) if given is not None else (None if thing.arguments.open else False)
        return Loss(loss_name(thing.kind.rpartition(".")[2]), thing.place, from_logits, thing.arguments, output)
    function = value if isinstance(value, Function) else _own_loss(interpreter, value)
    if function is not None:
        return replace(wrapped_losses.of_function(interpreter, function, place), output=output)
    if isinstance(thing, Created) and thing.kind == "functools.partial":
        return _of_partial(interpreter, thing, place, output)
    return Loss(None, place, None, Arguments(), output)


def _of_partial(interpreter: Interpreter, thing: Created, place: Place, output: str | int | None) -> Loss:
    """`partial(keras.losses.binary_crossentropy, from_logits=True)`."""
    loss = loss_of(interpreter, thing.arguments.positional[0].value, place, output)
    given = thing.arguments.get("from_logits")
    known = loss.name is not None and loss.function is None and given is not None
    return replace(loss, from_logits=boolean(given.value), arguments=thing.arguments) if known and given else loss


def _own_loss(interpreter: Interpreter, value: Value) -> Function | None:
    """The method that computes a loss, of an object of the module's own subclass of `keras.losses.Loss`."""
    thing = interpreter.instance(value)
    if thing is None or "keras.losses.Loss" not in thing.cls.external_bases():
        return None
    method = interpreter.member(thing.cls, "call")
    return method.bind(value) if isinstance(method, Function) else None


def _metrics_of(interpreter: Interpreter, named: Arguments) -> tuple[Metric, ...] | None:
    argument = named.get("metrics")
    if argument is None:
        return None if named.open else ()
    by_output = interpreter.entries_of(argument.value)
    if by_output is not None:
        return tuple(
            replace(_metric(interpreter, value, argument), output=str(output))
            for output, given in by_output.items()
            for value in _flat(interpreter, given) or [given]
        )
    values = _flat(interpreter, argument.value)
    if values is None:
        return () if is_none(argument.value) else None
    return tuple(_metric(interpreter, value, argument) for value in values)


def _flat(interpreter: Interpreter, value: Value) -> list[Value] | None:
    """The metrics of a list, of lists of lists or of a dict of them; None for what is no metric."""

    def items_of(each: Value) -> tuple[Value, ...] | None:
        entries = interpreter.entries_of(each)
        return (interpreter.items_of(each) if entries is None else tuple(entries.values())) or None

    if items_of(value) is None:
        if interpreter.items_of(value) is not None:
            return []
        return [value] if text(value) is not None or isinstance(value, (Symbol, Ref)) else None
    return list(containers.leaves(value, items_of))


def _metric(interpreter: Interpreter, value: Value, argument: Argument) -> Metric:
    place = value.place or argument.place
    assert place is not None
    string = text(value)
    if string is not None:
        return Metric(_metric_name(string), place)
    if isinstance(value, Symbol) and value.name.startswith(("keras.metrics.", "keras.losses.")):
        return Metric(_metric_name(value.name.rpartition(".")[2]), place)
    thing = interpreter.object_of(value)
    if isinstance(thing, Created) and thing.kind.startswith("keras.metrics."):
        return Metric(_metric_name(thing.kind.rpartition(".")[2]), place, thing.kind, thing.arguments)
    return Metric(None, place, function=value if isinstance(value, Function) else None)


def _metric_name(name: str) -> str:
    return "accuracy" if name in ("acc", "accuracy", "Accuracy") else loss_name(name)
