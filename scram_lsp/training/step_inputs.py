"""Which names of a step of the user's own bring its inputs and its targets, and what parameters were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

from scram_lsp.training.function_results import Given, parameters_of


def inputs_and_targets(model: Any, names: Sequence[str], values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Of the names of a step, which have these values, the only one that has the form of the model's inputs, and the
    only other one that holds an array of as many rows.

    None for a step that has no such name or several: what it trains on is then not known.
    """
    form = _form(model)
    fitting = [name for name in names if form is not None and _fits(values.get(name), form)]
    if len(fitting) != 1:
        return None, None
    rows = _sizes(values.get(fitting[0]))[0]
    shapes = {name: _sizes(values.get(name)) for name in names if name != fitting[0]}
    others = [name for name, shape in shapes.items() if shape and (None in (rows, shape[0]) or rows == shape[0])]
    return fitting[0], others[0] if len(others) == 1 else None


def given_to(name: str, code: CodeType, given: Given) -> Any:
    """What a call gave for a parameter; None where that can't be told."""
    args, kwargs = given
    by_place = dict(zip(parameters_of(code), args, strict=False))
    return kwargs.get(name, by_place.get(name))


def _form(model: Any) -> tuple[int | None, ...] | None:
    """The sizes of a row of the model's only input."""
    shape = getattr(model, "input_shape", None) if getattr(model, "inputs", None) else None
    if shape is None:
        shapes = list((getattr(model, "_build_shapes_dict", None) or {}).values())
        shape = shapes[0] if len(shapes) == 1 else None
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        return None
    return shape[1:]


def _sizes(value: Any) -> tuple[int | None, ...]:
    """The shape of an array; () for what is none."""
    try:
        return tuple(getattr(value, "shape", ()))
    except ValueError:  # of a tensor whose rank is not known
        return ()


def _fits(value: Any, form: tuple[int | None, ...]) -> bool:
    own = _sizes(value)[1:]
    return len(own) == len(form) > 0 and all(
        one is None or other is None or one == other for one, other in zip(own, form, strict=True)
    )
