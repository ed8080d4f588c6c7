"""Methods of objects that change data: scalers, encoders, tokenizers, generators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import STANDARDIZED, Data, DataStep, Interval, LabelForm, Learned, Part, StepKind
from scram_analyzers.source.interpreting.state import Created, ListObject
from scram_analyzers.source.libraries import (
    data_operations,
    fetched_tables,
    image_generators,
    loaders,
    numpy_functions,
    transformers,
)
from scram_analyzers.source.libraries.data_items import ENCODED_COLUMN, FOLDS
from scram_analyzers.source.libraries.word_numbers import word_numbers
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Arguments,
    Ref,
    Tuple,
    Unknown,
    Value,
    number,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

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


def call(interpreter: Interpreter, owner: Ref, thing: Created, name: str, arguments: Arguments, place: Place) -> Value:
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
        return replace(made, token_ids=True, range=word_numbers(interpreter, tokenizer))
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
