"""What is known of Keras losses and metrics by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

LOSS_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "mse": "mean_squared_error",
        "mae": "mean_absolute_error",
        "mape": "mean_absolute_percentage_error",
        "msle": "mean_squared_logarithmic_error",
        "bce": "binary_crossentropy",
        "kld": "kl_divergence",
        "kullback_leibler_divergence": "kl_divergence",
        "huber_loss": "huber",
        "logcosh": "log_cosh",
        "cosine_proximity": "cosine_similarity",
    }
)

CROSS_ENTROPIES = frozenset(("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"))
FOCAL = frozenset(("categorical_focal_crossentropy", "binary_focal_crossentropy"))
"""Cross-entropies that give rows that are easy less weight; like the others they ask for probabilities or logits."""
CATEGORICAL = frozenset(("categorical_crossentropy", "sparse_categorical_crossentropy"))
REGRESSION = frozenset(
    [
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
    ]
)

OF_LOGITS: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow.nn.softmax_cross_entropy_with_logits": "categorical_crossentropy",
        "tensorflow.nn.softmax_cross_entropy_with_logits_v2": "categorical_crossentropy",
        "tensorflow.nn.sparse_softmax_cross_entropy_with_logits": "sparse_categorical_crossentropy",
        "tensorflow.nn.sigmoid_cross_entropy_with_logits": "binary_crossentropy",
    }
)
"""TensorFlow's own cross-entropies, which always take logits."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def loss_name(name: str) -> str:
    """The snake-case name of a loss or metric: "CategoricalCrossentropy", "mse", "MSE" all have one."""
    lowered = name.lower()
    if lowered in LOSS_ALIASES:
        return LOSS_ALIASES[lowered]
    snake = name if "_" in name or name.islower() else "_".join(word.lower() for word in _WORD.findall(name))
    return LOSS_ALIASES.get(snake, snake)


_LOSS_STRINGS = """
ce crossentropy bce binary_crossentropy binary_focal_crossentropy binarycrossentropy binaryfocalcrossentropy
categorical_crossentropy categorical_focal_crossentropy categorical_hinge categoricalcrossentropy
categoricalfocalcrossentropy categoricalhinge circle cosine cosine_proximity cosine_similarity
cosinesimilarity ctc dice hinge huber huber_loss kl_divergence kld kldivergence kullback_leibler_divergence
log_cosh logcosh mae mape mean_absolute_error mean_absolute_percentage_error mean_squared_error
mean_squared_logarithmic_error meanabsoluteerror meanabsolutepercentageerror meansquarederror
meansquaredlogarithmicerror mse msle poisson sparse_categorical_crossentropy sparsecategoricalcrossentropy
squared_hinge squaredhinge tversky
"""
LOSS_STRINGS = frozenset(_LOSS_STRINGS.split())
"""What `compile` takes for a loss by name, in lower case; names of older versions included."""

_METRIC_STRINGS = """
acc accuracy auc bce binary_accuracy binary_crossentropy binary_focal_crossentropy binary_io_u binaryaccuracy
binarycrossentropy binaryfocalcrossentropy binaryiou categorical_accuracy categorical_crossentropy
categorical_focal_crossentropy categorical_hinge categoricalaccuracy categoricalcrossentropy
categoricalfocalcrossentropy categoricalhinge ce circle concordance_correlation concordancecorrelation cosine
cosine_proximity cosine_similarity cosinesimilarity crossentropy ctc dice f1_score f1score f_beta_score
false_negatives false_positives falsenegatives falsepositives fbeta_score fbetascore fmeasure hinge huber
huber_loss io_u iou kl_divergence kld kldivergence kullback_leibler_divergence log_cosh log_cosh_error logcosh
logcosherror mae mape matthews_correlation mean mean_absolute_error mean_absolute_percentage_error mean_io_u
mean_metric_wrapper mean_squared_error mean_squared_logarithmic_error meanabsoluteerror
meanabsolutepercentageerror meaniou meansquarederror meansquaredlogarithmicerror mse msle one_hot_io_u
one_hot_mean_io_u onehotiou onehotmeaniou pearson_correlation pearsoncorrelation poisson precision
precision_at_recall precisionatrecall r2_score r2score recall recall_at_precision recallatprecision
root_mean_squared_error rootmeansquarederror sensitivity_at_specificity sensitivityatspecificity
sparse_categorical_accuracy sparse_categorical_crossentropy sparse_top_k_categorical_accuracy
sparsecategoricalaccuracy sparsecategoricalcrossentropy sparsetopkcategoricalaccuracy
specificity_at_sensitivity specificityatsensitivity squared_hinge squaredhinge sum top_k_categorical_accuracy
topkcategoricalaccuracy true_negatives true_positives truenegatives truepositives tversky
"""
METRIC_STRINGS = frozenset(_METRIC_STRINGS.split())
"""What `compile` takes for a metric by name, in lower case; losses serve as metrics too."""
