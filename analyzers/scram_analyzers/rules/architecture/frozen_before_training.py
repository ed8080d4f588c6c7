"""SCR325 frozen-before-training."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source.graph import Layer
from scram_analyzers.source.interpreting.keras_models import INSIDE
from scram_analyzers.source.keras_api.layers import WEIGHTED
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import AttributeSet, Fit, Program
from scram_analyzers.source.values import Ref, boolean, is_none

_TRAINED_OTHERWISE = re.compile(
    r"""
    load_weights | set_weights | load_model | from_pretrained | GradientTape | train_step | train_on_batch
    | \bminimize\b | apply_gradients | \.restore\( | from_json | model_from | \.assign\( | \bweights\s*=(?!\s*None\b)
    | clone_model | get_layer\(
    """,
    re.VERBOSE,
)
"""Anything else by which weights may be more than random, or by which a frozen part is trained on its own."""

_GIVEN = ("weights", "embeddings_initializer", "kernel_initializer", "recurrent_initializer", "depthwise_initializer")
"""Arguments by which a layer that never trains is given what it holds, or random numbers on purpose."""


class FrozenBeforeTraining(Rule):
    """Layers that are frozen while their weights are the random numbers they began with."""

    code = "SCR325"
    name = "frozen-before-training"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    only_with = ("trainable",)
    summary = "layers that are frozen before anything has trained them, so that they stay random"
    why = (
        "Freezing keeps what a layer has learned. These layers have learned nothing: the rest of the model is trained "
        "on random features, and what they were made for is never learned."
    )
    how = "Train these layers, or load their weights before they are frozen."
    references = (Reference("Keras: Transfer learning and fine-tuning", "https://keras.io/guides/transfer_learning/"),)
    false_alarms = (
        "Random features on purpose. Where the program loads or sets weights, trains in a loop of its own, or gives "
        "the frozen layer an initializer, the rule is silent."
    )
    bad = (
        Example(
            "A new copy is frozen in the place of the trained one",
            """
            import keras
            from keras import layers
            from project import first_x, first_y, x, y

            def features():
                return keras.Sequential([keras.Input((64,)), layers.Dense(48, "relu"), layers.Dense(24, "relu")])

            def classifier(base):
                return keras.Sequential([base, layers.Dense(5, activation="softmax")])

            base = features()
            first = classifier(base)
            first.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            first.fit(first_x, first_y, epochs=20)

            base = features()
            »base.trainable« = False
            model = classifier(base)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)

            base.trainable = True
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=5)
            """,
        ),
        Example(
            "Another part is frozen after it",
            """
            import keras
            from keras import layers
            from project import x, y

            base = keras.Sequential([keras.Input((64,)), layers.Dense(48, "relu"), layers.Dense(24, "relu")])
            »base.trainable« = False
            model = keras.Sequential([base, layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=20)

            base.trainable = True
            for layer in base.layers[:1]:
                layer.trainable = False
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y, epochs=5)
            """,
        ),
        Example(
            "Words of which nothing is ever learned",
            """
            import keras
            from keras import layers
            from project import x, y

            words = »layers.Embedding(5000, 32, trainable=False)«
            model = keras.Sequential([keras.Input((20,), dtype="int32"), words, layers.GRU(16), layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "All layers but the last",
            """
            import keras
            from keras import layers
            from project import x, y

            model = keras.Sequential([keras.Input((20, 1)), layers.GRU(16), layers.Dense(8, "relu"), layers.Dense(1)])
            for layer in model.layers[:-1]:
                »layer.trainable« = False
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A backbone without its weights",
            """
            import keras
            from keras import layers
            from project import x, y

            base = keras.applications.ResNet50(include_top=False, weights=None, pooling="avg")
            »base.trainable« = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A backbone without its weights, frozen layer by layer",
            """
            import keras
            from keras import layers
            from project import x, y

            base = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(96, 96, 3))
            for layer in base.layers:
                »layer.trainable« = False
            answer = layers.Dense(1, activation="sigmoid")(layers.Flatten()(base.output))
            model = keras.Model(base.input, answer)
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Vectors of words that come trained",
            """
            import keras
            from keras import layers
            from project import vectors, x, y

            words = layers.Embedding(5000, 100, weights=[vectors], trainable=False)
            model = keras.Sequential([words, layers.GRU(16), layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "What was trained is frozen",
            """
            import keras
            from keras import layers
            from project import first_x, first_y, x, y

            base = keras.Sequential([keras.Input((64,)), layers.Dense(48, "relu"), layers.Dense(24, "relu")])
            first = keras.Sequential([base, layers.Dense(5, activation="softmax")])
            first.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            first.fit(first_x, first_y, epochs=20)

            base.trainable = False
            model = keras.Sequential([base, layers.Dense(5, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "A backbone that comes trained",
            """
            import keras
            from keras import layers
            from project import x, y

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y, epochs=20)
            """,
        ),
        Example(
            "Random features on purpose",
            """
            import keras
            from keras import layers
            from project import x, y

            random_map = layers.Dense(500, activation="relu", kernel_initializer="glorot_normal", trainable=False)
            model = keras.Sequential([keras.Input((20,)), random_map, layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, y, epochs=20)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what a training holds fixed that no training before it has changed."""
        held = tuple(_held(program))
        if held and not program.matches(_TRAINED_OTHERWISE):
            yield from held


def _held(program: Program) -> Iterator[Report]:
    """Report what a training holds fixed, as if only trainings changed weights."""
    trained: set[int] = set()
    said: set[int] = set()
    for fit in program.fits:
        model = fit.compile.model if fit.compile is not None else None
        if model is None:
            return  # which layers this training changes can't be told
        layers = [layer for layer in model.layers if layer.class_name in WEIGHTED]
        fixed = [layer for layer in layers if _is_random(model, layer) and layer.identity not in trained | said]
        if fixed and len(fixed) < len(layers) and any(not model.is_frozen(layer) for layer in layers):
            said.update(layer.identity for layer in fixed)
            yield _report(program, fit, model, fixed)
        trained.update(layer.identity for layer in layers if not model.is_frozen(layer))
    yield from _of_backbones(program)


def _of_backbones(program: Program) -> Iterator[Report]:
    """Report ready-made architectures that are held fixed before they ever learned anything."""
    met: set[int] = set()
    for fit in program.fits:
        model = fit.compile.model if fit.compile is not None else None
        frozen = model.frozen if model is not None else frozenset()
        for backbone in model.nested if model is not None else ():
            held = not frozen.isdisjoint(_identities(backbone))
            if _is_empty(backbone) and held and backbone.identity not in met:
                yield _of_backbone(program, fit, backbone)
            met.add(backbone.identity)


def _is_empty(backbone: Model) -> bool:
    """Whether a ready-made architecture was asked for without the weights that it comes with."""
    weights = backbone.arguments.get("weights")
    return backbone.application is not None and weights is not None and is_none(weights)


def _identities(backbone: Model) -> set[int]:
    """What is frozen where a program freezes an architecture: it as a whole, or its layers one by one."""
    layers = backbone.arguments.get(INSIDE)
    return {backbone.identity, layers.identity} if isinstance(layers, Ref) else {backbone.identity}


def _of_backbone(program: Program, fit: Fit, backbone: Model) -> Report:
    name = (backbone.application or "").rpartition(".")[2]
    sets = (each for each in program.attribute_sets if each.identity in _identities(backbone))
    frozen_at = next((each for each in sets if each.name == "trainable"), None)
    return Report(
        place=frozen_at.place if frozen_at is not None else backbone.place,
        message=f"{name} is frozen, but comes without trained weights: it stays at the random numbers it began with.",
        related=(Related(backbone.place, "Made here, without trained weights."), Related(fit.place, "Trained here.")),
        recipe='weights="imagenet"',
    )


def _is_random(model: Model, layer: Layer) -> bool:
    """Whether a frozen layer was made here and given nothing to hold."""
    if not model.is_frozen(layer) or layer.arguments.open:
        return False
    made_so = boolean(layer.value("trainable")) is False
    if made_so is not (layer.class_name == "Embedding"):
        return False  # of others this makes a random projection; the vectors of words are often read into a layer
    ready = model.kind in (ModelKind.APPLICATION, ModelKind.LOADED)
    return not ready and not any(layer.arguments.get(each) is not None for each in _GIVEN)


def _report(program: Program, fit: Fit, model: Model, fixed: list[Layer]) -> Report:
    frozen_at = _freezing(program, fit, model, fixed)
    place: Place = frozen_at.place if frozen_at is not None else fixed[0].place
    names = ", ".join(dict.fromkeys(layer.class_name for layer in fixed))
    what = f"{len(fixed)} layers are" if len(fixed) > 1 else "One layer is"
    related = [Related(fit.place, "This training leaves them as they are.")]
    if frozen_at is not None:
        related.append(Related(fixed[0].place, "Made here, and never trained."))
    return Report(
        place=place,
        message=f"{what} frozen ({names}) before any training: the weights stay the random numbers they began with.",
        related=tuple(related),
    )


def _freezing(program: Program, fit: Fit, model: Model, fixed: list[Layer]) -> AttributeSet | None:
    """The last statement before the training that froze one of the layers, or all of them at once."""
    ours = {layer.identity for layer in fixed} | model.frozen | {nested.identity for nested in model.nested}
    frozen = [
        each
        for each in program.attribute_sets
        if each.name == "trainable" and each.identity in ours and boolean(each.value) is False
    ]
    start = program.range_of(fit.place).start
    before = [each for each in frozen if program.range_of(each.place).start < start]
    return next(reversed(before or frozen), None)
