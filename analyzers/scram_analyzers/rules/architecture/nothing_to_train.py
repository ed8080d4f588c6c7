"""SCR319 nothing-to-train."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import counted
from scram_analyzers.source.graph import Layer, Opaque
from scram_analyzers.source.keras_api.layers import NORMALIZING, WEIGHTED
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import AttributeSet, Fit, Program, every_fit
from scram_analyzers.source.values import boolean


class NothingToTrain(Rule):
    """A model whose every layer is frozen."""

    code = "SCR319"
    name = "nothing-to-train"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    only_with = ("trainable",)
    summary = "a model that is trained although all of its layers are frozen"
    why = "Frozen layers keep their weights. With all of them frozen, fit computes losses and changes nothing."
    how = "Freeze the pretrained part only, and leave the new layers trainable."
    references = (Reference("Keras: Transfer learning and fine-tuning", "https://keras.io/guides/transfer_learning/"),)
    bad = (
        Example(
            "The new layer is frozen with the others",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.VGG16(include_top=False, pooling="avg")
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.trainable = False
            model.compile(optimizer="adam", loss="binary_crossentropy")
            »model.fit(images, labels)«
            """,
        ),
        Example(
            "Each layer is made frozen",
            """
            import keras
            from keras import layers
            from project import images, labels

            model = keras.Sequential([layers.Flatten(), layers.Dense(1, activation="sigmoid", trainable=False)])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            »model.fit(images, labels)«
            """,
        ),
    )
    good = (
        Example(
            "The base alone is frozen",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.VGG16(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training of a model that was compiled with every layer frozen."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        model = fit.compile.model if fit.compile is not None else None
        if model is None or fit.method not in ("fit", "fit_generator", "train_on_batch") or not _is_all_frozen(model):
            return
        change = _freezing(program, model)
        related: tuple[Related, ...] = (
            (Related(change.place, "All of it is frozen here."),) if change is not None else ()
        )
        made = [place for layer in model.layers if _learns(layer) and (place := _made_frozen(layer)) is not None]
        related += tuple(Related(place, "This layer is made frozen.") for place in made[:MOST_NAMED])
        yield Report(fit.place, "Every layer of this model is frozen, so fit changes nothing.", related)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a model all of whose layers with weights are frozen as it trains."""
        weighted = [layer for layer in history.info.layers if layer.parameters]
        if not weighted or any(layer.trainable for layer in weighted):
            return
        yield RunReport(
            subject=Subject(SubjectKind.FIT),
            message=(
                f"All {counted(len(weighted), 'layer')} with weights are frozen in this run (trainable is False): "
                "training changes nothing."
            ),
        )


MOST_NAMED = 3


def _made_frozen(layer: Layer) -> Place | None:
    given = layer.arguments.get("trainable")
    return given.place if given is not None and boolean(given.value) is False else None


def _is_all_frozen(model: Model) -> bool:
    learning = [layer for layer in model.layers if _learns(layer)]
    backbones = [nested for nested in model.nested if nested.application is not None]
    if not learning and not backbones:
        return False
    if model.identity in model.frozen:
        return True
    understood = all(nested.complete for nested in model.nested if nested.application is None)
    known = all(layer.kind.startswith("keras.layers.") for layer in model.layers)
    if not understood or not known or any(isinstance(each.producer, Opaque) for each in model.tensors()):
        return False
    frozen = model.frozen
    return all(each.identity in frozen for each in learning) and all(each.identity in frozen for each in backbones)


def _learns(layer: Layer) -> bool:
    return layer.class_name in WEIGHTED or (layer.class_name in NORMALIZING and layer.class_name != "Rescaling")


def _freezing(program: Program, model: Model) -> AttributeSet | None:
    for each in reversed(program.attribute_sets):
        if each.name == "trainable" and each.identity in model.frozen:
            return each
    return None
