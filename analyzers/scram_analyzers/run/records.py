"""Records of a training run, as plain values that a store or a socket can carry.

The training side fills them; rules read them through `RunHistory`. Unknown is `None`, never a guess.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer in training: Keras's `class_name` ("Dense") and the instance's `name` ("dense_1").

    `vocabulary` is the number of ids that an Embedding knows (its `input_dim`). `rate` is the largest share of values
    that it drops, `penalty` the largest factor of an L1 or L2 penalty on its weights.
    """

    name: str
    class_name: str
    parameters: int
    trainable: bool = True
    units: int | None = None
    rate: float | None = None
    activation: str | None = None
    regularized: bool = False
    vocabulary: int | None = None
    penalty: float | None = None


@dataclass(frozen=True, slots=True)
class OptimizerInfo:
    """The optimizer as compiled. `learning_rate` is None when a schedule decides it.

    `schedule` is the class of that schedule ("CosineDecay"); `clip_norm` is the bound on the norm of each weight's
    gradient, `global_clip_norm` the one on all of them together. `accumulation` is the number of batches whose
    gradients are added up for one move of the weights, where that is more than one.
    """

    name: str
    learning_rate: float | None
    momentum: float | None = None
    schedule: str | None = None
    clip_norm: float | None = None
    global_clip_norm: float | None = None
    accumulation: int | None = None


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One output of the model and the loss it is trained with, in the order of the model's outputs.

    `layer` is the Keras name of the layer that makes it, `activation` the last activation on the way (None when
    unknown, "linear" when there is none), `units` the size of its last axis, `rank` the number of axes, that of the
    rows among them. `loss` is Keras's snake-case name, `from_logits`, `ignored_class` and (of a Huber loss) `delta`
    that loss's arguments.
    """

    name: str
    layer: str | None = None
    activation: str | None = None
    units: int | None = None
    loss: str | None = None
    from_logits: bool | None = None
    ignored_class: int | None = None
    delta: float | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What is known of a run before its first step.

    `script` is the absolute path of the file whose line `fit_line` called `fit`; `started` is ISO 8601 with
    the time zone. `losses` holds Keras's snake-case names ("sparse_categorical_crossentropy"); `layers` are
    the model's, in its order, those of an inner model in the place of that. Of a loop of the program's own (a
    `Watcher`) nothing tells epochs, steps and sizes before they are over. One that `is_overheard` says nothing at all:
    known is only what its tape is asked for the gradients of, which may be no plain loss. One that `is_on_batches`
    takes each step by a call of `train_on_batch` at `fit_line`. What a model learns that `has_moving_target` changes
    with it: it learns against another model, or from its own answers, and its loss says nothing of success.
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
    outputs: tuple[OutputInfo, ...] = ()
    is_own_loop: bool = False
    is_overheard: bool = False
    is_on_batches: bool = False
    has_moving_target: bool = False

    def layer(self, name: str | None) -> LayerInfo | None:
        """The layer called `name`, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)


@dataclass(frozen=True, slots=True)
class ArrayStatistics:
    """What one batch of one input (or target) held. `role` is "input" or "target".

    `consumer` is the class of the first layer that reads an input ("Embedding", "Rescaling", "Dense", ...).
    `zero_share` and `one_share` are the shares of zeros and of ones among the values of an input.
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
    zero_share: float | None = None
    one_share: float | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One training step. `step` counts from 1 over the whole fit, `epoch` from 1.

    `loss` is the batch's own loss (Keras logs the epoch's running mean); None when it was not read. `seconds`
    is the wall time of the step, `data_seconds` the part of it spent waiting for its batch.
    """

    step: int
    epoch: int
    loss: float | None = None
    arrays: tuple[ArrayStatistics, ...] = ()
    nonfinite_weights: tuple[str, ...] = ()
    seconds: float | None = None
    data_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LayerObservation:
    """What one layer put out for the rows of a probe. `layer` is its Keras name.

    `mean`, `deviation` and `maximum` (of absolute values) are over all finite outputs; `zero_share` is the
    share of exact zeros. Per unit (last axis; the channel of a convolution), over all rows and positions:
    `dead_share` is the share of units that never left zero (ReLU family only), `saturated_share` that of
    units at the flat end of a sigmoid or tanh in over 90% of the rows. None where it makes no sense.
    """

    layer: str
    mean: float | None
    deviation: float | None
    maximum: float | None
    zero_share: float | None
    nonfinite: int = 0
    units: int | None = None
    dead_share: float | None = None
    saturated_share: float | None = None


@dataclass(frozen=True, slots=True)
class WeightObservation:
    """One trainable weight at a probe: `weight` is its path ("dense_1/kernel"), `layer` its layer's name.

    Norms are Euclidean. `gradient_norm` is None when the weight got no gradient at all (it is not connected
    to the loss). `update_ratio` is the norm of its change since the probe before, for one step, over its norm;
    None at the first probe.
    """

    weight: str
    layer: str
    norm: float
    gradient_norm: float | None
    update_ratio: float | None = None
    deviation: float | None = None
    nonfinite: int = 0


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """A side look at the model, on up to `rows` rows of the batch of `step`, with the weights before that step.

    `loss` is that of the rows in training mode, `inference_loss` the same rows' in inference mode (None when
    the model behaves the same in both), `penalty` the part of `loss` that regularizers add. `readers` are pairs of an
    input's name and the class of the only layer that was called on it as it is.
    """

    step: int
    epoch: int
    rows: int
    loss: float | None
    layers: tuple[LayerObservation, ...] = ()
    weights: tuple[WeightObservation, ...] = ()
    inference_loss: float | None = None
    penalty: float | None = None
    readers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OutputStatistics:
    """Predictions for the rows of a panel at one output of the model.

    For classification `confusion[i][j]` counts the rows of class i that were taken for class j; else it is
    empty. `row_sum_minimum` and `row_sum_maximum` are over the last axis (1 for probabilities).
    """

    name: str
    minimum: float
    maximum: float
    mean: float
    deviation: float
    target_mean: float | None = None
    target_deviation: float | None = None
    row_sum_minimum: float | None = None
    row_sum_maximum: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    nonfinite: int = 0


@dataclass(frozen=True, slots=True)
class PanelRecord:
    """Predictions on the panel, the same rows each time: the first of the validation data, else of a batch."""

    step: int
    epoch: int
    rows: int
    is_validation: bool
    outputs: tuple[OutputStatistics, ...]


class LabelForm(enum.Enum):
    """How a target array writes its labels."""

    CLASS_INDICES = "class-indices"
    ONE_HOT = "one-hot"
    MULTI_HOT = "multi-hot"
    BINARY = "binary"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True)
class DataArray:
    """One array given to `fit`, looked at before the first step.

    `part` is "training" or "validation" ("asked" in a `QuestionRecord`), `role` "input", "target" or "weight" (of the
    samples); `rows` is None for a stream, of which only what it declares is known. Statistics are over `rows_read`
    rows, spread over the array when it is large; bad values are counted in all rows where that takes no more than about
    0.2 s. `classes` are pairs of label and count for targets of few distinct values, `last_classes` the same for the
    part that `validation_split` takes off the end. `constant_columns` are indices of columns with one value only, of a
    table with `columns` columns. `zero_share` and `one_share` are the shares of zeros and of ones among an input's
    values; `column_deviation` is that of a target of several columns from the mean of each. Of inputs
    that are rows of whole numbers from 0 on, `filled_share` is the share of rows filled up with zeros at one end, and
    None where zeros stand elsewhere too.
    """

    part: str
    role: str
    name: str
    dtype: str
    shape: tuple[int | None, ...]
    rows: int | None
    rows_read: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    nonfinite: int = 0
    nonfinite_rows: int = 0
    columns: int | None = None
    constant_columns: tuple[int, ...] = ()
    feature_deviation_ratio: float | None = None
    consumer: str = ""
    label_form: LabelForm | None = None
    classes: tuple[tuple[float, int], ...] = ()
    last_classes: tuple[tuple[float, int], ...] = ()
    zero_share: float | None = None
    one_share: float | None = None
    column_deviation: float | None = None
    filled_share: float | None = None


@dataclass(frozen=True, slots=True)
class DataRecord:
    """The data of a run before its first step.

    `duplicate_rows` counts training rows that repeat an earlier one, `shared_rows` validation rows that are
    also in the training data, `conflicting_rows` rows equal in their inputs but not in their targets, each of
    the rows that were hashed (`training_rows_hashed`, `validation_rows_hashed`); None when not looked at.
    `class_weights` are pairs of label and weight, `label_stretches` counts the stretches of equal labels where `fit`
    does not shuffle. `target_columns` are columns of the inputs ("x[:, 3]") that say the target.
    """

    arrays: tuple[DataArray, ...]
    validation_split: float | None = None
    is_shuffled: bool | None = None
    has_class_weight: bool = False
    class_weights: tuple[tuple[float, float], ...] = ()
    has_sample_weight: bool = False
    training_rows_hashed: int = 0
    validation_rows_hashed: int = 0
    duplicate_rows: int | None = None
    shared_rows: int | None = None
    conflicting_rows: int | None = None
    target_columns: tuple[str, ...] = ()
    label_stretches: int | None = None

    def array(self, part: str, role: str) -> DataArray | None:
        """The only array of a part and role, or None (none at all, or several)."""
        found = [each for each in self.arrays if (each.part, each.role) == (part, role)]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """What a model is asked once its training is over: the arrays of a call of `evaluate` or `predict`."""

    arrays: tuple[DataArray, ...]


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """What the batches of a stream showed of its rows: the first ones of each batch that was looked at.

    `rows` are different inputs, `repeated_rows` those that came more than once in an epoch. `same_batch_steps`
    counts the batches, if all of them held the same rows and were not one for each epoch. Of the others,
    `rows_met_again` came in a later epoch, and `rows_with_other_target` of these with the target of another row.
    `labels` and `validation_labels` are pairs of label and count, `shared_rows` those of the `validation_rows` that
    are rows of training; `is_validation_fair`: they are all there are, or spread evenly over them. `is_weighted`:
    batches bring weights of their rows. Of `labelled_batches`, `narrow_batches` hold rows of one class or of two
    neighbours, `narrow_starts` different ones. `target_columns` are as in `DataRecord`, `validation_inputs` are those
    of the `validation_rows`, `constant_inputs` those of training with columns that had one value in the rows looked
    at. `weights_of_zero` are the weights of rows ("sample_weight['kind']") that all were 0.
    """

    rows: int
    repeated_rows: int = 0
    same_batch_steps: int = 0
    rows_met_again: int = 0
    rows_with_other_target: int = 0
    labels: tuple[tuple[float, int], ...] = ()
    validation_rows: int = 0
    shared_rows: int = 0
    validation_labels: tuple[tuple[float, int], ...] = ()
    is_validation_fair: bool = False
    is_weighted: bool = False
    labelled_batches: int = 0
    narrow_batches: int = 0
    narrow_starts: int = 0
    target_columns: tuple[str, ...] = ()
    validation_inputs: tuple[DataArray, ...] = ()
    weights_of_zero: tuple[str, ...] = ()
    constant_inputs: tuple[DataArray, ...] = ()


class OriginPlace(enum.Enum):
    """Where in a step the first NaN or infinity stood."""

    INPUTS = "inputs"
    TARGETS = "targets"
    WEIGHTS = "weights"
    FORWARD = "forward"
    STEP = "step"
    LOSS = "loss"
    GRADIENTS = "gradients"
    UPDATE = "update"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of the user's own code; `file` is an absolute path, or a notebook cell's own name."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class NonfiniteOrigin:
    """Where the first NaN or infinity came from, found by replaying the steps since the last sound weights.

    `step` is the step it began in, `seen_at` the step that showed it. `layer` is the Keras name of the layer
    whose output (FORWARD), derivative (GRADIENTS) or weight (WEIGHTS, UPDATE) was the first not to be finite:
    None for the model's own call, or with GRADIENTS for the derivative of the loss itself. `weight` is that
    layer's weight, or one whose gradient shows it. WEIGHTS are those that were not finite when they were first
    looked at, before `step`; UPDATE is a finite gradient after which the optimizer left such a weight.
    OUTSIDE are weights that were not finite before `step`, though none of the steps before makes them so.
    STEP is a `train_step` of the user's own, which can't be replayed: what it made of finite outputs. `array`
    names the input ("x") or target ("y", "sample_weight"); `rows` are its first bad rows in the batch, `loss`
    is the loss of that step, where it is a number. `line` is where the user's own code makes the value in FORWARD.
    """

    place: OriginPlace
    step: int
    seen_at: int
    layer: str | None = None
    array: str | None = None
    weight: str | None = None
    rows: tuple[int, ...] = ()
    loss: float | None = None
    line: CodeLine | None = None


@dataclass(frozen=True, slots=True)
class FrameworkWarning:
    """What Keras or the backend warned of during the run; `category` is the Python class of the warning."""

    message: str
    category: str
    step: int


@dataclass(frozen=True, slots=True)
class RunError:
    """The error that ended a run: its Python class and the line of what it says that tells most.

    `step` is the step that raised it; None where no step was being taken (`in_validation`, or between steps). `layer`
    is the Keras name of the layer that it speaks of. `is_own`: the program's own code raised it, as far as can be
    told, and neither Keras nor its backend did.
    """

    name: str
    message: str
    epoch: int
    step: int | None = None
    in_validation: bool = False
    layer: str | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """The end of one epoch: `logs` as Keras gives them (loss, val_loss, metrics).

    `learning_rate` is the optimizer's at that moment, from its schedule where it has one.
    """

    epoch: int
    step: int
    logs: tuple[tuple[str, float], ...]
    learning_rate: float | None = None

    def value(self, name: str) -> float | None:
        """The logged value called `name`, or None."""
        return next((value for logged, value in self.logs if logged == name), None)


class SubjectKind(enum.Enum):
    """Which part of the program a run finding speaks of."""

    LEARNING_RATE = "learning-rate"
    SCHEDULE = "schedule"
    OPTIMIZER = "optimizer"
    LOSS = "loss"
    INPUTS = "inputs"
    TARGETS = "targets"
    LAYER = "layer"
    MODEL = "model"
    CALL = "call"
    TRAIN_STEP = "train-step"
    CLIPPING = "clipping"
    TEST_STEP = "test-step"
    FIT = "fit"
    EPOCHS = "epochs"
    BATCH_SIZE = "batch-size"
    VALIDATION = "validation"
    QUESTION = "question"
    VOCABULARY = "vocabulary"


@dataclass(frozen=True, slots=True)
class Subject:
    """A part of the program, named without source text: the engine finds its range through the `Program`.

    `layer` is the Keras name of the layer, for `SubjectKind.LAYER`; `line` is the one to look at in its call, or the
    model's, where that is known.
    """

    kind: SubjectKind
    layer: str | None = None
    line: CodeLine | None = None
