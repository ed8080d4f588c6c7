"""The data that a training is judged by: validation data, and what the trained model is evaluated on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from scram_analyzers.rules.data.evidence.opposite_rows import are_opposite
from scram_analyzers.rules.data.evidence.steps_of_loops import calls_of_step, goes_over
from scram_analyzers.source.data import WHOLE, Data, DataStep, StepKind
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.libraries.image_generators import GENERATOR
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Evaluation, Fit, LossCall, Program

MAX_NAME = 40
"""Longer expressions are not repeated in a message."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Data that a model is judged by, where they are passed, and to what (`validation_data`, `evaluate`).

    `entry` is the input that they go into, None for the only one.
    """

    data: Data
    place: Place
    use: str
    entry: Tensor | None = None


def judged_by(program: Program, fit: Fit) -> Iterator[Judged]:
    """The validation data of a training, then what the same model is evaluated on or predicts."""
    yield from validations_of(fit)
    yield from _of_evaluations(evaluations_of(program, fit))


def _of_evaluations(evaluations: Iterable[Evaluation]) -> Iterator[Judged]:
    for evaluation in evaluations:
        if evaluation.x is not None and isinstance(evaluation.x.value, Data) and evaluation.x.place is not None:
            yield Judged(evaluation.x.value, evaluation.x.place, evaluation.method)
        for feed in evaluation.feeds:
            yield Judged(feed.data, feed.place, evaluation.method, feed.entry)


def validations_of(fit: Fit) -> Iterator[Judged]:
    """The validation data of a training, of each of several inputs."""
    validation = validation_of(fit)
    if validation is not None:
        yield validation
    for feed in fit.validation_feeds:
        yield Judged(feed.data, feed.place, "validation_data", feed.entry)


def trained_on(fit: Fit) -> Iterator[Judged]:
    """The inputs of a training in the same form, each to be set beside what is judged through the same entry."""
    if fit.inputs is not None and fit.x is not None and fit.x.place is not None:
        yield Judged(fit.inputs, fit.x.place, fit.method)
    for feed in fit.feeds:
        yield Judged(feed.data, feed.place, fit.method, feed.entry)


def validation_of(fit: Fit) -> Judged | None:
    """The inputs of the validation data, when they are known."""
    given = fit.validation
    if given is None or given.place is None or not isinstance(given.value, Data):
        return None
    return Judged(given.value, given.place, "validation_data")


def evaluations_of(program: Program, fit: Fit) -> Sequence[Evaluation]:
    """What is asked of the model that this call trains."""
    return _evaluations(program, fit.model) if fit.model is not None else ()


def _evaluations(program: Program, model: Model) -> Sequence[Evaluation]:
    return program.evaluations_of(model.identity)


def trained_in_loop(call: LossCall) -> Judged | None:
    """The inputs of a training loop of the program's own, by the loss that it goes by."""
    if call.x is None or call.x.place is None or not isinstance(call.x.value, Data):
        return None
    return Judged(call.x.value, call.x.place, "loop")


def judged_beside_loop(program: Program, call: LossCall) -> Iterator[Judged]:
    """What else the model of such a loop gets: for a later loss of its validation, then from outside."""
    if call.model is None:
        return
    for later in program.loss_calls:
        if later.model is not None and later.model.identity == call.model.identity:
            judged = trained_in_loop(later) if later.place.key != call.place.key else None
            if judged is not None:
                calls = calls_of_step(program, later.place)
                rows = goes_over(calls[0]) if len(calls) == 1 else None
                yield judged if rows is None else replace(judged, place=rows)
    yield from _of_evaluations(_evaluations(program, call.model))


def name_of(place: Place, otherwise: str) -> str:
    """How the author calls data, or `otherwise` where that is a long expression."""
    text = place.text
    return text if len(text) <= MAX_NAME and "\n" not in text else otherwise


def generator_of(data: Data) -> Place | None:
    """Where the generator of images was made that data come through."""
    return next((step.place for step in data.steps if step.name == GENERATOR), None)


MIXED_SOURCES = (
    "keras.datasets.",
    "numpy.random",
    "numpy.rand",
    "sklearn.datasets.make_",
    "sklearn.datasets.load_digits",
)


def in_random_order(data: Data) -> bool:
    """Whether the rows come in no order: from a source that mixes them, or mixed or split at random by the program."""
    mixed = data.source.startswith(MIXED_SOURCES)
    for step in data.steps:
        mixed = (mixed or step.kind in (StepKind.SHUFFLED, StepKind.SPLIT)) and step.name != "argsort"
    return mixed


def step_of(data: Data, kind: StepKind) -> DataStep | None:
    """The last step of a kind."""
    return next((step for step in reversed(data.steps) if step.kind is kind), None)


def cut_rows(data: Data) -> set[cst.CSTNode]:
    """Where stretches of rows were cut out (`table.iloc[:n]`) on the way to these data."""
    found = set()
    for step in data.steps:
        node, rows = step.node, slice_of(step)
        if node is not None and rows is not None and (rows.lower is not None or rows.upper is not None):
            found.add(node)
    return found


def held_out(data: Data, judged: Sequence[Data]) -> DataStep | None:
    """The step that took the rows to train on out of an array, others of whose rows are to judge the model.

    None where none are, and where the array is the training part of a data set that has a test part as well.
    """
    if data.part is not None or not data.roots:
        return None
    for other in judged:
        if other.roots == data.roots and (step := _apart(data, other)) is not None:
            return step
    return None


def _apart(one: Data, other: Data) -> DataStep | None:
    """The last step that took rows of one, where those of the other are certainly none of them."""
    if one.rows is not None and other.rows is not None and WHOLE not in (one.rows, other.rows):
        cut = next((step for step in reversed(one.steps) if slice_of(step) is not None), None)
        return None if one.rows.meets(other.rows) else cut
    ours, theirs = (step_of(each, StepKind.SHUFFLED) for each in (one, other))
    if ours is not None and ours.name == "sample" and _drops(one, ours, other):
        return ours
    if ours is None or theirs is None or ours.number is None or theirs.number is None:
        return _beside(one, other)
    return ours if ours.node is theirs.node and ours.number != theirs.number else None


def _drops(one: Data, drawn: DataStep, other: Data) -> bool:
    """Whether others are all rows but those that were drawn at random: `table.drop(train.index)`."""
    before = next(number for number, step in enumerate(one.steps) if step is drawn)
    dropped = other.steps[before] if before < len(other.steps) else None
    call = dropped.node if dropped is not None and dropped.name == "drop" else None
    given = call.args[0].value if isinstance(call, cst.Call) and call.args else None
    by_index = isinstance(given, cst.Attribute) and given.attr.value == "index"
    return by_index and _made_alike(one.steps[:before], other.steps[:before])


def _beside(one: Data, other: Data) -> DataStep | None:
    """The step that cut rows of one, where by names those of the other begin or end there: `x[:n]` and `x[n:m]`.

    So it is where those of the other are picked by the opposite condition: `x[mask]` and `x[~mask]`.
    """
    for number, (ours, theirs) in enumerate(zip(one.steps, other.steps, strict=False)):
        if are_opposite(ours, theirs) and _made_alike(one.steps[:number], other.steps[:number]):
            return ours
    cut = next((n for n, step in enumerate(one.steps) if slice_of(step) is not None), len(one.steps))
    if cut >= min(len(one.steps), len(other.steps)) or not _made_alike(one.steps[:cut], other.steps[:cut]):
        return None
    first, second = slice_of(one.steps[cut]), slice_of(other.steps[cut])
    if first is None or second is None:
        return None
    meet = _is_same_row(first.upper, second.lower) or _is_same_row(first.lower, second.upper)
    return one.steps[cut] if meet else None


def _is_same_row(end: cst.BaseExpression | None, begin: cst.BaseExpression | None) -> bool:
    return end is not None and begin is not None and end.deep_equals(begin)


def cut_alike(one: Data, other: Data) -> bool:
    """Whether both are slices of the same array, by names, of which the rows of one are also in the other.

    They begin with the same row, wherever they end (`x[:n]`, `rows.take(n)`), or one reaches back into the other.
    """
    if _taken_alike(one, other):
        return True
    cuts = _last_cut(one), _last_cut(other)
    if cuts[0] is None or cuts[1] is None or not one.roots or one.roots != other.roots or one.rows is not None:
        return False
    first, second = slice_of(one.steps[cuts[0]]), slice_of(other.steps[cuts[1]])
    if first is None or second is None or not _made_alike(one.steps[: cuts[0]], other.steps[: cuts[1]]):
        return False
    if _picks_on(one, cuts[0]) or _picks_on(other, cuts[1]):
        return False
    if first.lower is None and second.lower is None and _is_count(first.upper) and _is_count(second.upper):
        return True
    if not (one.batched or other.batched) and (_reaches_back(first, second) or _reaches_back(second, first)):
        return True
    return first.deep_equals(second) and isinstance(first.lower or first.upper, (cst.Name, cst.Integer))


def _taken_alike(one: Data, other: Data) -> bool:
    """Whether both are the first rows of one dataset, however many: `rows.take(n)` and `rows.take(m)`."""
    picks = [[n for n, step in enumerate(data.steps) if step.name in _TAKING] for data in (one, other)]
    if not one.roots or one.roots != other.roots or [len(each) for each in picks] != [1, 1]:
        return False
    first, second = one.steps[picks[0][0]], other.steps[picks[1][0]]
    if first.name != "take" or second.name != "take" or not (first.certain and second.certain):
        return False
    return _made_alike(one.steps[: picks[0][0]], other.steps[: picks[1][0]])


def _reaches_back(first: cst.Slice, second: cst.Slice) -> bool:
    """Whether one slice begins some rows before the other ends: `x[:n]` and `x[n - 200:]`."""
    bound, begin = first.upper, second.lower
    if first.lower is not None or not isinstance(bound, cst.Name) or not isinstance(begin, cst.BinaryOperation):
        return False
    back = begin.right if isinstance(begin.operator, cst.Subtract) and begin.left.deep_equals(bound) else None
    return isinstance(back, cst.Integer) and back.evaluated_value > 1  # one row may be a matter of counting


def _is_count(upper: cst.BaseExpression | None) -> bool:
    """Whether a slice ends after so many rows, and not so many before the end (`x[:-1]`, often of one row's values)."""
    return upper is not None and not isinstance(upper, cst.UnaryOperation)


def _picks_on(data: Data, cut: int) -> bool:
    """Whether rows are picked once more after a cut."""
    later = data.steps[cut + 1 :]
    return any(step.kind in (StepKind.SELECTED, StepKind.SPLIT) or step.name in _TAKING for step in later)


_TAKING = ("take", "skip", "filter", "shard", "sample", "head", "tail")


def _last_cut(data: Data) -> int | None:
    found = (place for place, step in enumerate(data.steps) if step.name == "getitem")
    return max(found, default=None)


def slice_of(step: DataStep) -> cst.Slice | None:
    """The slice that a step takes of the rows, where it is one: `y[::2]`."""
    node = step.node
    key = node.slice[0].slice if isinstance(node, cst.Subscript) else None
    return key if isinstance(key, cst.Slice) else None


PICKING = (StepKind.SELECTED, StepKind.SHUFFLED, StepKind.SPLIT)


def _made_alike(ours: tuple[DataStep, ...], theirs: tuple[DataStep, ...]) -> bool:
    """Whether the same was done to both: what picks rows in the same place, too."""
    if ours != theirs:
        return False
    pairs = ((left.place, right.place) for left, right in zip(ours, theirs, strict=True) if left.kind in PICKING)
    return all(left is not None and right is not None and left.key == right.key for left, right in pairs)


def stretch(step: DataStep) -> cst.Slice | None:
    """The stretch of rows that a step cuts out: `y[1:]`."""
    key = slice_of(step) if step.kind is StepKind.SELECTED else None
    return key if key is not None and key.step is None else None
