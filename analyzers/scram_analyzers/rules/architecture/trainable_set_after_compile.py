"""SCR316 trainable-set-after-compile."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading.parents import ancestors, statement_of


class TrainableSetAfterCompile(Rule):
    """Layers frozen or thawed when it is too late."""

    code = "SCR316"
    name = "trainable-set-after-compile"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("trainable",)
    summary = "trainable changed after compile, so that the training does not follow it"
    why = (
        "Compiling fixes which weights are trained. A layer frozen or thawed after it keeps training, or keeps still, "
        "as before, with no error."
    )
    how = "Set trainable first and compile then; compile again after every change."
    references = (Reference("Keras: Transfer learning and fine-tuning", "https://keras.io/guides/transfer_learning/"),)
    bad = (
        Example(
            "Thawed for fine-tuning, not compiled again",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)

            »base.trainable« = True
            model.fit(images, labels, epochs=5)
            """,
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)

            base.trainable = True
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)
            """,
        ),
        Example(
            "Frozen one by one, thawed as a whole",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            for layer in base.layers:
                layer.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)

            »base.trainable« = True
            model.fit(images, labels, epochs=5)
            """,
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            for layer in base.layers:
                layer.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)

            base.trainable = True
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)
            """,
        ),
        Example(
            "The last layers thawed one by one, too late",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            for layer in base.layers[-20:]:
                »layer.trainable« = True
            model.fit(images, labels, epochs=5)
            """,
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            for layer in base.layers[-20:]:
                layer.trainable = True
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)
            """,
        ),
    )
    good = (
        Example(
            "Compiled again",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)

            base.trainable = True
            model.compile(optimizer=keras.optimizers.Adam(1e-5), loss="binary_crossentropy")
            model.fit(images, labels, epochs=5)
            """,
        ),
        Example(
            "Frozen for another model that is compiled next",
            """
            import keras
            from keras import layers
            from project import images, labels

            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            head = keras.Sequential([layers.Dense(5, activation="softmax")])
            teacher = keras.Model(base.input, head(base.output))
            teacher.compile(optimizer="adam", loss="categorical_crossentropy")

            head.trainable = False
            small = layers.GlobalAveragePooling2D()(layers.Conv2D(1280, 8, activation="relu")(base.input))
            student = keras.Model(base.input, head(small))
            student.compile(optimizer="adam", loss="categorical_crossentropy")

            teacher.fit(images, labels, epochs=5)
            student.fit(images, labels, epochs=5)
            """,
        ),
        Example(
            "The two models of a GAN share a discriminator on purpose",
            """
            import keras
            from keras import layers
            from project import batches

            discriminator = keras.Sequential([layers.Dense(1, activation="sigmoid")])
            discriminator.compile("adam", "binary_crossentropy")
            generator = keras.Sequential([layers.Dense(784, activation="tanh")])
            discriminator.trainable = False
            noise = keras.Input(shape=(100,))
            gan = keras.Model(noise, discriminator(generator(noise)))
            gan.compile("adam", "binary_crossentropy")
            for noise, images, labels in batches():
                discriminator.train_on_batch(images, labels)
                gan.train_on_batch(noise, labels)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training of a model whose frozen layers are no longer those it was compiled with."""
        for fit, compiled, places in _late_changes(program):
            place, *earlier = reversed(places)
            yield Report(
                place,
                "This changes trainable, but the model was compiled before: the training that follows goes by what was "
                "trainable then.",
                (*_related(fit, compiled), *(Related(each, "So does this.") for each in earlier)),
                recipe="model.compile(...)  # again, after this line",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Compile once more, before the training."""
        for fit, compiled, places in _late_changes(program):
            if program.range_of(places[-1]) == finding.range:
                edit = _compiled_again(program, fit, compiled)
                return Fix("Compile again before the training", Applicability.UNSAFE, (edit,)) if edit else None
        return None

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Give Keras's own warning the line of the model."""
        for warning in history.warnings:
            if "trainable" in warning.message and "compile" in warning.message:
                yield RunReport(
                    subject=Subject(SubjectKind.MODEL),
                    message=(
                        "Keras reports that `trainable` was changed after compile: this run does not follow the change."
                    ),
                    step=warning.step,
                )
                return


def _late_changes(program: Program) -> Iterator[tuple[Fit, Place, list[Place]]]:
    """Trainings with the compile that they go by, and where `trainable` was changed after it."""
    inside = {nested.identity for model in program.models for nested in model.nested}
    for fit in program.fits:
        model, compiled = fit.model, fit.compile
        if model is None or compiled is None or compiled.model is None or model.identity in inside:
            continue
        frozen = model.frozen - compiled.model.frozen
        frozen = frozen - _frozen_for_others(program, model) if frozen else frozen
        changed = frozen | (compiled.model.frozen - model.frozen)
        trains = fit.method in ("fit", "fit_generator")
        wholes = {each.identity for each in (compiled.model, *compiled.model.nested) if each.frozen & changed}
        places = _changes(program, changed | wholes, compiled.place) if changed and trains else []
        if places:
            yield fit, compiled.place, places


def _compiled_again(program: Program, fit: Fit, compiled: Place) -> TextEdit | None:
    """The same call once more. An optimizer that has begun with other weights can't go on with these."""
    call, statement = fixes.call_of(compiled), statement_of(compiled)
    optimizer = fixes.argument_place(compiled, "optimizer")
    given = optimizer.node if optimizer is not None else call.args[0].value if call is not None and call.args else None
    if given is None or statement is None or not isinstance(given, (cst.BaseString, cst.Call)):
        return None
    if program.range_of(statement) != program.range_of(compiled) or _block(compiled) is not _block(fit.place):
        return None
    return fixes.statement_before(program, fit.place, compiled.text)


def _block(place: Place) -> cst.CSTNode | None:
    return next((node for node in ancestors(place) if isinstance(node, cst.IndentedBlock)), None)


def _related(fit: Fit, compiled: Place) -> Iterator[Related]:
    yield Related(compiled, "The model was compiled here.")
    yield Related(fit.place, "This training does not see the change.")


def _frozen_for_others(program: Program, model: Model) -> frozenset[int]:
    """What is frozen in another model as that is compiled: it was frozen for its sake."""
    others = (each.model for each in program.compiles if each.model is not None)
    return frozenset().union(*(each.frozen for each in others if each.identity != model.identity))


def _changes(program: Program, changed: frozenset[int], compiled: Place) -> list[Place]:
    """Where `trainable` of what is now other than it was compiled is set; below the compile, where it is set there."""
    sets = [each for each in program.attribute_sets if each.name == "trainable" and each.identity in changed]
    places = list({each.place.key: each.place for each in sets}.values())
    begin = program.range_of(compiled).start
    return [place for place in places if program.range_of(place).start > begin] or places[-1:]
