"""SCR317 pretrained-without-preprocessing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity, TextEdit
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.divisions import divisions
from scram_analyzers.rules.data.evidence.judging import generator_of
from scram_analyzers.rules.data.evidence.pretrained import (
    SELF_SCALING,
    forms_apart,
    is_trained,
    name_of_network,
    preprocessing,
)
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.graph import InputSpec, Layer, Tensor
from scram_analyzers.source.keras_api.layers import NORMALIZING
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Evaluation, Fit, Program, every_fit
from scram_analyzers.source.values import number


class PretrainedWithoutPreprocessing(Rule):
    """Pixels in another form than the pretrained network has learned from."""

    code = "SCR317"
    name = "pretrained-without-preprocessing"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a pretrained network that gets pixels scaled in another way than those it was trained on"
    why = (
        "A pretrained network knows pixels in one form: shifted, scaled and ordered by its own preprocess_input. In "
        "another form they are pictures with contrasts it has never seen, and its features are worth less."
    )
    how = "Pass the images through the preprocess_input of the same module, in training and in prediction."
    references = (
        Reference("Keras Applications: preprocessing", "https://keras.io/api/applications/"),
        Reference("SCRAM (CHI 2020 Extended Abstracts)", "https://doi.org/10.1145/3334480.3382879"),
    )
    false_alarms = (
        "A network that is trained anew in all its layers gets used to any form. Raw pixels from 0 to 255 are reported "
        "by input-not-normalized (SCR201)."
    )
    bad = (
        Example(
            "Divided by 255 for VGG16",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = x_train / 255
            base = keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(»x_train«, y_train)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = keras.applications.vgg16.preprocess_input(x_train)
            base = keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Divided by 255 in the model",
            """
            import keras
            from keras import layers

            train = keras.utils.image_dataset_from_directory("leaves", image_size=(224, 224))
            base = keras.applications.ResNet50(include_top=False, pooling="avg")
            base.trainable = False
            inputs = keras.Input((224, 224, 3))
            x = layers.RandomFlip()(inputs)
            x = base(»layers.Rescaling(1.0 / 255)«(x), training=False)
            model = keras.Model(inputs, layers.Dense(38, activation="softmax")(x))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=10)
            """,
        ),
        Example(
            "Divided by 255 in a generator that augments",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            images = ImageDataGenerator(rescale=1 / 255, rotation_range=30)
            train = images.flow_from_directory("birds", target_size=(224, 224))
            base = keras.applications.ResNet50(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(20, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(»train«, epochs=10)
            """,
        ),
        Example(
            "Prepared for another network",
            """
            import keras
            from keras.applications.vgg16 import preprocess_input
            from keras.preprocessing.image import ImageDataGenerator

            images = »ImageDataGenerator(preprocessing_function=preprocess_input)«
            train = images.flow_from_directory("birds", target_size=(299, 299))
            base = keras.applications.Xception(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(20, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(train, epochs=10)
            """,
        ),
    )
    good = (
        Example(
            "Prepared as another network of the same form is",
            """
            import keras
            from keras.applications.vgg16 import preprocess_input
            from keras.preprocessing.image import ImageDataGenerator

            images = ImageDataGenerator(preprocessing_function=preprocess_input)
            train = images.flow_from_directory("birds", target_size=(299, 299))
            base = keras.applications.ResNet50(include_top=False, pooling="avg")
            base.trainable = False
            model = keras.Sequential([base, keras.layers.Dense(20, activation="softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(train, epochs=10)
            """,
        ),
        Example(
            "Scaled in the model as the network wants it",
            """
            import keras
            from keras import layers

            train = keras.utils.image_dataset_from_directory("leaves", image_size=(224, 224))
            base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
            base.trainable = False
            inputs = keras.Input((224, 224, 3))
            x = base(layers.Rescaling(1 / 127.5, offset=-1)(inputs), training=False)
            model = keras.Model(inputs, layers.Dense(38, activation="softmax")(x))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=10)
            """,
        ),
        Example(
            "With its own preprocessing",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            x_train = keras.applications.vgg16.preprocess_input(x_train.astype("float32"))
            base = keras.applications.VGG16(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            model = keras.Sequential([base, layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "A network that scales by itself",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            base = keras.applications.EfficientNetB0(include_top=False, pooling="avg")
            model = keras.Sequential([base, layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "Scaled in the model",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.cifar10.load_data()
            base = keras.applications.MobileNetV2(include_top=False, input_shape=(32, 32, 3), pooling="avg")
            model = keras.Sequential([layers.Rescaling(1 / 127.5, offset=-1), base, layers.Dense(10)])
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer="adam", loss=loss)
            model.fit(x_train, y_train)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each training in which known pixels reach a pretrained network without its preprocessing."""
        yield from program.each_of(every_fit, self._of_fit)
        said = set()
        prepares = program.mentions("preprocess_input")
        uses: Sequence[Fit | Evaluation] = (*program.fits, *program.evaluations) if prepares else ()
        for report in program.each(uses, _of_other_network):
            if report.place.key not in said:
                said.add(report.place.key)
                yield report

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        data = fit.inputs
        if fit.model is None or data is None or not data.images or fit.x is None or fit.x.place is None:
            return
        yield from _divided_inside(program, fit.model, data)
        backbone = _unprepared(fit.model)
        if backbone is None or data.range is None or any(map(_is_preprocessing, data.steps)):
            return
        if data.range.low != 0 or data.range.high > 1:  # raw pixels are SCR201's
            return
        name = name_of_network(backbone)
        prepared = preprocessing(program, backbone)
        yield Report(
            fit.x.place,
            f"{name} was trained on images prepared by its preprocess_input, but gets pixels from "
            f"{data.range.low:g} to {data.range.high:g}.",
            (Related(backbone.place, "The pretrained network."), *_origin(data)),
            recipe=f"x = {prepared.text}(x)  # of the pixels from 0 to 255" if prepared is not None else "",
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Prepare the images where they were divided."""
        for fit in program.fits:
            if (
                fit.model is None
                or fit.x is None
                or fit.x.place is None
                or program.range_of(fit.x.place) != finding.range
            ):
                continue
            backbone = _unprepared(fit.model)
            edits = _prepared(program, fit, backbone) if backbone is not None else ()
            if edits:
                return Fix("Prepare the images as the network knows them", Applicability.UNSAFE, edits)
        return None


def _prepared(program: Program, fit: Fit, backbone: Model) -> tuple[TextEdit, ...]:
    places, prepared = divisions(program, fit, 0, 1), preprocessing(program, backbone)
    edits: list[TextEdit] = []
    if not places or prepared is None:
        return ()
    for place in places:
        node = place.node
        if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Divide):
            return ()
        edits.append(fixes.replace(program, place, f"{prepared.text}({Place(place.section, node.left).text})"))
    return (*edits, *fixes.import_edits(program, (prepared,)))


def _origin(data: Data) -> Iterator[Related]:
    if data.place is not None:
        yield Related(data.place, "The images come from here.")


def _unprepared(model: Model) -> Model | None:
    """A pretrained backbone that the inputs reach with nothing to prepare them on the way."""
    if model.application is not None:
        return model if _needs_preparing(model) else None
    for tensor in model.tensors():
        producer = tensor.producer
        if isinstance(producer, Model) and _needs_preparing(producer):
            return None if any(_prepares(each) for each in tensor.ancestors() if each is not tensor) else producer
    return None


def _divided_inside(program: Program, model: Model, data: Data) -> Iterator[Report]:
    """A `Rescaling(1/255)` as the only thing between raw pixels and a pretrained backbone."""
    if data.range is None or data.range.low != 0 or data.range.magnitude <= 1:
        return
    for tensor in model.tensors():
        backbone = tensor.producer
        if not isinstance(backbone, Model) or not _needs_preparing(backbone):
            continue
        preparing = [each.producer for each in tensor.ancestors() if each is not tensor and _prepares(each)]
        layer = preparing[0] if len(preparing) == 1 else None
        if not isinstance(layer, Layer) or layer.class_name != "Rescaling":
            continue
        scale, offset = number(layer.value("scale")), layer.value("offset")
        shifted = offset is not None and number(offset) != 0
        if scale is None or shifted or layer.arguments.open or not 0 < data.range.high * scale <= 1:
            continue
        name, prepared = name_of_network(backbone), preprocessing(program, backbone)
        yield Report(
            layer.place,
            f"{name} was trained on images prepared by its preprocess_input, but gets pixels from 0 to "
            f"{data.range.high * scale:g} behind this layer.",
            (Related(backbone.place, "The pretrained network."),),
            recipe=f"x = {prepared.text}(x)  # of the pixels from 0 to 255" if prepared is not None else "",
        )


def _of_other_network(program: Program, use: Fit | Evaluation) -> Iterator[Report]:
    """Pixels in the form of another network, by that one's `preprocess_input`."""
    if use.x is None or use.model is None:
        return
    data, backbone = use.x.value, _unprepared(use.model)
    scaling = [step for step in data.steps if step.kind is StepKind.SCALED] if isinstance(data, Data) else []
    if backbone is None or len(scaling) != 1 or not scaling[0].certain or scaling[0].place is None:
        return
    step = scaling[0]
    forms = forms_apart(backbone, step.name) if step.name.startswith("keras.applications.") else None
    if forms is None or step.place is None or not isinstance(data, Data):
        return
    made_by = generator_of(data) if any(each.place == step.place for each in data.steps if each is not step) else None
    name, prepared = name_of_network(backbone), preprocessing(program, backbone)
    yield Report(
        made_by or step.place,
        f"{name} knows pixels {forms[0]}; this preprocess_input, of another network, gives them {forms[1]}.",
        (Related(backbone.place, "The pretrained network."),),
        severity=Severity.WARNING,
        recipe=f"{prepared.text}(x)" if prepared is not None else "",
    )


def _needs_preparing(model: Model) -> bool:
    return is_trained(model) and not name_of_network(model).startswith(SELF_SCALING)


def _is_preprocessing(step: DataStep) -> bool:
    """Whether a step's function is called a preprocessing: the module of the image generators is, too."""
    return "preprocess" in step.name.removeprefix("keras.preprocessing.")


def _prepares(tensor: Tensor) -> bool:
    """Whether a step before the backbone changes the pixels' scale, or may do so unseen."""
    producer = tensor.producer
    if isinstance(producer, Layer):
        known = producer.kind.startswith("keras.layers.") and producer.class_name != "Lambda"
        return producer.class_name in NORMALIZING or not known
    return not isinstance(producer, InputSpec)
