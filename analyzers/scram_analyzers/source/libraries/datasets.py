"""Data sets whose contents are known by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from scram_analyzers.source.data import Data, Interval, LabelForm, Part
from scram_analyzers.source.places import Place


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """What a loader returns: shapes of the features (per sample), counts, ranges and labels.

    `targets` are the bounds of real-valued ones, `first_class` is the number of the first class.
    """

    features: tuple[int, ...]
    training: int
    test: int
    low: float
    high: float
    dtype: str
    labels: LabelForm
    classes: int | None = None
    label_shape: tuple[int, ...] = ()
    images: bool = False
    token_ids: bool = False
    targets: tuple[float, float] | None = None
    first_class: int = 0


def _pixels(
    features: tuple[int, ...], training: int, test: int, classes: int, label_shape: tuple[int, ...] = ()
) -> KnownDataset:
    """Images as bytes, each with the number of its class."""
    return KnownDataset(features, training, test, 0, 255, "uint8", LabelForm.INTEGER, classes, label_shape, images=True)


KERAS: Mapping[str, KnownDataset] = MappingProxyType(
    {
        "mnist": _pixels((28, 28), 60_000, 10_000, classes=10),
        "fashion_mnist": _pixels((28, 28), 60_000, 10_000, classes=10),
        "cifar10": _pixels((32, 32, 3), 50_000, 10_000, classes=10, label_shape=(1,)),
        "cifar100": _pixels((32, 32, 3), 50_000, 10_000, classes=100, label_shape=(1,)),
        "imdb": KnownDataset((), 25_000, 25_000, 0, 88_586, "object", LabelForm.BINARY, 2, token_ids=True),
        "reuters": KnownDataset((), 8_982, 2_246, 0, 30_979, "object", LabelForm.INTEGER, 46, token_ids=True),
        "boston_housing": KnownDataset((13,), 404, 102, 0, 711, "float64", LabelForm.CONTINUOUS, targets=(5.0, 50.0)),
        "california_housing": KnownDataset(
            (8,), 16_512, 4_128, -124.35, 35_682, "float32", LabelForm.CONTINUOUS, targets=(14_999.0, 500_001.0)
        ),
    }
)
"""Keras's own data sets, as their loaders return them."""

SKLEARN: Mapping[str, KnownDataset] = MappingProxyType(
    {
        "load_digits": KnownDataset((64,), 1_797, 0, 0, 16, "float64", LabelForm.INTEGER, 10, images=True),
        "load_iris": KnownDataset((4,), 150, 0, 0.1, 7.9, "float64", LabelForm.INTEGER, 3),
        "load_wine": KnownDataset((13,), 178, 0, 0.13, 1_680, "float64", LabelForm.INTEGER, 3),
        "load_breast_cancer": KnownDataset((30,), 569, 0, 0, 4_254, "float64", LabelForm.BINARY, 2),
        "load_diabetes": KnownDataset(
            (10,), 442, 0, -0.14, 0.2, "float64", LabelForm.CONTINUOUS, targets=(25.0, 346.0)
        ),
        "load_boston": KnownDataset((13,), 506, 0, 0, 711, "float64", LabelForm.CONTINUOUS, targets=(5.0, 50.0)),
        "fetch_olivetti_faces": KnownDataset((4_096,), 400, 0, 0, 1, "float32", LabelForm.INTEGER, 40, images=True),
        "fetch_california_housing": KnownDataset(
            (8,), 20_640, 0, -124.35, 35_682, "float64", LabelForm.CONTINUOUS, targets=(0.15, 5.0)
        ),
        "fetch_covtype": KnownDataset(
            (54,), 581_012, 0, -173, 7_173, "float64", LabelForm.INTEGER, classes=7, first_class=1
        ),
    }
)
"""scikit-learn's data sets, ranges over all features."""

MEASURED_DIABETES = replace(SKLEARN["load_diabetes"], low=1, high=301)
"""The same table as it was measured: `load_diabetes(scaled=False)`."""


PHOTOGRAPHS: Mapping[str, int] = MappingProxyType(
    {
        "beans": 3,
        "caltech101": 102,
        "cars196": 196,
        "cats_vs_dogs": 2,
        "colorectal_histology": 8,
        "deep_weeds": 9,
        "emnist": 62,
        "eurosat": 10,
        "food101": 101,
        "horses_or_humans": 2,
        "imagenette": 10,
        "kmnist": 10,
        "malaria": 2,
        "oxford_flowers102": 102,
        "oxford_iiit_pet": 37,
        "plant_village": 38,
        "rock_paper_scissors": 3,
        "stanford_dogs": 120,
        "stl10": 10,
        "svhn_cropped": 10,
        "tf_flowers": 5,
        "uc_merced": 21,
    }
)
"""Images in TensorFlow Datasets, by name, with the number of their classes."""


def tensorflow_dataset(name: str) -> KnownDataset | None:
    """What is known of a set that TensorFlow Datasets loads as pairs ("tf_flowers", "mnist:3.0.1")."""
    first = name.partition(":")[0].partition("/")[0]
    classes = PHOTOGRAPHS.get(first)
    return KERAS.get(first) if classes is None else _pixels((), 0, 0, classes)


SEABORN: Mapping[str, Interval] = MappingProxyType(
    {
        "mpg": Interval(3, 5_140),
        "iris": Interval(0.1, 7.9),
        "diamonds": Interval(0, 18_823),
        "titanic": Interval(0, 513),
        "penguins": Interval(13, 6_300),
    }
)
"""The ranges over the columns of numbers in tables that seaborn brings."""


_CLOTHES_OR_DIGITS = KnownDataset((784,), 70_000, 0, 0, 255, "float64", LabelForm.INTEGER, 10, images=True)

OPENML: Mapping[str | int, KnownDataset] = MappingProxyType(
    dict.fromkeys(("mnist_784", "mnist original", "fashion-mnist", 554, 40_996), _CLOTHES_OR_DIGITS)
)
"""Data sets that scikit-learn fetches from OpenML, by their names and numbers there."""

MULTI_HOT_COLUMNS = frozenset((frozenset(("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")),))
"""Columns of well-known tables, any number of which may be 1 in a row: the comments of Jigsaw's competition."""

COARSE_CLASSES = 20
"""The classes of CIFAR-100 with `label_mode="coarse"`."""

FOLDER_LABELS: Mapping[str, LabelForm] = MappingProxyType(
    {
        "int": LabelForm.INTEGER,
        "sparse": LabelForm.INTEGER,
        "categorical": LabelForm.ONE_HOT,
        "binary": LabelForm.BINARY,
    }
)
"""The form of labels by the mode of a loader that reads folders of images."""


def known_file(path: str) -> Interval | None:
    """The range of the numbers in a well-known file, wherever it lies; None for any other."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    return FILES.get(name.partition(".")[0].replace("_", "-"))


FILES: Mapping[str, Interval] = MappingProxyType(
    {
        "pima-indians-diabetes": Interval(0, 846),
        "housing": Interval(0, 711),
        "adult": Interval(0, 1_490_400),
        "iris": Interval(0, 7.9),
        "sonar": Interval(0, 1),
        "mitbih-train": Interval(0, 1),
        "mitbih-test": Interval(0, 1),
        "ionosphere": Interval(-1, 1),
        "winequality-red": Interval(0, 289),
        "winequality-white": Interval(0, 440),
        "mnist-train": Interval(0, 255),
        "mnist-test": Interval(0, 255),
        "fashion-mnist-train": Interval(0, 255),
        "fashion-mnist-test": Interval(0, 255),
    }
)
"""Tables that courses and tutorials use, by the file's name without its ending: the range over their columns."""


def features(known: KnownDataset, source: str, place: Place, part: Part | None, root: int) -> Data:
    """The features of one part."""
    samples = known.test if part is Part.TEST else known.training
    return Data(
        source=source,
        place=place,
        part=part,
        range=Interval(known.low, known.high),
        dtype=known.dtype,
        shape=(samples, *known.features),
        token_ids=known.token_ids,
        images=known.images,
        roots=frozenset((root,)),
    )


def labels(known: KnownDataset, source: str, place: Place, part: Part | None, root: int) -> Data:
    """The labels of one part."""
    samples = known.test if part is Part.TEST else known.training
    first = known.first_class
    bounds = (float(first), float(first + known.classes - 1)) if known.classes else known.targets
    whole = known.labels is not LabelForm.CONTINUOUS
    return Data(
        source=source,
        place=place,
        part=part,
        range=Interval(*bounds) if bounds is not None else None,
        dtype=("uint8" if known.dtype == "uint8" else "int64") if whole else "float64",
        shape=(samples, *known.label_shape),
        labels=known.labels,
        classes=known.classes,
        roots=frozenset((root,)),
    )
