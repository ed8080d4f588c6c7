"""Data that scikit-learn makes up: `make_blobs(1000, centers=4)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data, Interval, LabelForm
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Tuple, Value, integer, is_none

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one function makes: `labels`, one for each row or several, and its columns and classes unless it is told.

    `features` and `classes` are how many columns and classes there are by default, None where that can't be said;
    `counting` is the argument that says how many classes.
    """

    labels: LabelForm
    features: int | None = None
    classes: int | None = None
    counting: str | None = None
    one_column: bool = True


_NUMBERS, _CLASSES = LabelForm.CONTINUOUS, LabelForm.INTEGER

_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "make_blobs": _Kind(_CLASSES, 2, 3, "centers"),
        "make_circles": _Kind(LabelForm.BINARY, 2, 2),
        "make_classification": _Kind(_CLASSES, 20, 2, "n_classes"),
        "make_friedman1": _Kind(_NUMBERS, 10),
        "make_friedman2": _Kind(_NUMBERS, 4),
        "make_friedman3": _Kind(_NUMBERS, 4),
        "make_gaussian_quantiles": _Kind(_CLASSES, 2, 3, "n_classes"),
        "make_hastie_10_2": _Kind(_CLASSES, 10),
        "make_moons": _Kind(LabelForm.BINARY, 2, 2),
        "make_multilabel_classification": _Kind(LabelForm.MULTI_HOT, 20, one_column=False),
        "make_regression": _Kind(_NUMBERS, 100),
        "make_s_curve": _Kind(_NUMBERS, 3, one_column=False),
        "make_sparse_uncorrelated": _Kind(_NUMBERS, 10),
        "make_swiss_roll": _Kind(_NUMBERS, 3, one_column=False),
    }
)

_TWO_CLASSES = 2

_SAMPLES = 100
"""How many rows most of them make when they are not told."""


def made(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Tuple:
    """Inputs and targets of one of scikit-learn's `make_...`."""
    kind = _KINDS.get(name.rpartition(".")[2], _Kind(_CLASSES, one_column=False))
    root = frozenset((interpreter.new_identity(),))
    rows = _count(arguments, "n_samples", _SAMPLES, 0)
    classes = kind.classes
    if kind.counting is not None:  # `make_blobs([50, 80])` has a class for each of its numbers
        classes = _count(arguments, kind.counting, classes if rows is not None else None)
    columns = _count(arguments, "n_features", kind.features, 1) if kind.features is not None else None
    shape = (rows, columns) if kind.features is not None else None
    x = Data(name, place, range=Interval(-8, 8), dtype="float64", shape=shape, roots=root)
    labels = LabelForm.BINARY if classes == _TWO_CLASSES else kind.labels
    numbers = Interval(0, classes - 1) if classes is not None and classes >= _TWO_CLASSES else None
    of_rows = (rows,) if kind.one_column and arguments.get("n_targets", 4) is None else None
    y = Data(name, place, range=numbers, labels=labels, classes=classes, shape=of_rows, roots=root)
    return Tuple((x, y), place)


def _count(arguments: Arguments, name: str, default: int | None, position: int | None = None) -> int | None:
    """The number that an argument says; None where the source does not tell, or where it is a list."""
    given: Value | None = arguments.value(name, position)
    if given is None or is_none(given):
        return None if arguments.open else default
    return integer(given)
