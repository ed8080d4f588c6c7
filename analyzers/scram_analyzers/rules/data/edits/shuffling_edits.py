"""Edits that have the examples of a dataset shuffled, all of them and before they are put into batches."""

from __future__ import annotations

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import SourceRange, TextEdit
from scram_analyzers.source.data import Data
from scram_analyzers.source.libraries.loaders import UNSHUFFLED
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program


def batched_at(data: Data) -> Place | None:
    """Where batches are made of a dataset."""
    return next((step.place for step in data.steps if step.name in ("batch", "padded_batch")), None)


def _buffer(data: Data) -> str:
    """How many rows there are, as a program would write it."""
    rows = data.samples or rows_of(data)
    made = next((step.node for step in data.steps if step.name == "from_tensor_slices"), None)
    given = made.args[0].value if isinstance(made, cst.Call) and made.args else None
    first = given.elements[0].value if isinstance(given, cst.Tuple) and given.elements else given
    return f"len({first.value})" if rows is None and isinstance(first, cst.Name) else str(rows or 1000)


def _before(program: Program, batching: Place, content: str) -> TextEdit | None:
    """Call a method of the dataset before the one that makes batches of it."""
    call = fixes.call_of(batching)
    if call is None or not isinstance(call.func, cst.Attribute):
        return None
    return fixes.insert(program.range_of(Place(batching.section, call.func.value)).end, content)


def before_batches(program: Program, data: Data) -> tuple[TextEdit, ...]:
    """Shuffle a dataset before batches are made of it; names of files before these are read."""
    made = next((step.place for step in data.steps if step.name == "from_tensor_slices"), None)
    if made is not None and data.source.startswith("tensorflow."):
        return (fixes.insert(program.range_of(made).end, f".shuffle({_buffer(data)})"),)
    batching = batched_at(data)
    edit = _before(program, batching, f".shuffle({_buffer(data)})") if batching is not None else None
    return (edit,) if edit is not None else ()


def where_read(program: Program, data: Data) -> tuple[TextEdit, ...]:
    """Without the `shuffle=False` of what reads a folder, or makes batches of arrays."""
    place = next((step.place for step in data.steps if step.name == UNSHUFFLED), None)
    edit = fixes.remove_argument(program, place, "shuffle") if place is not None else None
    return (edit,) if edit is not None else ()


def moved_or_widened(program: Program, data: Data, shuffling: Place, *, is_of_batches: bool) -> tuple[TextEdit, ...]:
    """A shuffle of batches put before them where both stand in one chain; any other with room for all rows."""
    call, batching = fixes.call_of(shuffling), batched_at(data)
    if call is None or not isinstance(call.func, cst.Attribute) or not call.args:
        return ()
    chained = Place(shuffling.section, call.func.value)
    if batching is not None and call.func.value is batching.node:
        edit = _before(program, batching, f".shuffle({_buffer(data)})")
        end = program.range_of(chained).end
        return (edit, TextEdit(SourceRange(end, program.range_of(shuffling).end), "")) if edit is not None else ()
    if is_of_batches:
        return ()
    return (fixes.replace(program, Place(shuffling.section, call.args[0].value), _buffer(data)),)


def rows_of(data: Data) -> int | None:
    """How many rows a slice left."""
    return data.rows.stop - data.rows.start if data.rows is not None and data.rows.stop is not None else None
