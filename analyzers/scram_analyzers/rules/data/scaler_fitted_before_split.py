"""SCR208 scaler-fitted-before-split."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.joined_parts import of_parts_joined
from scram_analyzers.rules.data.evidence.judging import evaluations_of, held_out, judged_by
from scram_analyzers.rules.data.evidence.learned_from_all import adapted, leak, leak_by_rows
from scram_analyzers.rules.data.evidence.scaled_before_cut import WEIGHTED_WORDS, is_whole, leak_by_slices, scales
from scram_analyzers.rules.data.evidence.scaled_by_hand import by_hand, split_of
from scram_analyzers.rules.data.evidence.trainings import own_loops
from scram_analyzers.source.data import Data, DataStep, Learned, StepKind
from scram_analyzers.source.interpreting.fitting import SEARCH
from scram_analyzers.source.program import Fit, LossCall, Program, every_fit


class ScalerFittedBeforeSplit(Rule):
    """A scaler that has seen the examples which are to judge the model."""

    code = "SCR208"
    name = "scaler-fitted-before-split"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a scaler that is fitted to all data before they are split into training and test parts"
    why = (
        "Mean, spread or extremes of the test part flow into the training data. The test score is then measured on "
        "data that were not quite unknown, and comes out better than the model will do on new data."
    )
    how = "Split first, fit the scaler to the training part, and only transform the test part with it."
    references = (
        Reference(
            "scikit-learn: Common pitfalls: data leakage",
            "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage",
        ),
    )
    false_alarms = "A scaler whose bounds are known beforehand, such as pixels from 0 to 255: nothing leaks then."
    bad = (
        Example(
            "Fitted to the rows of every fold",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import StratifiedKFold
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            for train, test in StratifiedKFold(n_splits=4, shuffle=True).split(x, y):
                scaler = »StandardScaler().fit(x)«
                model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
                model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
                model.fit(scaler.transform(x[train]), y[train], epochs=20)
                print(model.evaluate(scaler.transform(x[test]), y[test]))
            """,
        ),
        Example(
            "Scaled, then split",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            x, y = table.drop(columns="disease"), table["disease"]
            scaler = StandardScaler()
            x = »scaler.fit_transform(x)«
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Fitted and applied in two steps",
            """
            import keras
            import numpy as np
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import MinMaxScaler

            table = np.loadtxt("heart.csv", delimiter=",")
            x, y = table[:, :13], table[:, 13]
            scaler = MinMaxScaler()
            »scaler.fit(x)«
            x = scaler.transform(x)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Fitted to everything, applied to the parts",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            scaler = StandardScaler()
            »scaler.fit(x)«
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "A layer adapted to everything",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import train_test_split

            x, y = load_breast_cancer(return_X_y=True)
            normalize = keras.layers.Normalization()
            »normalize.adapt(x)«
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([normalize, keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "A layer adapted to the rows of both stretches",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_breast_cancer

            x, y = load_breast_cancer(return_X_y=True)
            order = np.random.permutation(len(x))
            x, y = x[order], y[order]
            normalize = keras.layers.Normalization()
            »normalize.adapt(x)«
            model = keras.Sequential([normalize, keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x[:400], y[:400], validation_data=(x[400:], y[400:]))
            """,
        ),
        Example(
            "Fitted to the rows of both parts of a permutation",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_breast_cancer
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            order = np.random.permutation(len(x))
            train, test = order[:400], order[400:]
            x = »StandardScaler().fit_transform(x)«
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x[train], y[train])
            model.evaluate(x[test], y[test])
            """,
        ),
        Example(
            "Scaled by hand, then cut",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_breast_cancer

            x, y = load_breast_cancer(return_X_y=True)
            x = (»x - x.mean(axis=0)«) / x.std(axis=0)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x[:400], y[:400], validation_data=(x[400:], y[400:]))
            """,
        ),
        Example(
            "Scaled by hand, then split",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("heart.csv")
            x, y = table.drop(columns="disease"), table["disease"]
            x = (»x - x.mean()«) / x.std()
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "In a loop of one's own",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            x, y = load_wine(return_X_y=True)
            x = »StandardScaler().fit_transform(x)«
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for _ in range(100):
                with tf.GradientTape() as tape:
                    loss = judge(y_train, model(x_train, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Words weighed by all texts",
            """
            import keras
            import pandas as pd
            from sklearn.feature_extraction.text import TfidfVectorizer
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("mails.csv")
            x = »TfidfVectorizer(max_features=3000).fit_transform(table["text"])«.toarray()
            x_train, x_test, y_train, y_test = train_test_split(x, table["spam"])
            model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Words numbered by the texts of all parts",
            """
            import keras
            import numpy as np

            texts, labels = np.load("texts.npy"), np.load("labels.npy")
            n = int(0.8 * len(texts))
            vectorize = keras.layers.TextVectorization(max_tokens=2000, output_sequence_length=40)
            »vectorize.adapt(texts)«
            model = keras.Sequential(
                [
                    vectorize,
                    keras.layers.Embedding(2000, 16),
                    keras.layers.GlobalAveragePooling1D(),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(texts[:n], labels[:n], epochs=10)
            model.evaluate(texts[n:], labels[n:])
            """,
        ),
        Example(
            "Fitted before scikit-learn makes the folds",
            """
            import keras
            import pandas as pd
            from scikeras.wrappers import KerasRegressor
            from sklearn.model_selection import KFold, cross_val_score
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("houses.csv").values
            x, y = table[:, :13], table[:, 13]
            x = »StandardScaler().fit_transform(x)«

            def network():
                model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
                model.compile(optimizer="adam", loss="mse")
                return model

            scores = cross_val_score(KerasRegressor(model=network, epochs=50), x, y, cv=KFold(10, shuffle=True))
            """,
        ),
        Example(
            "Fitted to a whole series, of which the last days are to judge",
            """
            import keras
            import numpy as np
            import pandas as pd
            from sklearn.preprocessing import MinMaxScaler

            def windows(rows):
                return np.array([rows[day - 60 : day] for day in range(60, len(rows))]), rows[60:]

            prices = »MinMaxScaler().fit_transform(pd.read_csv("prices.csv")[["Close"]].values)«
            (x, y), (x_test, y_test) = windows(prices[:-200]), windows(prices[-200:])
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            predicted = model.predict(x_test)
            """,
        ),
        Example(
            "Fitted to both parts, put together again",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_diabetes
            from sklearn.model_selection import train_test_split

            x, y = load_diabetes(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            scale = keras.layers.Normalization()
            »scale.adapt(np.concatenate([x_train, x_test]))«
            model = keras.Sequential([scale, keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, y_train, epochs=20)
            model.evaluate(x_test, y_test)
            """,
        ),
        Example(
            "Column by column, to the whole table",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("houses.csv")
            train, test = table[:800], table[800:]
            area, scale = keras.Input((1,), name="area"), keras.layers.Normalization(axis=None)
            »scale.adapt(table["area"].values)«
            model = keras.Model({"area": area}, keras.layers.Dense(1)(scale(area)))
            model.compile(optimizer="adam", loss="mse")
            model.fit({n: train[n].values for n in ("area",)}, train["price"].values, epochs=20)
            model.evaluate({n: test[n].values for n in ("area",)}, test["price"].values)
            """,
        ),
    )
    good = (
        Example(
            "Words of the training part, a tenth of which is trained on",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split

            table = pd.read_csv("tweets.csv")
            x, x_val, y, y_val = train_test_split(table["text"].to_numpy(), table["target"].to_numpy())
            words = keras.layers.TextVectorization(max_tokens=10000, output_sequence_length=15)
            words.adapt(x)
            _, x_few, _, y_few = train_test_split(x, y, test_size=0.1)
            model = keras.Sequential([words, keras.layers.Embedding(10000, 32), keras.layers.GlobalMaxPooling1D()])
            model.add(keras.layers.Dense(1, activation="sigmoid"))
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x_few, y_few, epochs=5, validation_data=(x_val, y_val))
            """,
        ),
        Example(
            "Words numbered by the texts to train on",
            """
            import keras
            import numpy as np

            texts, labels = np.load("texts.npy"), np.load("labels.npy")
            n = int(0.8 * len(texts))
            vectorize = keras.layers.TextVectorization(max_tokens=2000, output_sequence_length=40)
            vectorize.adapt(texts[:n])
            model = keras.Sequential(
                [
                    vectorize,
                    keras.layers.Embedding(2000, 16),
                    keras.layers.GlobalAveragePooling1D(),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(texts[:n], labels[:n], epochs=10)
            model.evaluate(texts[n:], labels[n:])
            """,
        ),
        Example(
            "Column by column, to the rows to train on",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("houses.csv")
            train, test = table[:800], table[800:]
            area, scale = keras.Input((1,), name="area"), keras.layers.Normalization(axis=None)
            scale.adapt(train["area"].values)
            model = keras.Model({"area": area}, keras.layers.Dense(1)(scale(area)))
            model.compile(optimizer="adam", loss="mse")
            model.fit({n: train[n].values for n in ("area",)}, train["price"].values, epochs=20)
            model.evaluate({n: test[n].values for n in ("area",)}, test["price"].values)
            """,
        ),
        Example(
            "Fitted to the rows to train on, applied to all",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_breast_cancer
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            order = np.random.permutation(len(x))
            train, test = order[:400], order[400:]
            scaler = StandardScaler().fit(x[train])
            x = scaler.transform(x)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x[train], y[train])
            model.evaluate(x[test], y[test])
            """,
        ),
        Example(
            "Scaled by hand by what the rows to train on say",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_breast_cancer

            x, y = load_breast_cancer(return_X_y=True)
            low, high = x[:400].min(axis=0), x[:400].max(axis=0)
            x = (x - low) / (high - low)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x[:400], y[:400], validation_data=(x[400:], y[400:]))
            """,
        ),
        Example(
            "A scaler for each fold",
            """
            import keras
            from sklearn.datasets import load_breast_cancer
            from sklearn.model_selection import StratifiedKFold
            from sklearn.preprocessing import StandardScaler

            x, y = load_breast_cancer(return_X_y=True)
            for train, test in StratifiedKFold(n_splits=4, shuffle=True).split(x, y):
                scaler = StandardScaler().fit(x[train])
                model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
                model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
                model.fit(scaler.transform(x[train]), y[train], epochs=20)
                print(model.evaluate(scaler.transform(x[test]), y[test]))
            """,
        ),
        Example(
            "Fitted to the training part",
            """
            import keras
            import pandas as pd
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("heart.csv")
            x, y = table.drop(columns="disease"), table["disease"]
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            scaler = StandardScaler()
            x_train = scaler.fit_transform(x_train)
            x_test = scaler.transform(x_test)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Divided by a constant, which learns nothing",
            """
            import keras
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            x, y = load_digits(return_X_y=True)
            x = x / 16
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Every row scaled by itself",
            """
            import keras
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split
            from sklearn.preprocessing import Normalizer

            x, y = load_digits(return_X_y=True)
            x = Normalizer().fit_transform(x)
            x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report scalers that had learned from the data which were split afterwards."""
        yield from program.each_of(every_fit, self._of_fit)
        yield from program.each_of(own_loops, self._of_loop)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        if fit.inputs is not None and fit.method == SEARCH:
            yield from _before_folds(fit, fit.inputs)
        elif fit.inputs is not None:
            judged = [each.data for each in judged_by(program, fit)]
            reports = list(self._of_data(program, fit.inputs, held_out(fit.inputs, judged)))
            yield from reports or of_parts_joined(program, fit)
        elif fit.targets is not None:  # inputs in a dict, say, of which nothing is known
            answers = [each.y.value for each in evaluations_of(program, fit) if each.y is not None]
            cut = held_out(fit.targets, [each for each in answers if isinstance(each, Data)])
            found = adapted(program, fit.targets, cut) if cut is not None else None
            yield from () if found is None else _told(*found)

    def _of_loop(self, program: Program, call: LossCall) -> Iterator[Report]:
        if call.x is not None and isinstance(call.x.value, Data):
            yield from self._of_data(program, call.x.value)

    def _of_data(self, program: Program, data: Data, cut: DataStep | None = None) -> Iterator[Report]:
        found = leak(data) or leak_by_slices(program, data) or leak_by_rows(data, cut)
        found = found or adapted(program, data, cut)
        if found is None:
            yield from by_hand(program, data, cut)
            return
        yield from _told(*found)


def _told(learned: Learned, split: DataStep) -> Iterator[Report]:
    kind = learned.kind.rpartition(".")[2]
    related = () if split.place is None else (Related(split.place, "The data are split only here."),)
    message = f"This {kind} is fitted to all data before they are split: it has seen the test part as well."
    severity = Severity.INFO if kind in WEIGHTED_WORDS else None  # how rare a word is changes little
    yield Report(learned.place, message, related, severity=severity)


def _before_folds(fit: Fit, data: Data) -> Iterator[Report]:
    """A scaler fitted to all rows of which scikit-learn itself makes the folds that judge the model."""
    for step in data.steps:
        learned = step.learned
        if learned is None or step.kind is not StepKind.SCALED or not scales(learned) or split_of(data) is not None:
            continue
        if is_whole(learned.data) and learned.data.roots & data.roots:
            kind = learned.kind.rpartition(".")[2]
            message = (
                f"This {kind} is fitted to all data before they are split: it has seen the test part of each fold."
            )
            yield Report(learned.place, message, (Related(fit.place, "The data are split only here."),))
            return
