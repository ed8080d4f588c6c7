"""SCR116 training-score-watched."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import evaluations_of
from scram_analyzers.source.data import Data, Part
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Callback, Fit, Program, every_fit
from scram_analyzers.source.values import boolean, text

_STOPPING, _CHECKPOINT = "keras.callbacks.EarlyStopping", "keras.callbacks.ModelCheckpoint"

_OF_TRAINING = frozenset(("loss", "acc", "accuracy", "mae", "mse", "binary_accuracy", "categorical_accuracy"))
"""Names under which Keras logs what the model reaches on the data it trains on."""


class TrainingScoreWatched(Rule):
    """A training that is stopped, or whose best epoch is chosen, by the data it learns from."""

    code = "SCR116"
    name = "training-score-watched"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    summary = "an EarlyStopping or ModelCheckpoint that goes by the training loss though there are validation data"
    why = (
        "On the data it learns from a model gets better and better, also once it has begun to learn them by heart: by "
        "that number training hardly ever stops in time, and the last epoch looks the best."
    )
    how = 'Watch the same number on the validation data, with val_ in front: monitor="val_loss".'
    references = (
        Reference("Keras: EarlyStopping", "https://keras.io/api/callbacks/early_stopping/"),
        Reference("Prechelt: Early Stopping - But When? (1998)", "https://doi.org/10.1007/3-540-49430-8_3"),
    )
    false_alarms = (
        "Validation data that are only looked at, of another kind than what the model is to be good at. The rule is "
        "silent where they are the test data, which are better not asked, and where another callback of the training "
        "goes by them, unless that only writes a file that is not read."
    )
    only_with = ("EarlyStopping", "ModelCheckpoint")
    bad = (
        Example(
            "Stopped by the training loss",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stop = keras.callbacks.EarlyStopping(monitor=»"loss"«, patience=5, restore_best_weights=True)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stop])
            """,
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stop])
            """,
        ),
        Example(
            "The epoch that knows the training data best is kept",
            """
            from keras import callbacks, layers, models
            from project import x_train, x_val, y_train, y_val


            def watchers(path):
                return [callbacks.ModelCheckpoint(path, monitor=»"accuracy"«, save_best_only=True)]


            model = models.Sequential([layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=80, validation_data=(x_val, y_val), callbacks=watchers("best.keras"))
            """,
            """
            from keras import callbacks, layers, models
            from project import x_train, x_val, y_train, y_val


            def watchers(path):
                return [callbacks.ModelCheckpoint(path, monitor="val_accuracy", save_best_only=True)]


            model = models.Sequential([layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=80, validation_data=(x_val, y_val), callbacks=watchers("best.keras"))
            """,
        ),
        Example(
            "The epoch that the checkpoint kept is never loaded",
            """
            import keras
            from project import x, x_test, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stop = keras.callbacks.EarlyStopping(monitor=»"loss"«, patience=5, restore_best_weights=True)
            best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stop, best])
            model.predict(x_test)
            """,
            """
            import keras
            from project import x, x_test, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
            best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stop, best])
            model.predict(x_test)
            """,
        ),
    )
    good = (
        Example(
            "The test data are only looked at",
            """
            import keras
            from project import x, x_test, y, y_test

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stop = keras.callbacks.EarlyStopping(monitor="loss", patience=5, restore_best_weights=True)
            model.fit(x, y, epochs=200, validation_data=(x_test, y_test), callbacks=[stop])
            """,
        ),
        Example(
            "The best epoch is loaded again",
            """
            import keras
            from project import x, x_test, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stuck = keras.callbacks.EarlyStopping(monitor="loss", patience=5)
            best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stuck, best])
            model.load_weights("best.keras")
            model.predict(x_test)
            """,
        ),
        Example(
            "The validation data are watched, and the rate goes by the training loss",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=15)
            slower = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=5)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stop, slower])
            """,
        ),
        Example(
            "One for a training that goes wrong, one for the best epoch",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            stuck = keras.callbacks.EarlyStopping(monitor="loss", patience=5)
            best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
            model.fit(x, y, epochs=200, validation_split=0.2, callbacks=[stuck, best])
            """,
        ),
        Example(
            "There are no validation data, or each epoch is saved",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=200, callbacks=[keras.callbacks.EarlyStopping(monitor="loss", patience=5)])
            each = keras.callbacks.ModelCheckpoint("{epoch}.keras", monitor="loss")
            model.fit(x, y, epochs=20, validation_split=0.2, callbacks=[each])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what each training is stopped or chosen by, where that is a number of the training data."""
        return program.each_of(every_fit, _of_fit)

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Watch the same number of the validation data."""
        for fit in program.fits:
            for callback in fit.callbacks or ():
                place = _written(callback)
                if place is None or place.text[0] not in "'\"" or program.range_of(place) != finding.range:
                    continue
                content = f"{place.text[0]}val_{place.text[1:]}"
                return Fix(f"Write {content}", Applicability.UNSAFE, (fixes.replace(program, place, content),))
        return None


def _of_fit(program: Program, fit: Fit) -> Iterator[Report]:
    choosers = [each for each in fit.callbacks or () if _chooses(each)]
    others = [each for each in choosers if _watched(each) not in _OF_TRAINING]
    if fit.has_validation is not True or not all(_is_left_unread(program, fit, each) for each in others):
        return
    if not others and _keeps_test_data_apart(fit):
        return
    for callback in choosers:
        place, kind = _written(callback), (callback.kind or "").rpartition(".")[2]
        if place is None or callback in others:
            continue
        watched = _watched(callback)
        what = "stops the training" if callback.kind == _STOPPING else "keeps the epoch"
        message = (
            f"{kind} {what} by {watched}, which is measured on the training data; val_{watched} tells of new data."
        )
        given = fit.validation.place if fit.validation is not None else None
        related = (Related(given, "These validation data are not asked."),) if given is not None else ()
        yield Report(place, message, related, recipe=f'monitor="val_{watched}"')


def _chooses(callback: Callback) -> bool:
    """Whether it ends the training or keeps one epoch; one of the program's own may do so by whatever it likes."""
    if callback.kind is None or not callback.kind.startswith("keras.callbacks."):
        return True
    keeps_best = boolean(callback.arguments.value("save_best_only")) is True
    return callback.kind == _STOPPING or (callback.kind == _CHECKPOINT and keeps_best)


def _keeps_test_data_apart(fit: Fit) -> bool:
    """Whether the validation data are those of the test, which are better not asked."""
    data, place = (fit.validation.value, fit.validation.place) if fit.validation is not None else (None, None)
    is_test = isinstance(data, Data) and data.part is Part.TEST
    return is_test or (place is not None and "test" in place.text.lower())


def _is_left_unread(program: Program, fit: Fit, callback: Callback) -> bool:
    """Whether a checkpoint is never loaded: what is used below is the model as the training left it."""
    if callback.kind != _CHECKPOINT or any(map(program.mentions, ("load_weights", "load_model"))):
        return False
    return next(iter(evaluations_of(program, fit)), None) is not None


def _watched(callback: Callback) -> str | None:
    if callback.kind not in (_STOPPING, _CHECKPOINT) or callback.arguments.open:
        return None
    given = callback.arguments.get("monitor", 0 if callback.kind == _STOPPING else 1)
    return text(given.value) if given is not None else "val_loss"


def _written(callback: Callback) -> Place | None:
    """Where the name that is watched is written."""
    given = callback.arguments.get("monitor", 0 if callback.kind == _STOPPING else 1)
    return given.written_at if given is not None else None
