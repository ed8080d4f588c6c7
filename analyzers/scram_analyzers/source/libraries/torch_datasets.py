"""Tensors, datasets and loaders of PyTorch, which Keras 3 trains on as it does on those of `tf.data`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import DataStep, StepKind
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.libraries.numpy_functions import given
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Value, boolean, number

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def _tensor(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`torch.from_numpy(x)`, `torch.tensor(x)`: the same values."""
    data = given(interpreter, arguments)
    return data.after(DataStep(StepKind.OTHER, "to_numpy", place)) if data is not None else None


def _dataset(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`TensorDataset(x, y)`: examples with their targets."""
    parts = [data_operations.as_data(argument.value) for argument in arguments.positional]
    if not parts or parts[0] is None or len(parts) > 2:
        return None
    step = DataStep(StepKind.OTHER, name, place)
    return replace(parts[0].after(step), targets=parts[1] if len(parts) > 1 else None)


def _loader(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`DataLoader(dataset, batch_size=64, shuffle=True)`: batches of it."""
    data = data_operations.as_data(arguments.value("dataset", 0))
    if data is None:
        return None
    if boolean(arguments.value("shuffle", 2)) is True:
        data = data.after(DataStep(StepKind.SHUFFLED, name, place))
    size = number(arguments.value("batch_size", 1))
    return replace(data.after(DataStep(StepKind.OTHER, "batch", place, size)), batched=True)


BY_NAME: Mapping[str, Callable[[Interpreter, str, Arguments, Place], Value | None]] = MappingProxyType(
    {
        **dict.fromkeys(("torch.from_numpy", "torch.tensor", "torch.as_tensor"), _tensor),
        **dict.fromkeys(("torch.Tensor", "torch.FloatTensor", "torch.LongTensor"), _tensor),
        "torch.utils.data.TensorDataset": _dataset,
        "torch.utils.data.DataLoader": _loader,
    }
)
"""What these functions and classes give, by their names."""
