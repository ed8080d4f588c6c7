"""SCR201 input-not-normalized."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.edits import scaling_fixes
from scram_analyzers.rules.data.evidence import pretrained
from scram_analyzers.rules.data.evidence.judging import generator_of
from scram_analyzers.rules.data.evidence.raw_entries import is_raw_table, takes_columns, takes_table, unscaled_entry
from scram_analyzers.rules.data.evidence.trainings import Training, trainings
from scram_analyzers.rules.data.evidence.unadapted import unadapted_layers
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.input_range import unscaled_inputs
from scram_analyzers.run.records import ArrayStatistics, Subject, SubjectKind
from scram_analyzers.run.word_numbers import word_numbers
from scram_analyzers.source.data import Data, Interval, StepKind
from scram_analyzers.source.entries import normalized_at_once
from scram_analyzers.source.libraries.loaders import TEXT_FILE
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program, every_fit


class InputNotNormalized(Rule):
    """Inputs of a size that a network can hardly start from."""

    code = "SCR201"
    name = "input-not-normalized"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "training inputs whose values are far from the range around -1 to 1 that networks are made for"
    why = (
        "Weights start out for inputs of about -1 to 1. Inputs in the hundreds make the first layers' outputs and "
        "gradients as many times too large: training is slow, unstable, or stuck from the first step."
    )
    how = (
        "Scale the inputs inside the model, so that training and prediction do the same: Rescaling(1/255) for pixels; "
        "for a table Normalization(), adapted to the training data before compile."
    )
    references = (
        Reference("Stanford CS231n: data preprocessing", "https://cs231n.github.io/neural-networks-2/#datapre"),
        Reference("Karpathy: A Recipe for Training Neural Networks", "https://karpathy.github.io/2019/04/25/recipe/"),
        Reference("SCRAM (CHI 2020 Extended Abstracts)", "https://doi.org/10.1145/3334480.3382879"),
    )
    false_alarms = (
        "Scaling done where it can't be seen, such as in a file on disk, while the original range is known. "
        "A table that is read and trained on without any scaling is reported with the word `may`: its columns can't "
        "be seen, and a file may hold scaled ones."
    )
    prevents_learning = True
    options = (
        Option(
            "max-magnitude",
            20.0,
            "largest absolute value that passes as scaled",
            "healthy programs: standardized data stay within 20",
        ),
        Option(
            "max-pixel",
            10.0,
            "largest value of pixels that passes as scaled",
            "pixels are scaled to -1..1 or 0..1; raw ones reach 16 (scikit-learn's digits) or 255",
        ),
    )
    bad = (
        Example(
            "Columns by their names, of which the words alone are prepared",
            """
            import keras
            import pandas as pd
            import tensorflow as tf
            from keras import layers

            people = pd.read_csv("people.csv")
            answers = people.pop("answer")
            rows = tf.data.Dataset.from_tensor_slices((dict(people), answers)).shuffle(1000).batch(32)
            age, salary = keras.Input((1,), name="age"), keras.Input((1,), name="salary")
            trade = keras.Input((1,), name="trade", dtype="string")
            marks = layers.StringLookup(vocabulary=["baker", "smith"], output_mode="one_hot")(trade)
            x = layers.Dense(16, activation="relu")(layers.concatenate([age, salary, marks]))
            model = keras.Model([age, salary, trade], layers.Dense(1, activation="sigmoid")(x))
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(»rows«, epochs=20)
            """,
        ),
        Example(
            "Marks of words in a table put together of two",
            """
            import keras
            import pandas as pd

            train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
            table = pd.get_dummies(pd.concat([train.drop(columns="SalePrice"), test]).fillna(0))
            x, y = table[: len(train)].values.astype("float32"), train["SalePrice"]
            model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(»x«, y, epochs=50)
            """,
            """
            import keras
            import pandas as pd
            import numpy as np

            train, test = pd.read_csv("train.csv"), pd.read_csv("test.csv")
            table = pd.get_dummies(pd.concat([train.drop(columns="SalePrice"), test]).fillna(0))
            x, y = table[: len(train)].values.astype("float32"), train["SalePrice"]
            normalization = keras.layers.Normalization()
            normalization.adapt(np.asarray(x, "float32"))
            model = keras.Sequential([normalization, keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=50)
            """,
        ),
        Example(
            "Raw pixels",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()

            model = keras.Sequential(
                [
                    keras.Input(shape=(32, 32, 3)),
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train, epochs=5)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()

            model = keras.Sequential(
                [
                    keras.Input(shape=(32, 32, 3)),
                    layers.Rescaling(1 / 255),
                    layers.Conv2D(16, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
        Example(
            "A functional model",
            """
            from tensorflow import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            inputs = keras.Input(shape=(28, 28))
            x = keras.layers.Flatten()(inputs)
            outputs = keras.layers.Dense(10, activation="softmax")(x)
            model = keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            from tensorflow import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            inputs = keras.Input(shape=(28, 28))
            x = keras.layers.Flatten()(inputs)
            outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.Rescaling(1 / 255)(x))
            model = keras.Model(inputs, outputs)
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Pixels that go up to 16",
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            inputs = keras.Input(shape=(64,))
            outputs = keras.layers.Dense(10, activation="softmax")(inputs)
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x«, y)
            """,
            """
            import keras
            from sklearn.datasets import load_digits

            x, y = load_digits(return_X_y=True)
            inputs = keras.Input(shape=(64,))
            outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.Rescaling(1 / 16)(inputs))
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "A table with columns in the thousands",
            """
            import keras
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x«, y)
            """,
            """
            import keras
            from sklearn.datasets import load_wine

            x, y = load_wine(return_X_y=True)
            normalization = keras.layers.Normalization()
            normalization.adapt(x)
            model = keras.Sequential([normalization, keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "A table that nothing scales",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("bikes.csv")
            x = table.drop(columns="count")
            y = table["count"]
            model = keras.Sequential()
            model.add(keras.layers.Dense(16, activation="relu", input_dim=8))
            model.add(keras.layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            model.fit(»x«, y)
            """,
            """
            import keras
            import pandas as pd
            import numpy as np

            table = pd.read_csv("bikes.csv")
            x = table.drop(columns="count")
            y = table["count"]
            model = keras.Sequential()
            normalization = keras.layers.Normalization(input_shape=(8,))
            normalization.adapt(np.asarray(x, "float32"))
            model.add(normalization)
            model.add(keras.layers.Dense(16, activation="relu"))
            model.add(keras.layers.Dense(1))
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y)
            """,
        ),
        Example(
            "Marks of words, joined to columns that nothing scales",
            """
            import keras
            import pandas as pd

            loans = pd.read_csv("loans.csv")
            marks = pd.get_dummies(loans["purpose"])
            y = loans.pop("repaid")
            x = pd.concat([loans.drop(columns="purpose"), marks], axis=1)
            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(»x«, y)
            """,
            """
            import keras
            import pandas as pd
            import numpy as np

            loans = pd.read_csv("loans.csv")
            marks = pd.get_dummies(loans["purpose"])
            y = loans.pop("repaid")
            x = pd.concat([loans.drop(columns="purpose"), marks], axis=1)
            normalization = keras.layers.Normalization()
            normalization.adapt(np.asarray(x, "float32"))
            model = keras.Sequential([normalization, keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Windows over a column that nothing scales",
            """
            import keras
            import pandas as pd

            passengers = pd.read_csv("passengers.csv")["count"].values
            windows = keras.utils.timeseries_dataset_from_array(passengers[:-12, None], passengers[12:], 12)
            model = keras.Sequential([keras.layers.LSTM(32), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(»windows«, epochs=50)
            """,
        ),
        Example(
            "A pretrained network without its own preprocessing",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            backbone = keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
        ),
        Example(
            "A pretrained network that a functional model begins with",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            backbone = keras.applications.ResNet50(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            inputs = keras.Input(shape=(32, 32, 3))
            features = backbone(inputs, training=False)
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            backbone = keras.applications.ResNet50(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            inputs = keras.Input(shape=(32, 32, 3))
            features = backbone(keras.applications.resnet.preprocess_input(inputs), training=False)
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A pretrained network, cut off at one of its layers",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            backbone = keras.applications.InceptionV3(include_top=False, input_shape=(150, 150, 3))
            features = layers.Flatten()(backbone.get_layer("mixed7").output)
            model = keras.Model(backbone.input, layers.Dense(10, activation="softmax")(features))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
        ),
        Example(
            "Coefficients of sounds, one after the other",
            """
            import keras
            import librosa
            import numpy as np
            from keras import layers
            from project import recordings

            x, y = [], []
            for path, mood in recordings:
                sound, rate = librosa.load(path)
                x.append(np.mean(librosa.feature.mfcc(y=sound, sr=rate, n_mfcc=40).T, axis=0))
                y.append(mood)
            x = np.expand_dims(np.array(x), axis=2)
            model = keras.Sequential([keras.Input((40, 1)), layers.Conv1D(64, 5, activation="relu")])
            model.add(layers.Flatten())
            model.add(layers.Dense(8, activation="softmax"))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(»x«, np.array(y), epochs=50)
            """,
            """
            import keras
            import librosa
            import numpy as np
            from keras import layers
            from project import recordings

            x, y = [], []
            for path, mood in recordings:
                sound, rate = librosa.load(path)
                x.append(np.mean(librosa.feature.mfcc(y=sound, sr=rate, n_mfcc=40).T, axis=0))
                y.append(mood)
            x = np.expand_dims(np.array(x), axis=2)
            normalization = layers.Normalization()
            normalization.adapt(x)
            model = keras.Sequential([keras.Input((40, 1)), normalization, layers.Conv1D(64, 5, activation="relu")])
            model.add(layers.Flatten())
            model.add(layers.Dense(8, activation="softmax"))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, np.array(y), epochs=50)
            """,
        ),
    )
    good = (
        Example(
            "Marks alone, out of a table that has been joined to them",
            """
            import keras
            import pandas as pd

            movies = pd.read_csv("movies.csv")
            marks = movies["genres"].str.get_dummies("|")
            table = pd.read_csv("ratings.csv").merge(pd.concat([movies[["movieId"]], marks], axis=1), on="movieId")
            names = list(marks.columns)
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(table[names], table["rating"], epochs=20)
            """,
        ),
        Example(
            "A table, scaled by a fitted scaler",
            """
            import keras
            import pandas as pd
            from sklearn.preprocessing import StandardScaler

            table = pd.read_csv("bikes.csv")
            x = StandardScaler().fit_transform(table.drop(columns="count"))
            model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, table["count"])
            """,
        ),
        Example(
            "A pretrained network that scales by itself",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            backbone = keras.applications.EfficientNetB0(include_top=False, pooling="avg")
            model = keras.Sequential([backbone, keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Scaled in the program",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = x_train.astype("float32") / 255
            model = keras.Sequential(
                [
                    keras.layers.Flatten(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Scaled in the model",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Flatten(),
                    keras.layers.Dense(10),
                ]
            )
            model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Word numbers into an embedding",
            """
            import keras

            (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10000)
            x_train = keras.utils.pad_sequences(x_train, maxlen=200)
            model = keras.Sequential(
                [
                    keras.layers.Embedding(10000, 16),
                    keras.layers.GlobalAveragePooling1D(),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each call that trains on unscaled data which the model does not scale either."""
        yield from program.each(trainings(program), self._of_training)
        yield from program.each_of(every_fit, unadapted_layers)

    def _of_training(self, program: Program, training: Training) -> Iterator[Report]:
        data, place, model = training.data, training.place, training.model
        if any(step.kind is StepKind.SCALED and not step.certain for step in data.steps):
            return  # scaled on one of the paths, and which one is taken can't be told
        by_column = training.entry is None and takes_columns(model, data)
        if data.range is None:
            if is_raw_table(program, data) and (by_column or takes_table(model, data, training.entry)):
                recipe = _recipe(program, data, place)
                message = _may_message(place, data)
                related = tuple(_origin(program, data, place))
                yield Report(place, message, related, confidence=Confidence.MEDIUM, recipe=recipe)
            return
        limit = self.option("max-pixel" if data.images else "max-magnitude")
        if data.range.magnitude <= limit:
            return
        network = pretrained.bare_network(model, training.entry) if scaling_fixes.is_of_bytes(data) else None
        if network is not None:
            message = _application_message(place, network)
            related = (*_origin(program, data, place), Related(network.place, "The pretrained network."))
            yield Report(place, message, related, recipe=_prepared(program, network))
        untrained = pretrained.untrained_network(model, training.entry)
        if network is None and (by_column or untrained or unscaled_entry(model, training.entry) is not None):
            # Own loops are written by people who know, and a normalization right after the first sums mends most.
            mended = pretrained.is_normalized(untrained) if untrained is not None else normalized_at_once(model)
            severity = None if training.by_fit and not mended else Severity.INFO
            message, recipe = _message(place, data, data.range), _recipe(program, data, place)
            yield Report(place, message, tuple(_origin(program, data, place)), severity=severity, recipe=recipe)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report inputs that were seen outside their range in the first batches."""
        words = {each.name for each in word_numbers(history)}
        for seen in unscaled_inputs(history):
            if seen.name in words:
                continue  # to scale them would mend nothing
            yield RunReport(
                subject=Subject(SubjectKind.INPUTS),
                message=_run_message(seen),
                step=history.last_step or None,
                epoch=history.last_epoch,
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """A layer where the data enter the model, or a pretrained network's own preprocessing."""
        for fit in program.fits:
            if fit.x is None or fit.x.place is None or program.range_of(fit.x.place) != finding.range:
                continue
            return scaling_fixes.fix_of(program, fit) if fit.model is not None else None
        return None


def _application_message(place: Place, network: Model) -> str:
    name = pretrained.name_of_network(network)
    data = f"The input {place.text}" if len(place.text) <= 30 else "The training input"
    return (
        f"{data} goes into the pretrained {name} as raw pixels; {name} was trained on images that its own "
        "preprocess_input had prepared."
    )


def _prepared(program: Program, network: Model) -> str:
    function = pretrained.preprocessing(program, network)
    return f"x = {function.text}(x)" if function is not None else ""


def _may_message(place: Place, data: Data) -> str:
    name = f"The input {place.text}" if len(place.text) <= 30 else "The training input"
    reader = (
        data.source if data.source.startswith(("csv.", "librosa.", "yfinance.")) else data.source.rpartition(".")[2]
    )
    reader = "a text file" if data.source == TEXT_FILE else reader
    return (
        f"{name} comes from {reader} and nothing in this program scales it: columns that are not already within about "
        "-1 to 1 may dominate the others and hold training up."
    )


def _message(place: Place, data: Data, interval: Interval) -> str:
    name = f"The input {place.text}" if len(place.text) <= 30 else "The training input"
    low, high = fixes.number_text(interval.low), fixes.number_text(interval.high)
    what = f"holds raw pixels from {low} to {high}" if data.images else f"holds values from {low} to {high}"
    return f"{name} {what}; networks learn best from values of about -1 to 1."


def _run_message(seen: ArrayStatistics) -> str:
    low, high = fixes.number_text(seen.minimum or 0.0), fixes.number_text(seen.maximum or 0.0)
    return (
        f"In this run the input {seen.name} held values from {low} to {high} ({seen.dtype}); networks learn best "
        "from values of about -1 to 1."
    )


def _origin(program: Program, data: Data, used: Place) -> Iterator[Related]:
    if data.place is not None and not program.range_of(used).contains(program.range_of(data.place)):
        yield Related(data.place, "The data come from here.")
    generator = generator_of(data)
    if generator is not None:
        yield Related(generator, "This generator does not scale them.")


def _recipe(program: Program, data: Data, place: Place) -> str:
    if data.images and generator_of(data) is not None:
        return "rescale=1 / 255  # an argument of the generator"
    factor = scaling_fixes.pixel_factor(data)
    if factor is not None:
        return f"{program.imports.spell('keras.layers.Rescaling').text}({factor})  # as the model's first layer"
    spelled = program.imports.spell("keras.layers.Normalization").text
    adapted_to = scaling_fixes.as_array(program, data, place).text
    return f"normalization = {spelled}()\nnormalization.adapt({adapted_to})  # then the model's first layer"
