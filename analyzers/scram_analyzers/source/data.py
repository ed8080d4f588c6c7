"""Arrays, frames and datasets as the source describes them: where from, in what range, and what was done."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import libcst as cst

from scram_analyzers.source.places import Place


class Part(enum.Enum):
    """Which share of the examples an array holds."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class LabelForm(enum.Enum):
    """How labels are written down; `MULTI_HOT` rows may hold several classes, `CONTINUOUS` ones are no classes."""

    INTEGER = "integer"
    ONE_HOT = "one-hot"
    MULTI_HOT = "multi-hot"
    BINARY = "binary"
    CONTINUOUS = "continuous"


class StepKind(enum.Enum):
    """What was done to the data, as far as rules care."""

    SCALED = "scaled"
    SPLIT = "split"
    SELECTED = "selected"
    ENCODED = "encoded"
    CONVERTED = "converted"
    SHUFFLED = "shuffled"
    AUGMENTED = "augmented"
    OTHER = "other"


@dataclass(frozen=True, eq=False, slots=True)
class Learned:
    """What an object that changes data (a scaler, an encoder) had learned from: `data`, by the call at `place`.

    `owner` is the object's identity, `kind` its canonical class name, `parts` those of the transformers that a pipeline
    or a `ColumnTransformer` holds.
    """

    kind: str
    owner: int
    data: Data
    place: Place
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataStep:
    """One thing done to data: what kind, by which function or operator, where.

    `number` is the constant that took part: a divisor, a batch size, a buffer's size, a seed, what was written into
    some rows; of a split, which part these are: 0 to train on, 1 to test; of rows by a stretch of a permutation,
    where that begins; of a moving window, how many rows it holds. `learned` says what a scaler or encoder had been
    fitted to, `put` which column of a table was replaced, and by what, `column` the name of the one that was taken
    out, `columns` those of several. `wrote` names the column into which one value was written, and says whether into
    all of its rows. `certain` is False for what only one of several paths does.
    """

    kind: StepKind
    name: str
    place: Place | None = field(default=None, compare=False)
    number: float | None = field(default=None, compare=False)
    learned: Learned | None = field(default=None, compare=False)
    put: tuple[str, Data] | None = field(default=None, compare=False)
    measured: Learned | None = field(default=None, compare=False)
    column: str | None = field(default=None, compare=False)
    columns: tuple[str, ...] = field(default=(), compare=False)
    wrote: tuple[str, bool] | None = field(default=None, compare=False)
    certain: bool = field(default=True, compare=False)

    @property
    def node(self) -> cst.CSTNode | None:
        """The expression that did it."""
        return self.place.node if self.place is not None else None


@dataclass(frozen=True, slots=True)
class Interval:
    """The range of values that data is likely to have."""

    low: float
    high: float

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    @property
    def magnitude(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))


STANDARDIZED = Interval(-5, 5)
"""Where data lie, roughly, whose mean was taken away and which were divided by their spread."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A stretch of an array's rows, from `start` up to `stop` (None: to the end)."""

    start: int = 0
    stop: int | None = None

    def part(self, start: int, stop: int | None) -> Rows:
        """Rows `start` up to `stop` of these."""
        begin = self.start + start
        ends = [self.start + stop] if stop is not None else []
        ends += [self.stop] if self.stop is not None else []
        return Rows(begin, min(ends, default=None))

    def meets(self, other: Rows) -> bool:
        """Whether more than a row is in both: bounds that are off by one share one."""
        ends = [stop for stop in (self.stop, other.stop) if stop is not None]
        return not ends or max(self.start, other.start) + 1 < min(ends)


WHOLE = Rows()


_TABLES = ("pandas.", "polars.", "seaborn.load_dataset", "yfinance.", "pandas_datareader.")
"""The sources of tables of pandas: what reads them from files, and what fetches them."""


@dataclass(frozen=True, slots=True)
class Data:
    """Data that the program loads, makes or changes. Every fact is None until the source tells it.

    `source` is the canonical name of what made it ("keras.datasets.mnist.load_data") at `place`; `shape` includes the
    samples axis; `range` is that of the features; `token_ids` says that numbers stand for words; `steps` are
    what was done since it was made, oldest first. `roots` identify the arrays it came from (a split makes new ones,
    and the old are among the `origins`); `rows` are which of their rows it holds, None when that can't be told,
    `one_row` says that it is a single example, as a loop over them meets it, and `in_numpy` that it is certainly an
    array of numpy by now, whatever it came from. Of a dataset whose elements hold several inputs, `parts` are these, by
    place or name, and `further` what comes after inputs and targets.
    """

    source: str
    place: Place | None = field(default=None, compare=False)
    part: Part | None = None
    range: Interval | None = None
    dtype: str | None = None
    shape: tuple[int | None, ...] | None = None
    labels: LabelForm | None = None
    classes: int | None = None
    token_ids: bool = False
    images: bool = False
    batched: bool = False
    targets: Data | None = None
    steps: tuple[DataStep, ...] = ()
    roots: frozenset[int] = frozenset()
    origins: frozenset[int] = frozenset()
    rows: Rows | None = WHOLE
    one_row: bool = False
    in_numpy: bool = False
    parts: tuple[tuple[str | int, Data], ...] = ()
    further: tuple[Data, ...] = ()

    def after(self, step: DataStep, **facts: object) -> Data:
        """The same data one step later, with the facts that the step changed."""
        return replace(self, steps=(*self.steps, step), **facts)  # type: ignore[arg-type]  # fields of this class

    @property
    def scaled(self) -> bool:
        """Whether the program scaled it, by whatever means."""
        return any(step.kind is StepKind.SCALED for step in self.steps)

    @property
    def is_table(self) -> bool:
        """Whether it is a table of pandas, or was taken out of one."""
        return self.source.startswith(_TABLES)

    @property
    def highest_class(self) -> int | None:
        """The highest number of its classes: one less than there are, unless they are known to begin elsewhere."""
        if self.classes is None:
            return None
        known = self.range is not None and self.range.high - self.range.low == self.classes - 1
        return self.classes - 1 + (int(self.range.low) if self.range is not None and known else 0)

    def learned_steps(self) -> Iterator[DataStep]:
        """The steps by something that had been fitted first: scalers and encoders."""
        return (step for step in self.steps if step.learned is not None)

    @property
    def samples(self) -> int | None:
        """How many examples it holds."""
        return self.shape[0] if self.shape else None


PREDICTION = "prediction"
"""The source of what a model answered when it was asked."""


def shares_rows(one: Data, other: Data) -> bool:
    """Whether two arrays certainly hold some of the same examples."""
    if one is other and one.roots:
        return True
    if one.rows == WHOLE and one.roots & (other.roots | other.origins):
        return True
    if other.rows == WHOLE and other.roots & (one.roots | one.origins):
        return True
    if len(one.roots) != 1 or one.roots != other.roots or one.rows is None or other.rows is None:
        return False
    return one.rows.meets(other.rows)


def join_data(left: Data, right: Data) -> Data:
    """What two paths agree on about one name."""
    same_range = left.range is not None and right.range is not None
    return Data(
        source=left.source if left.source == right.source else "",
        place=left.place,
        part=left.part if left.part is right.part else None,
        range=left.range.hull(right.range) if left.range and right.range and same_range else None,
        dtype=left.dtype if left.dtype == right.dtype else None,
        shape=left.shape if left.shape == right.shape else None,
        labels=left.labels if left.labels is right.labels else None,
        classes=left.classes if left.classes == right.classes else None,
        token_ids=left.token_ids and right.token_ids,
        images=left.images and right.images,
        batched=left.batched or right.batched,
        targets=left.targets if left.targets == right.targets else None,
        steps=left.steps if left.steps == right.steps else _longer(left, right),
        roots=left.roots & right.roots,
        origins=left.origins & right.origins,
        rows=left.rows if left.rows == right.rows and left.roots == right.roots else None,
        one_row=left.one_row and right.one_row,
        in_numpy=left.in_numpy and right.in_numpy,
        parts=left.parts if left.parts == right.parts else (),
        further=left.further if left.further == right.further else (),
    )


def _longer(left: Data, right: Data) -> tuple[DataStep, ...]:
    # Where one path did more, assume that it was done: a missed fault is better than a false alarm.
    longer, shorter = (left, right) if len(left.steps) >= len(right.steps) else (right, left)
    return tuple(step if step in shorter.steps else replace(step, certain=False) for step in longer.steps)
