"""Which names of a step of the user's own bring its inputs and its targets, and what parameters were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

from scram_lsp.training.function_results import Given, parameters_of

_Form = tuple[int | None, ...]


def inputs_and_targets(model: Any, names: Sequence[str], values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Of the names of a step, which have these values, the only one that has the form of the model's inputs, and the
    only other one that holds an array of as many rows. Several inputs are one name, too: that of a tuple, or of a dict
    by their names.

    None for a step that has no such name or several: what it trains on is then not known.
    """
    forms = _forms(model)
    fitting = [name for name in names if forms and _all_fit(values.get(name), forms)]
    if len(fitting) != 1:
        return None, None
    rows = _sizes(_leaves(values.get(fitting[0]), forms)[0])[0]
    shapes = {name: _sizes(values.get(name)) for name in names if name != fitting[0]}
    others = [name for name, shape in shapes.items() if shape and (None in (rows, shape[0]) or rows == shape[0])]
    return fitting[0], others[0] if len(others) == 1 else None


def given_to(name: str, code: CodeType, given: Given) -> Any:
    """What a call gave for a parameter; None where that can't be told."""
    args, kwargs = given
    by_place = dict(zip(parameters_of(code), args, strict=False))
    return kwargs.get(name, by_place.get(name))


def _forms(model: Any) -> dict[str, _Form]:
    """The sizes of a row of each of the model's inputs, by their names; none where one is not known."""
    inputs = getattr(model, "inputs", None) or ()
    shapes: dict[str, Any]
    if len(inputs) > 1:
        shapes = {each.name: tuple(each.shape) for each in inputs}
    else:
        shapes = {"": getattr(model, "input_shape", None) if inputs else _built_for(model)}
    if len(shapes) < len(inputs) or not all(map(_is_plain, shapes.values())):
        return {}
    return {name: shape[1:] for name, shape in shapes.items()}


def _is_plain(shape: Any) -> bool:
    return isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape)


def _built_for(model: Any) -> Any:
    """The shape of the only input that a model without a graph was first called on."""
    shapes = list((getattr(model, "_build_shapes_dict", None) or {}).values())
    return shapes[0] if len(shapes) == 1 else None


def _leaves(value: Any, forms: Mapping[str, _Form]) -> list[Any]:
    """What a value holds for each input, in their order; as it is for a single one."""
    if len(forms) > 1 and isinstance(value, Mapping):
        return [value.get(name) for name in forms]
    return list(value) if len(forms) > 1 and isinstance(value, tuple | list) else [value]


def _all_fit(value: Any, forms: Mapping[str, _Form]) -> bool:
    leaves = _leaves(value, forms)
    return len(leaves) == len(forms) and all(map(_fits, leaves, forms.values()))


def _sizes(value: Any) -> tuple[int | None, ...]:
    """The shape of an array; () for what is none."""
    try:
        return tuple(getattr(value, "shape", ()))
    except ValueError:  # of a tensor whose rank is not known
        return ()


def _fits(value: Any, form: _Form) -> bool:
    own = _sizes(value)[1:]
    return len(own) == len(form) > 0 and all(
        one is None or other is None or one == other for one, other in zip(own, form, strict=True)
    )
