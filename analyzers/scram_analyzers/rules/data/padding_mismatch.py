"""SCR245 padding-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import judged_by, trained_on
from scram_analyzers.source.data import Data
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, Program, every_fit
from scram_analyzers.source.values import text

_PADDING = frozenset(("keras.utils.pad_sequences", "keras.preprocessing.sequence.pad_sequences"))
_SIDES = {"pre": "in front", "post": "at the end"}


class PaddingMismatch(Rule):
    """Sequences that are filled up on another side than those that the model was trained on."""

    code = "SCR245"
    name = "padding-mismatch"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "training sequences that are padded on one side, and validation, test or new ones on the other"
    why = (
        "Sequences are filled up in front unless padding says otherwise. A model that was trained on sequences with "
        "their zeros at the end meets, in those with zeros in front, words in places where it never saw any, and its "
        "answers mean little."
    )
    how = "Give padding the same value at every call, best through one function for all texts."
    references = (
        Reference("Keras: pad_sequences", "https://keras.io/api/data_loading/timeseries/#padsequences-function"),
    )
    only_with = ("pad_sequences",)
    false_alarms = "A model that takes the place of a word to be of no matter, as one that averages all of them does."
    bad = (
        Example(
            "A new text, padded as if by default",
            """
            import keras
            from keras.preprocessing.sequence import pad_sequences
            from project import labels, numbers, numbers_of

            x = pad_sequences(numbers, maxlen=50, padding="post")
            model = keras.Sequential(
                [keras.layers.Embedding(5000, 16), keras.layers.LSTM(16), keras.layers.Dense(1, activation="sigmoid")]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, labels, epochs=5)
            new = »pad_sequences(numbers_of(["you have won"]), maxlen=50)«
            print(model.predict(new))
            """,
            """
            import keras
            from keras.preprocessing.sequence import pad_sequences
            from project import labels, numbers, numbers_of

            x = pad_sequences(numbers, maxlen=50, padding="post")
            model = keras.Sequential(
                [keras.layers.Embedding(5000, 16), keras.layers.LSTM(16), keras.layers.Dense(1, activation="sigmoid")]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, labels, epochs=5)
            new = pad_sequences(numbers_of(["you have won"]), maxlen=50, padding="post")
            print(model.predict(new))
            """,
        ),
    )
    good = (
        Example(
            "The same side everywhere, once by default",
            """
            import keras
            from keras.preprocessing.sequence import pad_sequences
            from project import labels, numbers, numbers_of

            x = pad_sequences(numbers, maxlen=50)
            model = keras.Sequential(
                [keras.layers.Embedding(5000, 16), keras.layers.LSTM(16), keras.layers.Dense(1, activation="sigmoid")]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, labels, epochs=5)
            print(model.predict(pad_sequences(numbers_of(["you have won"]), maxlen=50, padding="pre")))
            """,
        ),
        Example(
            "The largest answer of all places, wherever the words are",
            """
            import keras
            from keras.preprocessing.sequence import pad_sequences
            from project import labels, numbers, numbers_of

            x = pad_sequences(numbers, maxlen=50, padding="post")
            model = keras.Sequential(
                [
                    keras.layers.Embedding(5000, 16),
                    keras.layers.Conv1D(16, 3, activation="relu"),
                    keras.layers.GlobalMaxPooling1D(),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, labels, epochs=5)
            print(model.predict(pad_sequences(numbers_of(["you have won"]), maxlen=50)))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report padding on the other side than in training."""
        said = set()
        for ours, theirs in program.each_of(every_fit, _apart):
            if theirs.place.key not in said:
                said.add(theirs.place.key)
                message = (
                    f"These sequences are padded {_SIDES[_side(theirs)]}, but the model was trained on sequences "
                    f"padded {_SIDES[_side(ours)]}."
                )
                related = (Related(ours.place, "The training sequences are padded here."),)
                yield Report(theirs.place, message, related, recipe=f'padding="{_side(ours)}"')

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Pad on the side that training used."""
        for ours, theirs in program.each_of(every_fit, _apart):
            if program.range_of(theirs.place) != finding.range:
                continue
            side = f'"{_side(ours)}"'
            edit = fixes.set_argument(program, theirs.place, "padding", side)
            edit = edit or fixes.add_argument(program, theirs.place, f"padding={side}")
            if edit is not None:
                return Fix("Pad on the side that training used", Applicability.UNSAFE, (edit,))
        return None


def _apart(program: Program, fit: Fit) -> Iterator[tuple[Call, Call]]:
    """The padding of training sequences, and of others that this model judges, where the sides differ."""
    if fit.model is None or any(layer.class_name in _PLACELESS for layer in fit.model.layers):
        return
    calls = {call.place.key: call for call in program.calls_of(_PADDING)}
    all_judged = list(judged_by(program, fit))
    for trained in trained_on(fit):
        ours = _padding_of(trained.data, calls)
        for judged in all_judged if ours is not None and _side(ours) else ():
            theirs = _padding_of(judged.data, calls) if judged.entry is trained.entry else None
            if ours is not None and theirs is not None and _side(theirs) and _side(theirs) != _side(ours):
                yield ours, theirs


_PLACELESS = ("GlobalAveragePooling1D", "GlobalMaxPooling1D", "GlobalMaxPool1D", "TextVectorization")
"""Layers after which it is of little matter in which place a word stood."""


def _padding_of(data: Data, calls: dict[tuple[int, int], Call]) -> Call | None:
    """The call that padded data last."""
    places: list[Place] = [step.place for step in data.steps if step.name in _PADDING and step.place is not None]
    if not places and data.source in _PADDING and data.place is not None:
        places = [data.place]
    return calls.get(places[-1].key) if places else None


def _side(call: Call) -> str:
    """On which side a call pads; "" where that can't be told."""
    given = call.arguments.get("padding", 3)
    if given is None:
        return "" if call.arguments.open else "pre"
    side = text(given.value)
    return side if side in _SIDES else ""
