"""On which scale targets and predictions are: scaled, turned back, or as they were read."""

from __future__ import annotations

from collections.abc import Iterable

from scram_analyzers.source.data import PREDICTION, Data, DataStep, Learned, StepKind
from scram_analyzers.source.libraries.changing_objects import INVERSE, SCALED_RANGE
from scram_analyzers.source.program import Program

_PLAIN = frozenset(
    [
        *("astype", "reshape", "ravel", "flatten", "squeeze", "expand_dims", "numpy.reshape", "numpy.squeeze", "copy"),
        *("numpy.ravel", "numpy.expand_dims", "to_numpy", "dropna", "reset_index", "set_index", "fillna", "window"),
        *("numpy.array", "numpy.asarray", "tolist", "drop", "sort_values", "head", "tail", "concat", "pandas.concat"),
    ]
)
"""Steps that leave the numbers as they are."""

_PICKING = (StepKind.SELECTED, StepKind.SPLIT, StepKind.SHUFFLED, StepKind.CONVERTED)


def scaled_by(data: Data) -> Learned | None:
    """What one of scikit-learn's scalers had learned that data were last scaled by, and are so still."""
    for step in reversed(data.steps):
        if step.name == INVERSE:
            return None
        if step.kind is StepKind.SCALED:
            known = step.learned if step.certain else None
            return known if known is not None and known.kind.rpartition(".")[2] in SCALED_RANGE else None
    return None


def turned_back_by(data: Data) -> Learned | None:
    """What the scaler had learned that data were last turned back by."""
    return next((step.learned for step in reversed(data.steps) if step.name == INVERSE), None)


def is_plain(steps: Iterable[DataStep]) -> bool:
    """Whether some steps leave the numbers as they are."""
    return all(step.kind in _PICKING or step.name in _PLAIN for step in steps)


def is_unscaled(data: Data, by: Learned) -> bool:
    """Whether data are on the scale on which those were that a scaler learned, from where these come as well."""
    apart = (by.data.roots | by.data.origins).isdisjoint(data.roots | data.origins)
    if apart and not _made_by_one_call(data, by.data):
        return False
    back = [place for place, step in enumerate(data.steps) if step.name == INVERSE and step.certain]
    if back:
        return is_plain(data.steps[back[-1] + 1 :])
    pairs = list(zip(data.steps, by.data.steps, strict=False))
    shared = next((place for place, (ours, theirs) in enumerate(pairs) if ours != theirs), len(pairs))
    return is_plain(data.steps[shared:]) and is_plain(by.data.steps[shared:])


def _made_by_one_call(one: Data, other: Data) -> bool:
    """Whether two arrays are parts of one data set, as `load_data()` gives them."""
    places = one.place, other.place
    return one.source == other.source and None not in places and places[0] == places[1]


def targets_trained_on(program: Program, made: Data) -> tuple[Data, Data] | None:
    """The inputs and targets that a model was trained on whose predictions these are; None where that isn't certain."""
    if made.source != PREDICTION or made.place is None:
        return None
    asked = next((each for each in program.evaluations if each.place.key == made.place.key), None)
    if asked is None or asked.model is None:
        return None
    fits = [fit for fit in program.fits if fit.model is not None and fit.model.identity == asked.model.identity]
    if len(fits) != 1 or fits[0].inputs is None or fits[0].targets is None:
        return None
    return fits[0].inputs, fits[0].targets
