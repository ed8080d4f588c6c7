"""Functions that load, make and change data, by canonical name."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import STANDARDIZED, WHOLE, Data, DataStep, Interval, Learned, Part, StepKind
from scram_analyzers.source.libraries import (
    class_codes,
    cut_arrays,
    cut_series,
    data_items,
    data_operations,
    loaders,
    numpy_functions,
    picture_shapes,
    tensor_datasets,
    torch_datasets,
)
from scram_analyzers.source.libraries.numpy_functions import given
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Arguments,
    Constant,
    Tuple,
    Unknown,
    Value,
    boolean,
    integer,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

Handler = Callable[["Interpreter", str, Arguments, Place], "Value | None"]


def call(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """The data a function returns; None when it is not one of these."""
    handler = _BY_NAME.get(name)
    if handler is not None:
        return handler(interpreter, name, arguments, place)
    numbered = class_codes.call(interpreter, name, arguments, place)
    if numbered is not None:
        return numbered
    loaded = loaders.load(interpreter, name, arguments, place)
    if loaded is not None:
        return loaded
    package, _, last = name.rpartition(".")
    if package.startswith("numpy") or package == "jax.numpy":
        return numpy_functions.call(interpreter, last, arguments, place)
    if last == "preprocess_input" and package.startswith("keras.applications"):
        return _scaled(interpreter, name, arguments, place)
    if package == "tensorflow.image" and last.startswith(("random_", "stateless_random_")):
        return _augmented(interpreter, name, arguments, place)
    return None


# -- scikit-learn, Keras utilities, TensorFlow


def _split(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`train_test_split(x, y)`: each array in two parts."""
    parts: list[Value] = []
    for position in range(len(arguments.positional)):
        data = given(interpreter, arguments, position)
        for number_of_part, part in enumerate((Part.TRAINING, Part.TEST)):
            if data is None:
                parts.append(Unknown(place))
                continue
            step = DataStep(StepKind.SPLIT, name, place, number_of_part)
            shape = (_rows_in(part, data.samples, arguments), *data.shape[1:]) if data.shape else None
            parts.append(
                replace(
                    data.after(step, part=part, shape=shape),
                    roots=loaders.new_root(interpreter),
                    origins=data.origins | data.roots,
                    rows=WHOLE,
                )
            )
    return Tuple(tuple(parts), place) if parts else None


def _rows_in(part: Part, rows: int | None, arguments: Arguments) -> int | None:
    """How many rows a part of a split has: scikit-learn rounds the test part up, and takes a quarter by itself."""
    sizes = {"test_size", "train_size"} & set(arguments.keywords)
    share = number(arguments.value("test_size")) if sizes else 0.25
    if rows is None or share is None or share <= 0 or "train_size" in sizes or arguments.open:
        return None
    held_out = math.ceil(rows * share) if share < 1 else int(share)
    return None if held_out >= rows else held_out if part is Part.TEST else rows - held_out


def _shuffled(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`shuffle(x, y)`: the same arrays in another order."""
    step = DataStep(StepKind.SHUFFLED, name, place)
    values: list[Value] = []
    for position in range(len(arguments.positional)):
        data = given(interpreter, arguments, position)
        values.append(data.after(step) if data is not None else Unknown(place))
    return values[0] if len(values) == 1 else Tuple(tuple(values), place)


def _drawn_rows(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`resample(x, y)`: rows drawn at random, the same ones of each array, some of them more than once."""
    step, count = DataStep(StepKind.SHUFFLED, name, place), integer(arguments.value("n_samples"))
    values: list[Value] = []
    for position in range(len(arguments.positional)):
        data = given(interpreter, arguments, position)
        shape = (count, *data.shape[1:]) if data is not None and data.shape else None
        values.append(replace(data.after(step, shape=shape), rows=None) if data is not None else Unknown(place))
    return values[0] if len(values) == 1 else Tuple(tuple(values), place)


def _passed_on(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """A progress bar around what it goes through."""
    return arguments.positional[0].value if arguments.positional else None


def _path(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`os.path.join("photographs", "train")`."""
    parts = [text(argument.value) for argument in arguments.positional]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts) or arguments.open:
        return None
    return Constant(posixpath.join(*known), place)


def _frame(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`pd.DataFrame(...)` of an array, of lists, or of columns by name."""
    data = given(interpreter, arguments)
    if data is not None:
        return replace(data, in_numpy=False)
    entries = interpreter.entries_of(arguments.value("data", 0))
    if not entries:
        return Data(name, place, roots=loaders.new_root(interpreter))
    columns = list(entries.values())
    step = DataStep(StepKind.OTHER, name, place)
    made = numpy_functions.joined(interpreter, columns, step)
    root = loaders.new_root(interpreter)
    if made is None:
        return Data(name, place, roots=root)
    frame = replace(made, roots=root, origins=made.roots | made.origins, rows=WHOLE, labels=None, classes=None)
    for key, value in entries.items():
        column = data_operations.as_data(value) or data_operations.stacked(interpreter, value)
        if isinstance(key, str) and column is not None and len(entries) <= MAX_COLUMNS:
            frame = frame.after(DataStep(StepKind.OTHER, data_operations.MADE_COLUMN, place, put=(key, column)))
    return frame


MAX_COLUMNS = 32
"""Of a table with more columns than this none is remembered for itself."""


def _concatenated(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`pd.concat(tables)`: of as many as are known, or of whatever a loop has collected."""
    step, items = DataStep(StepKind.OTHER, name, place), interpreter.items_of(arguments.value("objs", 0))
    if items is None:
        data = given(interpreter, arguments) or data_operations.stacked(interpreter, arguments.value("objs"))
        is_table = data is not None and data.is_table
        return data.after(step, shape=None) if data is not None and is_table else None
    return numpy_functions.joined(interpreter, list(items), step) if items else None


def _dummies(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`pd.get_dummies(column)`: one-hot rows; in a whole table the columns of numbers stay as they are."""
    data = given(interpreter, arguments)
    if data is None:
        return None
    if data.is_table and all(step.name in _KEEPING_TABLE for step in data.steps):
        return data.after(DataStep(StepKind.OTHER, data_items.ENCODED_COLUMN, place), shape=None)
    dropped = arguments.value("drop_first")
    if dropped is not None and boolean(dropped) is not False:
        return data.after(DataStep(StepKind.ENCODED, name, place), range=None, shape=None, labels=None)
    if data.labels is not None or (data.steps and data.steps[-1].name in ("column", "getitem", "get", "pop")):
        return data_operations.one_hot(data, None, place)
    return data.after(DataStep(StepKind.ENCODED, name, place), range=None, shape=None)


_KEEPING_TABLE = (
    *(data_items.ENCODED_COLUMN, "setitem", "append", "assign", "copy", "drop", "drop_duplicates", "dropna", "fillna"),
    *("head", "join", "merge", "pandas.concat"),
    *("interpolate", "rename", "replace", "reset_index", "sample", "set_index", "sort_values", "tail"),
)
"""Steps after which a table still has columns of all kinds: those of numbers stay as they are beside marks of words."""


def _augmented(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    return data.after(DataStep(StepKind.AUGMENTED, name, place)) if data is not None else None


def _to_categorical(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    classes = integer(arguments.value("num_classes", 1) or arguments.value("nb_classes") or arguments.value("depth", 1))
    if (
        classes is None
        and data is not None
        and data.highest_class is not None
        and data.labels in data_operations.NUMBERED
    ):
        classes = data.highest_class + 1
    return data_operations.one_hot(data if data is not None else Data("", place), classes, place)


def _hashed_words(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`one_hot(text, n)`, `hashing_trick(text, n)`: numbers from 1 to n - 1 for the words of one text."""
    count = integer(arguments.value("n", 1))
    interval = Interval(0, count - 1) if count is not None and count > 1 else None
    roots = loaders.new_root(interpreter)
    return Data(name, place, range=interval, dtype="int64", token_ids=True, roots=roots)


def _pad_sequences(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    data = given(interpreter, arguments) or Data(name, place, token_ids=True)
    length = integer(arguments.value("maxlen", 1))
    step = DataStep(StepKind.OTHER, name, place)
    return data.after(step, shape=(data.samples, length), dtype=text(arguments.value("dtype")) or "int32")


BY_STATISTICS: Mapping[str, Interval] = MappingProxyType(
    {
        "scipy.stats.zscore": STANDARDIZED,
        "sklearn.preprocessing.scale": STANDARDIZED,
        "sklearn.preprocessing.robust_scale": Interval(-10, 10),
        "sklearn.preprocessing.minmax_scale": Interval(0, 1),
        "sklearn.preprocessing.maxabs_scale": Interval(-1, 1),
    }
)
"""Functions that scale data by their own statistics, and where they put them, roughly."""


def _scaled(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    if data is None:
        return None
    return data.after(DataStep(StepKind.SCALED, name, place), range=None, dtype="float32")


def _scaled_by_statistics(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`zscore(x)`: columns by what their own rows come to; rows or all together by another axis."""
    data = given(interpreter, arguments)
    if data is None:
        return None
    by_column = "axis" not in arguments.keywords or number(arguments.value("axis")) == 0
    measured = Learned(name, 0, data, place) if by_column else None
    step = DataStep(StepKind.SCALED, name, place, measured=measured)
    return data.after(step, range=BY_STATISTICS[name], dtype="float64")


def _grayed(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """Pictures without their axis of colors."""
    made = _scaled(interpreter, name, arguments, place)
    if not isinstance(made, Data) or made.shape is None:
        return made
    return replace(made, shape=made.shape[:-1] if made.shape[-1] == 3 else None)


def _one_channel(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """Pictures of which the axis of colors has one left."""
    data = given(interpreter, arguments)
    if data is None:
        return None
    return data.after(DataStep(StepKind.OTHER, name, place), shape=(*data.shape[:-1], 1) if data.shape else None)


def _normalized(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """Rows divided by their length, which leaves no value above 1."""
    data, made = given(interpreter, arguments), _scaled(interpreter, name, arguments, place)
    if data is None or data.range is None or not isinstance(made, Data):
        return made
    return replace(made, range=Interval(0 if data.range.low >= 0 else -1, 1))


def _fractions(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`convert_image_dtype`: pixels that are bytes as fractions, pixels that are floats already as they are."""
    data, made = given(interpreter, arguments), _scaled(interpreter, name, arguments, place)
    if data is not None and (data.dtype or "").startswith("float"):
        return data
    bytes_ = data is not None and data.dtype == "uint8" and data.range == Interval(0, 255)
    return replace(made, range=Interval(0, 1)) if bytes_ and isinstance(made, Data) else made


def _enlarged(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """TensorFlow's `resize`, which leaves values as they are, but gives floats."""
    data = _kept(interpreter, name, arguments, place)
    nearest = text(arguments.value("method", 2)) == "nearest"
    return replace(data, dtype="float32") if isinstance(data, Data) and not nearest else data


def _resized(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """scikit-image's `resize`, which makes pixels fractions unless it is told to leave their range."""
    kept = boolean(arguments.value("preserve_range")) is True
    data, made = given(interpreter, arguments), (_kept if kept else _scaled)(interpreter, name, arguments, place)
    if data is None or not isinstance(made, Data):
        return made
    return replace(made, shape=picture_shapes.resized(interpreter, name, arguments, data))


def _resized_bytes(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """OpenCV's `resize`, which leaves the values as they are."""
    data = given(interpreter, arguments)
    if data is None:
        return None
    shape = picture_shapes.resized(interpreter, name, arguments, data)
    return data.after(DataStep(StepKind.OTHER, name, place), shape=shape)


def _recolored(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    if data is None:
        return None
    return data.after(DataStep(StepKind.OTHER, name, place), shape=picture_shapes.recolored(arguments, data))


def _same(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    return data.after(DataStep(StepKind.OTHER, name, place)) if data is not None else None


def _clipped(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`tf.clip_by_value(x, 0.0, 1.0)`: nothing changes but what lies outside."""
    data = given(interpreter, arguments)
    if data is None:
        return None
    low = arguments.get("clip_value_min", 1) or arguments.get("x_min", 1)
    high = arguments.get("clip_value_max", 2) or arguments.get("x_max", 2)
    bounds = Arguments(tuple(each for each in (low, high) if each is not None))
    return data_operations.clipped(data, bounds, DataStep(StepKind.OTHER, name, place))


def _cast(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    return data.after(DataStep(StepKind.CONVERTED, name, place), dtype=None) if data is not None else None


def _kept(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    return data.after(DataStep(StepKind.OTHER, name, place), shape=None) if data is not None else None


def _as_array(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """A picture as an array of floats, its channels last unless it is told otherwise."""
    data = given(interpreter, arguments)
    if data is None:
        return None
    shape = data.shape if len(arguments.positional) == 1 and not arguments.keywords else None
    shape = (*shape, 1) if shape is not None and len(shape) == 2 else shape
    return data.after(DataStep(StepKind.OTHER, name, place), shape=shape, dtype="float32")


def _class_ids(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    data = given(interpreter, arguments)
    return data_operations.class_ids(data, place) if data is not None else None


def _stacked(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`tf.stack([...])`, `tf.concat([...])` of columns or images."""
    items = interpreter.items_of(arguments.value("values", 0))
    data = given(interpreter, arguments)
    step = DataStep(StepKind.OTHER, "stack", place)
    if items:
        how = numpy_functions.Joining(name.rpartition(".")[2], arguments.value("axis", 1))
        together = numpy_functions.joined(interpreter, list(items), step, how)
        return replace(together, shape=None) if together is not None else None
    return data.after(step, shape=None) if data is not None else None


_MOVING_PIXELS = (
    *("central_crop", "crop_to_bounding_box", "pad_to_bounding_box", "resize_with_crop_or_pad", "resize_with_pad"),
    *("flip_left_right", "flip_up_down", "rot90", "transpose", "grayscale_to_rgb"),
)
"""Functions that take pixels elsewhere and leave their values, or put zeros beside them."""

_BY_NAME: Mapping[str, Handler] = MappingProxyType(
    {
        "sklearn.model_selection.train_test_split": _split,
        "sklearn.cross_validation.train_test_split": _split,
        "os.path.join": _path,
        "tqdm.tqdm": _passed_on,
        "tqdm.auto.tqdm": _passed_on,
        "tqdm.notebook.tqdm": _passed_on,
        "tqdm.tqdm_notebook": _passed_on,
        "sklearn.utils.shuffle": _shuffled,
        "sklearn.utils.resample": _drawn_rows,
        "numpy.random.shuffle": numpy_functions.shuffled_in_place,
        "random.shuffle": numpy_functions.shuffled_in_place,
        "random.randint": numpy_functions.drawn_integer,
        "pandas.get_dummies": _dummies,
        "pandas.DataFrame": _frame,
        "pandas.Series": _frame,
        "pandas.concat": _concatenated,
        "keras.utils.to_categorical": _to_categorical,
        "tensorflow.one_hot": _to_categorical,
        "keras.ops.one_hot": _to_categorical,
        "keras.preprocessing.text.one_hot": _hashed_words,
        "keras.preprocessing.text.hashing_trick": _hashed_words,
        "keras.utils.pad_sequences": _pad_sequences,
        "keras.preprocessing.sequence.pad_sequences": _pad_sequences,
        "keras.utils.normalize": _normalized,
        **dict.fromkeys(BY_STATISTICS, _scaled_by_statistics),
        "sklearn.preprocessing.normalize": _normalized,
        "tensorflow.image.per_image_standardization": _scaled,
        "tensorflow.image.convert_image_dtype": _fractions,
        "tensorflow.cast": _cast,
        "tensorflow.clip_by_value": _clipped,
        "keras.ops.clip": _clipped,
        "tensorflow.convert_to_tensor": _kept,
        "tensorflow.constant": _kept,
        "tensorflow.reshape": _kept,
        "tensorflow.expand_dims": _kept,
        "tensorflow.image.resize": _enlarged,
        "tensorflow.stack": _stacked,
        "tensorflow.concat": _stacked,
        "tensorflow.argmax": _class_ids,
        "tensorflow.math.argmax": _class_ids,
        **dict.fromkeys(("tensorflow.pad", "tensorflow.squeeze", "tensorflow.transpose"), _kept),
        **dict.fromkeys([f"tensorflow.image.{each}" for each in _MOVING_PIXELS], _kept),
        "scipy.misc.imresize": _kept,
        "skimage.transform.resize": _resized,
        "skimage.color.rgb2gray": _grayed,
        "tensorflow.image.rgb_to_grayscale": _one_channel,
        "cv2.resize": _resized_bytes,
        "cv2.cvtColor": _recolored,
        **dict.fromkeys(("cv2.flip", "cv2.medianBlur", "cv2.GaussianBlur"), _same),
        **dict.fromkeys(("cv2.rotate", "cv2.warpAffine"), _kept),
        "PIL.Image.fromarray": _same,
        "keras.utils.img_to_array": _as_array,
        "keras.preprocessing.image.img_to_array": _as_array,
        **tensor_datasets.BY_NAME,
        **torch_datasets.BY_NAME,
        **cut_arrays.BY_NAME,
        "keras.preprocessing.sequence.TimeseriesGenerator": cut_series.of_series,
        "keras.utils.timeseries_dataset_from_array": cut_series.of_series,
        "numpy.lib.stride_tricks.sliding_window_view": cut_series.of_view,
    }
)
