"""Scalers and encoders that are fitted anew to the data which judge the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scram_analyzers.rules.data.evidence.judging import cut_rows, judged_by
from scram_analyzers.source.data import Data, Learned, Part, shares_rows
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program

SCALERS = (
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "QuantileTransformer",
    "PowerTransformer",
    "PCA",
    "LinearDiscriminantAnalysis",
)
"""Transformers of scikit-learn that learn means, bounds or directions from the rows they are fitted to."""

COLUMN_TRANSFORMERS = ("ColumnTransformer", "make_column_transformer")
"""What holds several transformers, or encoders, for the columns of a table."""


CENTRES = ("mean", "nanmean", "average", "median", "min", "amin", "nanmin")
"""What is taken away from data that a program scales by hand."""


@dataclass(frozen=True, slots=True)
class Refit:
    """A scaler or encoder fitted to judging data, and how the training data's one was fitted."""

    learned: Learned
    training: Learned
    used: Place


def refits(program: Program, fit: Fit, kinds: tuple[str, ...]) -> Iterator[Refit]:
    """What was fitted to validation or test data themselves, of the classes named `kinds`."""
    trained = [each for each in (fit.inputs, fit.targets) if each is not None]
    trained += [feed.data for feed in fit.feeds]
    if fit.inputs is None:
        trained += _training_parts(program)
    yield from _refits(trained, _judging(program, fit), kinds)


def _training_parts(program: Program) -> Iterator[Data]:
    """What scalers made of training parts: where nobody knows what is trained on, that is what was made for it."""
    for call in program.method_calls:
        if isinstance(call.result, Data) and call.result.part is Part.TRAINING:
            yield call.result


def refits_of_loop(program: Program, kinds: tuple[str, ...]) -> Iterator[Refit]:
    """The same of a loop of the program's own, in which losses are worked out of parts that were split."""
    inputs = [(call.x.value, call.x.place) for call in program.loss_calls if call.x is not None]
    known = [(data, place) for data, place in inputs if isinstance(data, Data) and place is not None]
    trained = [data for data, _ in known if data.part is Part.TRAINING]
    judging = [(data, place) for data, place in known if data.part in (Part.TEST, Part.VALIDATION)]
    yield from _refits(trained, judging, kinds)


def _refits(trained: list[Data], judging: Iterable[tuple[Data, Place]], kinds: tuple[str, ...]) -> Iterator[Refit]:
    training = [
        learned
        for data in trained
        for learned, at_once in _learned(data, kinds)
        if at_once or _from(learned, trained) or _is_of_part(learned, data) or _numbers_words(learned)
    ]
    for judged, used in judging if training else ():
        for learned, at_once in _learned(judged, kinds):
            if _from(learned, trained):
                continue
            of_part = _is_of_part(learned, judged) and not any(_is_of_part(learned, data) for data in trained)
            known = at_once or of_part or shares_rows(learned.data, judged)
            known = known or any(_are_words_of_one(learned, each) for each in training)
            known = known or (_numbers_words(learned) and learned.owner not in {each.owner for each in training})
            other = _training_fit(training, learned) if known else None
            of_its_own = _numbers_words(learned) and other is not None and other.owner != learned.owner
            apart = of_its_own or (other is not None and other.place.node is not learned.place.node)
            if other is not None and (apart or _of_others(other, learned)):
                yield Refit(learned, other, used)


def _training_fit(training: list[Learned], judging: Learned) -> Learned | None:
    """The fit of training data that a fit of judging data is held against: that of the same call where there is one."""
    alike = [each for each in training if each.kind == judging.kind]
    return next((each for each in alike if each.place.node is judging.place.node), alike[0] if alike else None)


def _are_words_of_one(one: Learned, other: Learned) -> bool:
    """Whether one object numbered words twice: those that it meets again may get other numbers, whatever text it is."""
    return one.owner == other.owner and _numbers_words(one)


def _numbers_words(learned: Learned) -> bool:
    """Whether an object numbers words by how often they come: a model knows only the numbers that it was trained with,
    whatever texts another object was fitted to.
    """
    return learned.kind.endswith(".Tokenizer")


def _of_others(one: Learned, other: Learned) -> bool:
    """Whether one call, as in a function for both, was certainly given other rows the second time."""
    if not one.data.roots or not other.data.roots:
        return False
    if one.data.roots.isdisjoint(other.data.roots):
        return one.data.part is not other.data.part
    cuts = cut_rows(one.data), cut_rows(other.data)
    return bool(cuts[0]) and bool(cuts[1]) and cuts[0].isdisjoint(cuts[1])


def _judging(program: Program, fit: Fit) -> Iterator[tuple[Data, Place]]:
    for judged in judged_by(program, fit):
        yield judged.data, judged.place
    for evaluation in program.evaluations:
        if evaluation.y is not None and isinstance(evaluation.y.value, Data) and evaluation.y.place is not None:
            yield evaluation.y.value, evaluation.y.place
    for call in program.method_calls:
        # A part that only a scaler ever sees (labels of the test part that a metric of scikit-learn compares)
        data = call.result
        if isinstance(data, Data) and data.part in (Part.TEST, Part.VALIDATION):
            yield data, call.place


def _learned(data: Data, kinds: tuple[str, ...]) -> Iterator[tuple[Learned, bool]]:
    """What data were scaled by, and whether it was fitted to them by the same call: `fit_transform`."""
    for step in data.steps:
        learned = step.learned or step.measured
        if learned is not None and learned.kind.rpartition(".")[2] in kinds:
            yield learned, step.place is not None and step.place.node is learned.place.node


def _from(learned: Learned, trained: list[Data]) -> bool:
    part_of_several = learned.data.rows is None and len(learned.data.roots) > 1  # the end of train and test together
    return not part_of_several and any(shares_rows(learned.data, data) for data in trained)


def _is_of_part(learned: Learned, data: Data) -> bool:
    """Whether something was fitted to the very stretch of rows, of unknown bounds, that data were taken from."""
    cut = cut_rows(learned.data)
    return bool(cut) and learned.data.rows is None and _reaches(learned.data, data) and cut <= cut_rows(data)


def _reaches(one: Data, other: Data) -> bool:
    """Whether all that data came from is what others came from too."""
    return one.roots <= other.roots | other.origins
