"""What is known of Keras layers by class name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LEGACY_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "output_dim": "units",
        "nb_filter": "filters",
        "nb_kernel": "filters",
        "filter_length": "kernel_size",
        "border_mode": "padding",
        "subsample": "strides",
        "subsample_length": "strides",
        "dim_ordering": "data_format",
        "init": "kernel_initializer",
        "inner_init": "recurrent_initializer",
        "inner_activation": "recurrent_activation",
        "W_regularizer": "kernel_regularizer",
        "b_regularizer": "bias_regularizer",
        "U_regularizer": "recurrent_regularizer",
        "W_constraint": "kernel_constraint",
        "b_constraint": "bias_constraint",
        "U_constraint": "recurrent_constraint",
        "bias": "use_bias",
        "p": "rate",
        "pool_length": "pool_size",
        "stride": "strides",
        "dropout_W": "dropout",
        "dropout_U": "recurrent_dropout",
        "nb_epoch": "epochs",
        "lr": "learning_rate",
    }
)
"""Keras 1 and 2 names of parameters, by Keras 3's."""

NOT_RENAMED: Mapping[str, frozenset[str]] = MappingProxyType({"keras.layers.Embedding": frozenset({"output_dim"})})
"""Layers that still use an old name for something of their own."""

NEUTRAL = frozenset(
    [
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "GaussianDropout",
        "GaussianNoise",
        "AlphaDropout",
        "ActivityRegularization",
        "Identity",
        "Masking",
        "Reshape",
        "Flatten",
        "Permute",
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
        "RepeatVector",
    ]
)
"""Layers that pass their input's values on: an activation before them is still the last one."""

RESHAPING = frozenset(["Reshape", "Flatten", "Permute", "RepeatVector", "Cropping1D", "Cropping2D", "Cropping3D"])
"""Layers after which an axis no longer has the length that the layer before gave it."""

ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "ReLU": "relu",
        "Softmax": "softmax",
        "LeakyReLU": "leaky_relu",
        "PReLU": "prelu",
        "ELU": "elu",
        "ThresholdedReLU": "thresholded_relu",
    }
)
"""Layers that are an activation and nothing else."""

WEIGHTED = frozenset(
    [
        "Dense",
        "EinsumDense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "LocallyConnected1D",
        "LocallyConnected2D",
        "Embedding",
        "LSTM",
        "GRU",
        "SimpleRNN",
        "RNN",
        "Bidirectional",
        "TimeDistributed",
        "MultiHeadAttention",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "GroupQueryAttention",
    ]
)
"""Layers that learn a transformation (normalizations scale, they are not counted)."""

RECURRENT = frozenset(["LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"])

NORMALIZING = frozenset(
    [
        "Normalization",
        "Rescaling",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "UnitNormalization",
        "RMSNormalization",
        "SpectralNormalization",
    ]
)
"""Layers that bring their input to a common scale."""

ENCODING = frozenset(
    [
        "Embedding",
        "TextVectorization",
        "StringLookup",
        "IntegerLookup",
        "Hashing",
        "CategoryEncoding",
        "Discretization",
        "HashedCrossing",
        "FeatureSpace",
        "TokenAndPositionEmbedding",
        "PositionEmbedding",
    ]
)
"""Layers for which large whole numbers are the right input."""

AUGMENTING = frozenset(
    [
        "RandomFlip",
        "RandomRotation",
        "RandomZoom",
        "RandomTranslation",
        "RandomContrast",
        "RandomBrightness",
        "RandomCrop",
        "RandomHeight",
        "RandomWidth",
        "RandAugment",
        "MixUp",
        "CutMix",
        "AugMix",
        "RandomErasing",
        "RandomShear",
        "RandomHue",
        "RandomSaturation",
        "RandomColorJitter",
        "RandomGrayscale",
        "RandomGaussianBlur",
        "RandomPerspective",
        "RandomElasticTransform",
        "RandomSharpness",
        "RandomPosterization",
        "RandomInvert",
        "RandomColorDegeneration",
    ]
)

REGULARIZING = frozenset(
    [
        "Dropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "GaussianDropout",
        "GaussianNoise",
        "AlphaDropout",
        "ActivityRegularization",
    ]
)
"""Layers that keep a model from memorizing (normalizations and augmentation help too)."""
