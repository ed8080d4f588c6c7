"""What was observed of a run, as compact JSON rows and back.

Every record of `scram_analyzers.run.records` has a row form: its fields by name, without those that are None or
empty. JSON knows no NaN and no infinity, so such a number is a text ("nan", "inf", "-inf"). Numbers keep seven
digits: what they were measured in has no more.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from scram_analyzers.run.records import (
    DataRecord,
    EpochRecord,
    FrameworkWarning,
    NonfiniteOrigin,
    PanelRecord,
    ProbeRecord,
    RunError,
    RunInfo,
    StepRecord,
)

if TYPE_CHECKING:
    from cattrs import Converter


@dataclass(frozen=True, slots=True)
class LossSpan:
    """The batch losses of steps `first` to `step`, where not every step is stored by itself.

    `mean` is over the `count` losses that were finite numbers, `minimum` and `maximum` likewise; `nonfinite`
    losses were NaN or infinite.
    """

    first: int
    step: int
    epoch: int
    count: int
    mean: float | None
    minimum: float | None
    maximum: float | None
    nonfinite: int = 0


Record: TypeAlias = (
    RunInfo
    | DataRecord
    | StepRecord
    | LossSpan
    | EpochRecord
    | ProbeRecord
    | PanelRecord
    | NonfiniteOrigin
    | FrameworkWarning
    | RunError
)

KINDS: Mapping[str, type[Record]] = {
    "run": RunInfo,
    "data": DataRecord,
    "step": StepRecord,
    "losses": LossSpan,
    "epoch": EpochRecord,
    "probe": ProbeRecord,
    "panel": PanelRecord,
    "origin": NonfiniteOrigin,
    "warning": FrameworkWarning,
    "error": RunError,
}
"""The name of each kind of row, and what it holds."""

_NAMES = {kind: name for name, kind in KINDS.items()}


def kind_of(record: Record) -> str:
    """The name of the kind of row that holds `record`."""
    return _NAMES[type(record)]


def step_of(record: Record) -> int:
    """The step a record speaks of; 0 for what was known before the first."""
    step = getattr(record, "step", 0)
    return step if isinstance(step, int) else 0


def record_to_json(record: Record) -> str:
    """The row of a record."""
    return json.dumps(_plain(record), allow_nan=False, separators=(",", ":"))


def record_from_json(kind: str, row: str) -> Record:
    """The record of a row. Raises `ValueError` for a row that holds none of that kind."""
    cls = KINDS.get(kind)
    if cls is None:
        raise ValueError(f"an observation of an unknown kind {kind!r}")
    try:
        record: Record = _converter().structure(json.loads(row), cls)
    except Exception as error:  # cattrs raises groups of whatever the parts raised
        raise ValueError(f"not a {kind} observation: {row[:80]}") from error
    return record


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if type(value) in (int, str, bool):
        return value
    if hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((name, getattr(value, name)) for name in _field_names(type(value)))
        return {name: _plain(each) for name, each in fields if not _is_empty(each)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


@functools.cache
def _field_names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and not value)


@functools.cache
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter()
    converter.register_structure_hook(float, lambda value, _: float(value))
    converter.register_structure_hook_func(_is_dataclass, _with_defaults(converter))
    return converter


def _is_dataclass(cls: Any) -> bool:
    return isinstance(cls, type) and dataclasses.is_dataclass(cls)


def _with_defaults(converter: Converter) -> Any:
    """A hook that gives a field that was left out of a row (None or empty) its value back."""
    from cattrs.gen import make_dict_structure_fn

    @functools.cache
    def structure_of(cls: type) -> Any:
        return make_dict_structure_fn(cls, converter)

    @functools.cache
    def empty_of(cls: type) -> dict[str, Any]:
        required = (field for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING)
        return {field.name: [] if str(field.type).startswith("tuple") else None for field in required}

    return lambda data, cls: structure_of(cls)(empty_of(cls) | data, cls)
