"""SCR221 token-ids-as-numbers."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.word_numbers import word_numbers
from scram_analyzers.source.data import Data
from scram_analyzers.source.entries import entries_of, entry_layers
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.interpreting.containers import NUMBERING
from scram_analyzers.source.keras_api.layers import ENCODING, WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.program import Fit, Program, every_fit


class TokenIdsAsNumbers(Rule):
    """Word numbers that a layer takes for quantities."""

    code = "SCR221"
    name = "token-ids-as-numbers"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "word numbers that go into the model as if they were quantities, with no Embedding"
    why = (
        "A word's number is only its place in the vocabulary: word 4,000 is not twice word 2,000. A dense or recurrent "
        "layer multiplies these numbers by weights all the same, and learns from an order that means nothing."
    )
    how = (
        "Begin the model with Embedding(vocabulary size, 64): it learns a vector for each word. Or turn each text into "
        "a row of zeros and ones (multi-hot) before a dense layer."
    )
    references = (
        Reference("Keras: Embedding layer", "https://keras.io/api/layers/core_layers/embedding/"),
        Reference("TensorFlow: Word embeddings", "https://www.tensorflow.org/text/guide/word_embeddings"),
    )
    false_alarms = "Sequences of real quantities made with pad_sequences alone."
    bad = (
        Example(
            "An LSTM that reads word numbers",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            x_train = x_train.reshape((25000, 100, 1))

            model = keras.Sequential()
            model.add(layers.LSTM(32, input_shape=(100, 1)))
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(»x_train«, y_train)
            """,
        ),
        Example(
            "Characters by their number",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import text

            numbers = dict((character, i) for i, character in enumerate(sorted(set(text))))
            windows, following = [], []
            for i in range(len(text) - 40):
                windows.append([numbers[character] for character in text[i : i + 40]])
                following.append(numbers[text[i + 40]])
            x = np.reshape(windows, (len(windows), 40, 1))
            y = keras.utils.to_categorical(following)
            model = keras.Sequential([layers.LSTM(128), layers.Dense(len(numbers), activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(»x«, y)
            """,
        ),
    )
    good = (
        Example(
            "Characters by their number, divided by how many there are",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import text

            numbers = {character: i for i, character in enumerate(sorted(set(text)))}
            x = np.reshape([[numbers[c] for c in text[i : i + 40]] for i in range(len(text) - 40)], (-1, 40, 1))
            y = keras.utils.to_categorical([numbers[text[i + 40]] for i in range(len(text) - 40)])
            model = keras.Sequential([layers.LSTM(128), layers.Dense(len(numbers), activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(x / len(numbers), y)
            """,
        ),
        Example(
            "An embedding first",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=100)
            model = keras.Sequential()
            model.add(layers.Embedding(10000, 32))
            model.add(layers.LSTM(32))
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Texts as rows of zeros and ones",
            """
            import keras
            import numpy as np
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)

            def multi_hot(sequences):
                rows = np.zeros((len(sequences), 10000))
                for row, words in enumerate(sequences):
                    rows[row, words] = 1.0
                return rows

            model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(multi_hot(x_train), y_train)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training on word numbers whose model begins with a layer that weighs numbers."""
        return program.each_of(every_fit, self._of_fit)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report rows of whole numbers that were filled up as texts are, and that a layer weighs."""
        for found in word_numbers(history):
            yield RunReport(
                subject=Subject(SubjectKind.INPUTS),
                message=(
                    f"The input {found.name} holds whole numbers up to {fixes.number_text(found.maximum or 0.0)} in "
                    f"rows that are filled up with zeros, as numbered words are, and no Embedding reads them: the "
                    "first layer takes the numbers for quantities."
                ),
            )

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.inputs
        if data is None or not data.token_ids or fit.x is None or fit.x.place is None or fit.model is None:
            return
        if data.source == NUMBERING and data.scaled:
            return  # divided by their number: a way to feed characters that is taught
        first = _weighing_layer(fit.model)
        if first is None:
            return
        name = f"The input {fit.x.place.text}" if len(fit.x.place.text) <= 30 else "The training input"
        embedding = program.imports.spell("keras.layers.Embedding").text
        yield Report(
            place=fit.x.place,
            message=_message(name, data, first),
            related=(
                Related(first.place, "This layer takes the word numbers for quantities."),
                *_origin(program, data, fit),
            ),
            recipe=f"{embedding}({_vocabulary(data)}, 64)  # as the model's first layer",
        )


def _weighing_layer(model: Model) -> Layer | None:
    """The first layer that multiplies the inputs by weights; None when any way in encodes or is unknown."""
    found: list[Layer] = []
    for entry in entries_of(model):
        layers = list(entry_layers(entry))
        if not layers or any(each.class_name in ENCODING for each in layers):
            return None
        if any(each.class_name not in WEIGHTED or not each.kind.startswith("keras.layers.") for each in layers):
            return None
        found += layers
    return found[0] if found else None


def _message(name: str, data: Data, first: Layer) -> str:
    high = f" up to {fixes.number_text(data.range.high)}" if data.range is not None and data.range.high < 1e7 else ""
    return f"{name} holds word numbers{high}, and {first.class_name} takes them for quantities: there is no Embedding."


def _vocabulary(data: Data) -> str:
    return f"{int(data.range.high) + 1}" if data.range is not None else "vocabulary_size"


def _origin(program: Program, data: Data, fit: Fit) -> Iterator[Related]:
    used = fit.x.place if fit.x is not None else None
    if data.place is None or used is None:
        return
    if not program.range_of(used).contains(program.range_of(data.place)):
        yield Related(data.place, "The word numbers come from here.")
