"""The kinds of faults and the rule names that are their right cause.

A symptom (`loss-not-finite`, `loss-diverging`, ...) counts where it is put on the lines of the fault: it then names
the cause by pointing at it.
"""

from __future__ import annotations

from planting import Kind

DIVERGENCE = (
    "loss-not-finite",
    "loss-diverging",
    "loss-oscillating",
    "exploding-gradient",
    "weights-diverging",
    "activation-too-large",
)
STANDSTILL = ("loss-not-decreasing", "slow-convergence", "output-collapsed", "underfitting", "worse-than-baseline")

RATE_ENORMOUS = Kind(
    "rate-enormous",
    "learning rate 1e10",
    ("learning-rate-too-high", *DIVERGENCE, *STANDSTILL),
    ("SCRAM/learning-rate-too-high", "UMLAUT/learning-rate-high"),
)
RATE_HIGH = Kind(
    "rate-too-high",
    "learning rate far too high",
    ("learning-rate-too-high", *DIVERGENCE, *STANDSTILL),
    ("SCRAM/learning-rate-too-high", "UMLAUT/learning-rate-high"),
)
RATE_LOW = Kind(
    "rate-too-low", "learning rate 1e-8", ("learning-rate-too-low", *STANDSTILL), ("UMLAUT/learning-rate-low",)
)
RATE_ZERO = Kind(
    "rate-zero",
    "learning rate 0",
    ("learning-rate-not-positive", "learning-rate-too-low"),
    ("UMLAUT/learning-rate-low",),
)
RATE_NEGATIVE = Kind(
    "rate-negative",
    "learning rate below 0",
    ("learning-rate-not-positive", *DIVERGENCE),
    ("SCRAM/learning-rate-too-high", "UMLAUT/learning-rate-low"),
)
SCHEDULE = Kind(
    "schedule-too-short",
    "learning rate decays to nothing early",
    ("schedule-does-not-fit-run", "learning-rate-too-low"),
)
RATE_HELD = Kind(
    "rate-held-low",
    "a callback that holds the learning rate next to 0",
    ("learning-rate-too-low", *STANDSTILL),
    ("UMLAUT/learning-rate-low",),
)
CLIPPING = Kind(
    "clipping", "gradients clipped to almost nothing", ("clipping-too-strong", "learning-rate-too-low", *STANDSTILL)
)
MOMENTUM = Kind("momentum", "momentum next to 1", ("momentum-too-high", "learning-rate-too-high", *DIVERGENCE))
DECAY = Kind("weight-decay", "weight decay that outruns learning", ("weight-decay-too-strong", *STANDSTILL))
BATCH_ONE = Kind("batch-of-one", "batch size 1", ("batch-size-too-small",))
BATCH_ALL = Kind("batch-of-all", "all data in one batch", ("batch-size-too-large",))
FEW_EPOCHS = Kind("too-few-epochs", "stopped while still learning", ("too-few-epochs",))
MONITOR = Kind("monitor-missing", "callback watches a metric that is not there", ("monitored-metric-missing",))

UNSCALED = Kind(
    "unscaled-input",
    "inputs not scaled",
    ("input-not-normalized", "integer-input"),
    ("SCRAM/input-not-normalized", "UMLAUT/input-not-normalized"),
)
SCALED_TWICE = Kind("scaled-twice", "inputs scaled twice", ("input-scaled-twice",))
SCALED_APART = Kind("scaled-apart", "only one part of the data scaled", ("scaling-mismatch", "scaled-copy-unused"))
TARGET_UNSCALED = Kind("unscaled-target", "regression target not scaled", ("target-not-scaled",))
SCALER_LEAK = Kind("scaler-before-split", "scaler fitted before the split", ("scaler-fitted-before-split",))
SCALER_REFIT = Kind(
    "scaler-refitted", "scaler fitted again on the test data", ("scaler-refitted-on-test", "scaling-mismatch")
)
OVERLAP = Kind(
    "validated-on-training",
    "validation data are the training data",
    ("validation-on-training-data", "validation-too-good"),
    ("UMLAUT/high-validation-accuracy",),
)
SORTED = Kind(
    "sorted-split",
    "validation_split of sorted labels",
    ("sorted-validation-split", "new-labels-in-validation", "validation-drift"),
)
UNSHUFFLED = Kind("unshuffled", "sorted data are never shuffled", ("dataset-not-shuffled", "shuffle-disabled"))
SHUFFLED_APART = Kind("shuffled-apart", "labels shuffled apart from the inputs", ("labels-shuffled-apart", *STANDSTILL))
MOVED_ALONG = Kind("moved-along", "targets moved along by a row", ("labels-shuffled-apart", *STANDSTILL))
SORTED_APART = Kind("sorted-apart", "targets sorted apart from the inputs", ("labels-shuffled-apart", *STANDSTILL))
WRITTEN_OVER = Kind("written-over", "one class written over half of the labels", ("label-corrupted",))
NAN_ROW = Kind(
    "nan-in-inputs",
    "one NaN in the inputs",
    ("nonfinite-data", "loss-not-finite"),
    ("SCRAM/learning-rate-too-high", "UMLAUT/nan-in-input"),
)
NAN_TARGET = Kind("nan-in-targets", "one NaN in the targets", ("nonfinite-data", "loss-not-finite"))
IMBALANCE = Kind(
    "imbalance",
    "one class hardly present",
    ("class-imbalance", "class-never-right", "accuracy-only", "output-collapsed"),
)
CONSTANT_FEATURES = Kind("constant-features", "columns that never change", ("constant-feature",))
TINY_VALIDATION = Kind("tiny-validation", "a handful of validation rows", ("validation-too-small",))
TOKENS = Kind(
    "token-out-of-range",
    "token ids beyond the embedding",
    ("embedding-vocabulary-too-small",),
)

SOFTMAX_ONE = Kind("softmax-of-one", "softmax over one unit", ("softmax-single-unit",))
RELU_HEAD = Kind(
    "relu-head",
    "relu as the head",
    ("invalid-output-activation", "output-range-mismatch"),
    ("UMLAUT/final-layer-has-activation", "UMLAUT/missing-softmax"),
)
LOGITS = Kind(
    "logits-unsaid", "linear head without from_logits", ("logits-without-from-logits",), ("UMLAUT/missing-softmax",)
)
LOGITS_TWICE = Kind("softmax-twice", "softmax head with from_logits=True", ("probabilities-with-from-logits",))
SIGMOID_HEAD = Kind(
    "sigmoid-for-classes",
    "sigmoid head with a categorical loss",
    ("sigmoid-with-categorical-loss",),
    ("UMLAUT/final-layer-has-activation", "UMLAUT/missing-softmax"),
)
SOFTMAX_BINARY = Kind(
    "softmax-binary-loss",
    "softmax head with binary cross-entropy",
    ("softmax-with-binary-loss", "exclusive-classes-with-binary-loss"),
)
ONE_UNIT = Kind("one-unit", "one unit for many classes", ("single-unit-categorical-loss", "output-units-mismatch"))
BOUNDED_HEAD = Kind(
    "bounded-head",
    "head that can't reach the targets",
    ("output-range-mismatch",),
    ("UMLAUT/final-layer-has-activation",),
)
MSE_CLASSES = Kind("mse-for-classes", "regression loss for classes", ("regression-loss-for-classification",))
CLASS_LOSS = Kind(
    "classes-loss-for-numbers",
    "classification loss for a number",
    ("classification-loss-for-regression", "output-range-mismatch", "label-out-of-range"),
)
ENCODING = Kind("label-encoding", "one-hot loss on class numbers", ("label-encoding-mismatch",))
ACCURACY = Kind("accuracy-of-numbers", "accuracy of a regression", ("accuracy-metric-for-regression",))
LABELS_BEYOND = Kind("labels-out-of-range", "more classes than units", ("output-units-mismatch",))
LABELS_SIGNED = Kind(
    "labels-signed",
    "labels -1 and 1 with binary cross-entropy",
    ("label-out-of-range", "output-range-mismatch", "negative-loss"),
)
SUMMED = Kind("summed-loss", "loss summed over the batch", ("summed-loss",))

ZERO_INIT = Kind("zero-initializer", "all weights start at zero", ("constant-initializer",))
HUGE_INIT = Kind(
    "huge-initializer",
    "weights start far too large",
    ("initializer-scale", "signal-lost-at-start", "initial-loss", "activation-too-large"),
)
FROZEN = Kind("all-frozen", "no layer trains", ("nothing-to-train", "layer-not-learning"))
LATE_FREEZE = Kind("frozen-after-compile", "trainable set after compile", ("trainable-set-after-compile",))
DETACHED = Kind(
    "detached",
    "a gradient that never arrives",
    ("weight-without-gradient", "layer-not-learning"),
)
NOT_APPLIED = Kind("not-applied", "gradients that no optimizer is given", ("gradients-not-applied", *STANDSTILL))
OUTSIDE_TAPE = Kind(
    "outside-tape", "the model is called before the tape", ("forward-outside-tape", "weight-without-gradient")
)
INFERENCE_MODE = Kind("inference-mode", "trained with training=False", ("training-in-inference-mode",))
WRONG_AXIS = Kind("wrong-axis", "a layer along the wrong axis", ("wrong-axis",))
DEAD = Kind("dead-units", "units that never fire", ("dead-units", "signal-lost-at-start"))
VANISHING = Kind(
    "vanishing", "deep sigmoid stack", ("saturating-hidden-activation", "vanishing-gradient", "saturated-units")
)
LINEAR_STACK = Kind(
    "linear-stack", "hidden layers without activation", ("missing-hidden-activation",), ("UMLAUT/missing-activation",)
)
SOFTMAX_HIDDEN = Kind("softmax-hidden", "softmax between hidden layers", ("softmax-hidden-layer",))
BOTTLENECK = Kind("bottleneck", "everything through one unit", ("bottleneck-layer",))
NAN_LAYER = Kind(
    "nan-in-layer",
    "a layer that makes NaN after some steps",
    ("loss-not-finite", "unprotected-logarithm", "unprotected-division", "unprotected-square-root"),
    ("SCRAM/learning-rate-too-high",),
)

OVERFIT = Kind(
    "overfitting",
    "large, unregularized, trained for long",
    ("overfitting", "missing-regularization", "overtraining", "training-loss-vanished"),
    ("SCRAM/overfitting", "UMLAUT/overfitting"),
)
DROPOUT = Kind("dropout-too-high", "dropout 0.95", ("dropout-too-high",), ("UMLAUT/high-dropout",))
PENALTY = Kind("penalty-too-strong", "regularization outweighs the loss", ("regularization-too-strong",))
HEAD_DROPOUT = Kind("dropout-on-output", "dropout on the output", ("dropout-on-output",))
