"""Which Keras a program is written for, as far as its imports and calls tell."""

from __future__ import annotations

import enum

from scram_analyzers.findings import Severity
from scram_analyzers.source.keras_api.names import canonical_name
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Program


class KerasVersion(enum.Enum):
    """What runs the program."""

    KERAS_3 = "Keras 3"
    OLDER = "older"
    UNKNOWN = "unknown"


_ONLY_IN_KERAS_3 = ("keras.ops", "keras.random", "keras.distribution", "keras.config", "keras.tree", "keras.saving")
_ONLY_BEFORE_KERAS_3 = (
    "tensorflow.compat.v1",
    "tensorflow.contrib",
    "tensorflow.python.keras",
    "tensorflow_core",
    "tensorflow.Session",
    "tensorflow.placeholder",
    "tensorflow.get_default_graph",
    "tensorflow.global_variables_initializer",
    "tf_keras",
)


@once
def keras_version(program: Program) -> KerasVersion:
    """The Keras that the program asks for by what it imports and calls."""
    imported = (*program.imports.names.values(), *program.imports.stars)
    if any(map(_is_older, imported)) or program.calls_where(_calls_older) or program.mentions("TF_USE_LEGACY_KERAS"):
        return KerasVersion.OLDER
    if any(map(_is_newer, imported)) or program.calls_where(_calls_newer):
        return KerasVersion.KERAS_3
    return KerasVersion.UNKNOWN


def severity_of(version: KerasVersion) -> Severity:
    """How bad it is to use what Keras 3 does not have, in a program for this version."""
    return Severity.ERROR if version is KerasVersion.KERAS_3 else Severity.INFO


def _is_older(dotted: str) -> bool:
    return _begins(dotted, _ONLY_BEFORE_KERAS_3)


def _is_newer(dotted: str) -> bool:
    return _begins(canonical_name(dotted), _ONLY_IN_KERAS_3)


def _calls_older(call: Call) -> bool:
    return _is_older(call.dotted)


def _calls_newer(call: Call) -> bool:
    return _is_newer(call.dotted)


def _begins(name: str, prefixes: tuple[str, ...]) -> bool:
    return name.startswith(prefixes) and any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
