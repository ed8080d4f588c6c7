"""SCR214 encoder-refitted-on-test."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.adapted_again import adapted_again
from scram_analyzers.rules.data.evidence.refitting import Refit, refits
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit

ENCODERS = (
    "LabelEncoder",
    "OrdinalEncoder",
    "OneHotEncoder",
    "LabelBinarizer",
    "TargetEncoder",
    "MultiLabelBinarizer",
    "CountVectorizer",
    "TfidfVectorizer",
    "Tokenizer",
    "TextVectorization",
    "StringLookup",
    "IntegerLookup",
)


class EncoderRefittedOnTest(Rule):
    """Categories get their numbers a second time, from the test part."""

    code = "SCR214"
    name = "encoder-refitted-on-test"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("Encoder", "Binarizer", "Vectorizer", "Tokenizer", "TextVectorization", "Lookup")
    summary = "an encoder that is fitted again to the validation or test data"
    why = (
        "An encoder numbers the categories that it finds. Where the test part lacks one or has another, the same "
        "number means one thing in training and another in the test, and nothing says so."
    )
    how = "Fit once, to the training data; call only transform for everything else (handle_unknown for new categories)."
    references = (
        Reference(
            "scikit-learn: Common pitfalls: inconsistent preprocessing",
            "https://scikit-learn.org/stable/common_pitfalls.html#inconsistent-preprocessing",
        ),
    )
    false_alarms = "Parts that certainly hold the same categories: the numbers are then the same by luck."
    bad = (
        Example(
            "A function that makes a Tokenizer for each part",
            """
            import pandas as pd
            from keras import layers, models
            from keras.preprocessing.sequence import pad_sequences
            from keras.preprocessing.text import Tokenizer


            def numbers(texts):
                tokenizer = Tokenizer(num_words=5000)
                »tokenizer.fit_on_texts(texts)«
                return pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=40)


            train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
            x_train, x_test = numbers(train["text"]), numbers(test["text"])
            model = models.Sequential([layers.Embedding(5000, 16), layers.LSTM(16), layers.Dense(1, "sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, train["liked"], epochs=5, validation_split=0.1)
            model.evaluate(x_test, test["liked"])
            """,
        ),
        Example(
            "A Tokenizer of their own for the new texts",
            """
            from keras import layers, models
            from keras.preprocessing.sequence import pad_sequences
            from keras.preprocessing.text import Tokenizer
            from project import moods, new_texts, texts

            tokenizer = Tokenizer(num_words=5000)
            tokenizer.fit_on_texts([text.lower() for text in texts])
            x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=40)
            new_tokenizer = Tokenizer(num_words=5000)
            »new_tokenizer.fit_on_texts([text.lower() for text in new_texts])«
            x_new = pad_sequences(new_tokenizer.texts_to_sequences(new_texts), maxlen=40)
            model = models.Sequential([layers.Embedding(5000, 16), layers.LSTM(16), layers.Dense(1, "sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(x, moods, epochs=5, validation_split=0.1)
            print(model.predict(x_new))
            """,
        ),
        Example(
            "fit_transform twice",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import LabelEncoder

            table = pd.read_csv("flowers.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["length", "width"]], table["species"])
            encoder = LabelEncoder()
            y_train = encoder.fit_transform(y_train)
            y_test = »encoder.fit_transform(y_test)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import LabelEncoder

            table = pd.read_csv("flowers.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["length", "width"]], table["species"])
            encoder = LabelEncoder()
            y_train = encoder.fit_transform(y_train)
            y_test = encoder.transform(y_test)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "A function that numbers the words of each part anew",
            """
            import keras
            import numpy as np

            texts, labels = np.load("texts.npy"), np.load("labels.npy")
            vectorize = keras.layers.TextVectorization(max_tokens=2000, output_sequence_length=40)


            def encode(some, numbering):
                »numbering.adapt(some)«
                return numbering(some)


            split = len(texts) // 5
            train, test = texts[split:], texts[:split]
            model = keras.Sequential(
                [
                    keras.layers.Embedding(2000, 16),
                    keras.layers.GlobalAveragePooling1D(),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            x, x_test = encode(train, vectorize), encode(test, vectorize)
            model.fit(x, labels[split:], validation_data=(x_test, labels[:split]), epochs=10)
            """,
        ),
        Example(
            "The layer of a model that learns its words anew",
            """
            import keras
            import numpy as np

            texts, labels = np.load("texts.npy"), np.load("labels.npy")
            split = len(texts) // 5
            vectorize = keras.layers.TextVectorization(max_tokens=2000, output_sequence_length=40)
            vectorize.adapt(texts[split:])
            model = keras.Sequential(
                [
                    vectorize,
                    keras.layers.Embedding(2000, 16),
                    keras.layers.GlobalAveragePooling1D(),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(texts[split:], labels[split:], epochs=10)
            »vectorize.adapt(texts[:split])«
            model.evaluate(texts[:split], labels[:split])
            """,
        ),
        Example(
            "New texts numbered anew",
            """
            import numpy as np
            import pandas as pd
            from keras.layers import LSTM, Dense, Embedding
            from keras.models import Sequential
            from keras.preprocessing.sequence import pad_sequences
            from keras.preprocessing.text import Tokenizer

            table = pd.read_csv("reviews.csv")
            words = Tokenizer(num_words=5000)
            words.fit_on_texts(table.text)
            x = pad_sequences(words.texts_to_sequences(table.text), maxlen=80)
            model = Sequential([Embedding(5000, 32), LSTM(32), Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(x, table.liked, validation_split=0.2, epochs=3)

            found = ["what a film"]
            »words.fit_on_texts(found)«
            print(model.predict(pad_sequences(words.texts_to_sequences(found), maxlen=80)))
            """,
        ),
    )
    good = (
        Example(
            "A Tokenizer for each language, and one for each of two models",
            """
            from keras import layers, models
            from keras.preprocessing.sequence import pad_sequences
            from keras.preprocessing.text import Tokenizer
            from project import english, french, moods, new_english, new_french


            def numbers(tokenizer, texts):
                return pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=40)


            def reader():
                made = models.Sequential([layers.Embedding(5000, 16), layers.LSTM(16), layers.Dense(1, "sigmoid")])
                made.compile("adam", "binary_crossentropy")
                return made


            of_english, of_french = Tokenizer(num_words=5000), Tokenizer(num_words=5000)
            of_english.fit_on_texts([text.lower() for text in english])
            of_french.fit_on_texts([text.lower() for text in french])
            first, second = reader(), reader()
            first.fit(numbers(of_english, english), moods, epochs=5)
            second.fit(numbers(of_french, french), moods, epochs=5)
            first.predict(numbers(of_english, new_english))
            second.predict(numbers(of_french, new_french))
            """,
        ),
        Example(
            "Words numbered once, by the texts of two columns",
            """
            import numpy as np
            import pandas as pd
            from keras.layers import LSTM, Dense, Embedding
            from keras.models import Sequential
            from keras.preprocessing.sequence import pad_sequences
            from keras.preprocessing.text import Tokenizer

            table = pd.read_csv("reviews.csv")
            words = Tokenizer(num_words=5000)
            words.fit_on_texts(table.title)
            words.fit_on_texts(table.text)
            x = pad_sequences(words.texts_to_sequences(table.text), maxlen=80)
            model = Sequential([Embedding(5000, 32), LSTM(32), Dense(1, activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(x, table.liked, validation_split=0.2, epochs=3)
            print(model.predict(pad_sequences(words.texts_to_sequences(["what a film"]), maxlen=80)))
            """,
        ),
        Example(
            "Fitted once",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import LabelEncoder

            table = pd.read_csv("flowers.csv")
            x_train, x_test, y_train, y_test = train_test_split(table[["length", "width"]], table["species"])
            encoder = LabelEncoder()
            y_train = encoder.fit_transform(y_train)
            y_test = encoder.transform(y_test)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Encoded before the split, which tells nothing of the test part",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import LabelEncoder

            table = pd.read_csv("flowers.csv")
            y = LabelEncoder().fit_transform(table["species"])
            x_train, x_test, y_train, y_test = train_test_split(table[["length", "width"]], y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report encoders that were fitted to the data which judge the model."""
        seen: set[tuple[int, int]] = set()
        for refit in program.each_of(every_fit, _refits):
            if refit.learned.place.key in seen:
                continue
            seen.add(refit.learned.place.key)
            kind = refit.learned.kind.rpartition(".")[2]
            yield Report(
                place=refit.learned.place,
                message=f"This {kind} is fitted again, {_CHANGED.get(kind, _CATEGORIES)}.",
                related=(Related(refit.training.place, "The training data are encoded by this fit."),),
                recipe=refit.learned.place.text.replace(".fit_transform(", ".transform(", 1),
            )
        if not seen:
            yield from program.each_of(every_fit, _adapted_again)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Only transform with the encoder that was fitted to the training data."""
        for fit in program.fits:
            for refit in refits(program, fit, ENCODERS):
                same = refit.learned.owner == refit.training.owner
                if program.range_of(refit.learned.place) != finding.range or not same:
                    continue
                call = fixes.call_of(refit.learned.place)
                if call is None or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "fit_transform":
                    continue
                edit = fixes.replace(program, Place(refit.learned.place.section, call.func.attr), "transform")
                return Fix("Only transform, with the training data's fit", Applicability.UNSAFE, (edit,))
        return None


_CATEGORIES = "on data that judge the model: one number may now mean another category"
_CHANGED = {"Tokenizer": "to other texts than those of the training: one number may now mean another word"}


def _adapted_again(program: Program, fit: Fit) -> Iterator[Report]:
    return adapted_again(program, fit, ("TextVectorization", "StringLookup", "IntegerLookup"))


def _refits(program: Program, fit: Fit) -> Iterator[Refit]:
    return refits(program, fit, ENCODERS)
