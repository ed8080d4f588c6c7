"""SCR324 embedding-vocabulary-too-small."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.ids_of_a_column import ids_without_rows
from scram_analyzers.rules.architecture.evidence.paths import models_of
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.outputs import inputs_seen
from scram_analyzers.run.records import LayerInfo, Subject, SubjectKind
from scram_analyzers.run.wording import named
from scram_analyzers.source.data import Data
from scram_analyzers.source.entries import entries_from, entries_of, entry_layers
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.interpreting.containers import NUMBERING
from scram_analyzers.source.model import Model
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import WORD_INDEX, Argument, Statistic, Unknown, Value, integer

_OUTSIDE = re.compile(r"indices\[[\d,]*\] = (-?\d+) is not in \[0, (\d+)\)")
"""What TensorFlow says of a number beyond the end of a table, and of the table's size."""


class EmbeddingVocabularyTooSmall(Rule):
    """An Embedding with fewer rows than the numbers it is asked for."""

    code = "SCR324"
    name = "embedding-vocabulary-too-small"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    only_with = ("Embedding",)
    summary = "an Embedding whose input_dim is not above the largest word number that it gets"
    why = (
        "An Embedding is a table with input_dim rows, numbered from 0. A number beyond its end stops training with an "
        "error on a CPU; on a GPU the word silently becomes all zeros, so that the model never sees it."
    )
    how = "Give input_dim the size of the vocabulary: the largest word number plus 1."
    references = (
        Reference("Keras: Embedding layer", "https://keras.io/api/layers/core_layers/embedding/"),
        THE_DEEP_CHECKER,
    )
    false_alarms = (
        "Numbers that are cut off or mapped to smaller ones where it can't be seen; ids in a file that begin at 0 and "
        "leave none out."
    )
    bad = (
        Example(
            "Ten thousand words, a table for five thousand",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=200)
            model = keras.Sequential()
            model.add(layers.Embedding(»5000«, 32))
            model.add(layers.GlobalAveragePooling1D())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=200)
            model = keras.Sequential()
            model.add(layers.Embedding(10000, 32))
            model.add(layers.GlobalAveragePooling1D())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
        Example(
            "As many rows as words, but the first word is number 1",
            """
            import keras
            from keras import layers
            from project import labels, texts
            from tensorflow.keras.preprocessing.text import Tokenizer

            tokenizer = Tokenizer()
            tokenizer.fit_on_texts(texts)
            vocabulary = len(tokenizer.word_index)
            x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
            model = keras.Sequential()
            model.add(layers.Embedding(»vocabulary«, 32))
            model.add(layers.GlobalAveragePooling1D())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, labels, epochs=5)
            """,
        ),
        Example(
            "The same, where only more words than there may be are left out",
            """
            import keras
            from keras import layers
            from project import labels, texts
            from tensorflow.keras.preprocessing.text import Tokenizer

            tokenizer = Tokenizer(num_words=200000)
            tokenizer.fit_on_texts(texts)
            x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
            model = keras.Sequential()
            model.add(layers.Embedding(»len(tokenizer.word_index)«, 32))
            model.add(layers.LSTM(32))
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, labels, epochs=5)
            """,
        ),
        Example(
            "The same of the first of two inputs",
            """
            import keras
            from keras import layers
            from project import ages, labels, texts
            from tensorflow.keras.preprocessing.text import Tokenizer

            tokenizer = Tokenizer()
            tokenizer.fit_on_texts(texts)
            x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
            words, numbers = keras.Input((50,)), keras.Input((1,))
            text = layers.LSTM(32)(layers.Embedding(»len(tokenizer.word_index)«, 32)(words))
            outputs = layers.Dense(1, activation="sigmoid")(layers.concatenate([text, numbers]))
            model = keras.Model([words, numbers], outputs)
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit([x, ages], labels, epochs=5)
            """,
        ),
        Example(
            "A text layer that numbers more words than the table has rows",
            """
            import keras
            from keras import layers
            from project import labels, texts

            vectorize = layers.TextVectorization(max_tokens=20000, output_sequence_length=100)
            vectorize.adapt(texts)
            inputs = keras.Input(shape=(1,), dtype="string")
            x = vectorize(inputs)
            x = layers.Embedding(input_dim=»2000«, output_dim=64)(x)
            x = layers.GlobalAveragePooling1D()(x)
            model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(texts, labels)
            """,
            """
            import keras
            from keras import layers
            from project import labels, texts

            vectorize = layers.TextVectorization(max_tokens=20000, output_sequence_length=100)
            vectorize.adapt(texts)
            inputs = keras.Input(shape=(1,), dtype="string")
            x = vectorize(inputs)
            x = layers.Embedding(input_dim=20000, output_dim=64)(x)
            x = layers.GlobalAveragePooling1D()(x)
            model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(texts, labels)
            """,
        ),
        Example(
            "The largest id, which is one less than the rows it needs",
            """
            import pandas as pd
            import keras
            from keras import layers

            ratings = pd.read_csv("ratings.csv")
            user = keras.Input(shape=(1,))
            x = layers.Embedding(»ratings["user"].max()«, 8)(user)
            model = keras.Model(user, layers.Dense(1)(layers.Flatten()(x)))
            model.compile(optimizer="adam", loss="mse")
            model.fit(ratings["user"], ratings["stars"], epochs=5)
            """,
        ),
        Example(
            "As many rows as users, whose ids may begin at 1",
            """
            import pandas as pd
            import keras
            from keras import layers

            ratings = pd.read_csv("ratings.csv")
            users = ratings.user.nunique()
            user = keras.Input(shape=(1,))
            x = layers.Embedding(»users«, 8)(user)
            model = keras.Model(user, layers.Dense(1)(layers.Flatten()(x)))
            model.compile(optimizer="adam", loss="mse")
            model.fit(ratings.user, ratings.stars, epochs=5)
            """,
        ),
    )
    good = (
        Example(
            "Ids numbered anew, from 0",
            """
            import pandas as pd
            import keras
            from keras import layers

            ratings = pd.read_csv("ratings.csv")
            ratings.user = ratings.user.astype("category").cat.codes
            users = ratings.user.nunique()
            user = keras.Input(shape=(1,))
            x = layers.Embedding(users, 8)(user)
            model = keras.Model(user, layers.Dense(1)(layers.Flatten()(x)))
            model.compile(optimizer="adam", loss="mse")
            model.fit(ratings.user, ratings.stars, epochs=5)
            """,
        ),
        Example(
            "One row for each word",
            """
            import keras
            from keras import layers

            words = 10000
            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=words)
            x_train = keras.utils.pad_sequences(x_train, maxlen=200)
            model = keras.Sequential()
            model.add(layers.Embedding(words, 32))
            model.add(layers.GlobalAveragePooling1D())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
        Example(
            "A vocabulary whose size is known only when it runs",
            """
            import keras
            from keras import layers
            from project import labels, texts
            from tensorflow.keras.preprocessing.text import Tokenizer

            tokenizer = Tokenizer()
            tokenizer.fit_on_texts(texts)
            x = keras.utils.pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=50)
            model = keras.Sequential()
            model.add(layers.Embedding(len(tokenizer.word_index) + 1, 32))
            model.add(layers.GlobalAveragePooling1D())
            model.add(layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, labels, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each Embedding with too few rows for the data or the text layer that feeds it."""
        for layer, highest, origin in _fed(program):
            rows = _rows(layer)
            size = integer(rows.value) if rows is not None else None
            if rows is None or size is None or highest < size:
                continue
            place = rows.place if rows.place is not None else layer.place
            yield Report(
                place=place,
                message=f"This Embedding has rows for the numbers 0 to {size - 1}, but it gets word numbers up to "
                f"{highest}.",
                related=(Related(origin, "The word numbers come from here."),) if origin is not None else (),
                recipe=f"{program.imports.spell('keras.layers.Embedding').text}({highest + 1}, ...)",
            )
        yield from _one_row_short(program)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report ids outside the only Embedding of the model, or of its size."""
        tables = [layer for layer in history.info.layers if layer.class_name == "Embedding" and layer.vocabulary]
        outside = _OUTSIDE.search(history.error.message) if history.error is not None else None
        if outside is not None:
            yield from _refused(tables, int(outside[1]), int(outside[2]))
            return
        if len(tables) != 1:
            return
        size = tables[0].vocabulary or 0
        for array in inputs_seen(history):
            if array.consumer != "Embedding" or array.minimum is None or array.maximum is None:
                continue
            if array.minimum >= 0 and array.maximum < size:
                continue
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, tables[0].name),
                message=(
                    f"{array.name} holds ids from {array.minimum:.0f} to {array.maximum:.0f}, and "
                    f"{named(tables[0].name)} has rows for 0 to {size - 1}."
                ),
                recipe=f"input_dim={array.maximum + 1:.0f}" if array.minimum >= 0 else "",
            )
            return

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """As many rows as there are word numbers."""
        for layer, highest, _ in _fed(program):
            rows = _rows(layer)
            if rows is None or rows.place is None or integer(rows.value) is None:
                continue
            if program.range_of(rows.place) != finding.range:
                continue
            edit = fixes.replace(program, rows.place, str(highest + 1))
            return Fix(f"Give the Embedding {highest + 1} rows", Applicability.UNSAFE, (edit,))
        return None


def _refused(tables: Sequence[LayerInfo], number: int, size: int) -> Iterator[RunReport]:
    """Report the table that an error speaks of, which ended the training."""
    fitting = [table for table in tables if table.vocabulary == size]
    if len(fitting) == 1:
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, fitting[0].name),
            message=(
                f"An input holds the id {number}, and {named(fitting[0].name)} has rows for 0 to {size - 1}: that "
                "ended the training."
            ),
        )


def _one_row_short(program: Program) -> Iterator[Report]:
    """Report Embeddings of as many rows as there are words or ids, where those are not numbered from 0."""
    said: set[int] = set()
    for data, layer in program.each_of(every_fit, _embedded):
        rows = _rows(layer)
        if rows is not None and layer.identity not in said:
            for report in ids_without_rows(program, data, layer, rows):
                said.add(layer.identity)
                yield report
        if data.source == NUMBERING and rows is not None and layer.identity not in said:
            counted = _numbered_from_one(rows.value, data.place)
            if counted is not None:
                said.add(layer.identity)
                yield _short_of_one(rows.place or layer.place, counted, data)
        if not data.source.endswith("Tokenizer.texts_to_sequences"):
            continue
        counted = _word_count(rows.value) if rows is not None else None
        if rows is not None and counted is not None and layer.identity not in said:
            said.add(layer.identity)
            yield Report(
                place=rows.place or layer.place,
                message=(
                    f"This Embedding has {counted.text} rows, numbered from 0, but a Tokenizer numbers its words from "
                    f"1: the last word has no row{_unless_cut(data)}."
                ),
                severity=Severity.INFO if data.range is not None else None,
                related=(Related(counted, "The words are counted here."),),
                recipe=f"{counted.text} + 1",
            )


def _short_of_one(place: Place, counted: Place, data: Data) -> Report:
    related = [Related(counted, "They are counted here.")]
    if data.place is not None:
        related.append(Related(data.place, "They are numbered here."))
    return Report(
        place=place,
        message=(
            f"This Embedding has {counted.text} rows, numbered from 0, but its words are numbered from 1: the last "
            "word has no row."
        ),
        related=tuple(related),
        recipe=f"{counted.text} + 1",
    )


def _numbered_from_one(rows: Value, made: Place | None) -> Place | None:
    """Where `len(words)` rows are counted for `{word: i + 1 for i, word in enumerate(words)}`; None for all else."""
    count = rows.place.node if isinstance(rows, Unknown) and rows.place is not None else None
    numbers = made.node if made is not None else None
    if not isinstance(count, cst.Call) or len(count.args) != 1 or not isinstance(numbers, cst.DictComp):
        return None
    counted = numbers.for_in.iter
    if not isinstance(counted, cst.Call) or not counted.args:
        return None
    if not isinstance(count.func, cst.Name) or count.func.value != "len":
        return None
    if not counted.args[0].value.deep_equals(count.args[0].value):
        return None
    added = numbers.value.right if isinstance(numbers.value, cst.BinaryOperation) else None
    starts = [each for each in (*(argument.value for argument in counted.args[1:]), added) if each is not None]
    one = len(starts) == 1 and isinstance(starts[0], cst.Integer) and starts[0].evaluated_value == 1
    return rows.place if one else None


def _unless_cut(data: Data) -> str:
    """A Tokenizer that keeps the most frequent words alone leaves the last word out, where there are more."""
    return f", if the texts have fewer than {int(data.range.high) + 1} words" if data.range is not None else ""


def _word_count(rows: Value) -> Place | None:
    """Where rows are counted that are as many as a Tokenizer's words: `len(tokenizer.word_index)`, and no more."""
    return rows.place if isinstance(rows, Statistic) and rows.name == WORD_INDEX else None


def _rows(layer: Layer) -> Argument | None:
    return layer.arguments.get("input_dim")


def _fed(program: Program) -> Iterator[tuple[Layer, int, Place | None]]:
    """Each Embedding with the largest number that reaches it, and where the numbers are made."""
    yield from program.each_of(every_fit, _fed_by_data)
    for model in models_of(program):
        yield from _fed_by_layers(model)


@once
def _fed_by_layers(model: Model) -> tuple[tuple[Layer, int, Place | None], ...]:
    found: list[tuple[Layer, int, Place | None]] = []
    for tensor in model.tensors():
        source = tensor.inputs[0].producer if len(tensor.inputs) == 1 else None
        if _is_embedding(tensor.producer) and isinstance(source, Layer) and source.class_name in TEXT_LAYERS:
            most = integer(source.value("max_tokens"))
            if most is not None and isinstance(tensor.producer, Layer):
                found.append((tensor.producer, most - 1, source.place))
    return tuple(found)


TEXT_LAYERS = ("TextVectorization", "StringLookup", "IntegerLookup")


def _fed_by_data(program: Program, fit: Fit) -> Iterator[tuple[Layer, int, Place | None]]:
    for data, layer in _embedded(program, fit):
        if data.token_ids and data.range is not None:
            yield layer, int(data.range.high), data.place


def _embedded(_: Program, fit: Fit) -> Iterator[tuple[Data, Layer]]:
    """Data with the Embedding that they go to: the inputs of a model, or those of each of its several."""
    if fit.model is None:
        return
    given = [(feed.data, entries_from(fit.model, (feed.entry,))) for feed in fit.feeds]
    if not given and fit.inputs is not None:
        given = [(fit.inputs, entries_of(fit.model))]
    for data, entries in given:
        layers = list(entry_layers(entries[0])) if len(entries) == 1 else []
        if len(layers) == 1 and _is_embedding(layers[0]):
            yield data, layers[0]


def _is_embedding(producer: object) -> bool:
    return isinstance(producer, Layer) and producer.class_name == "Embedding"
