"""SCR852 renamed-argument."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import keras_versions, keywords
from scram_analyzers.rules.api.evidence.keras_versions import KerasVersion
from scram_analyzers.rules.api.evidence.keywords import KerasCall, Keyword
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.keras_api.layers import LEGACY_PARAMETERS, NOT_RENAMED
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Program
from scram_analyzers.source.reading.literals import string_value

_OF_MODELS: Mapping[str, str] = MappingProxyType({"input": "inputs", "output": "outputs"})
_NEW_VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"dim_ordering": MappingProxyType({"tf": '"channels_last"', "th": '"channels_first"'})}
)
"""Arguments whose values have new names too."""

_STILL_TAKEN = frozenset(("alpha",))
"""Old names that Keras 3 takes with a warning where it has a new one."""


class RenamedArgument(Rule):
    """An argument under a name that Keras gave up."""

    code = "SCR852"
    name = "renamed-argument"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "an argument under the name it had in an older Keras"
    why = "Keras 3 does not know the old name: the call stops with an error, or the value is never used."
    how = "Write the new name; the value stays as it is."
    references = (
        Reference("Keras: Migrating Keras 2 code to Keras 3", "https://keras.io/guides/migrating_to_keras_3/"),
        Reference("Keras 1 to 2: release notes", "https://github.com/keras-team/keras/wiki/Keras-2.0-release-notes"),
    )
    false_alarms = (
        "A program that is meant to run on an old Keras only. Where its imports say so (tf.compat.v1, tf_keras, ...), "
        "this rule is silent; else it is a note, not a warning, unless the program can only run on Keras 3."
    )
    bad = (
        Example(
            "The learning rate by its old name",
            """
            from keras import ops, optimizers

            scale = ops.sqrt(2.0)
            optimizer = optimizers.Adam(»lr«=0.001)
            """,
            """
            from keras import ops, optimizers

            scale = ops.sqrt(2.0)
            optimizer = optimizers.Adam(learning_rate=0.001)
            """,
        ),
        Example(
            "A program in Keras 1's words",
            """
            from keras.layers import Dense, Dropout
            from keras.models import Sequential

            model = Sequential()
            model.add(Dense(»output_dim«=64, input_dim=20, »init«="uniform", activation="relu"))
            model.add(Dropout(»p«=0.5))
            model.add(Dense(1))
            model.compile("adam", "mse")
            model.fit(x, y, »nb_epoch«=20, batch_size=16)
            """,
            """
            from keras.layers import Dense, Dropout
            from keras.models import Sequential

            model = Sequential()
            model.add(Dense(units=64, input_dim=20, kernel_initializer="uniform", activation="relu"))
            model.add(Dropout(rate=0.5))
            model.add(Dense(1))
            model.compile("adam", "mse")
            model.fit(x, y, epochs=20, batch_size=16)
            """,
        ),
        Example(
            "An argument whose values have other names too",
            """
            from keras.layers import Conv2D, Flatten, MaxPooling2D
            from keras.models import Sequential

            model = Sequential([Conv2D(8, 3), MaxPooling2D(2, »dim_ordering«="tf"), Flatten()])
            """,
            """
            from keras.layers import Conv2D, Flatten, MaxPooling2D
            from keras.models import Sequential

            model = Sequential([Conv2D(8, 3), MaxPooling2D(2, data_format="channels_last"), Flatten()])
            """,
        ),
    )
    good = (
        Example(
            "Embedding still calls it output_dim",
            """
            from keras.layers import Embedding

            layer = Embedding(input_dim=1000, output_dim=64)
            """,
        ),
        Example(
            "A program that asks for the old Keras",
            """
            import tensorflow.compat.v1 as tf

            optimizer = tf.keras.optimizers.Adam(lr=0.001)
            """,
        ),
        Example(
            "Another library's argument",
            """
            import keras
            from torch.optim import Adam

            optimizer = Adam(weights, lr=0.001)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each keyword that has a new name in the same call's signature."""
        version: KerasVersion | None = None
        calls = keywords.keras_calls(program, _writes_old_name, _with_old_name)
        for call, keyword, new in itertools.chain.from_iterable(map(_renamed, calls)):
            version = version or keras_versions.keras_version(program)
            if version is KerasVersion.OLDER:
                return
            yield Report(
                place=keyword.place,
                message=f"The argument {keyword.name}= of {call.words} is called {new}= now.",
                severity=keras_versions.severity_of(version),
                recipe=f"{new}={_new_value(keyword) or keyword.value.text}",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the new name."""
        for call in keywords.keras_calls(program, _writes_old_name, _with_old_name):
            for keyword in keywords.keywords_of(call):
                new = _new_name(call, keyword)
                if new is not None and program.range_of(keyword.place) == finding.range:
                    value = _new_value(keyword)
                    if value is None:
                        return None
                    edits = [fixes.replace(program, keyword.place, new)]
                    if value != keyword.value.text:
                        edits.append(fixes.replace(program, keyword.value, value))
                    return Fix(f"Rename {keyword.name} to {new}", Applicability.SAFE, tuple(edits))
        return None


def _writes_old_name(call: Call) -> bool:
    keras_call = None if _OLD_NAMES.isdisjoint(call.arguments.keywords) else keywords.of_function(call)
    return keras_call is not None and bool(_renamed(keras_call))


def _with_old_name(_: Program, call: KerasCall) -> Iterator[KerasCall]:
    if _renamed(call):
        yield call


_OLD_NAMES = frozenset((*LEGACY_PARAMETERS, *_OF_MODELS))


@once
def _renamed(call: KerasCall) -> tuple[tuple[KerasCall, Keyword, str], ...]:
    """The keywords that have new names, but for those whose new name is there as well."""
    written = keywords.keywords_of(call)
    named = ((keyword, _new_name(call, keyword)) for keyword in written)
    return tuple(
        (call, old, new) for old, new in named if new is not None and all(each.name != new for each in written)
    )


def _new_value(keyword: Keyword) -> str | None:
    """The value as the new argument takes it; None when it can't be told."""
    if keyword.name not in _NEW_VALUES:
        return keyword.value.text
    node = keyword.value.node
    return _NEW_VALUES[keyword.name].get(str(string_value(node))) if isinstance(node, cst.SimpleString) else None


def _new_name(call: KerasCall, keyword: Keyword) -> str | None:
    """What the call's signature calls this keyword now; None when it is no old name."""
    if keyword.name in call.parameters or keyword.name in _STILL_TAKEN:
        return None
    if call.name == "keras.models.Model":
        return _OF_MODELS.get(keyword.name)
    if keyword.name in NOT_RENAMED.get(call.name, ()):
        return None
    new = LEGACY_PARAMETERS.get(keyword.name)
    return new if new in call.parameters else None
