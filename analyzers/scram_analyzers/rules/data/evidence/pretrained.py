"""Pretrained networks and the pixels that they were trained on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import TextEdit
from scram_analyzers.source.entries import entries_from, entries_of
from scram_analyzers.source.graph import Tensor
from scram_analyzers.source.imports import Spelling
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import boolean, is_none, text

SELF_SCALING = ("EfficientNet", "MobileNetV3", "ConvNeXt", "RegNet", "ResNetRS")
"""How the names begin of those that scale raw pixels, unless they are made with include_preprocessing=False."""

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "VGG16": "vgg16",
        "VGG19": "vgg19",
        "Xception": "xception",
        "InceptionV3": "inception_v3",
        "InceptionResNetV2": "inception_resnet_v2",
        "MobileNet": "mobilenet",
        "MobileNetV2": "mobilenet_v2",
        "NASNetLarge": "nasnet",
        "NASNetMobile": "nasnet",
        **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201"), "densenet"),
        **dict.fromkeys(("ResNet50", "ResNet101", "ResNet152"), "resnet"),
        **dict.fromkeys(("ResNet50V2", "ResNet101V2", "ResNet152V2"), "resnet_v2"),
    }
)
"""The module of keras.applications whose `preprocess_input` belongs to a network."""


_FORMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("vgg16", "vgg19", "resnet", "resnet50"), "blue first, and less a mean of each color"),
        **dict.fromkeys(
            ("xception", "inception_v3", "inception_resnet_v2", "mobilenet", "mobilenet_v2", "nasnet", "resnet_v2"),
            "from -1 to 1",
        ),
        "densenet": "from 0 to 1, and then standardized for each color",
    }
)
"""What the `preprocess_input` of a module makes of pixels."""


def forms_apart(network: Model, prepared_by: str) -> tuple[str, str] | None:
    """The forms of pixels that a network knows, and that another's `preprocess_input` gives; None for one form."""
    wanted = _FORMS.get(_MODULES.get(name_of_network(network), ""))
    given = _FORMS.get(prepared_by.removesuffix(".preprocess_input").rpartition(".")[2])
    return (wanted, given) if wanted is not None and given is not None and wanted != given else None


def scales_itself(network: Model) -> bool:
    """Whether a ready-made network takes pixels from 0 to 255 and scales them."""
    if boolean(network.arguments.get("include_preprocessing")) is False:
        return False
    return name_of_network(network).startswith(SELF_SCALING)


def prepares_pixels(name: str) -> bool:
    """Whether a function makes what a network wants of pixels from 0 to 255, and changes them."""
    return name.endswith(".preprocess_input") and not passes_pixels_on(name)


def passes_pixels_on(name: str) -> bool:
    """Whether a function is the `preprocess_input` of a network that scales for itself, which changes nothing."""
    return name.endswith(".preprocess_input") and any(each in name for each in _PASSING_ON)


_PASSING_ON = ("efficientnet", "mobilenet_v3", "convnext")
"""The modules of networks that scale for themselves."""


def name_of_network(network: Model) -> str:
    """The class of a ready-made network ("VGG16")."""
    return (network.application or "").rpartition(".")[2]


def is_trained(network: Model) -> bool:
    """Whether a ready-made network comes with the weights that it learned from ImageNet."""
    weights = network.arguments.get("weights")
    return network.application is not None and (
        weights is None or (not is_none(weights) and text(weights) == "imagenet")
    )


def bare_network(model: Model, start: Tensor | None = None) -> Model | None:
    """The pretrained network that data enter unchanged, when it leaves their preprocessing to the program."""
    network = _first_network(model, start)
    return None if network is None or is_none(network.arguments.get("weights")) else network


def untrained_network(model: Model, start: Tensor | None = None) -> Model | None:
    """The same of one that starts from random weights."""
    network = _first_network(model, start)
    return network if network is not None and is_none(network.arguments.get("weights")) else None


def _first_network(model: Model, start: Tensor | None) -> Model | None:
    """The ready-made network that data enter unchanged, unless it scales them itself."""
    reached = entries_of(model) if start is None else entries_from(model, (start,))
    entries = [entry.producer for entry in reached] or ([model] if model.application is not None else [])
    if len(entries) != 1 or not isinstance(entries[0], Model) or entries[0].application is None:
        return None
    return None if scales_itself(entries[0]) else entries[0]


def is_normalized(network: Model) -> bool:
    """Whether batch normalization stands in a ready-made network, as in all of them but the oldest."""
    return not name_of_network(network).startswith("VGG")


def preprocessing(program: Program, network: Model) -> Spelling | None:
    """The network's `preprocess_input`, spelled as the program reaches Keras."""
    module = _MODULES.get(name_of_network(network))
    if module is None:
        return None
    return program.imports.spell(f"keras.applications.{module}.preprocess_input")


def preprocessing_edits(program: Program, model: Model) -> tuple[TextEdit, ...]:
    """Prepare the images where a functional model hands them to the network: `base(preprocess_input(inputs))`."""
    entry = next(iter(entries_of(model)), None)
    place = entry.place if entry is not None else None
    call = fixes.call_of(place) if place is not None else None
    if entry is None or place is None or call is None or not isinstance(entry.producer, Model):
        return ()
    prepared = preprocessing(program, entry.producer)
    if prepared is None or not call.args or call.args[0].keyword is not None or call.args[0].star:
        return ()
    given = Place(place.section, call.args[0].value)
    if not isinstance(given.node, (cst.Name, cst.Call)):
        return ()
    edit = fixes.replace(program, given, f"{prepared.text}({given.text})")
    return (edit, *fixes.import_edits(program, (prepared,)))
