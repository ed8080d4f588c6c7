"""Records of a training run, as plain values that a store or a socket can carry.

The training side fills them; rules read them through `RunHistory`. Unknown is `None`, never a guess.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer in training: Keras's `class_name` ("Dense") and the instance's `name` ("dense_1")."""

    name: str
    class_name: str
    parameters: int
    trainable: bool = True
    units: int | None = None
    rate: float | None = None
    activation: str | None = None
    regularized: bool = False


@dataclass(frozen=True, slots=True)
class OptimizerInfo:
    """The optimizer as compiled. `learning_rate` is None when a schedule or a callback decides it."""

    name: str
    learning_rate: float | None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What is known of a run before its first step.

    `script` is the absolute path of the file whose line `fit_line` called `fit`; `started` is ISO 8601 with
    the time zone. `losses` holds Keras's snake-case names ("sparse_categorical_crossentropy"); `layers` are
    the model's own, in its order.
    """

    run: str
    script: str
    started: str
    fit_line: int | None = None
    keras_version: str = ""
    backend: str = ""
    optimizer: OptimizerInfo | None = None
    losses: tuple[str, ...] = ()
    layers: tuple[LayerInfo, ...] = ()
    parameters: int | None = None
    training_samples: int | None = None
    epochs: int | None = None
    steps_per_epoch: int | None = None
    batch_size: int | None = None
    has_validation: bool = False
    classes: int | None = None
    callbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrayStatistics:
    """What one batch of one input (or target) held. `role` is "input" or "target".

    `consumer` is the class of the first layer that reads an input ("Embedding", "Rescaling", "Dense", ...).
    """

    role: str
    name: str
    dtype: str
    shape: tuple[int | None, ...]
    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    nonfinite: int = 0
    consumer: str = ""
    feature_deviation_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One training step. `step` counts from 1 over the whole fit, `epoch` from 1.

    `loss` is the batch's own loss (Keras logs the epoch's running mean); None when it was not read.
    """

    step: int
    epoch: int
    loss: float | None = None
    arrays: tuple[ArrayStatistics, ...] = ()
    nonfinite_weights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """The end of one epoch: `logs` as Keras gives them (loss, val_loss, metrics)."""

    epoch: int
    step: int
    logs: tuple[tuple[str, float], ...]

    def value(self, name: str) -> float | None:
        """The logged value called `name`, or None."""
        return dict(self.logs).get(name)


class SubjectKind(enum.Enum):
    """Which part of the program a run finding speaks of."""

    LEARNING_RATE = "learning-rate"
    OPTIMIZER = "optimizer"
    LOSS = "loss"
    INPUTS = "inputs"
    TARGETS = "targets"
    LAYER = "layer"
    MODEL = "model"
    FIT = "fit"


@dataclass(frozen=True, slots=True)
class Subject:
    """A part of the program, named without source text: the engine finds its range through the `Program`.

    `layer` is the Keras name of the layer, for `SubjectKind.LAYER`.
    """

    kind: SubjectKind
    layer: str | None = None
