"""SCR111 monitored-metric-missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.close_names import closest
from scram_analyzers.rules.hyperparameters.evidence import callbacks, direction_left_open, waiting
from scram_analyzers.rules.hyperparameters.evidence.waiting import Problem
from scram_analyzers.source.program import Callback, Fit, Program
from scram_analyzers.source.values import Arguments, boolean, text

_WATCHING = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")
_SAME = {"acc": "accuracy", "accuracy": "acc"}
_DOWNWARD = ("mae", "mse", "rmse", "mape", "msle", "error")
_UPWARD = ("acc", "auc", "precision", "recall", "f1_score", "iou", "io_u")


class MonitoredMetricMissing(Rule):
    """A callback that watches what is never logged, or can't do what it is there for."""

    code = "SCR111"
    name = "monitored-metric-missing"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a callback that watches a number the training does not log, or watches it in the wrong direction"
    why = (
        "A callback that does not find its number does nothing but warn (or stops with an error): no early stop, no "
        "best model saved, no lower learning rate."
    )
    how = (
        "Watch a name that is logged: loss, a metric of compile as it is spelled there, or one of them with val_ in "
        "front when there is validation data. Leave mode at auto unless you know better."
    )
    references = (
        Reference("Keras: EarlyStopping", "https://keras.io/api/callbacks/early_stopping/"),
        Reference("Keras: ModelCheckpoint", "https://keras.io/api/callbacks/model_checkpoint/"),
        Reference("Keras: ReduceLROnPlateau", "https://keras.io/api/callbacks/reduce_lr_on_plateau/"),
    )
    false_alarms = (
        "Keras before 2.3 logged the accuracy as acc however it was spelled. Where a callback or layer of the "
        "program's own may log more, the rule is silent."
    )
    bad = (
        Example(
            "A score of one's own, of which Keras can't tell that it should rise",
            """
            import keras
            from keras import ops
            from keras.callbacks import ModelCheckpoint

            def dice(true, seen):
                return 2 * ops.sum(true * seen) / (ops.sum(true) + ops.sum(seen))

            model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
            model.compile("adam", "binary_crossentropy", metrics=[dice])
            best = ModelCheckpoint("best.keras", monitor=»"val_dice"«, save_best_only=True)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[best])
            """,
        ),
        Example(
            "The wrong direction, in a list that goes to another module",
            """
            from project import train
            from tensorflow.keras.callbacks import EarlyStopping

            callbacks = [EarlyStopping("val_accuracy", patience=5, mode=»"min"«)]
            train(epochs=50, callbacks=callbacks)
            """,
            """
            from project import train
            from tensorflow.keras.callbacks import EarlyStopping

            callbacks = [EarlyStopping("val_accuracy", patience=5, mode="max")]
            train(epochs=50, callbacks=callbacks)
            """,
        ),
        Example(
            "A gain that is not to be had",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, min_delta=»5.0«)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            """,
        ),
        Example(
            "Another name for the accuracy",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(monitor=»"val_acc"«, patience=3)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=3)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            """,
        ),
        Example(
            "No validation data to watch",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=50, callbacks=[»keras.callbacks.EarlyStopping(patience=3)«])
            """,
        ),
        Example(
            "The highest loss is saved",
            """
            import keras
            from keras.callbacks import ModelCheckpoint

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            best = ModelCheckpoint("best.keras", monitor="val_loss", mode=»"max"«, save_best_only=True)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[best])
            """,
            """
            import keras
            from keras.callbacks import ModelCheckpoint

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            best = ModelCheckpoint("best.keras", monitor="val_loss", mode="min", save_best_only=True)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[best])
            """,
        ),
        Example(
            "The accuracy of one of two outputs",
            """
            import keras
            from project import inputs, kinds, sizes, x

            hidden = keras.layers.Dense(32, activation="relu")(inputs)
            kind = keras.layers.Dense(4, activation="softmax", name="kind")(hidden)
            model = keras.Model(inputs, [kind, keras.layers.Dense(1, name="size")(hidden)])
            model.compile(
                optimizer="adam",
                loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
                metrics={"kind": ["accuracy"]},
            )
            stop = keras.callbacks.EarlyStopping(monitor=»"val_accuracy"«, patience=5)
            model.fit(x, {"kind": kinds, "size": sizes}, validation_split=0.2, epochs=60, callbacks=[stop])
            """,
            """
            import keras
            from project import inputs, kinds, sizes, x

            hidden = keras.layers.Dense(32, activation="relu")(inputs)
            kind = keras.layers.Dense(4, activation="softmax", name="kind")(hidden)
            model = keras.Model(inputs, [kind, keras.layers.Dense(1, name="size")(hidden)])
            model.compile(
                optimizer="adam",
                loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
                metrics={"kind": ["accuracy"]},
            )
            stop = keras.callbacks.EarlyStopping(monitor="val_kind_accuracy", patience=5)
            model.fit(x, {"kind": kinds, "size": sizes}, validation_split=0.2, epochs=60, callbacks=[stop])
            """,
        ),
        Example(
            "An error that is to grow",
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse", metrics=["mae"])
            stop = keras.callbacks.EarlyStopping(monitor="val_mae", mode=»"max"«, patience=5)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            """,
            """
            import keras
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse", metrics=["mae"])
            stop = keras.callbacks.EarlyStopping(monitor="val_mae", mode="min", patience=5)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            """,
        ),
        Example(
            "The training is over before the rate falls",
            """
            import keras
            from keras.callbacks import EarlyStopping, ReduceLROnPlateau
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            watching = [EarlyStopping(patience=5), ReduceLROnPlateau(factor=0.5, patience=»10«)]
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=watching)
            """,
        ),
    )
    good = (
        Example(
            "A gain that is asked of a small loss, or of one of unknown size",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, min_delta=0.5)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop])
            sizes = keras.Sequential([keras.layers.Dense(1)])
            sizes.compile("adam", "mse")
            slow = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, min_delta=5.0)
            sizes.fit(x, z, epochs=50, validation_split=0.2, callbacks=[slow])
            """,
        ),
        Example(
            "The rate falls before the training ends",
            """
            import keras
            from keras.callbacks import EarlyStopping, ReduceLROnPlateau
            from project import x, y

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            watching = [EarlyStopping(patience=10), ReduceLROnPlateau(factor=0.5, patience=3)]
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=watching)
            """,
        ),
        Example(
            "A callback of the program's own validates",
            """
            import keras
            from project import ValidateAndLog, held_back, training

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            slow_down = keras.callbacks.ReduceLROnPlateau(monitor="val_loss")
            model.fit(training, epochs=50, callbacks=[ValidateAndLog(held_back), slow_down])
            """,
        ),
        Example(
            "What is logged",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["acc", keras.metrics.AUC(name="area")])
            stop = keras.callbacks.EarlyStopping(monitor="val_area", mode="max", patience=3)
            best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_acc", save_best_only=True)
            model.fit(x, y, epochs=50, validation_split=0.2, callbacks=[stop, best])
            """,
        ),
        Example(
            "A checkpoint after every epoch watches nothing",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=50, callbacks=[keras.callbacks.ModelCheckpoint("last.keras")])
            """,
        ),
        Example(
            "Whether there is validation data can't be told",
            """
            import keras
            from project import options

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, callbacks=[keras.callbacks.EarlyStopping(patience=3)], **options)
            """,
        ),
        Example(
            "What is logged of one of two outputs",
            """
            import keras
            from project import inputs, kinds, sizes, x

            hidden = keras.layers.Dense(32, activation="relu")(inputs)
            kind = keras.layers.Dense(4, activation="softmax", name="kind")(hidden)
            model = keras.Model(inputs, [kind, keras.layers.Dense(1, name="size")(hidden)])
            model.compile(
                optimizer="adam",
                loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
                metrics={"kind": ["accuracy"]},
            )
            stop = keras.callbacks.EarlyStopping(monitor="val_kind_accuracy", patience=5)
            slower = keras.callbacks.ReduceLROnPlateau(monitor="val_size_loss", patience=3)
            model.fit(x, {"kind": kinds, "size": sizes}, validation_split=0.2, epochs=60, callbacks=[stop, slower])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what each watching callback of each training can't find, or watches wrongly."""
        for problem in _problems(program):
            yield Report(
                place=problem.place,
                message=problem.message,
                related=(Related(problem.fit.place, "This training uses the callback."),) if problem.fit else (),
                severity=problem.severity,
                why=problem.why,
                how=problem.how,
                recipe=f'"{problem.instead}"' if problem.instead else "",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the name that is logged, or the direction that is right."""
        for problem in _problems(program):
            if problem.instead and isinstance(problem.place.node, cst.SimpleString):
                if program.range_of(problem.place) != finding.range:
                    continue
                written = problem.place.text
                content = written[0] + problem.instead + written[-1]
                edits = (fixes.replace(program, problem.place, content),)
                return Fix(f"Write {content}", Applicability.UNSAFE, edits)
        return None


def _problems(program: Program) -> Iterator[Problem]:
    for fit in program.fits:
        for callback in fit.callbacks or ():
            class_name = (callback.kind or "").rpartition(".")[2]
            if callback.place is None or not (callback.kind or "").startswith("keras.callbacks."):
                continue
            if class_name not in _WATCHING:
                continue
            yield from _watched(program, fit, callback, class_name)
            yield from waiting.problems(fit, callback, class_name)
            yield from direction_left_open.problems(program, fit, callback, class_name)
    yield from _made_for_others(program)


def _made_for_others(program: Program) -> Iterator[Problem]:
    """Callbacks that watch in the wrong direction, of which it can't be told what training they go to."""
    passed = {each.place.key for fit in program.fits for each in fit.callbacks or () if each.place is not None}
    for call in program.calls_of(_MADE):
        if call.place.key in passed or call.arguments.open:
            continue
        class_name = call.name.rpartition(".")[2]
        given = call.arguments.get("monitor", 1 if class_name == "ModelCheckpoint" else 0)
        watched = text(given.value) if given is not None else "val_loss"
        if watched is not None:
            yield from _direction(None, call.arguments, class_name, watched, watched.removeprefix("val_"))


_MADE = frozenset(f"keras.callbacks.{each}" for each in _WATCHING)


def _watched(program: Program, fit: Fit, callback: Callback, class_name: str) -> Iterator[Problem]:
    given = callback.arguments.get("monitor")
    watched = text(given.value) if given is not None else "val_loss"
    keeps_best = class_name != "ModelCheckpoint" or boolean(callback.arguments.value("save_best_only")) is True
    if watched is None or callback.arguments.open:
        return
    place = (given.written_at if given is not None else None) or callback.place
    assert place is not None
    validated = watched.startswith("val_")
    base = watched.removeprefix("val_")
    if validated and fit.has_validation is False:
        if keeps_best and not _may_log(fit, callback):
            message = f"{class_name} watches {watched}, but this training has no validation data, so it never acts."
            yield Problem(fit, place, message)
        return
    names = callbacks.logged_names(program, fit)
    if names is not None and base not in names and not _numbered(base, names):
        instead = _instead(base, names)
        prefixed = f"val_{instead}" if validated and instead else instead
        hint = f"; the nearest is {prefixed}" if prefixed else ""
        message = f"{class_name} watches {watched}, which this training does not log{hint}."
        yield Problem(fit, place, message, prefixed, None if keeps_best else Severity.INFO)
        return
    yield from _direction(fit, callback.arguments, class_name, watched, base)


def _may_log(fit: Fit, callback: Callback) -> bool:
    """Whether a callback that is not Keras's own comes first: it may validate by itself, and log what it finds."""
    earlier = itertools.takewhile(lambda each: each is not callback, fit.callbacks or ())
    return any(not (each.kind or "").startswith("keras.") for each in earlier)


def _numbered(base: str, names: frozenset[str]) -> bool:
    """Keras 2 numbers the metrics of a second model in the same process: auc_1."""
    stem, _, count = base.rpartition("_")
    return count.isdigit() and stem in names


def _instead(base: str, names: frozenset[str]) -> str:
    if _SAME.get(base) in names:
        return _SAME[base]
    near = closest(base, tuple(sorted(names - {"lr", "learning_rate"})), 0.6)
    return near[0] if near else ""


def _direction(fit: Fit | None, arguments: Arguments, class_name: str, watched: str, base: str) -> Iterator[Problem]:
    given = arguments.get("mode")
    mode = text(given.value) if given is not None else None
    place = given.written_at if given is not None else None
    if mode not in ("min", "max") or place is None:
        return
    falls = base == "loss" or base.endswith("_loss")
    rises = base.startswith(_UPWARD) or base.endswith("accuracy")
    is_error = base.endswith(_DOWNWARD)
    if mode == "max" and (falls or is_error):
        what = "an error" if is_error else "a loss"
        message = f"{class_name} takes the highest {watched} for the best; {what} should fall."
        yield Problem(fit, place, message, "min")
    elif mode == "min" and rises:
        yield Problem(fit, place, f"{class_name} takes the lowest {watched} for the best; it should rise.", "max")
