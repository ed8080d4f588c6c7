"""Names in code that was pasted without its imports, as questions on the web hold it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scram_analyzers.source.keras_api.names import canonical_name, is_layer
from scram_analyzers.source.keras_api.signatures import signatures

_SECTIONS = ("models", "optimizers", "callbacks", "losses")
"""Where the classes of Keras live that programs call by their bare names, beside the layers."""

_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "tf": "tensorflow",
        "keras": "keras",
        "layers": "keras.layers",
        "models": "keras.models",
        "optimizers": "keras.optimizers",
        "losses": "keras.losses",
        "callbacks": "keras.callbacks",
        "regularizers": "keras.regularizers",
        "initializers": "keras.initializers",
        "K": "keras.backend",
        "np": "numpy",
        "pd": "pandas",
        "Input": "keras.Input",
        "to_categorical": "keras.utils.to_categorical",
        "np_utils": "keras.utils",
        "pad_sequences": "keras.preprocessing.sequence.pad_sequences",
        "ImageDataGenerator": "keras.preprocessing.image.ImageDataGenerator",
        "Tokenizer": "keras.preprocessing.text.Tokenizer",
        "mnist": "keras.datasets.mnist",
        "fashion_mnist": "keras.datasets.fashion_mnist",
        "cifar10": "keras.datasets.cifar10",
        "cifar100": "keras.datasets.cifar100",
        "imdb": "keras.datasets.imdb",
        "train_test_split": "sklearn.model_selection.train_test_split",
        "cross_val_score": "sklearn.model_selection.cross_val_score",
        "StandardScaler": "sklearn.preprocessing.StandardScaler",
        "MinMaxScaler": "sklearn.preprocessing.MinMaxScaler",
        "LabelEncoder": "sklearn.preprocessing.LabelEncoder",
        "OneHotEncoder": "sklearn.preprocessing.OneHotEncoder",
        "LabelBinarizer": "sklearn.preprocessing.LabelBinarizer",
        "MultiLabelBinarizer": "sklearn.preprocessing.MultiLabelBinarizer",
        "TfidfVectorizer": "sklearn.feature_extraction.text.TfidfVectorizer",
        "CountVectorizer": "sklearn.feature_extraction.text.CountVectorizer",
        "load_iris": "sklearn.datasets.load_iris",
        "load_digits": "sklearn.datasets.load_digits",
        "load_breast_cancer": "sklearn.datasets.load_breast_cancer",
    }
)
"""What programs of this field commonly call things."""


def meaning_of(name: str) -> str | None:
    """What a name that the module uses and never binds stands for by custom; None when there is no such custom."""
    if is_layer(f"keras.layers.{name}"):
        return f"keras.layers.{name}"
    if name in _KNOWN:
        return _KNOWN[name]
    if name[:1].isupper():
        for section in _SECTIONS:
            dotted = f"keras.{section}.{name}"
            if dotted in signatures() or canonical_name(dotted) in ("keras.models.Model", "keras.models.Sequential"):
                return dotted
        if f"keras.applications.{name}" in signatures():
            return f"keras.applications.{name}"
    return None
