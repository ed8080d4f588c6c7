"""What scikit-learn's transformers, alone, in a row or each for its columns, leave of the scale of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.values import Value, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_BY_COLUMN = frozenset(("ColumnTransformer", "make_column_transformer"))
_IN_A_ROW = frozenset(("Pipeline", "make_pipeline"))

_PASSING_ON = frozenset(
    (
        *("SimpleImputer", "KNNImputer", "IterativeImputer", "MissingIndicator"),
        *("VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFromModel", "RFE"),
    )
)
"""Transformers that fill in or leave out values, and hand all others on as they are."""

_ENCODING = frozenset(("OneHotEncoder", "OrdinalEncoder"))
"""Transformers of words."""


def passes_values_on(interpreter: Interpreter, transformer: Created) -> bool:
    """Whether numbers come out as they went in, or not at all."""
    name = transformer.kind.rpartition(".")[2]
    if name in _IN_A_ROW:
        parts = [interpreter.object_of(each) for each in _parts_in_a_row(interpreter, transformer)]
        return bool(parts) and all(isinstance(each, Created) and passes_values_on(interpreter, each) for each in parts)
    return transformer.kind.startswith("sklearn.") and name in _PASSING_ON


def hands_numbers_on(interpreter: Interpreter, transformer: Created) -> bool:
    """Whether a `ColumnTransformer` numbers or marks words and hands other columns on as they are."""
    if transformer.kind.rpartition(".")[2] not in _BY_COLUMN:
        return False
    parts = _parts_by_column(interpreter, transformer)
    kept = [each for each in parts if text(each) == "passthrough" or _is_passing(interpreter, each)]
    encoded = [each for each in parts if _encodes(interpreter, each)]
    dropped = [each for each in parts if text(each) == "drop"]
    rest = text(transformer.arguments.value("remainder", 1)) == "passthrough"
    return bool(parts) and len(kept) + len(encoded) + len(dropped) == len(parts) and (rest or bool(kept))


def _is_passing(interpreter: Interpreter, value: Value) -> bool:
    made = interpreter.object_of(value)
    return isinstance(made, Created) and passes_values_on(interpreter, made)


def _encodes(interpreter: Interpreter, value: Value) -> bool:
    """Whether it makes numbers or marks of words, after filling in words at most."""
    made = interpreter.object_of(value)
    if not isinstance(made, Created):
        return False
    if made.kind.rpartition(".")[2] not in _IN_A_ROW:
        return made.kind.rpartition(".")[2] in _ENCODING
    *before, last = _parts_in_a_row(interpreter, made) or (value,)
    return last is not value and _encodes(interpreter, last) and all(_is_passing(interpreter, each) for each in before)


def _parts_in_a_row(interpreter: Interpreter, pipeline: Created) -> tuple[Value, ...]:
    """The steps of a pipeline, without their names."""
    if pipeline.kind.endswith("make_pipeline"):
        return tuple(each.value for each in pipeline.arguments.positional)
    steps = interpreter.items_of(pipeline.arguments.value("steps", 0)) or ()
    return tuple((interpreter.items_of(step) or (step,))[-1] for step in steps)


def _parts_by_column(interpreter: Interpreter, transformer: Created) -> tuple[Value, ...]:
    """The transformers of a `ColumnTransformer`, or the words that stand for one, without names and columns."""
    given = transformer.arguments
    if transformer.kind.endswith("make_column_transformer"):
        steps, place = tuple(each.value for each in given.positional), 0
    else:
        steps, place = interpreter.items_of(given.value("transformers", 0)) or (), 1
    items = [interpreter.items_of(step) or () for step in steps]
    return tuple(item[place] if len(item) == place + 2 else step for step, item in zip(steps, items, strict=True))


def held(interpreter: Interpreter, thing: Created) -> tuple[str, ...]:
    """The classes of the transformers that a pipeline or a `ColumnTransformer` is made of, as far as can be told."""
    if not thing.kind.startswith("sklearn.") or thing.kind.rpartition(".")[2] not in _BY_COLUMN | _IN_A_ROW:
        return ()
    given = thing.arguments
    listed = given.value("transformers") or given.value("steps") or given.value("", 0)
    steps = interpreter.items_of(listed) or tuple(each.value for each in given.positional)
    kinds: list[str] = []
    for step in steps:
        for part in (step, *(interpreter.items_of(step) or ())):
            made = interpreter.object_of(part)
            if isinstance(made, Created):
                kinds += (made.kind, *held(interpreter, made))
    return tuple(kinds)
