"""Datasets of `tf.data` made of arrays, files and functions, and Python functions that are called within them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.libraries import data_operations, joint_inputs, loaders
from scram_analyzers.source.libraries.numpy_functions import given
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Argument, Arguments, Function, Symbol, Value, boolean, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def _from_generator(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`Dataset.from_generator(function)`: what the function yields, examples or batches of them."""
    function = arguments.value("generator", 0)
    if not isinstance(function, Function):
        return None
    given = interpreter.items_of(arguments.value("args", 3)) or ()
    made = interpreter.call(function, Arguments(tuple(Argument(each, place) for each in given)), place)
    if not isinstance(made, Data):
        return None
    targets = replace(made.targets, shape=None) if made.targets is not None else None
    return replace(made.after(DataStep(StepKind.OTHER, "from_generator", place)), shape=None, targets=targets)


def _from_tensors(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    if not arguments.positional:
        return None
    value = arguments.positional[0].value
    items = interpreter.items_of(value)
    step = DataStep(StepKind.OTHER, "from_tensor_slices", place)
    if items is not None and len(items) >= 2:
        x, y = (data_operations.as_data(item) or data_operations.from_object(interpreter, item) for item in items[:2])
        if x is None:
            x = Data("tensorflow.data", place)
        x = joint_inputs.together(interpreter, Data("tensorflow.data", place), items[0]) or x
        return replace(x.after(step), targets=y, further=joint_inputs.rest_of_element(interpreter, items))
    data = given(interpreter, arguments)
    return data.after(step) if data is not None else None


def _records(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """A dataset of names, lines or records, which the program still has to read."""
    return Data(name, place, roots=loaders.new_root(interpreter))


def _listed_files(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """The names of files: mixed by itself, or folder by folder, where a pattern reaches into several folders."""
    data = Data(name, place, roots=loaders.new_root(interpreter))
    shuffle, pattern = arguments.value("shuffle", 1), text(arguments.value("file_pattern", 0))
    if shuffle is None or boolean(shuffle) is True:
        drawn = arguments.value("seed", 2) is None  # else two lists may be in one order
        return data.after(DataStep(StepKind.SHUFFLED, name, place)) if drawn else data
    in_folders = pattern is not None and "*" in pattern.rpartition("/")[0]
    unshuffled = DataStep(StepKind.OTHER, loaders.UNSHUFFLED, place)
    return data.after(unshuffled) if boolean(shuffle) is False and in_folders else data


def _zipped(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`Dataset.zip((inputs, labels))`: a dataset of both."""
    values = [argument.value for argument in arguments.positional]
    items = interpreter.items_of(values[0]) if len(values) == 1 else tuple(values)
    pair = [data_operations.as_data(item) for item in items or ()]
    step = DataStep(StepKind.OTHER, "zip", place)
    joint = items[0] if items is not None and len(items) == 2 else None
    if joint is not None and (both := interpreter.items_of(joint)) is not None:
        whole = joint_inputs.together(interpreter, Data("tensorflow.data", place), joint) if len(both) > 1 else None
        return replace(whole.after(step), targets=pair[1]) if whole is not None else None
    if len(pair) != 2 or pair[0] is None or any(each is not None and each.targets is not None for each in pair):
        return None  # datasets of pairs already are something else together
    return replace(pair[0].after(step), targets=pair[1])


def _of_python(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`tf.py_function(read, [path], tf.float32)`: what the function gives, in the type that is named."""
    function, taken = arguments.value("func", 0), interpreter.items_of(arguments.value("inp", 1))
    if not isinstance(function, Function):
        return None
    made = interpreter.call(function, Arguments(tuple(Argument(each, place) for each in taken or ())), place)
    kind = arguments.value("Tout", 2)
    if interpreter.items_of(kind) is not None:
        return interpreter.new_list((made,), place) if isinstance(made, Data) else made
    dtype = kind.dotted.rpartition(".")[2] if isinstance(kind, Symbol) else text(kind)
    data = data_operations.as_data(made)
    return replace(data, dtype=dtype or data.dtype) if data is not None else made


BY_NAME: Mapping[str, Callable[[Interpreter, str, Arguments, Place], Value | None]] = MappingProxyType(
    {
        "tensorflow.data.Dataset.from_tensor_slices": _from_tensors,
        "tensorflow.data.Dataset.from_generator": _from_generator,
        "tensorflow.data.Dataset.from_tensors": _from_tensors,
        "tensorflow.data.Dataset.zip": _zipped,
        "tensorflow.data.Dataset.list_files": _listed_files,
        "tensorflow.data.TFRecordDataset": _records,
        "tensorflow.data.TextLineDataset": _records,
        "tensorflow.py_function": _of_python,
        "tensorflow.numpy_function": _of_python,
    }
)
"""What these functions give, by their names."""
