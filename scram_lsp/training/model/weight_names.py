"""How a model's weights are called, and which watched layer each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scram_lsp.training.model.weights import weight_name


def weight_owners(model: Any, layers: Sequence[Any], variables: Sequence[Any]) -> list[tuple[str, str]]:
    """For each of these variables of the model its name ("dense_1/kernel") and its layer's.

    `layers` hold inner layers before those around them, so the innermost owner is the first found; what no
    layer holds is the model's own.
    """
    owners: dict[int, str] = {}
    for layer in layers:
        for variable in layer.variables:
            owners.setdefault(id(variable), layer.name)
    found = []
    for variable in variables:
        owner = owners.get(id(variable))
        found.append((weight_name(owner, variable), owner) if owner is not None else (variable.path, model.name))
    return found
