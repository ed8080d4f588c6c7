"""Language models that the `transformers` library brings for Keras, with the weights they learned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import keras_models
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Argument, Arguments, Constant, Value

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_MAKER = re.compile(
    r"(transformers\.TF(?:Auto|Bert|DistilBert|Roberta|XLMRoberta|Albert|Electra|Camembert|Deberta(?:V2)?|MPNet|XLNet)"
    r"(?:Model|ModelFor\w+|For\w+))\.from_pretrained"
)
_CLASSIFYING = ("ForSequenceClassification", "ForTokenClassification", "ForMultipleChoice")
"""Endings of those that give a number for each class, and leave softmax to the loss."""


def is_maker(name: str) -> bool:
    """Whether a call makes such a model of trained weights."""
    return _MAKER.fullmatch(name) is not None


def make(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`TFBertForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=3)`."""
    kind = name.removesuffix(".from_pretrained")
    ending = {"classifier_activation": None} if kind.endswith(_CLASSIFYING) else {"include_top": False}
    keywords = {each: Argument(Constant(value, place), place, each) for each, value in ending.items()}
    return keras_models.make_application(interpreter, kind, Arguments((), keywords), place)
