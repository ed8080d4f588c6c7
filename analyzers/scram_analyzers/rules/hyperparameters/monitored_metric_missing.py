"""SCR111 monitored-metric-missing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.close_names import closest
from scram_analyzers.rules.hyperparameters import callbacks, trainings
from scram_analyzers.source.heads import heads_with_losses
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Callback, Fit, Program
from scram_analyzers.source.values import Arguments, boolean, number, text

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


@dataclass(frozen=True, slots=True)
class _Problem:
    fit: Fit | None
    place: Place
    message: str
    instead: str = ""
    severity: Severity | None = None
    why: str | None = None
    how: str | None = None


def _problems(program: Program) -> Iterator[_Problem]:
    for fit in program.fits:
        for callback in fit.callbacks or ():
            class_name = (callback.kind or "").rpartition(".")[2]
            if callback.place is None or not (callback.kind or "").startswith("keras.callbacks."):
                continue
            if class_name not in _WATCHING:
                continue
            yield from _watched(program, fit, callback, class_name)
            yield from _patience(fit, callback, class_name)
            yield from _least_gain(fit, callback, class_name)
            yield from _lowest_rate(fit, callback, class_name)
            yield from _stopped_first(fit, callback, class_name)
    yield from _made_for_others(program)


def _made_for_others(program: Program) -> Iterator[_Problem]:
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


def _watched(program: Program, fit: Fit, callback: Callback, class_name: str) -> Iterator[_Problem]:
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
            yield _Problem(fit, place, message)
        return
    names = callbacks.logged_names(program, fit)
    if names is not None and base not in names and not _numbered(base, names):
        instead = _instead(base, names)
        prefixed = f"val_{instead}" if validated and instead else instead
        hint = f"; the nearest is {prefixed}" if prefixed else ""
        message = f"{class_name} watches {watched}, which this training does not log{hint}."
        yield _Problem(fit, place, message, prefixed, None if keeps_best else Severity.INFO)
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


def _direction(fit: Fit | None, arguments: Arguments, class_name: str, watched: str, base: str) -> Iterator[_Problem]:
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
        yield _Problem(fit, place, message, "min")
    elif mode == "min" and rises:
        yield _Problem(fit, place, f"{class_name} takes the lowest {watched} for the best; it should rise.", "max")


def _patience(fit: Fit, callback: Callback, class_name: str) -> Iterator[_Problem]:
    given = callback.arguments.get("patience")
    patience = number(given.value) if given is not None else None
    epochs = trainings.epochs(fit)
    place = given.written_at if given is not None else None
    if class_name == "ModelCheckpoint" or patience is None or place is None or epochs is None:
        return
    if 1 < epochs <= patience:
        message = f"{class_name} waits {patience:g} epochs, but the training has {epochs}: it never acts."
        why = "It acts when nothing has got better for so many epochs, and by then the training is over."
        how = "Give it a patience well below the number of epochs, such as 5 to 10, or train for more epochs."
        yield _Problem(fit, place, message, severity=Severity.INFO, why=why, how=how)


def _least_gain(fit: Fit, callback: Callback, class_name: str) -> Iterator[_Problem]:
    """A `min_delta` that no epoch after the first can get better by."""
    given = callback.arguments.get("min_delta")
    asked = number(given.value) if given is not None else None
    place, watched = (given.written_at or callback.place) if given is not None else None, _monitor_of(callback)
    room = _room(fit, (watched or "").removeprefix("val_"))
    if asked is None or place is None or room is None or abs(asked) < room or callback.arguments.open:
        return
    does = "ends the training" if class_name == "EarlyStopping" else "lowers the rate"
    message = (
        f"No epoch can get {watched} better by {fixes.number_text(abs(asked))}: {class_name} counts each as one "
        f"without progress and {does} as soon as its patience is over."
    )
    why = "An epoch counts as progress only if it is better than the best so far by more than min_delta."
    how = "Leave min_delta out, or give a small share of what the number usually is, such as 0.001."
    yield _Problem(fit, place, message, why=why, how=how)


def _room(fit: Fit, watched: str) -> float | None:
    """How much better than a guess a number can get: all of an accuracy, a cross-entropy's logarithm of the classes."""
    if watched.startswith(_SHARES) or watched.endswith("accuracy"):
        return 1.0
    compiled = fit.compile
    if watched != "loss" or compiled is None or len(compiled.losses) != 1 or compiled.model is None:
        return None
    heads = [head for head, _ in heads_with_losses(compiled)]
    units = heads[0].units if len(heads) == 1 else None
    if compiled.losses[0].name == "binary_crossentropy":
        return math.log(2)
    if compiled.losses[0].name not in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return None
    return math.log(units) if units is not None and units > 1 else None


_SHARES = ("acc", "auc", "precision", "recall", "f1_score")


def _stopped_first(fit: Fit, callback: Callback, class_name: str) -> Iterator[_Problem]:
    """A `ReduceLROnPlateau` that waits longer than an `EarlyStopping` which watches the same."""
    given = callback.arguments.get("patience")
    patience, place = _patience_of(callback, 10.0), (given.written_at if given is not None else None) or callback.place
    if class_name != "ReduceLROnPlateau" or patience is None or place is None:
        return
    for other in fit.callbacks or ():
        stops = _patience_of(other, 0.0) if other.kind == "keras.callbacks.EarlyStopping" else None
        if stops is None or _monitor_of(other) != _monitor_of(callback) or other.arguments.value("start_from_epoch"):
            continue
        if 0 < stops < patience:
            message = (
                f"EarlyStopping ends the training after {stops:g} epochs without a better {_monitor_of(callback)}; "
                f"ReduceLROnPlateau waits {patience:g}, so it hardly ever acts."
            )
            why = "The lower rate is to get the training over a stretch that does not get better: it never comes to it."
            how = "Give ReduceLROnPlateau a patience of a half or a third of that of EarlyStopping."
            yield _Problem(fit, place, message, severity=Severity.INFO, why=why, how=how)
            return


def _patience_of(callback: Callback, default: float) -> float | None:
    given = callback.arguments.get("patience")
    if callback.arguments.open:
        return None
    return number(given.value) if given is not None else default


def _monitor_of(callback: Callback) -> str | None:
    given = callback.arguments.get("monitor", 0)
    return text(given.value) if given is not None else "val_loss"


def _lowest_rate(fit: Fit, callback: Callback, class_name: str) -> Iterator[_Problem]:
    optimizer = fit.compile.optimizer if fit.compile is not None else None
    rate = optimizer.learning_rate.value if optimizer is not None and not optimizer.learning_rate.schedule else None
    given = callback.arguments.get("min_lr")
    lowest = number(given.value) if given is not None else None
    place = given.written_at if given is not None else None
    if class_name != "ReduceLROnPlateau" or rate is None or lowest is None or place is None or rate <= 0:
        return
    if lowest >= rate:
        message = (
            f"The lowest rate, {fixes.number_text(lowest)}, is not below the one the training begins with "
            f"({fixes.number_text(rate)}), so the rate never falls."
        )
        why = (
            "The callback multiplies the rate by its factor, and never goes below min_lr: here it stops where it began."
        )
        how = "Give a min_lr a hundred times smaller than the first rate or less, or leave it out."
        yield _Problem(fit, place, message, why=why, how=how)
