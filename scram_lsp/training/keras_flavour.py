"""Which Keras a model is made with: Keras 3 on one of its backends, or Keras 2 (`tf.keras` up to 2.15, `tf_keras`)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

_ROOTS = ("tf_keras", "keras", "tensorflow")


@dataclass(frozen=True, slots=True)
class KerasFlavour:
    """`version` as the package gives it; Keras 2 knows TensorFlow only."""

    version: str
    backend: str

    @property
    def is_current(self) -> bool:
        """Whether it is Keras 3 or later."""
        return self.version.partition(".")[0].isdigit() and int(self.version.partition(".")[0]) >= 3


def flavour_of(model: Any) -> KerasFlavour:
    """Told by the package of the model's classes: several may be installed, and loaded, side by side."""
    roots = [cls.__module__.partition(".")[0] for cls in type(model).__mro__]
    root = next((root for root in roots if root in _ROOTS), "keras")
    package = sys.modules.get(root)
    if root == "tensorflow":  # before 2.6 Keras was a part of it
        return KerasFlavour("2", "tensorflow")
    version = str(getattr(package, "__version__", ""))
    backend = getattr(getattr(package, "backend", None), "backend", None)
    return KerasFlavour(version, str(backend()) if callable(backend) else "tensorflow")
