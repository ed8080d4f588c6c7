"""Layers that leave the range of their input as it is."""

from __future__ import annotations

HANDED_ON = frozenset(
    {
        "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "CenterCrop", "Concatenate", "Cropping1D",
        "Cropping2D", "Cropping3D", "Dropout", "Flatten", "GaussianNoise", "InputLayer", "Masking", "MaxPooling1D",
        "MaxPooling2D", "MaxPooling3D", "Permute", "RandomCrop", "RandomFlip", "RandomRotation",
        "RandomTranslation", "RandomZoom", "RepeatVector", "Reshape", "Resizing", "SpatialDropout1D",
        "SpatialDropout2D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    }
)  # fmt: skip
"""Layers that leave the range of their input as it is: the layer after them is the one that reads it."""
