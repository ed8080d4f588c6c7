"""SCR343 embedding-input-not-integer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data, DataStep, LabelForm, StepKind
from scram_analyzers.source.entries import entries_from, entries_of, entry_layers
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit


class EmbeddingInputNotInteger(Rule):
    """Scaled numbers where row numbers are expected."""

    code = "SCR343"
    name = "embedding-input-not-integer"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    only_with = ("Embedding",)
    summary = "inputs that were scaled to fractions before an Embedding, which looks up whole numbers"
    why = (
        "An Embedding cuts its inputs to whole numbers and takes them as rows of a table. Numbers that were scaled to "
        "0 to 1 all become 0: every word looks the same."
    )
    how = "Feed the word numbers as they are, without scaling."
    references = (Reference("Keras: Embedding layer", "https://keras.io/api/layers/core_layers/embedding/"),)
    false_alarms = "Numbers that are made whole again where it can't be seen."
    bad = (
        Example(
            "Word numbers through a scaler",
            """
            import keras
            from keras import layers
            from sklearn.preprocessing import MinMaxScaler

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=5000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            x_train = MinMaxScaler().fit_transform(x_train)
            model = keras.Sequential([layers.Embedding(5000, 16), layers.LSTM(8), layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(»x_train«, y_train, epochs=3)
            """,
        ),
    )
    good = (
        Example(
            "Word numbers as they are",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=5000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            model = keras.Sequential([layers.Embedding(5000, 16), layers.LSTM(8), layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=3)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training that gives scaled values to an Embedding."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        for data, place in _looked_up(fit):
            name = place.text if len(place.text) <= 30 else "the input"
            scaled = _scaled(data)
            if scaled is not None:
                related = (Related(scaled.place, "They are scaled here."),) if scaled.place is not None else ()
                message = (
                    f"The Embedding looks up whole numbers, but {name} was scaled: nearly all of it becomes row 0."
                )
                yield Report(place, message, related)
            elif _are_fractions(data):
                related = (Related(data.place, "They are made here."),) if data.place is not None else ()
                message = f"The Embedding looks up whole numbers, but {name} holds fractions: all of it becomes row 0."
                yield Report(place, message, related)


def _scaled(data: Data | None) -> DataStep | None:
    """The last step that made fractions of the data, when they still lie around 0."""
    if data is None or data.range is None or data.range.magnitude > LARGEST:
        return None
    steps = [step for step in data.steps if step.kind in (StepKind.SCALED, StepKind.CONVERTED, StepKind.ENCODED)]
    return steps[-1] if steps and steps[-1].kind is StepKind.SCALED else None


LARGEST = 10.0
"""What is scaled stays within; word numbers go into the hundreds."""


def _are_fractions(data: Data) -> bool:
    """Whether they are random numbers between 0 and 1, in which no number of a row can be."""
    known = data.range is not None and data.range.low >= 0 and data.range.high <= 1
    return known and data.labels is LabelForm.CONTINUOUS and data.dtype == "float64" and not data.steps


def _looked_up(fit: Fit) -> Iterator[tuple[Data, Place]]:
    """What enters a model by an Embedding, and where it is passed."""
    if fit.model is None:
        return
    data, place = fit.inputs, fit.x.place if fit.x is not None else None
    if data is not None and place is not None and not fit.feeds and _are_embedded(entries_of(fit.model)):
        yield data, place
    for feed in fit.feeds:
        if _are_embedded(entries_from(fit.model, (feed.entry,))):
            yield feed.data, feed.place


def _are_embedded(entries: Sequence[Tensor]) -> bool:
    layers = list(entry_layers(entries[0])) if len(entries) == 1 else []
    return len(layers) == 1 and layers[0].class_name == "Embedding"
