"""Methods of data, and of objects that change data (scalers, generators, preprocessing layers)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import STANDARDIZED, Data, DataStep, Interval, LabelForm, Learned, Part, StepKind
from scram_analyzers.source.interpreting.state import Created, ListObject
from scram_analyzers.source.libraries import (
    array_shapes,
    class_codes,
    data_arithmetic,
    data_operations,
    fetched_tables,
    image_generators,
    loaders,
    noise,
    numpy_functions,
    reshaping,
    transformers,
    value_maps,
)
from scram_analyzers.source.libraries.data_items import ENCODED_COLUMN, FOLDS
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Class,
    Constant,
    Function,
    Ref,
    Symbol,
    Tuple,
    Unknown,
    Value,
    integer,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_SAME = frozenset(
    [
        "copy",
        "to_numpy",
        "toarray",
        "todense",
        "numpy",
        "as_matrix",
        "tolist",
        "sample",
        "shuffle",
        "repeat",
        "prefetch",
        "cache",
        "resize",
        "convert",
        "take",
        "skip",
        "fillna",
        "dropna",
        "drop",
        "head",
        "tail",
        "reset_index",
        "set_index",
        "sort_values",
        "transpose",
        "as_numpy_iterator",
        "with_options",
        "filter",
        "apply",
        "squeeze",
    ]
)
_CHANGING_SHAPE = frozenset(["resize", "transpose", "squeeze", "drop", "dropna", "apply", "filter", "tolist"])
_LEAVING_SOME = frozenset(["drop", "dropna", "filter", "head", "sample", "tail"])
"""Methods of tables that leave some of the rows or columns, and the rank as it is."""

_RESHAPING = frozenset(["reshape", "flatten", "ravel", "expand_dims", "swapaxes", "unbatch"])

_EACH_BY_EACH = frozenset(
    [
        *("abs", "add", "sub", "mul", "div", "truediv", "pow", "mod", "round", "where", "mask", "rank"),
        *("shift", "diff", "pct_change", "cumsum", "cumprod", "cummax", "cummin"),
        *("interpolate", "ffill", "bfill", "pad", "backfill", "replace", "rename", "infer_objects", "len"),
        *("lower", "upper", "strip", "title", "capitalize", "zfill"),
    ]
)
"""Methods of tables and columns that give another value for each, or for the one at its side."""

_GROUPING = frozenset(["groupby", "resample", "rolling", "ewm"])
"""Methods of tables after which a mean or sum is one of each group."""

_MOVING = frozenset(["rolling", "ewm"])
"""Those whose groups move along: there are as many as rows."""

_ASKING = frozenset(
    [
        *("isin", "isna", "isnull", "notna", "notnull", "between", "eq", "ne", "gt", "ge", "lt", "le"),
        *("contains", "startswith", "endswith", "match", "fullmatch"),
    ]
)
"""Methods that say true or false for each value."""

SCALED_RANGE: Mapping[str, Interval] = MappingProxyType(
    {
        "MinMaxScaler": Interval(0, 1),
        "MaxAbsScaler": Interval(-1, 1),
        "StandardScaler": STANDARDIZED,
        "RobustScaler": Interval(-10, 10),
        "Normalizer": Interval(-1, 1),
        "QuantileTransformer": Interval(-5, 5),
        "PowerTransformer": Interval(-5, 5),
    }
)
"""Where scikit-learn's scalers put their output, roughly."""

INVERSE = "inverse_transform"
"""The step of a scaler that turns scaled data back."""

_ENCODERS: Mapping[str, LabelForm] = MappingProxyType(
    {
        "LabelEncoder": LabelForm.INTEGER,
        "OrdinalEncoder": LabelForm.INTEGER,
        "OneHotEncoder": LabelForm.ONE_HOT,
        "LabelBinarizer": LabelForm.ONE_HOT,
        "MultiLabelBinarizer": LabelForm.MULTI_HOT,
    }
)


def call(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Value:
    """`data.name(arguments)`."""
    step = DataStep(StepKind.OTHER, name, place)
    if name == "astype":
        dtype = _dtype(arguments)
        converted = data_operations.whole(data, DataStep(StepKind.CONVERTED, name, place))
        return replace(converted, dtype=dtype, labels=data.labels if dtype and "float" in dtype else converted.labels)
    if name in _ASKING:
        return data_arithmetic.compare(data, place)
    if name == "argmax":
        picked = data_operations.class_ids(data, place)
        _note_as_function(interpreter, "numpy.argmax", data, arguments, place, picked)
        return picked
    if name == "factorize":
        return class_codes.factorized(data, name, place)
    if name in ("map", "apply", "replace"):
        answered = value_maps.answers(interpreter, data, name, arguments, place)
        answered = answered or value_maps.followed(interpreter, data, name, arguments, place)
        if answered is not None:
            return answered
    if name in _SAME:
        numbers = name == "tolist" and data.dtype is not None  # others may be arrays themselves
        kept = data.after(step)
        if name in _CHANGING_SHAPE and not numbers:
            kept = replace(kept, shape=array_shapes.rearranged(interpreter, name, data.shape, arguments))
        kept = replace(kept, in_numpy=True) if name in ("to_numpy", "as_matrix") else kept
        left = _with_rows(interpreter, kept, name, arguments, place)
        is_smaller = left.shape is None and data.is_table and not data.in_numpy and name in _LEAVING_SOME
        return replace(left, shape=(None,) * len(data.shape)) if is_smaller and data.shape else left
    if name == "clip":
        return data_operations.clipped(data, arguments, step)
    if name in _RESHAPING:
        if name == "reshape":
            return data.after(step, shape=reshaping.reshaped(interpreter, data, arguments.positional, place))
        return data.after(step, shape=array_shapes.rearranged(interpreter, name, data.shape, arguments))
    if name in ("batch", "padded_batch"):
        size = number(arguments.value("batch_size", 0))
        return replace(data.after(DataStep(StepKind.OTHER, name, place, size)), batched=True)
    if name == "iterrows":
        row = data.after(DataStep(StepKind.SELECTED, name, place), shape=None, rows=None)
        return interpreter.new_list((Tuple((Unknown(place), row), place),), place, open=True)
    if name in ("next", "__next__"):
        return data_operations.element_of(data)
    if name == "map":
        return _mapped(interpreter, data, arguments, place)
    if name in ("pop", "get"):
        column = text(arguments.value("item", 0))
        taken = data.after(DataStep(StepKind.SELECTED, name, place, column=column))
        return data_operations.named_column(data, taken, column)
    if name in _GROUPING:
        return data.after(step, shape=data.shape if name in _MOVING else None, rows=None)
    if name in data_operations.STATISTICS and any(each.name in _GROUPING for each in data.steps[-2:]):
        return data.after(step, range=None, labels=None)  # a row for each group, or of each stretch that moves
    if name in data_operations.STATISTICS:
        return data_operations.statistic(data, name, place, arguments, 0)
    if name == "nunique" and data.classes is not None and data.labels in data_operations.NUMBERED:
        return Constant(data.classes, place)
    if name == "nunique" and data.steps and data.steps[-1].name in value_maps.OF_ONE_COLUMN:
        return data_operations.different_values(data, place)
    if name == "get_dummies":  # of texts that hold several marks each: `table["genres"].str.get_dummies("|")`
        step = replace(step, kind=StepKind.ENCODED)
        return data.after(step, range=Interval(0, 1), shape=None, labels=LabelForm.MULTI_HOT, classes=None, rows=None)
    beside = data_operations.as_data(arguments.value("right", 0)) if name in ("merge", "join") else None
    marks = [replace(each, certain=False) for each in beside.steps if each.kind is StepKind.ENCODED] if beside else []
    whole = replace(data, steps=(*data.steps, *marks))
    shape = data.shape if name in _EACH_BY_EACH and data.is_table else None
    return whole.after(step, range=None, shape=shape, labels=None, rows=None)


def _note_as_function(
    interpreter: Interpreter, name: str, data: Data, arguments: Arguments, place: Place, result: Value
) -> None:
    """Note `data.argmax(axis=1)` as the `numpy.argmax(data, axis=1)` that it is."""
    function = place.node.func if isinstance(place.node, cst.Call) else None
    written = Place(place.section, function.value) if isinstance(function, cst.Attribute) else None
    given = Arguments((Argument(data, written), *arguments.positional), arguments.keywords, arguments.open)
    interpreter.recording.calls.append(Call(name, name, given, place, result))


def _with_rows(interpreter: Interpreter, data: Data, name: str, arguments: Arguments, place: Place) -> Data:
    """Which rows are left after a method that keeps the values, and whether in another order."""
    count = integer(arguments.value("count", 0) or arguments.value("n", 0))
    if name == "shuffle":
        size = number(arguments.value("buffer_size", 0))
        return _last_step(data, DataStep(StepKind.SHUFFLED, name, place, size))
    if name == "sample":
        whole = number(arguments.value("frac")) == 1
        data = _last_step(data, DataStep(StepKind.SHUFFLED, name, place))
        return data if whole else replace(data, rows=None, shape=None)
    if name in ("take", "head", "skip") and data.rows is not None and count is not None and count >= 0:
        rows = data.rows.part(count, None) if name == "skip" else data.rows.part(0, count)
        return replace(data, rows=rows, shape=None)
    if name == "repeat" and not any(step.name == "from_tensor_slices" for step in data.steps):
        return replace(data, shape=None)
    by_column = number(arguments.value("axis", 1)) == 1 or "columns" in arguments.keywords
    if name == "filter" and data.is_table and number(arguments.value("axis")) != 0:
        return replace(data, shape=None)  # a table's own takes columns by their names
    if name in ("take", "head", "skip", "tail", "filter", "apply", "dropna") or (name == "drop" and not by_column):
        return replace(data, rows=None, shape=None)
    return data


def _last_step(data: Data, step: DataStep) -> Data:
    return replace(data, steps=(*data.steps[:-1], step))


def _dtype(arguments: Arguments) -> str | None:
    value = arguments.value("dtype", 0)
    if isinstance(value, Symbol):
        return value.dotted.rpartition(".")[2]
    return text(value)


def _mapped(interpreter: Interpreter, data: Data, arguments: Arguments, place: Place) -> Value:
    """`dataset.map(function)`: the function is followed with one element."""
    function = arguments.value("map_func", 0)
    step = DataStep(StepKind.OTHER, "map", place)
    shape = data.shape if data.is_table else None
    unknown = data.after(step, range=None, dtype=None, shape=shape, labels=None, targets=None)
    if not isinstance(function, (Function, Class)):
        return unknown
    one = replace(data, targets=None)
    given = (Argument(one, None),) if data.targets is None else (Argument(one, None), Argument(data.targets, None))
    result = interpreter.call(function, Arguments(given), place)
    items = interpreter.items_of(result)
    if items is not None and len(items) >= 2:
        x, y = data_operations.as_data(items[0]) or unknown, data_operations.as_data(items[1])
        y = _in_order_of(data, y) if y is not None else None
        return replace(_in_order_of(data, noise.drawn_anew(data, x, y)), targets=y, batched=data.batched)
    mapped = data_operations.as_data(result)
    if mapped is not None:
        return replace(_in_order_of(data, mapped), batched=data.batched)
    return unknown


def _in_order_of(names: Data, read: Data) -> Data:
    """What a function read for each name of a dataset, which comes in the order of the names."""
    if read.source == names.source or any(step in names.steps for step in read.steps):
        return read
    order = tuple(step for step in names.steps if step.kind in _ORDERING or step.name in _OF_NAMES)
    return replace(read, steps=(*order, *read.steps))


_ORDERING = (StepKind.SHUFFLED, StepKind.SPLIT)
_OF_NAMES = (loaders.UNSHUFFLED, "from_tensor_slices")
"""What tells of the order of names, and that a dataset goes through them one by one."""

# -- objects that change data


def of_created(
    interpreter: Interpreter, owner: Ref, thing: Created, name: str, arguments: Arguments, place: Place
) -> Value:
    """A method of an object from outside, where it takes or makes data."""
    last = thing.kind.rpartition(".")[2]
    given = _first_data(interpreter, arguments)
    if name in ("transform", "fit_transform") and (given is not None or thing.kind.startswith("sklearn.")):
        learned = last_learned(interpreter, owner)
        if transformers.hands_numbers_on(interpreter, thing):
            base = given if given is not None else Data("", place)
            return base.after(DataStep(StepKind.OTHER, ENCODED_COLUMN, place, learned=learned), range=None)
        if given is not None and transformers.passes_values_on(interpreter, thing):
            return given.after(DataStep(StepKind.OTHER, thing.kind, place, learned=learned))
        if given is None and last in _ENCODERS:
            given = _listed(interpreter, arguments)
        bounds = [number(each) for each in interpreter.items_of(thing.arguments.value("feature_range", 0)) or ()]
        moved = _transformed(thing.kind, last, given, place, learned)
        if last == "MinMaxScaler" and len(bounds) == len(PAIR) and bounds[0] is not None and bounds[1] is not None:
            return replace(moved, range=Interval(bounds[0], bounds[1]))
        return moved
    if name == INVERSE and given is not None and last in SCALED_RANGE:
        step = DataStep(StepKind.OTHER, INVERSE, place, learned=last_learned(interpreter, owner))
        return given.after(step, range=None)
    if name in ("texts_to_sequences", "texts_to_matrix", "sequences_to_matrix"):
        return _of_words(interpreter, owner, thing, name, given, arguments, place)
    if name in image_generators.GENERATING and last == "ImageDataGenerator":
        return image_generators.generated(interpreter, thing, name, arguments, given, place)
    if name == "fit" and thing.kind.startswith("sklearn."):
        return owner
    if name in ("fit_resample", "fit_sample") and given is not None:
        step = DataStep(StepKind.OTHER, name, place)  # more rows of rare classes, or fewer of the others
        values = (data_operations.as_data(argument.value) for argument in arguments.positional[:2])
        parts = (replace(part.after(step, shape=None), rows=None) if part is not None else None for part in values)
        return Tuple(tuple(part or Unknown(place) for part in parts), place)
    if thing.kind in (numpy_functions.GENERATOR, "numpy.random.RandomState"):
        made = numpy_functions.of_generator(interpreter, name, arguments, place)
        return made if made is not None else Unknown(place)
    if f"{thing.kind}.{name}" in fetched_tables.HISTORIES:
        return Data(f"{thing.kind}.{name}", place, shape=(None, None), roots=loaders.new_root(interpreter))
    if name == "read" and thing.kind == "cv2.VideoCapture":
        frame = Data(
            thing.kind, place, range=Interval(0, 255), dtype="uint8", images=True, roots=loaders.new_root(interpreter)
        )
        return Tuple((Unknown(place), frame), place)
    if name == "split" and thing.kind.startswith("sklearn.model_selection."):
        held_out = Data(FOLDS, place, part=Part.TEST)
        return Data(FOLDS, place, part=Part.TRAINING, batched=True, targets=held_out)
    return Unknown(place)


def _of_words(
    interpreter: Interpreter,
    owner: Ref,
    tokenizer: Created,
    name: str,
    given: Data | None,
    arguments: Arguments,
    place: Place,
) -> Data:
    """What a Keras `Tokenizer` makes of texts: the numbers of their words, or a row for each text."""
    step = DataStep(StepKind.ENCODED, tokenizer.kind, place, learned=last_learned(interpreter, owner))
    base = given if given is not None else Data("", place, roots=_root_of_list(interpreter, arguments))
    made = Data(f"{tokenizer.kind}.{name}", place, part=base.part, roots=base.roots, origins=base.origins)
    made = replace(made, rows=base.rows, steps=(*base.steps, step))
    if name == "texts_to_sequences":
        return replace(made, token_ids=True, range=_word_ids(tokenizer))
    counted = text(arguments.value("mode", 1)) == "count"
    return replace(made, range=None if counted else Interval(0, 1), dtype="float64")


def _root_of_list(interpreter: Interpreter, arguments: Arguments) -> frozenset[int]:
    """The root of what is made of a list whose items are not known: the list."""
    value = arguments.positional[0].value if arguments.positional else None
    listed = isinstance(value, Ref) and isinstance(interpreter.object_of(value), ListObject)
    return frozenset((value.identity,)) if isinstance(value, Ref) and listed else frozenset()


def _listed(interpreter: Interpreter, arguments: Arguments) -> Data | None:
    """The words of a list that is encoded: which, and in what order, is not known."""
    roots = _root_of_list(interpreter, arguments)
    return Data("list", arguments.positional[0].value.place, rows=None, roots=roots) if roots else None


def _word_ids(tokenizer: Created) -> Interval | None:
    """The numbers that a Keras `Tokenizer` gives to words: below `num_words`."""
    words = integer(tokenizer.arguments.value("num_words", 0) or tokenizer.arguments.value("nb_words"))
    return Interval(0, words - 1) if words is not None and words > 0 else None


_FIRST = ("x", "X", "y", "data", "texts", "sequences", "array", "raw_documents", "dataframe")
"""What the first argument of a method that takes data goes by: of a `LabelEncoder` it is `y`."""


def _first_data(interpreter: Interpreter, arguments: Arguments) -> Data | None:
    """The data that a method is given first; not its labels, or a number, where those are not known."""
    named = (arguments.keywords[name] for name in _FIRST if name in arguments.keywords)
    argument = next(iter(arguments.positional), None) or next(named, None)
    if argument is None:
        return None
    return data_operations.as_data(argument.value) or data_operations.from_object(interpreter, argument.value)


_FITTING = frozenset(["fit", "fit_transform", "partial_fit", "adapt", "fit_on_texts"])


def last_learned(interpreter: Interpreter, owner: Ref) -> Learned | None:
    """What a scaler or encoder was last fitted to, in calls up to now."""
    thing = interpreter.object_of(owner)
    if not isinstance(thing, Created):
        return None
    for called in reversed(thing.log):
        if called.method in _FITTING:
            data = _first_data(interpreter, called.arguments)
            if (
                data is None
                and called.method == "fit_on_texts"
                and (roots := _root_of_list(interpreter, called.arguments))
            ):
                data = Data("list", called.place, roots=roots)
            if data is None:
                return None
            return Learned(thing.kind, owner.identity, data, called.place, transformers.held(interpreter, thing))
    return None


PAIR = ("low", "high")
"""What a `feature_range` has."""


def _transformed(kind: str, last: str, given: Data | None, place: Place, learned: Learned | None) -> Data:
    data = given if given is not None else Data("", place)
    if last in SCALED_RANGE:
        step = DataStep(StepKind.SCALED, kind, place, learned=learned)
        shape = (None, None) if data.shape is None and given is not None else data.shape  # it takes nothing but tables
        return data.after(step, range=SCALED_RANGE[last], dtype="float64", shape=shape)
    if last in _ENCODERS:
        rows = _ENCODERS[last] in (LabelForm.ONE_HOT, LabelForm.MULTI_HOT)
        return data.after(
            DataStep(StepKind.ENCODED, kind, place, learned=learned),
            labels=_ENCODERS[last],
            range=Interval(0, 1) if rows else None,
            shape=((data.samples, data.classes) if rows else data.shape) if data.shape else None,
        )
    return data.after(DataStep(StepKind.SCALED, kind, place, learned=learned), range=None, shape=None)
