"""Training and validation data of a run, side by side."""

from __future__ import annotations

from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import ArrayStatistics, DataArray, LabelForm

_NUMBERED = (LabelForm.CLASS_INDICES, LabelForm.BINARY)

CHANCE = 1e-6
"""A class that is missing from rows with less than this chance was not lost by drawing them."""

OTHER_UNIT = 20.0
ALIKE = 2.0
"""Measured in another unit, all of the values are so many times larger, by ratios that differ less than this. Ours."""


def input_pair(history: RunHistory) -> tuple[DataArray | None, DataArray | None]:
    """The only input of training and of validation; None where there is none, or several."""
    return _pair(history, "input")


def target_pair(history: RunHistory) -> tuple[DataArray | None, DataArray | None]:
    """The only target of training and of validation; None where there is none, or several."""
    return _pair(history, "target")


def target_pairs(history: RunHistory) -> list[tuple[DataArray, DataArray]]:
    """Each target of training with that of validation, by their names where there are several."""
    first, second = target_pair(history)
    if first is not None and second is not None:
        return [(first, second)]
    arrays = history.data.arrays if history.data is not None else ()
    targets = [each for each in arrays if each.role == "target"]
    validation = {each.name: each for each in targets if each.part == "validation"}
    return [(each, validation[each.name]) for each in targets if each.part == "training" and each.name in validation]


def input_pairs(history: RunHistory, part: str = "validation") -> list[tuple[DataArray, DataArray]]:
    """Each input of training with that of another part, by their names where there are several.

    The part is "validation", or "asked" for what the trained model is asked now.
    """
    arrays = history.data.arrays if history.data is not None else ()
    inputs = [each for each in arrays if each.role == "input"]
    training = [each for each in inputs if each.part == "training"]
    others = [each for each in inputs if each.part == part] if part == "validation" else _asked(history)
    if len(training) == len(others) == 1 and training[0].minimum is not None and others[0].minimum is not None:
        return [(training[0], others[0])]
    named = {each.name: each for each in others}
    if history.stream is not None and part == "validation":
        seen = {each.name: each for each in history.stream.validation_inputs}
        named |= {name: each for name, each in seen.items() if name not in named or not named[name].rows}
    known = [each for each in training if each.minimum is not None] or _streamed(history)
    return [(each, named[each.name]) for each in known if each.name in named]


def _asked(history: RunHistory) -> list[DataArray]:
    """The inputs of the question that the trained model is asked."""
    arrays = history.question.arrays if history.question is not None else ()
    return [each for each in arrays if each.role == "input"]


def _streamed(history: RunHistory) -> list[DataArray]:
    """The inputs of a stream, as far as its batches have shown them."""
    batches: dict[str, list[ArrayStatistics]] = {}
    for record in history.looked_at:
        for array in record.arrays:
            if array.role == "input":
                batches.setdefault(array.name, []).append(array)
    return [_joined(seen) for seen in batches.values() if len(seen) >= FEWEST_BATCHES]


def _joined(seen: list[ArrayStatistics]) -> DataArray:
    """One array that holds what all of these batches held."""
    lows, highs, deviations = (
        [value for each in seen if (value := getattr(each, name)) is not None]
        for name in ("minimum", "maximum", "deviation")
    )
    first = seen[0]
    return DataArray(
        "training",
        "input",
        first.name,
        first.dtype,
        (None, *first.shape[1:]),
        rows=None,
        rows_read=sum(each.shape[0] or 0 for each in seen if each.shape),
        minimum=min(lows, default=None),
        maximum=max(highs, default=None),
        deviation=max(deviations, default=None),
    )


FEWEST_BATCHES = 3
"""So many batches of a stream tell how large its values are. Ours."""


def unit_ratio(train: DataArray, validation: DataArray) -> float | None:
    """How many times larger the measured values of validation are in all respects; None when they aren't.

    Values in the order of their size also lie apart, but then their largest, their mean and their spread do so by
    very different ratios.
    """
    if not (train.label_form is validation.label_form is LabelForm.CONTINUOUS):
        return None
    sizes = [(magnitude(each), abs(each.mean or 0.0), each.deviation or 0.0) for each in (train, validation)]
    if not all(map(all, sizes)):
        return None
    ratios = [other / one for one, other in zip(*sizes, strict=True)]
    is_other_unit = (min(ratios) > OTHER_UNIT or max(ratios) < 1 / OTHER_UNIT) and max(ratios) < ALIKE * min(ratios)
    return ratios[0] if is_other_unit else None


def _pair(history: RunHistory, role: str) -> tuple[DataArray | None, DataArray | None]:
    if history.data is None:
        return None, None
    return history.data.array("training", role), history.data.array("validation", role)


def magnitude(array: DataArray) -> float:
    """The largest absolute value; 0.0 when unknown."""
    return max((abs(end) for end in (array.minimum, array.maximum) if end is not None), default=0.0)


def validation_rows(history: RunHistory) -> int | None:
    """How many rows of arrays the run validates on; None when unknown."""
    if history.data is None:
        return None
    rows = [array.rows for array in history.data.arrays if array.part == "validation" and array.rows is not None]
    if rows:
        return rows[0]
    split, samples = history.data.validation_split, history.info.training_samples
    return round(samples * split / (1 - split)) if split and samples else None


def validation_rows_seen(history: RunHistory) -> int | None:
    """How many rows of a stream the run validates on, where all of them were looked at; None when unknown."""
    stream = history.stream
    return stream.validation_rows or None if stream is not None and stream.is_validation_fair else None


def training_rows(history: RunHistory) -> int | None:
    """How many rows an epoch goes through, of a stream about so many; None when unknown."""
    if history.info.training_samples is not None or not history.epochs:
        return history.info.training_samples
    shapes = [array.shape for record in history.looked_at for array in record.arrays if array.role == "input"]
    sizes = [shape[0] for shape in shapes if shape and shape[0] is not None]
    return max(sizes) * (history.info.steps_per_epoch or history.epochs[0].step) if sizes else None


def shares_by_label(array: DataArray | None) -> dict[float, float]:
    """The share of each class in a target array, be it the only one; empty when it holds none, or they are unknown."""
    if array is None or array.label_form not in (*_NUMBERED, LabelForm.ONE_HOT):
        return {}
    total = sum(count for _, count in array.classes)
    return {label: count / total for label, count in array.classes if count} if total else {}


def have_the_same_form(one: DataArray, other: DataArray) -> bool:
    """Whether two arrays write labels alike: class numbers of which a part only has 0 and 1 are class numbers still."""
    return one.label_form is other.label_form or {one.label_form, other.label_form} <= set(_NUMBERED)


def is_no_chance(share: float, rows: int) -> bool:
    """Whether `rows` rows drawn at random would certainly hold a class with this share of all rows."""
    return (1 - share) ** rows < CHANCE


def total_variation(one: dict[float, float], other: dict[float, float]) -> float:
    """Half the sum of absolute differences of two distributions: 0 for equal ones, 1 for disjoint ones."""
    return sum(abs(one.get(label, 0.0) - other.get(label, 0.0)) for label in one.keys() | other.keys()) / 2
