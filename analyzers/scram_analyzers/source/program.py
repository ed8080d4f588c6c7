"""The `Program`: what rules ask, instead of asking the syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeVar

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.imports import Imports
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading.chunks import PlacedChunk, Section
from scram_analyzers.source.values import Argument, Arguments, Constant, Function, Value

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")
Use = TypeVar("Use", "Fit", "Evaluation")


@dataclass(frozen=True, slots=True)
class LearningRate:
    """An optimizer's learning rate. `value` is None when it can't be told or follows a `schedule`.

    `place` is where the number is written, `use` the argument of the optimizer (the same, when the number
    stands there itself); both are None for Keras's own default. `parameter` is how the program names it
    (`lr`, `learning_rate`), None when given by position. `schedule_place` is where a schedule is made.
    """

    value: float | None
    place: Place | None = None
    use: Place | None = None
    schedule: str | None = None
    parameter: str | None = None
    assumed: bool = False
    schedule_place: Place | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Optimizer:
    """An optimizer: `kind` is the canonical class name ("keras.optimizers.Adam"), whether made or named by a string."""

    kind: str
    place: Place
    learning_rate: LearningRate
    arguments: Arguments

    @property
    def class_name(self) -> str:
        """The class's own name ("Adam")."""
        return self.kind.rpartition(".")[2]


@dataclass(frozen=True, eq=False, slots=True)
class Loss:
    """A loss: `name` in snake case ("sparse_categorical_crossentropy"), None when not Keras's own.

    `from_logits` is None when it can't be told. `output` is the name or number of the output it belongs to,
    None when there is one loss for all. `function` is a loss that this module defines, `use` where that is named; one
    that only hands its arguments on to a loss of Keras has that one's name and place.
    """

    name: str | None
    place: Place
    from_logits: bool | None = False
    arguments: Arguments = field(default_factory=Arguments)
    output: str | int | None = None
    function: Function | None = None
    use: Place | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: `name` in snake case ("accuracy", "sparse_categorical_accuracy"), None when not Keras's own.

    `kind` is the canonical name of the class it was made from ("keras.metrics.Accuracy"), with its `arguments`; None
    for one named by a string or function. `output` is the name of the output it judges, None when there is one list of
    metrics for all. `function` is a metric that this module defines.
    """

    name: str | None
    place: Place
    kind: str | None = None
    arguments: Arguments = field(default_factory=Arguments, compare=False)
    output: str | None = None
    function: Function | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False, slots=True)
class Compile:
    """One `model.compile(...)`. `metrics` is None when they can't be told. `model` is None when unknown."""

    place: Place
    model: Model | None
    arguments: Arguments
    optimizer: Optimizer | None
    losses: tuple[Loss, ...]
    metrics: tuple[Metric, ...] | None
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Feed:
    """Data for one of a model's several inputs: `entry` is that input's tensor, `place` where the data are passed."""

    data: Data
    place: Place
    entry: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Fit:
    """One call that trains: `method` is its name ("fit", "fit_generator", "train_on_batch"), "search" within sklearn.

    `x` and `y` are the training data as the call's arguments; a dataset's own targets are in its `Data`.
    `validation` is the argument that brings validation data, None when there is none; `has_validation` is
    None when that can't be told. `targets_by_output` holds those of a model of several outputs, by name or position,
    `class_weights` the classes that are given a weight, where they are written out. `feeds` are the data of each input,
    where a list or dict brings them apart, `validation_feeds` the same of the validation data. `validation_targets` are
    those of a pair `(x, y)`.
    """

    place: Place
    method: str
    model: Model | None
    compile: Compile | None
    arguments: Arguments
    x: Argument | None
    y: Argument | None
    validation: Argument | None
    has_validation: bool | None
    callbacks: tuple[Callback, ...] | None
    batch_size: Argument | None = None
    epochs: Argument | None = None
    targets_by_output: Mapping[str | int, Data] = field(default_factory=dict)
    class_weights: tuple[int | str, ...] = ()
    feeds: tuple[Feed, ...] = ()
    validation_feeds: tuple[Feed, ...] = ()
    validation_targets: Data | None = None
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def inputs(self) -> Data | None:
        """What is known of the training inputs."""
        return self.x.value if self.x is not None and isinstance(self.x.value, Data) else None

    @property
    def targets(self) -> Data | None:
        """What is known of the training targets: `y`, or a dataset's own."""
        if self.y is not None:
            return self.y.value if isinstance(self.y.value, Data) else None
        return self.inputs.targets if self.inputs is not None else None


@dataclass(frozen=True, slots=True)
class EpochRates:
    """The learning rates of the first epoch and of the one in the middle of a training."""

    first: Constant
    middle: Constant


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback passed to `fit`: the canonical class name, or None for one that is not Keras's.

    `rates` are those that a `LearningRateScheduler` sets, where that can be told.
    """

    kind: str | None
    arguments: Arguments
    place: Place | None
    rates: EpochRates | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """One `model.evaluate(...)` or `model.predict(...)`; `feeds` as of a `Fit`."""

    place: Place
    method: str
    model: Model | None
    arguments: Arguments
    x: Argument | None
    y: Argument | None
    feeds: tuple[Feed, ...] = ()
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class LossCall:
    """One call of a loss by the program itself, as in a training loop of its own; `output` is what it judges.

    `targets` are the labels it is given, `x` and `model` what `output` was made from; None where that can't be told.
    `swapped` says that the two stand in each other's places.
    """

    loss: Loss
    output: Tensor
    place: Place
    targets: Data | None = None
    x: Argument | None = None
    model: Model | None = None
    swapped: bool = False
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """A call of something from outside this module: its canonical name, the name as reached, its arguments."""

    name: str
    dotted: str
    arguments: Arguments
    place: Place
    result: Value
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class AttributeSet:
    """`object.name = value` for an object on the heap, such as `layer.trainable = False`."""

    identity: int
    name: str
    value: Value
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class RateSet:
    """A learning rate that the program sets after its optimizer was made: `optimizer.learning_rate = value`."""

    optimizer: Optimizer
    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class ImpossibleReshape:
    """An array of shape `before` told to take the sizes `asked` (-1: what is left), which can't be done."""

    before: tuple[int, ...]
    asked: tuple[int, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class MixingReshape:
    """An array of shape `before` told to take the same sizes in another order: `after`. None: the rows, however many.

    Its values stay in their order, so that no axis is moved by it: each row of an axis is cut and put together anew.
    """

    before: tuple[int | None, ...]
    after: tuple[int | None, ...]
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Discarded:
    """Data that a call at `place` made, in a statement that does nothing else with them."""

    data: Data
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Pairing:
    """`labels` and what a model gave, brought together by an operator (libcst's class name: "Subtract", "Equal").

    `made` are predictions as data; else `model` is what gave a tensor, called on `x`.
    """

    operator: str
    labels: Data
    place: Place
    made: Data | None = None
    model: Model | None = None
    x: Argument | None = None
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Threshold:
    """Predictions, `made`, compared with the number `bound` to decide something: `predictions > 0.5`.

    `exact`: whether they are to be that number itself.
    """

    made: Data
    bound: float
    place: Place
    exact: bool = False


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A stretch of the file that was not understood, and why; said in words for the reader."""

    range: SourceRange
    reason: str
    mend: str


@dataclass(frozen=True, eq=False)
class Program:
    """A Keras module, understood as far as its source tells.

    Everything is in the order of the program. The same expression reached several times (a helper called
    twice, a loop) appears once for each time.

    `models` are those that the program compiles or trains, `drafts` those that it leaves to others to train: whole
    ones, of which no layer is in another model. `method_calls` are calls of methods of objects from outside (scalers,
    generators, callbacks), named by class and method ("sklearn.preprocessing.StandardScaler.fit").
    """

    filename: str
    text: str
    chunks: tuple[PlacedChunk, ...]
    imports: Imports
    layers: tuple[Layer, ...]
    optimizers: tuple[Optimizer, ...]
    models: tuple[Model, ...]
    drafts: tuple[Model, ...]
    compiles: tuple[Compile, ...]
    loss_calls: tuple[LossCall, ...]
    fits: tuple[Fit, ...]
    evaluations: tuple[Evaluation, ...]
    calls: tuple[Call, ...]
    method_calls: tuple[Call, ...]
    attribute_sets: tuple[AttributeSet, ...]
    rates_set: tuple[RateSet, ...]
    impossible_reshapes: tuple[ImpossibleReshape, ...]
    mixing_reshapes: tuple[MixingReshape, ...]
    pairings: tuple[Pairing, ...]
    thresholds: tuple[Threshold, ...]
    discarded: tuple[Discarded, ...]
    unread: tuple[UnreadPart, ...]
    answers: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def each_of(
        self, source: Callable[[Program], Iterable[Thing]], question: Callable[[Program, Thing], Iterable[Answer]]
    ) -> Iterator[Answer]:
        """All answers to a question about each thing of a source (`every_fit`, say), which never change.

        After an edit only those are asked about again that are new, or of which the question would see something else.
        Where nothing is said of the new ones, who asked this is not even asked again.
        """
        return self.each(source(self), question)

    def each(self, things: Iterable[Thing], question: Callable[[Program, Thing], Iterable[Answer]]) -> Iterator[Answer]:
        """The same of things that the program chose to ask about by what it saw."""
        for thing in things:
            yield from question(self, thing)

    def calls_of(self, names: frozenset[str]) -> tuple[Call, ...]:
        """The calls that go by one of some canonical names, in the order of the program."""
        by_name = self._calls_by_name
        found = [each for name in names if name in by_name for each in by_name[name]]
        return tuple([call for _, call in sorted(found, key=itemgetter(0))])

    def calls_where(self, wanted: Callable[[Call], bool]) -> tuple[Call, ...]:
        """The calls of which this is true. It looks at nothing but the call: after an edit it is asked of new ones."""
        return tuple(filter(wanted, self.calls))

    def evaluations_of(self, model: int) -> tuple[Evaluation, ...]:
        """What is asked of the model of an identity; after an edit, that of others does not count."""
        return self._evaluations_by_model.get(model, ())

    def fits_of(self, model: int) -> tuple[Fit, ...]:
        """The calls that train the model of an identity."""
        return self._fits_by_model.get(model, ())

    @cached_property
    def _evaluations_by_model(self) -> Mapping[int, tuple[Evaluation, ...]]:
        return _by_model(self.evaluations)

    @cached_property
    def _fits_by_model(self) -> Mapping[int, tuple[Fit, ...]]:
        return _by_model(self.fits)

    @cached_property
    def _calls_by_name(self) -> Mapping[str, list[tuple[int, Call]]]:
        found: dict[str, list[tuple[int, Call]]] = {}
        for number, call in enumerate(self.calls):
            found.setdefault(call.name, []).append((number, call))
        return found

    def mentions(self, word: str) -> bool:
        """Whether the text has this in it."""
        known = self._mentioned.get(word)
        if known is None:
            known = self._mentioned[word] = word in self.text
        return known

    @cached_property
    def _mentioned(self) -> dict[str, bool]:
        return {}

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern is found in the text of a section, or of one that can't be read."""
        return any(each.parsed.matches(pattern) for each in self.chunks)

    def is_in_broken_part(self, word: str) -> bool:
        """Whether a part of the text that can't be parsed has this in it."""
        return any(word in each.parsed.text for each in self.chunks if each.parsed.module is None)

    def sections(self) -> tuple[Section, ...]:
        """The sections that have a tree."""
        return tuple([each.section for each in self.chunks if each.parsed.module is not None])

    def sections_with(self, word: str) -> tuple[Section, ...]:
        """The sections that have a tree and this in their text."""
        if not self.mentions(word):
            return ()
        known = self._sections_by_word.get(word)
        if known is None:
            readable = (each for each in self.chunks if each.parsed.module is not None)
            known = tuple([each.section for each in readable if word in each.parsed.text])
            self._sections_by_word[word] = known
        return known

    @cached_property
    def _sections_by_word(self) -> dict[str, tuple[Section, ...]]:
        return {}

    def class_of(self, section: Section) -> tuple[Section, ...]:
        """The sections of the class that one begins or goes on with, where it has several: its head and its methods."""
        return self._classes.get(section, ())

    @cached_property
    def _classes(self) -> Mapping[Section, tuple[Section, ...]]:
        groups: list[list[Section]] = [[]]
        for section in self.sections():
            if not section.continues:
                groups.append([])
            groups[-1].append(section)
        return {section: tuple(group) for group in groups if len(group) > 1 for section in group}

    def chunk_of(self, section: Section) -> PlacedChunk | None:
        """Where a section stands; None for one of another program."""
        return self._chunks_by_section.get(section)

    @cached_property
    def _chunks_by_section(self) -> Mapping[Section, PlacedChunk]:
        return {chunk.section: chunk for chunk in self.chunks}

    def range_of(self, place: Place) -> SourceRange:
        """Where a place of this program stands in its text."""
        chunk = self.chunk_of(place.section)
        if chunk is None:
            raise ValueError(f"{place!r} is not of this program")
        return chunk.range_of(place.node)

    def line_of(self, place: Place) -> int:
        """The line it starts on, from 1."""
        return self.range_of(place).start.line


def every_compile(program: Program) -> tuple[Compile, ...]:
    """All calls that compile a model."""
    return program.compiles


def every_evaluation(program: Program) -> tuple[Evaluation, ...]:
    """All that is asked of models."""
    return program.evaluations


def every_fit(program: Program) -> tuple[Fit, ...]:
    """All calls that train."""
    return program.fits


def every_pairing(program: Program) -> tuple[Pairing, ...]:
    """All labels beside what a model gave."""
    return program.pairings


def _by_model(uses: Iterable[Use]) -> Mapping[int, tuple[Use, ...]]:
    """Uses of models by the identity of the model, in their order."""
    found: dict[int, list[Use]] = {}
    for each in uses:
        if each.model is not None:
            found.setdefault(each.model.identity, []).append(each)
    return {model: tuple(each) for model, each in found.items()}
