"""SCR114 wrong-fit-arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.data import Data
from scram_analyzers.source.model import ModelKind
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program, every_fit
from scram_analyzers.source.values import Argument, number

_ARRAYS = ("numpy.", "pandas.", "keras.datasets.", "sklearn.", "literal")
_DATASETS = ("tensorflow.data.", "keras.utils.image_dataset", "keras.utils.text_dataset", "keras.utils.audio_dataset")
_INPUT = re.compile(r"[xX](_|$)|[xX]?_?(train|test|val)_?[xX]$")
_TARGET = re.compile(r"[yY](_|$)|[yY]?_?(train|test|val)_?[yY]$")


class WrongFitArguments(Rule):
    """Arguments of `fit` that can't be what is meant."""

    code = "SCR114"
    name = "wrong-fit-arguments"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "arguments of fit in the wrong place, of the wrong form, or out of range"
    why = "The training stops with an error, or learns something other than what is meant."
    how = (
        "The call is fit(x, y, batch_size=..., epochs=..., validation_data=(x_val, y_val)): name all but the first two."
    )
    references = (Reference("Keras: Model.fit", "https://keras.io/api/models/model_training_apis/#fit-method"),)
    false_alarms = "Names that say one thing and hold another."
    bad = (
        Example(
            "The test data by position",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x_train, y_train, »x_test«, y_test, epochs=20)
            """,
        ),
        Example(
            "Validation inputs without their targets",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x_train, y_train, epochs=20, validation_data=»x_test«)
            """,
        ),
        Example(
            "A share given in percent",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x_train, y_train, epochs=20, validation_split=»20«)
            """,
        ),
        Example(
            "Inputs and targets exchanged",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(»y_train«, x_train, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "As it is meant",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.boston_housing.load_data()
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x_train, y_train, 32, 20, validation_data=(x_test, y_test))
            """,
        ),
        Example(
            "An autoencoder's targets are its inputs",
            """
            import keras

            (x_train, _), (x_test, _) = keras.datasets.mnist.load_data()
            model = keras.Sequential([keras.layers.Dense(784)])
            model.compile("adam", "mse")
            model.fit(x_train, x_train, epochs=20, validation_data=(x_test, x_test))
            """,
        ),
        Example(
            "Validation data in a dataset",
            """
            import keras
            import tensorflow as tf

            validation = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(32)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x_train, y_train, epochs=20, validation_data=validation)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what can't be right in each call of fit."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        if fit.method != "fit" or fit.model is None:
            return
        mistake = _mistake(fit)
        if mistake is not None:
            yield Report(
                place=mistake.place,
                message=mistake.message,
                related=() if mistake.other is None else (Related(mistake.other, "The other one."),),
                severity=mistake.severity,
                recipe=mistake.recipe,
            )


@dataclass(frozen=True, slots=True)
class _Mistake:
    place: Place
    message: str
    recipe: str = ""
    severity: Severity | None = None
    other: Place | None = None


@once
def _mistake(fit: Fit) -> _Mistake | None:
    """The first mistake in a call; the others follow from it."""
    return (
        _data_for_a_number(fit)
        or _validation_without_targets(fit)
        or _number_out_of_range(fit)
        or _targets_beside_dataset(fit)
        or _no_targets(fit)
        or _exchanged(fit)
    )


def _data_for_a_number(fit: Fit) -> _Mistake | None:
    for name in ("batch_size", "epochs"):
        given = fit.arguments.get(name)
        if given is None or given.place is None:
            continue
        if isinstance(given.value, Data) and given.value.shape != ():  # a single number may be one
            message = f"This is taken for {name}, not for validation data: the arguments after y go by position."
            return _Mistake(given.place, message, "validation_data=(x_test, y_test)")
    return None


def _validation_without_targets(fit: Fit) -> _Mistake | None:
    given = fit.arguments.get("validation_data")
    if given is None or given.place is None or fit.y is None or not _is_array(given.value):
        return None
    return _Mistake(
        given.place,
        "The targets of the validation data are missing: validation_data is a pair of inputs and targets.",
        f"validation_data=({given.place.text}, y_val)",
    )


def _number_out_of_range(fit: Fit) -> _Mistake | None:
    limits = (("validation_split", 0.0, 1.0), ("batch_size", 1.0, None), ("epochs", 1.0, None))
    for name, low, high in limits:
        given = fit.arguments.get(name)
        value = number(given.value) if given is not None else None
        if given is None or given.place is None or value is None:
            continue
        if value < low or (high is not None and value >= high):
            wanted = "between 0 and 1" if high is not None else "at least 1"
            severity = Severity.WARNING if name == "epochs" else None
            return _Mistake(given.place, f"The value of {name} is {value:g}; it should be {wanted}.", severity=severity)
    return None


def _targets_beside_dataset(fit: Fit) -> _Mistake | None:
    data = fit.inputs
    if data is None or not data.batched or not data.source.startswith(_DATASETS):
        return None
    if fit.y is not None and fit.y.place is not None:
        return _Mistake(fit.y.place, "A dataset brings its own targets: fit takes no y beside it.")
    split = fit.arguments.get("validation_split")
    if split is not None and split.place is not None and number(split.value):
        message = "The validation_split works for arrays only: split the dataset itself."
        return _Mistake(split.place, message, "validation_data=validation_dataset")
    return None


def _no_targets(fit: Fit) -> _Mistake | None:
    given, model = fit.x, fit.model
    if given is None or given.place is None or fit.y is not None or fit.arguments.open or model is None:
        return None
    if not _is_array(given.value) or model.trains_itself or model.kind is ModelKind.SUBCLASSED or not model.complete:
        return None
    if fit.compile is None or not fit.compile.losses or any(each.name is None for each in fit.compile.losses):
        return None
    return _Mistake(given.place, "This training has inputs but no targets.", f"model.fit({given.place.text}, y, ...)")


def _exchanged(fit: Fit) -> _Mistake | None:
    x, y = _name(fit.x), _name(fit.y)
    if x is None or y is None or fit.x is None or fit.x.place is None or fit.y is None:
        return None
    if _TARGET.match(x) and _INPUT.match(y):
        message = f"The targets {x} are passed as inputs, and the inputs {y} as targets."
        return _Mistake(fit.x.place, message, f"fit({y}, {x}, ...)", Severity.WARNING, fit.y.place)
    for ours, theirs in (("train", "test"), ("test", "train")):
        if ours in x.lower() and theirs in y.lower() and theirs not in x.lower() and ours not in y.lower():
            message = f"The inputs {x} and the targets {y} are of different parts of the data."
            return _Mistake(fit.x.place, message, severity=Severity.WARNING, other=fit.y.place)
    return None


def _name(argument: Argument | None) -> str | None:
    """The variable passed, when the argument is no more than that."""
    written = argument.place.text if argument is not None and argument.place is not None else ""
    return written if written.isidentifier() else None


def _is_array(value: object) -> bool:
    return isinstance(value, Data) and not value.batched and value.source.startswith(_ARRAYS)
