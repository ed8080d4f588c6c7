"""Functions that bring data into a program: data sets, tables, images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, Part, StepKind
from scram_analyzers.source.interpreting.state import DictObject
from scram_analyzers.source.libraries import datasets, fetched_tables, made_datasets, picture_shapes, sounds, splits
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import (
    Arguments,
    Tuple,
    Unknown,
    Value,
    boolean,
    integer,
    is_none,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def new_root(interpreter: Interpreter) -> frozenset[int]:
    """The root of data that nothing else comes from."""
    return frozenset((interpreter.new_identity(),))


def folder_root(interpreter: Interpreter, arguments: Arguments) -> frozenset[int]:
    """The root of the pictures in a folder: the same wherever the program reads the folder, or this part of it.

    A part are those of `classes` as well, the folders within it, as the one of the inputs and the one of the masks.
    """
    written, subset = splits.folder_of(interpreter, arguments), arguments.value("subset")
    part = text(subset)
    if written is None or (part is None and subset is not None and not is_none(subset)):
        return new_root(interpreter)
    folders = tuple(text(each) for each in interpreter.items_of(arguments.value("classes")) or ())
    known = interpreter.fact("root", (written, part, folders))
    if isinstance(known, frozenset):
        return known
    root = new_root(interpreter)
    interpreter.note("root", (written, part, folders), root)
    return root


ARCHIVES = ("numpy.load", "joblib.load", "pickle.load", "h5py.File", "scipy.io.loadmat")
"""Readers of files that may hold several arrays, each with a name and rows of its own."""


def member_roots(interpreter: Interpreter, data: Data, name: str | None) -> frozenset[int]:
    """The roots of `file["x_train"]`: those of an array that shares nothing with the file's others."""
    if data.source not in ARCHIVES or any(step.kind is not StepKind.OTHER for step in data.steps):
        return data.roots
    known = interpreter.fact("member", (data.roots, name))
    if isinstance(known, frozenset):
        return known
    roots = new_root(interpreter)
    interpreter.note("member", (data.roots, name), roots)
    return roots


def load(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """What a loader returns; None when the function is none."""
    package, _, last = name.rpartition(".")
    if package.startswith("keras.datasets.") and last == "load_data":
        return _keras_dataset(interpreter, name, arguments, place)
    if (fetched := fetched_tables.fetch(interpreter, name, arguments, place)) is not None:
        return fetched
    if package == "sklearn.datasets":
        return _sklearn_dataset(interpreter, name, arguments, place)
    if name == "seaborn.load_dataset":
        return _seaborn_table(interpreter, name, arguments, place)
    if name in TABLE_READERS or (name.startswith(("pandas.", "polars.")) and last in _TABLE_FILES):
        return _table(interpreter, name, arguments, place)
    if name in _ARRAY_READERS or name.startswith(("pandas.read_", "polars.read_")):
        return Data(name, place, roots=new_root(interpreter))
    if name == "tensorflow.data.experimental.make_csv_dataset":
        root = new_root(interpreter)
        targets = Data(name, place, batched=True, roots=root) if "label_name" in arguments.keywords else None
        return Data(name, place, batched=True, targets=targets, roots=root)
    if name in ("tensorflow_datasets.load", "tensorflow_datasets.as_numpy.load"):
        return _tensorflow_dataset(interpreter, name, arguments, place)
    if name in IMAGE_READERS:
        return _image(interpreter, name, arguments, place)
    if name in _FOLDERS:
        return _folder(interpreter, name, arguments, place)
    return sounds.measured(name, arguments, place, new_root(interpreter)) if name in sounds.MEASURING else None


def _keras_dataset(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    known = datasets.KERAS.get(name.split(".")[2])
    if known is None:
        return None
    if text(arguments.value("label_mode", 0)) == "coarse":
        known = replace(known, classes=datasets.COARSE_CLASSES)
    pairs = []
    for part in (Part.TRAINING, Part.TEST):
        root = interpreter.new_identity()
        x = datasets.features(known, name, place, part, root)
        words = integer(arguments.value("num_words", 1))
        if known.token_ids and words is not None:
            x = replace(x, range=Interval(0, words - 1))
        pairs.append(Tuple((x, datasets.labels(known, name, place, part, root)), place))
    return Tuple(tuple(pairs), place)


def _sklearn_dataset(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    known = datasets.SKLEARN.get(name.rpartition(".")[2])
    if name == "sklearn.datasets.fetch_20newsgroups":
        return _newsgroups(interpreter, name, place)
    root = interpreter.new_identity()
    if known is None:
        if not name.rpartition(".")[2].startswith("make_"):
            return None
        return made_datasets.made(interpreter, name, arguments, place)
    if name == "sklearn.datasets.load_diabetes" and boolean(arguments.value("scaled")) is False:
        known = datasets.MEASURED_DIABETES
    x = datasets.features(known, name, place, None, root)
    y = datasets.labels(known, name, place, None, root)
    if boolean(arguments.value("return_X_y")):
        return Tuple((x, y), place)
    return replace(x, targets=y)


def _newsgroups(interpreter: Interpreter, name: str, place: Place) -> Data:
    """Texts, each with the number of its newsgroup."""
    root = new_root(interpreter)
    targets = Data(name, place, dtype="int64", shape=(None,), labels=LabelForm.INTEGER, roots=root)
    return Data(name, place, targets=targets, roots=root)


# -- TensorFlow Datasets


def _tensorflow_dataset(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`tfds.load(name, split=..., as_supervised=True)`: one dataset for each split that is asked for."""
    asked = arguments.value("split", 1)
    items = interpreter.items_of(asked)
    if boolean(arguments.value("as_supervised")) is not True:
        return None  # datasets of dicts
    which = text(arguments.value("name", 0))
    known = datasets.tensorflow_dataset(which or "")

    def one(split: str | None) -> Data:
        root = _root_of_split(interpreter, which, split)
        data, shared = _split_of(known, name, split, place, root), splits.split_origins(interpreter, which, split, root)
        return replace(data, origins=shared)

    if asked is None:
        entries: dict[object, Value] = {each: one(each) for each in ("train", "validation", "test")}
        loaded: Value = interpreter.allocate(DictObject(entries, open=True), place)
    else:
        parts = [one(text(item)) for item in (items or (asked,))]
        loaded = Tuple(tuple(parts), place) if items is not None else parts[0]
    return Tuple((loaded, Unknown(place)), place) if boolean(arguments.value("with_info")) else loaded


def _root_of_split(interpreter: Interpreter, dataset: str | None, split: str | None) -> int:
    """The root of one split of a dataset: the same wherever the program loads it."""
    known = interpreter.fact("split", (dataset, split)) if dataset is not None and split is not None else None
    if isinstance(known, int):
        return known
    root = interpreter.new_identity()
    if dataset is not None and split is not None:
        interpreter.note("split", (dataset, split), root)
    return root


def _split_of(known: datasets.KnownDataset | None, name: str, split: str | None, place: Place, root: int) -> Data:
    named = (each for each in (Part.TEST, Part.VALIDATION) if split is not None and split.startswith(each.value))
    part = next(named, Part.TRAINING)
    if known is None:
        return Data(name, place, targets=Data(name, place, roots=frozenset((root,))), roots=frozenset((root,)))
    x, y = datasets.features(known, name, place, part, root), datasets.labels(known, name, place, part, root)
    return replace(x, shape=None, targets=replace(y, shape=None))


# -- tables

TEXT_FILE = "builtins.open"
"""The source of what a program reads from a text file by itself."""

TABLE_READERS = frozenset(["numpy.loadtxt", "numpy.genfromtxt"])
_TABLE_FILES = frozenset(
    ["read_csv", "read_excel", "read_feather", "read_fwf", "read_json", "read_parquet", "read_stata", "read_table"]
)
_ARRAY_READERS = frozenset(["csv.reader", "csv.DictReader", "numpy.fromfile", *ARCHIVES])


def _table(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Data:
    """A table from a text file; of a few well-known files the range is known by their name."""
    path = text(next((argument.value for argument in arguments.positional[:1]), None)) or ""
    known = datasets.known_file(path)
    shape = (None, None) if name.startswith(("pandas.", "polars.")) and "squeeze" not in arguments.keywords else None
    return Data(name, place, range=known, shape=shape, roots=new_root(interpreter))


def _seaborn_table(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Data:
    """One of the tables that seaborn brings for its examples."""
    known = datasets.SEABORN.get(text(arguments.value("name", 0)) or "")
    return Data(name, place, range=known, shape=(None, None), roots=new_root(interpreter))


# -- images

UNSHUFFLED = "unshuffled"
"""The step of data that are told to come in the order of their files."""

IMAGE_READERS = frozenset(
    [
        "cv2.imread",
        "PIL.Image.open",
        "skimage.io.imread",
        "imageio.imread",
        "imageio.v2.imread",
        "imageio.v3.imread",
        "scipy.misc.imread",
        "scipy.ndimage.imread",
        "matplotlib.pyplot.imread",
        "matplotlib.image.imread",
        "tensorflow.image.decode_jpeg",
        "tensorflow.image.decode_png",
        "tensorflow.image.decode_image",
        "tensorflow.io.decode_jpeg",
        "tensorflow.io.decode_png",
        "tensorflow.io.decode_image",
        "keras.utils.load_img",
        "keras.preprocessing.image.load_img",
    ]
)
"""Functions that read one picture."""

_FOLDERS = frozenset(
    f"keras.{package}.{kind}_dataset_from_directory"
    for package in ("utils", "preprocessing")
    for kind in ("image", "text", "audio")
)
_IN_FOLDERS: Mapping[str, Data] = MappingProxyType(
    {
        "image": Data("", range=Interval(0, 255), dtype="float32", images=True, batched=True),
        "text": Data("", dtype="string", batched=True),
        "audio": Data("", range=Interval(-1, 1), dtype="float32", batched=True),
    }
)
"""What the examples of a folder are: pictures, texts, sounds as samples of a wave."""


def _image(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    if name.endswith(".load_img"):
        shape = picture_shape(interpreter, arguments, None)
        root = new_root(interpreter)
        return Data(name, place, range=Interval(0, 255), dtype="uint8", shape=shape, images=True, roots=root)
    dtype = text(arguments.value("dtype"))
    unclear = name.startswith("matplotlib.") or (dtype is None and "dtype" in arguments.keywords)
    if unclear or (dtype is not None and "float" in dtype):  # PNGs, or pixels as fractions: 0 to 1
        return Data(name, place, images=True, roots=new_root(interpreter))
    shape, root = picture_shapes.as_read(name, arguments), new_root(interpreter)
    return Data(name, place, range=Interval(0, 255), dtype="uint8", shape=shape, images=True, roots=root)


CHANNELS: Mapping[str, int] = MappingProxyType({"grayscale": 1, "rgb": 3, "rgba": 4})
"""The channels of pictures by the `color_mode` that Keras reads them in."""


def picture_shape(
    interpreter: Interpreter, arguments: Arguments, size: tuple[int, int] | None
) -> tuple[int | None, ...] | None:
    """Height, width and channels of what Keras reads at a `target_size`; `size` where none is given."""
    mode, given = arguments.value("color_mode"), arguments.value("target_size", 1)
    channels = CHANNELS.get(text(mode) or "") if mode is not None else CHANNELS["rgb"]
    sides = interpreter.items_of(given) if given is not None else None
    if arguments.open or "grayscale" in arguments.keywords or (given is None and size is None):
        return None
    if given is None:
        return (*(size or ()), channels)
    return (*(integer(each) for each in sides), channels) if sides is not None and len(sides) == 2 else None


def _folder(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """The parts of one folder are told apart by `subset`: each is a root of its own."""
    mode = arguments.value("label_mode")
    root = folder_root(interpreter, arguments)
    form = datasets.FOLDER_LABELS.get(text(mode) or "") if mode is not None else LabelForm.INTEGER
    targets = Data(name, place, labels=form, batched=True, roots=root) if not is_none(mode) else None
    part = {"training": Part.TRAINING, "validation": Part.VALIDATION}.get(text(arguments.value("subset")) or "")
    kind = name.rpartition(".")[2].partition("_")[0]
    data = replace(_IN_FOLDERS[kind], source=name, place=place, part=part, targets=targets, roots=root)
    other = replace(data, part=Part.VALIDATION)
    data = replace(data, origins=splits.folder_origins(interpreter, arguments, root))
    if boolean(arguments.value("shuffle")) is False:
        data = data.after(DataStep(StepKind.OTHER, UNSHUFFLED, place))
    if text(arguments.value("subset")) == "both":
        return Tuple((replace(data, part=Part.TRAINING), replace(other, roots=new_root(interpreter))), place)
    return data
