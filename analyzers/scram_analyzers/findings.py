"""What the analysis says: findings, their places and their fixes, as plain values.

Lines count from 1 and columns from 0 in Unicode code points, as in Python's own `ast`. The conversion to
a reader's convention (columns from 1 in JSON, UTF-16 units in an editor) happens once, where findings leave.
In a notebook `cell` says in which of its cells a range lies, counted from 1; the lines are then the cell's own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(enum.Enum):
    """How bad it is. `ERROR` breaks or ruins the run; `HINT` is worth knowing and may be fine."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    HINT = "hint"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)


class Confidence(enum.Enum):
    """How sure the analysis is; messages choose "will", "likely" or "may" to match."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Origin(enum.Enum):
    """Where the evidence comes from: the source text or a training run."""

    SOURCE = "source"
    RUN = "run"


class Applicability(enum.Enum):
    """`SAFE` fixes keep the behaviour the author intended; a changed hyperparameter is never safe."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """A point in a text: `line` from 1, `column` from 0 in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class SourceRange:
    """A half-open stretch of text, from `start` up to but without `end`."""

    start: SourcePosition
    end: SourcePosition

    @classmethod
    def of(cls, line: int, column: int, end_line: int, end_column: int) -> SourceRange:
        """Build a range from four numbers."""
        return cls(SourcePosition(line, column), SourcePosition(end_line, end_column))

    def overlaps(self, other: SourceRange) -> bool:
        """Whether the two share text, or touch where one of them is empty."""
        return self.start <= other.end and other.start <= self.end

    def contains(self, other: SourceRange) -> bool:
        """Whether `other` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    """Another place that takes part in the mistake, such as the loss when the head is marked."""

    message: str
    filename: str
    range: SourceRange
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class CodePlace:
    """A stretch of text in one of the user's files; `related` are the calls that led there."""

    filename: str
    range: SourceRange
    cell: int | None = None
    related: tuple[RelatedPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the text in `range` by `content`; an empty range inserts."""

    range: SourceRange
    content: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that mend one finding. `message` is what the editor offers ("Set learning_rate to 0.001")."""

    message: str
    applicability: Applicability
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class RunMoment:
    """When a run showed it: the run's id, the 1-based step and epoch (None: before the first)."""

    run: str
    step: int | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake at one place, said in this program's own names and numbers.

    `message` is what is wrong here, `why` why it matters, `how` how to mend it and `recipe` the code to
    write, in the author's own names and import style. `origin` is `RUN` when a training run showed it; then
    `moment` says when. With a `refutation` ("validation accuracy came to 97%") the run showed that what the source
    gave rise to does no harm: such a finding is never shown, it withdraws the source's.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    why: str
    how: str
    filename: str
    range: SourceRange
    related: tuple[RelatedPlace, ...] = ()
    recipe: str = ""
    url: str = ""
    origin: Origin = Origin.SOURCE
    moment: RunMoment | None = None
    cell: int | None = None
    refutation: str = ""

    @property
    def sort_key(self) -> tuple[str, int, SourceRange, int, str]:
        """Order of reports: by place, the more severe first."""
        return (self.filename, self.cell or 0, self.range, self.severity.rank, self.code)
