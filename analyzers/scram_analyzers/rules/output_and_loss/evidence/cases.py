"""What the rules about losses and labels read: each output with its head, its loss, and the labels it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scram_analyzers.findings import SourceRange, TextEdit
from scram_analyzers.rules.base import Related
from scram_analyzers.rules.output_and_loss.evidence import heads
from scram_analyzers.source.data import PREDICTION, Data, Interval, LabelForm, StepKind
from scram_analyzers.source.heads import Head, heads_with_losses, judged_heads
from scram_analyzers.source.keras_api.losses import CATEGORICAL, REGRESSION
from scram_analyzers.source.libraries.data_items import ENCODED_COLUMN
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Compile, Fit, Loss, LossCall, Metric, Program
from scram_analyzers.source.values import number

CLASS_FORMS = frozenset((LabelForm.INTEGER, LabelForm.BINARY, LabelForm.ONE_HOT, LabelForm.MULTI_HOT))
ROWS = frozenset((LabelForm.ONE_HOT, LabelForm.MULTI_HOT))
"""Forms with one column for each class."""

NUMBERED = frozenset((LabelForm.INTEGER, LabelForm.BINARY))
"""Forms with one whole number for each example."""

ACCURACIES = frozenset(
    [
        "accuracy",
        "binary_accuracy",
        "categorical_accuracy",
        "sparse_categorical_accuracy",
        "top_k_categorical_accuracy",
        "sparse_top_k_categorical_accuracy",
    ]
)


MEASURES = REGRESSION | {"root_mean_squared_error", "r2_score"}
"""Metrics that measure how far numbers are apart."""


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One output as it is trained. `fit` is the training that tells most of the labels, None when there is none.

    `compiled` is None where the program calls the loss itself: in a loop, or in a model's own step, to which `fit`
    hands the labels. `targets` and `metrics` are None where they can't be told, as in models of several outputs.
    """

    head: Head
    loss: Loss
    compiled: Compile | None
    fit: Fit | None
    targets: Data | None
    metrics: tuple[Metric, ...] | None

    @property
    def form(self) -> LabelForm | None:
        """How the labels are written, where the source tells."""
        form = label_form(self.targets)
        if form is None and self.loss.name in CATEGORICAL and _are_classes(self.targets):
            return LabelForm.INTEGER
        if form is None and self.loss.name in CATEGORICAL and _ones_in_rows(self.targets):
            return LabelForm.ONE_HOT
        return form

    @property
    def classes(self) -> int | None:
        """How many classes the labels have."""
        targets = self.targets
        if targets is None or self.form not in CLASS_FORMS:
            return None
        if targets.classes is not None:
            return targets.classes
        if self.form in ROWS:
            return targets.shape[-1] if targets.shape is not None and len(targets.shape) == 2 else None
        return 2 if self.form is LabelForm.BINARY else None

    @property
    def reproduces_inputs(self) -> bool:
        """Whether the targets are the inputs themselves, as an autoencoder's."""
        inputs = self.fit.inputs if self.fit is not None else None
        if inputs is None or self.targets is None:
            return False
        if self.targets.labels is not None or not self.targets.images:
            # labels often come from the table or data set that holds the inputs
            return inputs == self.targets and _made_alike(inputs, self.targets)
        return bool(inputs.roots & self.targets.roots)

    @property
    def accuracy(self) -> Metric | None:
        """The first metric that counts right answers."""
        return next((metric for metric in self.metrics or () if metric.name in ACCURACIES), None)

    @property
    def measure(self) -> str | None:
        """The first metric that measures numbers, where no metric counts right answers."""
        if self.accuracy is not None:
            return None
        return next((metric.name for metric in self.metrics or () if metric.name in MEASURES), None)

    def labels_related(self) -> tuple[Related, ...]:
        """The place of the labels, for a report."""
        place = self.labels_place
        return (Related(place, f"The labels: {FORM_WORDS[self.form]}."),) if place is not None and self.form else ()

    @property
    def learns_values(self) -> bool:
        """Whether the targets are a model's own predictions with some of them changed, as in Q-learning."""
        targets = self.targets
        return (
            targets is not None
            and targets.source == PREDICTION
            and any(step.name == "setitem" for step in targets.steps)
        )

    @property
    def judged_by_hand(self) -> bool:
        """Whether the program gives each batch its targets itself, as the training of a GAN or an agent does."""
        return self.fit.method == "train_on_batch" if self.fit is not None else self.compiled is None

    @property
    def several(self) -> bool:
        """Whether the head has more than one unit: by its number, or by the classes of the labels where none is told.

        A number of units that the program works out is there for several classes.
        """
        if self.head.units is not None:
            return self.head.units > 1
        given = self.head.units_argument
        worked_out = given is not None and number(given.value) is None
        unseen = self.head.layer is None and self.head.activation is None
        return (worked_out or unseen) and self.form in (LabelForm.INTEGER, *ROWS)

    @property
    def labels_place(self) -> Place | None:
        """Where the labels got their form, or where training takes them."""
        if self.targets is None:
            return None
        encoded = [step.place for step in self.targets.steps if step.kind.value == "encoded" and step.place]
        given = self.fit.y.place if self.fit is not None and self.fit.y is not None else None
        return encoded[-1] if encoded else given


def _made_alike(one: Data, other: Data) -> bool:
    """Whether two arrays went through the same steps at the same places: two columns of one table did not."""
    places = ([step.place.key if step.place is not None else None for step in data.steps] for data in (one, other))
    return next(places) == next(places)


FORM_WORDS = {
    LabelForm.INTEGER: "one class number for each example",
    LabelForm.BINARY: "one 0 or 1 for each example",
    LabelForm.ONE_HOT: "one-hot rows, with a single 1 at the right class",
    LabelForm.MULTI_HOT: "rows that may hold several 1s",
    LabelForm.CONTINUOUS: "measured numbers, not classes",
}
"""The forms in words for a message."""


def label_form(targets: Data | None) -> LabelForm | None:
    """The form of the labels: what the source says, or what whole numbers written out in it show."""
    if targets is None:
        return None
    if targets.labels is not None:
        return targets.labels
    if targets.dtype == "bool" and targets.source != "numpy.zeros":
        return LabelForm.BINARY
    interval = targets.range
    if interval is None or (interval.low, interval.high) != (0, 1) or not counted(targets):
        return None
    one_column = targets.shape is not None and (len(targets.shape) == 1 or targets.shape[1:] == (1,))
    filled = any(step.name == "setitem" for step in targets.steps)  # ones in a blank array: one-hot rows, as a rule
    joined = targets.shape is None and targets.source in ("numpy.zeros", "numpy.ones") and not filled
    return LabelForm.BINARY if one_column or joined else None


def _are_classes(targets: Data | None) -> bool:
    """Whether there is one class for each example: a whole number, or what a column of a table holds."""
    in_rows = targets is not None and (targets.is_table or targets.source in _NUMBERS_READ)
    column = targets is not None and in_rows and targets.shape is not None and len(targets.shape) == 1
    if targets is not None and column and targets.range is None:
        return not any(step.kind is StepKind.ENCODED for step in targets.steps)
    return _are_numbers_of_classes(targets)


_NUMBERS_READ = ("numpy.loadtxt", "numpy.genfromtxt")


def _are_numbers_of_classes(targets: Data | None) -> bool:
    """Whether there is one whole number, not seen to be below 0, for each example, or for each word of it."""
    if targets is None or targets.token_ids:
        return targets is not None
    if targets.shape is None or targets.dtype is None or (targets.range is not None and targets.range.low < 0):
        return False
    one_column = len(targets.shape) == 1 or targets.shape[1:] == (1,)
    made = targets.range is not None or any(step.name == "astype" for step in targets.steps)
    made = made or targets.source == "list"  # of what `int(...)` gave
    return one_column and made and targets.dtype.startswith(("int", "uint"))


def _ones_in_rows(targets: Data | None) -> bool:
    """Whether ones were written into an array of zeros that has a row for each example."""
    if targets is None or targets.source != "numpy.zeros" or targets.shape is None or len(targets.shape) != 2:
        return False
    filled = any(step.name == "setitem" for step in targets.steps)
    return filled and targets.shape[1] != 1 and targets.range == Interval(0, 1)


def counted(targets: Data) -> bool:
    """Whether the values are certainly whole numbers."""
    whole = targets.dtype is not None and targets.dtype.startswith(("int", "uint", "bool"))
    drawn = targets.source in ("numpy.zeros", "numpy.ones", "numpy.random.randint")
    return whole or (drawn and all(step.name != "Divide" for step in targets.steps))


def cases(program: Program) -> Iterator[Case]:
    """Every output with the loss that reads it; each pair of places once, with the training that tells most."""
    return iter(_cases(program))


@once
def _cases(program: Program) -> tuple[Case, ...]:
    found: dict[tuple[object, object], Case] = {}
    fits = _fits_of(program)
    for case in program.each(
        [(each, fits.get(id(each), ())) for each in heads.compiles_for_training(program)], _cases_of
    ):
        key = (case.head.place, case.loss.place)  # ranges would cost a walk over the chunk
        before = found.get(key)
        if before is None or (before.form is None and case.form is not None):
            found[key] = case
    for call, (head, loss) in zip(program.loss_calls, judged_heads(program.loss_calls), strict=True):
        if head.place is None:
            continue
        case = Case(head, loss, None, _handing_on(program, call), call.targets, None)
        key = (head.place, loss.place)
        before = found.get(key)
        if before is None or (before.form is None and case.form is not None):
            found[key] = case
    return tuple(found.values())


def _handing_on(program: Program, call: LossCall) -> Fit | None:
    """The training by Keras that hands a model's own step the labels which its loss is called with."""
    for fit in program.fits:
        by_itself = fit.model is not None and fit.model.trains_itself
        if by_itself and fit.targets is not None and fit.targets == call.targets:
            return fit
    return None


def _cases_of(_: Program, trained: tuple[Compile, tuple[Fit, ...]]) -> Iterator[Case]:
    """The cases of one compile and its trainings."""
    compiled, fits = trained
    pairs = list(heads_with_losses(compiled))
    single = len(pairs) == 1
    fit, targets = _training(fits) if single else (None, None)
    for head, loss in pairs:
        if head.place is None:
            continue
        if not single:
            fit, targets = _training_of_output(fits, compiled, head, loss)
        yield Case(head, loss, compiled, fit, targets, compiled.metrics if single else None)


def case_at(program: Program, marked: SourceRange) -> Case | None:
    """The first case whose head, activation, loss or metric a finding's range marks."""
    for case in cases(program):
        places = [case.head.place, case.head.activation_place, case.loss.place]
        places += [metric.place for metric in case.metrics or ()]
        if any(place is not None and program.range_of(place) == marked for place in places):
            return case
    return None


def _training(fits: tuple[Fit, ...]) -> tuple[Fit | None, Data | None]:
    """The training whose labels tell most."""
    told = [fit for fit in fits if label_form(fit.targets) is not None]
    ranged = [fit for fit in fits if fit.targets is not None and fit.targets.range is not None]
    fit = next(iter([*told, *ranged, *fits]), None)
    return fit, fit.targets if fit is not None else None


@once
def _fits_of(program: Program) -> Mapping[int, tuple[Fit, ...]]:
    """The trainings by the `id` of what they were compiled with."""
    found: dict[int, list[Fit]] = {}
    for fit in program.fits:
        found.setdefault(id(fit.compile), []).append(fit)
    return {compiled: tuple(fits) for compiled, fits in found.items()}


def _training_of_output(
    fits: tuple[Fit, ...], compiled: Compile, head: Head, loss: Loss
) -> tuple[Fit | None, Data | None]:
    """The training that gives this output of several its own targets."""
    layer_name = head.layer.name if head.layer is not None else None
    positions = [
        position
        for position, output in enumerate(compiled.model.outputs if compiled.model else ())
        if output is head.output
    ]
    for fit in fits:
        for key in (loss.output, layer_name, *positions):
            if key is not None and key in fit.targets_by_output:
                return fit, fit.targets_by_output[key]
    return None, None


MEASURED = frozenset(
    (
        *("amount", "calories", "charges", "cnt", "consumption", "cost", "count", "demand"),
        *("depth", "distance", "duration", "fare", "height", "humidity", "load", "magnitude"),
        *("mpg", "power", "pressure", "price", "prices", "quantity", "rainfall", "revenue"),
        *("salary", "sales", "speed", "strength", "temperature", "wage", "wages"),
    )
)
"""Words in the names of columns that hold amounts."""

GRADED = frozenset(("age", "income", "quality", "rating", "ratings", "score", "scores", "weight"))
"""Words in the names of columns that hold amounts, or classes of them."""


def is_measured(targets: Data | None, *, graded: bool = False) -> bool:
    """Whether the name of the column that the targets are says that they are amounts, as they stand in the table.

    `graded`: words that may stand for classes of amounts as well will do.
    """
    if targets is None or targets.scaled or targets.dtype == "bool":
        return False
    return _is_called(targets, MEASURED | GRADED if graded else MEASURED)


def is_counted_off(targets: Data | None) -> bool:
    """Whether the targets are a column of ages or ratings, which are more than two numbers, as it stands in the file.

    Of a column that the program writes itself nothing is known.
    """
    if targets is None or targets.scaled or targets.dtype == "bool" or not _is_called(targets, COUNTED_OFF):
        return False
    named = next((step.column for step in reversed(targets.steps) if step.column is not None), None)
    written = (step.place.text for step in targets.steps if step.place is not None and step.name in _WRITING)
    column = re.compile(rf"[\"'.]{re.escape(named or '')}\b")
    return named is not None and targets.is_table and not any(map(column.search, written))


COUNTED_OFF = frozenset(("age", "rating", "ratings", "stars"))
"""Words in the names of columns that hold years, or how many points of a few somebody gave."""

_WRITING = ("setitem", ENCODED_COLUMN)


def _is_called(targets: Data, words: frozenset[str]) -> bool:
    """Whether the name of the column that the targets are holds one of these words ("SalePrice", "unit_price")."""
    chosen = [
        f"{step.place.text[:-1]} {step.column}]" if step.column is not None else step.place.text
        for step in targets.steps
        if step.kind is StepKind.SELECTED and step.place is not None
    ]
    if not chosen or any(step.kind is StepKind.ENCODED or step.name == "compare" for step in targets.steps):
        return False
    for written in reversed(chosen):
        parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", written)
        if not words.isdisjoint(part.lower() for part in parts):
            return True
        if not written.endswith("]") or not _ROWS_TAKEN.search(written):
            return False
    return False


_ROWS_TAKEN = re.compile(r"^\w+\[[^\]'\"]*:[^\]'\"]*\]$")
"""A stretch of rows, `y[:split]`, which is of the column that was chosen before."""


def is_loaded(targets: Data | None) -> bool:
    """Whether labels come with a data set, and not from the program, as those of a discriminator do."""
    return targets is not None and targets.source.startswith(
        ("keras.datasets.", "sklearn.datasets.", "tensorflow_data")
    )


def right_loss(case: Case) -> str | None:
    """The cross-entropy that fits the head and the labels; None where that can't be told."""
    if case.head.activation == "sigmoid":
        return "binary_crossentropy" if case.form not in (LabelForm.ONE_HOT, LabelForm.INTEGER) else None
    if case.head.activation not in ("softmax", "linear") or case.head.units in (None, 1):
        return None
    if case.form in NUMBERED:
        return "sparse_categorical_crossentropy"
    return None if case.form is LabelForm.MULTI_HOT else "categorical_crossentropy"


def activation_and_loss_edits(program: Program, case: Case, activation: str, loss: str) -> tuple[TextEdit, ...]:
    """The edits that give the head another activation and the output another loss; none unless both can be done."""
    first = heads.activation_edits(program, case.head, activation)
    second = heads.loss_edits(program, case.loss, loss)
    return (*first, *second) if first and second else ()


def classifies_with_regression_loss(case: Case) -> bool | None:
    """Whether a regression loss trains a classifier: True when sure, False when likely on purpose, None when not."""
    form, head = case.form, case.head
    if case.loss.name not in REGRESSION or form is LabelForm.CONTINUOUS or case.reproduces_inputs:
        return None
    if case.learns_values:
        return None
    if form is None and case.measure is not None:
        return None
    if form in ROWS or (head.activation == "softmax" and (head.units != 1 or form in NUMBERED)):
        return True
    if form in NUMBERED:
        if case.judged_by_hand and not is_loaded(case.targets):
            return None
        if head.activation == "sigmoid" or case.accuracy is not None:
            return True
        return False if case.targets is not None and case.targets.classes is not None else None
    if head.activation == "sigmoid" and head.units == 1 and case.accuracy is not None and not case.judged_by_hand:
        targets = case.targets
        return (
            True if targets is None or (targets.range is None and not _is_called(targets, MEASURED | GRADED)) else None
        )
    return None
