"""Which parameter of a step of the user's own brings the inputs of its model, and what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

from scram_lsp.training.function_results import Given, parameters_of


def inputs_parameter(model: Any, code: CodeType, values: Mapping[str, Any]) -> str | None:
    """The only parameter of the step, of those with these values, that has the form of the model's inputs.

    None for a step that has no such parameter or several: what it trains on is then not known.
    """
    form = _form(model)
    if form is None:
        return None
    fitting = [name for name in parameters_of(code) if _fits(values.get(name), form)]
    return fitting[0] if len(fitting) == 1 else None


def given_to(name: str, code: CodeType, given: Given) -> Any:
    """What a call gave for a parameter; None where that can't be told."""
    args, kwargs = given
    place = parameters_of(code).index(name)
    return kwargs.get(name, args[place] if place < len(args) else None)


def _form(model: Any) -> tuple[int | None, ...] | None:
    """The sizes of a row of the model's only input."""
    shape = getattr(model, "input_shape", None) if getattr(model, "inputs", None) else None
    if shape is None:
        shapes = list((getattr(model, "_build_shapes_dict", None) or {}).values())
        shape = shapes[0] if len(shapes) == 1 else None
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        return None
    return shape[1:]


def _fits(value: Any, form: tuple[int | None, ...]) -> bool:
    try:
        sizes = tuple(getattr(value, "shape", ()))
    except ValueError:  # of a tensor whose rank is not known
        return False
    own = sizes[1:]
    return len(own) == len(form) > 0 and all(
        one is None or other is None or one == other for one, other in zip(own, form, strict=True)
    )
