"""Tables that libraries fetch by a name or a number: columns as they were measured, whatever they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.data import Data
from scram_analyzers.source.libraries import data_operations, datasets
from scram_analyzers.source.libraries.datasets import KnownDataset
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Tuple, Unknown, Value, boolean, integer, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_PRICES = frozenset(
    [
        "yfinance.download",
        "pandas_datareader.DataReader",
        "pandas_datareader.get_data_yahoo",
        "pandas_datareader.data.DataReader",
        "pandas_datareader.data.get_data_yahoo",
    ]
)
"""Functions that fetch a table of prices and volumes with a row for each day."""

HISTORIES = frozenset(["yfinance.Ticker.history"])
"""Methods of what stands for one share that do the same."""

_OPENML = ("sklearn.datasets.fetch_openml", "sklearn.datasets.fetch_mldata")

_IN_REPOSITORY: Mapping[int | None, KnownDataset] = MappingProxyType(
    {
        17: datasets.SKLEARN["load_breast_cancer"],
        53: datasets.SKLEARN["load_iris"],
        109: datasets.SKLEARN["load_wine"],
    }
)
"""The tables of the UCI repository, by their numbers there, that scikit-learn brings as well."""


def fetch(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """What a function fetches; None for any function that fetches no table."""
    if name in _PRICES:
        return Data(name, place, shape=(None, None), roots=frozenset((interpreter.new_identity(),)))
    if name == "scipy.io.arff.loadarff":
        return Tuple((Data(name, place, roots=frozenset((interpreter.new_identity(),))), Unknown(place)), place)
    if name == data_operations.UCI_REPOSITORY:
        known = _IN_REPOSITORY.get(integer(arguments.value("id", 1)))
        return _with_targets(known, name, place, interpreter.new_identity())
    if name not in _OPENML:
        return None
    title = text(arguments.value("name", 0))
    number = integer(arguments.value("data_id"))
    known = datasets.OPENML.get(title.lower()) if title is not None else datasets.OPENML.get(number or 0)
    table = _with_targets(known, name, place, interpreter.new_identity())
    if boolean(arguments.value("return_X_y")) and table.targets is not None:
        return Tuple((replace(table, targets=None), table.targets), place)
    return table


def _with_targets(known: KnownDataset | None, name: str, place: Place, root: int) -> Data:
    if known is None:
        roots = frozenset((root,))
        return Data(name, place, targets=Data(name, place, roots=roots), roots=roots)
    targets = datasets.labels(known, name, place, None, root)
    return replace(datasets.features(known, name, place, None, root), targets=targets)
