"""Elements of a dataset that hold several inputs: `((photo, text), price)`, `({"photo": ..., "text": ...}, price)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data
from scram_analyzers.source.interpreting.state import DictObject
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Tuple, Unknown, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

SEVERAL = 2

UNSEEN = "generator"
"""The source of batches that a generator puts together in a way that is not followed."""


def parts_of(interpreter: Interpreter, value: Value) -> tuple[tuple[str | int, Data], ...]:
    """The data of each input that a tuple, list or dict brings; none where it brings no data, or only one."""
    named = interpreter.entries_of(value)
    given = dict(named) if named is not None else dict(enumerate(interpreter.items_of(value) or ()))
    if len(given) < SEVERAL:
        return ()
    told = ((key, data_operations.as_data(each)) for key, each in given.items())
    return tuple((key, data) for key, data in told if data is not None and isinstance(key, (str, int)))


def element(interpreter: Interpreter, data: Data, place: Place) -> Value:
    """The inputs of one element, as a function that goes through the dataset gets them."""
    if not data.parts:
        return replace(data, targets=None, further=())
    parts = dict(data.parts)
    if any(isinstance(key, str) for key in parts):
        return interpreter.allocate(DictObject(dict[object, Value](parts.items()), open=True), place)
    count = max(key for key in parts if isinstance(key, int)) + 1
    return Tuple(tuple(parts.get(position, Unknown(place)) for position in range(count)), place)


def together(interpreter: Interpreter, base: Data, inputs: Value) -> Data | None:
    """A dataset like `base` of these inputs; None where they are not several."""
    parts = parts_of(interpreter, inputs)
    return replace(base, parts=parts, targets=None, further=()) if parts else None


def rest_of_element(interpreter: Interpreter, items: tuple[Value, ...]) -> tuple[Data, ...]:
    """What comes after inputs and targets; none where some of it is no data."""
    told = [data_operations.as_data(item) for item in items[SEVERAL:]]
    known = tuple(each for each in told if each is not None)
    return known if len(known) == len(told) else ()


def batches_of(interpreter: Interpreter, batch: Value) -> Data:
    """What gives such batches again and again; pairs are inputs and targets."""
    if isinstance(batch, Tuple) and len(batch.items) >= SEVERAL:
        inputs, targets = (data_operations.as_data(item) for item in batch.items[:SEVERAL])
        joint = together(interpreter, Data(UNSEEN), batch.items[0])
        return replace(joint or inputs or Data(UNSEEN), targets=targets, batched=True)
    inputs = data_operations.as_data(batch)
    return replace(inputs, batched=True) if inputs is not None else Data(UNSEEN, batched=True)
